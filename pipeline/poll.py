"""Fetch a source's watches and keep every page before anything reads it.

Belongs here: which watches are fetched now, in which order, and when to stop. Does not: parsing into tables
(``pipeline.read``), HTTP (``scrapers``), SQL (``warehouse``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import psycopg

from domain.page import PageMeaning
from domain.settings import Settings
from domain.source_state import SourceState, after_page, after_probe, configured, may_poll, not_configured
from domain.watch import Watch
from scrapers.contract import Query, Source
from scrapers.registry import create_source
from warehouse.locks import polling_turn
from warehouse.pages import Origin, count_pages, store_page
from warehouse.source_state import load_source_state, save_source_state
from warehouse.watches import due_watches, probe_watch

logger = logging.getLogger(__name__)


class PastDayError(Exception):
    """A past day was asked for that has no stored pages: the web of that day cannot be fetched any more."""


class PollOutcome(msgspec.Struct, kw_only=True):
    """What a poll did.

    Attributes:
        decision: ``poll``, ``probe``, ``wait`` or ``stored`` (a past day: nothing fetched, its stored pages stand).
        meanings: how many pages had which meaning.
        state: the source's state afterwards.
    """

    source: str
    day: date
    decision: str
    watches: int = 0
    pages: int = 0
    meanings: dict[str, int] = msgspec.field(default_factory=dict)
    state: str = "ok"
    detail: str = ""


def utc_now() -> datetime:
    """Return the current time, UTC."""
    return datetime.now(UTC)


def replay_clock(day: date) -> Callable[[], datetime]:
    """Return a clock that runs from 23:00 UTC of a past day, so that pages fetched of it carry that day."""
    start = datetime.combine(day, time(23, 0), tzinfo=UTC)
    began = utc_now()

    def now() -> datetime:
        return min(start + (utc_now() - began), start + timedelta(minutes=59))

    return now


def poll_day(
    conn: psycopg.Connection,
    settings: Settings,
    source_name: str,
    day: date,
    *,
    run_id: str,
    index: bool = False,
    fetch: bool = True,
) -> PollOutcome:
    """Materialise the raw pages of one source and one UTC day.

    Today is fetched. A past day is never fetched from the web: its stored pages stand, and without any it fails.
    Only the sandbox, which can be asked for any day of its market, is fetched for past days too.

    Args:
        index: read ten pages a watch (``pages_per_index``) instead of five.
        fetch: False lets the stored pages of any day stand, today's included: an import brings its own.

    Raises:
        PastDayError: when the day is past and nothing of it is stored.
    """
    today = utc_now().date()
    if fetch and day == today:
        source = create_source(source_name, settings)
        return _poll_in_turn(conn, settings, source, day, run_id=run_id, now=utc_now, index=index)
    if day > today:
        raise PastDayError(f"{day} is in the future (UTC); nothing can be fetched for it.")
    if fetch and settings.sandbox_url is not None:
        clock = replay_clock(day)
        source = create_source(source_name, settings, clock=clock, market_time=clock())
        return _poll_in_turn(conn, settings, source, day, run_id=run_id, now=clock, index=index)
    stored = count_pages(conn, source_name, day)
    if stored == 0:
        raise PastDayError(
            f"No page of {source_name} is stored for {day}, and a past day cannot be fetched from the web: today's "
            "prices would land under an old date. Import recorded pages with: pricescope import FILE --day "
            f"{day}"
        )
    return PollOutcome(source=source_name, day=day, decision="stored", pages=stored)


def _poll_in_turn(
    conn: psycopg.Connection,
    settings: Settings,
    source: Source,
    day: date,
    *,
    run_id: str,
    now: Callable[[], datetime],
    index: bool,
) -> PollOutcome:
    with polling_turn(conn, source.name) as held:
        if not held:
            detail = "another run is polling this source"
            return PollOutcome(source=source.name, day=day, decision="wait", detail=detail)
        return asyncio.run(_poll(conn, settings, source, day, run_id=run_id, now=now, index=index))


async def _poll(
    conn: psycopg.Connection,
    settings: Settings,
    source: Source,
    day: date,
    *,
    run_id: str,
    now: Callable[[], datetime],
    index: bool,
) -> PollOutcome:
    state = load_source_state(conn, source.name, now())
    if source.missing_configuration is None:
        state = configured(state, now())
    else:
        state = not_configured(state, now(), source.missing_configuration)
        save_source_state(conn, state)
    decision = may_poll(state, now())
    outcome = PollOutcome(source=source.name, day=day, decision=decision, state=state.state, detail=state.detail)
    try:
        if decision == "wait":
            return outcome
        chosen = _chosen_watches(conn, source.name, decision)
        if decision == "probe":
            state = after_probe(state, now(), timedelta(minutes=settings.probe_interval_minutes))
            save_source_state(conn, state)
        for watch in chosen:
            state = await _fetch_watch(
                conn, settings, source, watch, state, outcome, run_id=run_id, now=now, index=index
            )
            if may_poll(state, now()) != "poll":
                break
    finally:
        await source.aclose()
    outcome.state, outcome.detail = state.state, state.detail
    return outcome


def _chosen_watches(conn: psycopg.Connection, source: str, decision: str) -> Sequence[Watch]:
    if decision == "poll":
        return due_watches(conn, source)
    probe = probe_watch(conn, source)
    return [] if probe is None else [probe]


async def _fetch_watch(
    conn: psycopg.Connection,
    settings: Settings,
    source: Source,
    watch: Watch,
    state: SourceState,
    outcome: PollOutcome,
    *,
    run_id: str,
    now: Callable[[], datetime],
    index: bool,
) -> SourceState:
    """Fetch one watch page by page; each is stored at once, with the state in which an answer leaves the source."""
    outcome.watches += 1
    query = Query(
        country=watch.country,
        params=watch.params,
        watch_id=watch.watch_id,
        max_pages=1 if outcome.decision == "probe" else page_budget(settings, watch, index=index),
    )
    origin: Origin = "fetch" if settings.sandbox_url is None else "sandbox"
    # A source refuses, gets a new session or another route, and answers: that is no refusal. What counts, once a
    # search, is that it ended refused.
    refused: SourceState | None = None
    async for page in source.fetch_search(query):
        reading = source.read(page)
        wait = page.retry_after_seconds
        after = after_page(
            state,
            reading.meaning,
            now(),
            refusals_before_blocked=settings.refusals_before_blocked,
            probe_interval=timedelta(minutes=settings.probe_interval_minutes),
            retry_after=None if wait is None else timedelta(seconds=wait),
            detail=reading.detail,
        )
        with conn.transaction():
            store_page(conn, page, origin=origin, run_id=run_id)
            if reading.meaning.is_refusal:
                refused = after
            else:
                state, refused = after, None
                save_source_state(conn, state)
        outcome.pages += 1
        outcome.meanings[reading.meaning] = outcome.meanings.get(reading.meaning, 0) + 1
        if reading.meaning is not PageMeaning.OK:
            logger.warning("%s: watch %r: %s: %s", source.name, watch.name, reading.meaning, reading.detail)
    if refused is not None:
        state = refused
        save_source_state(conn, state)
    return state


def page_budget(settings: Settings, watch: Watch, *, index: bool) -> int:
    """Return how many pages a poll of this watch reads: ten when indexing by hand, else its own wish, else five."""
    if index:
        return settings.pages_per_index
    return settings.pages_per_poll if watch.pages_per_poll is None else watch.pages_per_poll
