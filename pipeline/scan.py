"""Ask a source for every id of a range, cycle after cycle; a kill at any moment costs nothing but the last seconds.

Belongs here: what is stored together, resuming, which scans are to be started again. Does not: asking
(``pipeline.scan_fetch``), how far a scan is (``pipeline.scan_progress``), when it runs (orchestration).

A chunk of ids is one transaction: the answers as one stored page (``scrapers.bundle``), the listings read from them and
the progress. So an id is stored exactly when the progress says so. The answers for ids without a product are kept in
the bundle too; they compress to next to nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import psycopg

from domain.page import PageMeaning
from domain.settings import Settings
from domain.source_state import OK, SourceState, after_page, may_poll
from pipeline import scan_progress
from pipeline.kinds import kind_teller
from pipeline.poll import state_now, utc_now
from pipeline.scan_fetch import Answered, Asker, Chunk, ScanRefusedError, fetch_chunks, growing_wait
from pipeline.scan_progress import ChunkResult, ScanCounts, ScanProgress, ScanRange, ScanState
from scrapers.bundle import bundle_of, combined
from scrapers.contract import ItemSource
from scrapers.registry import create_source
from warehouse.checkpoints import end_holders, list_checkpoints, load_checkpoint, save_checkpoint
from warehouse.load import load_reading
from warehouse.locks import polling_turn
from warehouse.pages import Origin, store_page
from warehouse.source_state import update_source_state

logger = logging.getLogger(__name__)

SCANNED_SOURCES = ("uzum",)
CHUNK_IDS = 250
DEFAULT_SLOTS = 20
PENDING_ROUNDS = 5
# The session of a killed process lets go of its lock once its last statement is done.
_LOCK_SECONDS = 20.0
_COUNTRY = {"uzum": "uz"}


class ScanError(Exception):
    """A scan cannot be run; the message says why and what to do."""


class Scanning(msgspec.Struct, frozen=True, kw_only=True):
    """How a scan is run.

    Attributes:
        cycles: how many to complete; None goes on for ever.
        again: go on with as many as were wanted before, whatever ``cycles`` says.
        chunk_ids: ids a transaction.
        run_id: of the pages.
        sleep, monotonic: wait between rounds and through outages, and tell how long.
    """

    cycles: int | None = 1
    again: bool = False
    chunk_ids: int = CHUNK_IDS
    run_id: str | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic


class ScanStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A scan as its owner is told of it; ``is_stale``: it should be under way and has not got on for an hour."""

    progress: ScanProgress
    updated_at: datetime
    is_stale: bool


def scan_range(
    conn: psycopg.Connection,
    settings: Settings,
    scan: ScanRange,
    how: Scanning = Scanning(),  # noqa: B008 - frozen
    on_chunk: Callable[[ScanProgress], None] | None = None,
) -> ScanProgress:
    """Scan a range, from where it was left; return how far it is when it ends.

    Args:
        on_chunk: told the progress after every transaction.

    Raises:
        ScanError: when the source cannot be scanned, or another process is scanning this range.
    """
    if scan.source not in SCANNED_SOURCES:
        raise ScanError(f"{scan.source} has no ids to count through; these have: {', '.join(SCANNED_SOURCES)}")
    source = create_source(scan.source, settings)
    if not isinstance(source, ItemSource):
        raise ScanError(f"{scan.source} cannot be asked for single ids")
    _take_turn_or_fail(conn, scan)
    with polling_turn(conn, _lock(scan)) as held:
        if not held:
            raise ScanError(f"another process is scanning {scan.name}; see: pricescope scan {scan.source} --status")
        run = _Scan(conn, settings, source, scan, how, on_chunk)
        state = state_now(conn, source, utc_now())
        if may_poll(state, utc_now()) == "wait":
            until = "" if state.next_attempt_at is None else f" until {state.next_attempt_at:%Y-%m-%d %H:%M} UTC"
            raise ScanError(f"{scan.source} is not asked{until}: {state.state}. {state.detail}".strip())
        try:
            asyncio.run(run.run())
        except KeyboardInterrupt:
            run.end(ScanState.STOPPED, "stopped by its owner")
            raise
    return run.progress


def scan_statuses(conn: psycopg.Connection, source: str, now: datetime) -> list[ScanStatus]:
    """Return all scans of a source that were ever begun."""
    return [
        ScanStatus(progress=progress, updated_at=updated_at, is_stale=scan_progress.is_stale(progress, updated_at, now))
        for progress, updated_at in _kept(conn, source)
    ]


def ensure_scans(conn: psycopg.Connection, now: datetime) -> list[ScanRange]:
    """Return the scans to start again now; to be asked every two hours.

    A scan is to go on when it is under way by its progress and no process works on it (it was killed), or when it was
    blocked and its wait is over. Where a process works on it and has not got on for an hour, its session is ended
    first, so that the process fails and the next one can take over. Start each with ``Scanning(again=True)``.
    """
    found = []
    for source in SCANNED_SOURCES:
        for progress, updated_at in _kept(conn, source):
            if not scan_progress.is_to_start(progress, now):
                continue
            with polling_turn(conn, _lock(progress.range)) as free:
                pass
            if not free:
                if not scan_progress.is_stale(progress, updated_at, now):
                    continue
                logger.warning("%s: no progress since %s; its session is ended", progress.range.name, updated_at)
                end_holders(conn, f"pricescope.poll.{_lock(progress.range)}")
            found.append(progress.range)
    return found


def _kept(conn: psycopg.Connection, source: str) -> Iterator[tuple[ScanProgress, datetime]]:
    for kept in list_checkpoints(conn, f"{source}:range:"):
        yield scan_progress.from_value(kept.value), kept.updated_at


def _lock(scan: ScanRange) -> str:
    return f"scan:{scan.name}"


def _take_turn_or_fail(conn: psycopg.Connection, scan: ScanRange) -> None:
    """Wait a little for the lock of a process that has just been killed."""
    until = time.monotonic() + _LOCK_SECONDS
    while time.monotonic() < until:
        with polling_turn(conn, _lock(scan)) as held:
            if held:
                return
        time.sleep(0.1)


class _Scan:
    """One process's work on a scan."""

    def __init__(
        self,
        conn: psycopg.Connection,
        settings: Settings,
        source: ItemSource,
        scan: ScanRange,
        how: Scanning,
        on_chunk: Callable[[ScanProgress], None] | None,
    ) -> None:
        self._conn = conn
        self._settings = settings
        self._source = source
        self._how = how
        self._on_chunk = on_chunk
        self._tell_kind = kind_teller(settings)
        self._origin: Origin = "fetch" if settings.sandbox_url is None else "sandbox"
        self._is_noted_ok = False
        self.progress = self._begun(scan)

    async def run(self) -> None:
        """Work until all cycles are done, or the source refuses."""
        country = _COUNTRY[self._source.name]
        asker = Asker(self._source, country, sleep=self._how.sleep, monotonic=self._how.monotonic)
        self._save()
        try:
            while self.progress.state is ScanState.RUNNING:
                await self._fetch(self._ahead(), asker)
                await self._fetch_pending(asker)
                self.progress = scan_progress.after_cycle(self.progress, utc_now())
                self._save()
        except ScanRefusedError as refusal:
            self._refused(str(refusal))
        finally:
            await self._source.aclose()

    def end(self, state: ScanState, detail: str, not_before: datetime | None = None) -> None:
        """Save that the scan ends here for now."""
        self.progress = scan_progress.ended(self.progress, state, detail, not_before)
        self._save()

    def _begun(self, scan: ScanRange) -> ScanProgress:
        kept = load_checkpoint(self._conn, scan.name)
        if kept is None:
            return scan_progress.begin(scan, utc_now(), self._how.cycles)
        before = scan_progress.from_value(kept.value)
        going = scan_progress.resume(before, utc_now(), self._how.cycles)
        return msgspec.structs.replace(going, cycles_wanted=before.cycles_wanted) if self._how.again else going

    def _ahead(self) -> Iterator[range]:
        size = self._how.chunk_ids
        for first in range(self.progress.next_id, self.progress.last + 1, size):
            yield range(first, min(first + size, self.progress.last + 1))

    async def _fetch_pending(self, asker: Asker) -> None:
        for turn in range(PENDING_ROUNDS):
            if not self.progress.pending:
                return
            await self._how.sleep(growing_wait(turn))
            ids, size = self.progress.pending, self._how.chunk_ids
            await self._fetch((ids[first : first + size] for first in range(0, len(ids), size)), asker)

    async def _fetch(self, chunks: Iterable[Sequence[int]], asker: Asker) -> None:
        slots = self._settings.concurrency_of(self._source.name, DEFAULT_SLOTS)

        async def keep(chunk: Chunk) -> None:
            # In a thread, so that answers are taken in while the database works; never left alone with the connection.
            storing = asyncio.ensure_future(asyncio.to_thread(self._keep, chunk))
            try:
                await asyncio.shield(storing)
            except asyncio.CancelledError:
                await storing
                raise

        await fetch_chunks(chunks, asker.ask, keep, workers=slots)

    # ------------------------------------------------------------------ one transaction

    def _keep(self, chunk: Chunk) -> None:
        answers = [(number, answer) for number in chunk.ids if (answer := chunk.answers[number]) is not None]
        counts = _counts_of([answer for _, answer in answers])
        with self._conn.transaction():
            if answers:
                counts = counts.plus(self._store(chunk.ids, [answer for _, answer in answers]))
            after = scan_progress.after_chunk(self.progress, self._result(chunk, [n for n, _ in answers], counts))
            save_checkpoint(self._conn, after.range.name, scan_progress.as_value(after), utc_now())
        # Only now: a failed transaction must leave the progress where it was.
        self.progress = after
        if counts.found and not self._is_noted_ok:
            self._note_ok()
        if self._on_chunk is not None:
            self._on_chunk(after)

    def _store(self, ids: Sequence[int], answers: Sequence[Answered]) -> ScanCounts:
        pages = [page for page, _ in answers]
        page = bundle_of(pages, f"{pages[0].url.rpartition('/')[0]}/{ids[0]}-{ids[-1]}")
        reading = combined(answers)
        page_id = store_page(self._conn, page, origin=self._origin, run_id=self._how.run_id)
        loaded = load_reading(
            self._conn,
            page_id,
            page,
            reading,
            parser_version=self._source.parser_version,
            tell_kind=self._tell_kind,
        )
        return ScanCounts(
            pages=1,
            listings=len(reading.listings),
            new=loaded.new,
            changed=loaded.changed,
            quarantined=loaded.quarantined,
        )

    def _result(self, chunk: Chunk, answered: Sequence[int], counts: ScanCounts) -> ChunkResult:
        is_ahead = isinstance(chunk.ids, range)
        gone = [
            answer is not None and answer[1].meaning is PageMeaning.GONE
            for answer in (chunk.answers[number] for number in chunk.ids)
        ]
        return ChunkResult(
            next_id=chunk.ids[-1] + 1 if is_ahead else None,
            answered=tuple(answered),
            unanswered=tuple(number for number in chunk.ids if chunk.answers[number] is None),
            counts=counts,
            missing_run=scan_progress.missing_run(self.progress.missing_run, gone) if is_ahead else None,
        )

    # ------------------------------------------------------------------ the source's circuit

    def _note_ok(self) -> None:
        self._is_noted_ok = True
        now = utc_now()

        def answered(state: SourceState) -> SourceState:
            return state if state.state == OK and not state.is_blocked else after_page(state, PageMeaning.OK, now)

        update_source_state(self._conn, self._source.name, now, answered)

    def _refused(self, detail: str) -> None:
        """Open the source's circuit, as the same refusals in a poll would, and save the state."""
        now = utc_now()
        settings = self._settings
        wait = timedelta(minutes=settings.probe_interval_minutes)

        def refused(state: SourceState) -> SourceState:
            for _ in range(settings.refusals_before_blocked + 1):
                state = after_page(
                    state,
                    PageMeaning.BLOCKED,
                    now,
                    refusals_before_blocked=settings.refusals_before_blocked,
                    probe_interval=wait,
                    detail=detail,
                )
            return state

        update_source_state(self._conn, self._source.name, now, refused)
        logger.warning("%s: %s", self.progress.range.name, detail)
        self.end(ScanState.BLOCKED, detail, now + wait)

    def _save(self) -> None:
        with self._conn.transaction():
            save_checkpoint(self._conn, self.progress.range.name, scan_progress.as_value(self.progress), utc_now())


def _counts_of(answers: Sequence[Answered]) -> ScanCounts:
    meanings = Counter(reading.meaning for _, reading in answers)
    return ScanCounts(
        asked=len(answers),
        found=meanings[PageMeaning.OK],
        missing=meanings[PageMeaning.GONE] + meanings[PageMeaning.EMPTY],
        unreadable=meanings[PageMeaning.CHANGED],
    )
