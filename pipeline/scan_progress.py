"""How far a range scan is, as a value that is kept in ``ops.checkpoints``, and its pure transitions.

Belongs here: counts, cycles, stale or not, whether to start again. Does not: fetching or storing (``pipeline.scan``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

# A living scan saves its progress every few seconds; a Retry-After is at most a quarter of an hour.
STALE_AFTER = timedelta(hours=1)
_CYCLES_KEPT = 10
_UNANSWERED_KEPT = 1000


class ScanState(StrEnum):
    """Where a scan stands."""

    RUNNING = "running"
    """Under way; or its process was killed, and it goes on from here."""
    DONE = "done"
    """All cycles asked for are complete."""
    STOPPED = "stopped"
    """Stopped by its owner; goes on only when asked to."""
    BLOCKED = "blocked"
    """The source refused; goes on after ``not_before``."""


class ScanRange(msgspec.Struct, frozen=True):
    """The ids of a source from ``first`` to ``last``, both included.

    Raises:
        ValueError: where the bounds are no range.
    """

    source: str
    first: int
    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last < 2**31:
            raise ValueError(f"--from {self.first} --to {self.last}: write 1 or more, and the lower one first")

    @property
    def name(self) -> str:
        """The checkpoint's name."""
        return f"{self.source}:range:{self.first}-{self.last}"


class ScanCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What a cycle brought so far.

    Attributes:
        asked: ids with a stored answer.
        missing: of these, ids under which there is no product.
        unreadable: of these, ids whose answer could not be read; it is in quarantine.
        pages: bundles stored.
        listings: records read; new and changed of these.
    """

    asked: int = 0
    found: int = 0
    missing: int = 0
    unreadable: int = 0
    pages: int = 0
    listings: int = 0
    new: int = 0
    changed: int = 0
    quarantined: int = 0

    def plus(self, other: ScanCounts) -> ScanCounts:
        """Return the sum."""
        return ScanCounts(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """A finished cycle.

    Attributes:
        unanswered: ids without an answer after all rounds, at most a thousand of them; the next cycle asks them again.
    """

    number: int
    started_at: datetime
    ended_at: datetime
    counts: ScanCounts
    unanswered: tuple[int, ...] = ()
    unanswered_count: int = 0


class ScanProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a scan is. Times are UTC.

    Attributes:
        cycle: number of the cycle under way, from 1.
        cycles_wanted: ends with this cycle; None: goes on for ever.
        next_id: every id of the range below it has its answer stored or is pending, in this cycle.
        pending: ids without an answer yet; asked again at the end of the cycle.
        missing_run: how many of the last ids had no product, one after another.
        not_before: of a blocked scan.
    """

    source: str
    first: int
    last: int
    started_at: datetime
    cycle_started_at: datetime
    next_id: int
    cycle: int = 1
    cycles_wanted: int | None = 1
    state: ScanState = ScanState.RUNNING
    detail: str = ""
    pending: tuple[int, ...] = ()
    missing_run: int = 0
    not_before: datetime | None = None
    counts: ScanCounts = ScanCounts()
    cycles: tuple[Cycle, ...] = ()

    @property
    def range(self) -> ScanRange:
        """The ids scanned."""
        return ScanRange(self.source, self.first, self.last)


class ChunkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the ids of a chunk.

    Attributes:
        next_id: the id after the chunk's last; None for a chunk of ids that were pending.
        answered: ids with an answer; ``unanswered`` without.
    """

    next_id: int | None
    answered: tuple[int, ...]
    unanswered: tuple[int, ...]
    counts: ScanCounts
    missing_run: int | None = None


def begin(scan: ScanRange, now: datetime, cycles: int | None) -> ScanProgress:
    """Return the progress of a scan that has just begun."""
    return ScanProgress(
        source=scan.source,
        first=scan.first,
        last=scan.last,
        started_at=now,
        cycle_started_at=now,
        next_id=scan.first,
        cycles_wanted=cycles,
    )


def resume(progress: ScanProgress, now: datetime, cycles: int | None) -> ScanProgress:
    """Return the progress of a scan that goes on; one that was done begins its next cycle."""
    going = msgspec.structs.replace(progress, state=ScanState.RUNNING, detail="", not_before=None)
    done = len(progress.cycles) and progress.state is ScanState.DONE
    if done:
        going = _next_cycle(going, now)
    return msgspec.structs.replace(going, cycles_wanted=None if cycles is None else going.cycle + cycles - 1)


def after_chunk(progress: ScanProgress, chunk: ChunkResult) -> ScanProgress:
    """Return the progress after a chunk's answers are stored."""
    pending = dict.fromkeys(progress.pending)
    for number in chunk.answered:
        pending.pop(number, None)
    pending |= dict.fromkeys(chunk.unanswered)
    return msgspec.structs.replace(
        progress,
        next_id=progress.next_id if chunk.next_id is None else chunk.next_id,
        pending=tuple(pending),
        counts=progress.counts.plus(chunk.counts),
        missing_run=progress.missing_run if chunk.missing_run is None else chunk.missing_run,
    )


def after_cycle(progress: ScanProgress, now: datetime) -> ScanProgress:
    """Return the progress after a cycle: at the start of the next one, or done."""
    ended = Cycle(
        number=progress.cycle,
        started_at=progress.cycle_started_at,
        ended_at=now,
        counts=progress.counts,
        unanswered=progress.pending[:_UNANSWERED_KEPT],
        unanswered_count=len(progress.pending),
    )
    closed = msgspec.structs.replace(progress, cycles=(*progress.cycles, ended)[-_CYCLES_KEPT:])
    if progress.cycles_wanted is not None and progress.cycle >= progress.cycles_wanted:
        return msgspec.structs.replace(closed, state=ScanState.DONE)
    return _next_cycle(closed, now)


def ended(progress: ScanProgress, state: ScanState, detail: str, not_before: datetime | None = None) -> ScanProgress:
    """Return the progress of a scan that ends here for now."""
    return msgspec.structs.replace(progress, state=state, detail=detail, not_before=not_before)


def is_stale(progress: ScanProgress, updated_at: datetime, now: datetime, after: timedelta = STALE_AFTER) -> bool:
    """Tell whether a scan that should be under way has not got on for so long."""
    return progress.state is ScanState.RUNNING and now - updated_at >= after


def is_to_start(progress: ScanProgress, now: datetime) -> bool:
    """Tell whether a scan that no process is working on should be started again."""
    if progress.state is ScanState.RUNNING:
        return True
    return progress.state is ScanState.BLOCKED and (progress.not_before is None or now >= progress.not_before)


def missing_run(before: int, gone: Sequence[bool]) -> int:
    """Return how many ids at the end are missing one after another, given those before."""
    for place, is_gone in enumerate(reversed(gone)):
        if not is_gone:
            return place
    return before + len(gone)


def as_value(progress: ScanProgress) -> dict[str, Any]:
    """Return the progress as JSON values."""
    value: dict[str, Any] = msgspec.to_builtins(progress)
    return value


def from_value(value: dict[str, Any]) -> ScanProgress:
    """Return the progress that was kept.

    Raises:
        msgspec.ValidationError: where the value is no progress of a scan.
    """
    return msgspec.convert(value, ScanProgress)


def _next_cycle(progress: ScanProgress, now: datetime) -> ScanProgress:
    return msgspec.structs.replace(
        progress,
        cycle=progress.cycle + 1,
        cycle_started_at=now,
        next_id=progress.first,
        pending=(),
        missing_run=0,
        counts=ScanCounts(),
        state=ScanState.RUNNING,
    )
