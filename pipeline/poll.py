"""Fetch a source's watches and keep every page before anything reads it.

Belongs here: which watches are fetched now, in which order, and when to stop. Does not: parsing into tables
(``pipeline.read``), HTTP (``scrapers``), SQL (``warehouse``).
"""

from __future__ import annotations

import asyncio
import logging
import time as clock_time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import msgspec
import psycopg

from domain.page import PageMeaning
from domain.settings import Settings
from domain.source_state import SourceState, after_page, after_probe, configured, may_poll, not_configured
from domain.watch import Watch
from pipeline.cadence import due_until, plan_source
from scrapers.contract import Query, Source
from scrapers.registry import create_source, daily_requests
from warehouse.cadence import requests_of_day, watches_to_check
from warehouse.locks import polling_turn
from warehouse.pages import Origin, count_pages, store_page
from warehouse.source_state import load_source_state, save_source_state
from warehouse.watches import probe_watch

logger = logging.getLogger(__name__)


class PastDayError(Exception):
    """A past day was asked for that has no stored pages: the web of that day cannot be fetched any more."""


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a source a poll asks for.

    Attributes:
        index: read ten pages a watch (``pages_per_index``) instead of five.
        only_due: leave out the watches whose interval has not passed.
        fetch: False lets the stored pages of any day stand, today's included: an import brings its own.
    """

    index: bool = False
    only_due: bool = False
    fetch: bool = True


class PollOutcome(msgspec.Struct, kw_only=True):
    """What a poll did.

    Attributes:
        decision: ``poll``, ``probe``, ``wait`` or ``stored`` (a past day: nothing fetched, its stored pages stand).
        left_due: watches that were not reached, for want of time or budget; they stay due.
        meanings: how many pages had which meaning.
        state: the source's state afterwards.
    """

    source: str
    day: date
    decision: str
    watches: int = 0
    pages: int = 0
    left_due: int = 0
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
    extent: Extent = Extent(),  # noqa: B008 - frozen
) -> PollOutcome:
    """Materialise the raw pages of one source and one UTC day.

    Today is fetched. A past day is never fetched from the web: its stored pages stand, and without any it fails.
    Only the sandbox, which can be asked for any day of its market, is fetched for past days too.

    Raises:
        PastDayError: when the day is past and nothing of it is stored.
    """
    today = utc_now().date()
    if extent.fetch and day == today:
        source = create_source(source_name, settings)
        return _in_turn(_Poll(conn, settings, source, day, run_id, utc_now, extent))
    if day > today:
        raise PastDayError(f"{day} is in the future (UTC); nothing can be fetched for it.")
    if extent.fetch and settings.sandbox_url is not None:
        clock = replay_clock(day)
        source = create_source(source_name, settings, clock=clock, market_time=clock())
        return _in_turn(_Poll(conn, settings, source, day, run_id, clock, extent))
    stored = count_pages(conn, source_name, day)
    if stored == 0:
        raise PastDayError(
            f"No page of {source_name} is stored for {day}, and a past day cannot be fetched from the web: today's "
            "prices would land under an old date. Import recorded pages with: pricescope import FILE --day "
            f"{day}"
        )
    return PollOutcome(source=source_name, day=day, decision="stored", pages=stored)


def with_configuration(kept: SourceState, source: Source, now: datetime) -> SourceState:
    """Return a state brought up to date with whether the source is configured at all."""
    missing = source.missing_configuration
    return configured(kept, now) if missing is None else not_configured(kept, now, missing)


def state_now(conn: psycopg.Connection, source: Source, now: datetime) -> SourceState:
    """Return the state of a source with its configuration, and keep it where that changed it."""
    kept = load_source_state(conn, source.name, now)
    state = with_configuration(kept, source, now)
    if state != kept:
        save_source_state(conn, state)
    return state


@dataclass(frozen=True)
class _Poll:
    """One poll: what it works with, and how much it asks for."""

    conn: psycopg.Connection
    settings: Settings
    source: Source
    day: date
    run_id: str
    now: Callable[[], datetime]
    extent: Extent


def _in_turn(poll: _Poll) -> PollOutcome:
    name = poll.source.name
    with polling_turn(poll.conn, name) as held:
        if not held:
            detail = "another run is polling this source"
            return PollOutcome(source=name, day=poll.day, decision="wait", detail=detail)
        return asyncio.run(_poll(poll))


async def _poll(poll: _Poll) -> PollOutcome:
    conn, settings, source, now = poll.conn, poll.settings, poll.source, poll.now
    state = state_now(conn, source, now())
    decision = may_poll(state, now())
    outcome = PollOutcome(source=source.name, day=poll.day, decision=decision, state=state.state, detail=state.detail)
    try:
        if decision == "wait":
            return outcome
        chosen = _chosen_watches(poll, decision)
        if decision == "probe":
            state = after_probe(state, now(), timedelta(minutes=settings.probe_interval_minutes))
            save_source_state(conn, state)
        ends_at = clock_time.monotonic() + settings.poll_minutes * 60
        stopped = ""
        for position, watch in enumerate(chosen):
            stopped = _why_stop(poll, ends_at)
            if stopped or (position and may_poll(state, now()) != "poll"):
                outcome.left_due = len(chosen) - position
                break
            state = await _fetch_watch(poll, watch, state, outcome)
    finally:
        await source.aclose()
    outcome.state, outcome.detail = state.state, state.detail or stopped
    plan_source(conn, settings, source.name, now())
    return outcome


def _why_stop(poll: _Poll, ends_at: float) -> str:
    """Return why no further watch may be fetched now; empty where one may."""
    if clock_time.monotonic() >= ends_at:
        return f"stopped after {poll.settings.poll_minutes} minutes (PRICESCOPE_POLL_MINUTES); the rest stays due"
    budget = daily_requests(poll.source.name, poll.settings)
    if requests_of_day(poll.conn, poll.source.name, poll.day) >= budget:
        return f"the day's budget of {budget} requests is spent (PRICESCOPE_SOURCE_DAILY_REQUESTS); on from 00:00 UTC"
    return ""


def _chosen_watches(poll: _Poll, decision: str) -> Sequence[Watch]:
    if decision == "poll":
        until = due_until(poll.settings, poll.now()) if poll.extent.only_due else None
        return watches_to_check(poll.conn, poll.source.name, until)
    probe = probe_watch(poll.conn, poll.source.name)
    return [] if probe is None else [probe]


async def _fetch_watch(poll: _Poll, watch: Watch, state: SourceState, outcome: PollOutcome) -> SourceState:
    """Fetch one watch page by page; each is stored at once, with the state in which an answer leaves the source."""
    conn, settings, source = poll.conn, poll.settings, poll.source
    outcome.watches += 1
    query = Query(
        country=watch.country,
        params=watch.params,
        watch_id=watch.watch_id,
        max_pages=1 if outcome.decision == "probe" else page_budget(settings, watch, index=poll.extent.index),
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
            poll.now(),
            refusals_before_blocked=settings.refusals_before_blocked,
            probe_interval=timedelta(minutes=settings.probe_interval_minutes),
            retry_after=None if wait is None else timedelta(seconds=wait),
            detail=reading.detail,
        )
        with conn.transaction():
            store_page(conn, page, origin=origin, run_id=poll.run_id)
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
