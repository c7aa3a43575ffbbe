"""How far a scan is: nothing is lost between chunks, cycles, ends and new starts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scan_progress import (
    STALE_AFTER,
    ChunkResult,
    ScanCounts,
    ScanProgress,
    ScanRange,
    ScanState,
    after_chunk,
    after_cycle,
    as_value,
    begin,
    ended,
    from_value,
    is_stale,
    is_to_start,
    missing_run,
    resume,
)

NOW = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)


def at(scan: ScanRange = ScanRange("uzum", 1, 100), cycles: int | None = 1) -> ScanProgress:  # noqa: B008 - frozen
    return begin(scan, NOW, cycles)


@pytest.mark.parametrize(("first", "last"), [(0, 5), (5, 4), (1, 2**31), (-3, 3)])
def test_bounds_that_are_no_range_are_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="--from"):
        ScanRange("uzum", first, last)


@given(
    chunks=st.lists(st.lists(st.booleans(), min_size=1, max_size=20), min_size=1, max_size=10),
    later=st.sets(st.integers(1, 200)),
)
def test_every_id_is_answered_or_pending_whatever_happens(chunks: list[list[bool]], later: set[int]) -> None:
    progress = at(ScanRange("uzum", 1, sum(map(len, chunks))))
    answered: set[int] = set()
    for chunk in chunks:
        ids = range(progress.next_id, progress.next_id + len(chunk))
        had = tuple(number for number, is_had in zip(ids, chunk, strict=True) if is_had)
        answered |= set(had)
        lacking = tuple(set(ids) - set(had))
        progress = after_chunk(
            progress, ChunkResult(next_id=ids[-1] + 1, answered=had, unanswered=lacking, counts=ScanCounts())
        )
        assert answered | set(progress.pending) == set(range(1, progress.next_id))
        assert answered.isdisjoint(progress.pending)
    had_later = tuple(later & set(progress.pending))
    still = tuple(set(progress.pending) - later)
    retried = after_chunk(
        progress, ChunkResult(next_id=None, answered=had_later, unanswered=still, counts=ScanCounts())
    )
    assert set(retried.pending) == set(still)
    assert retried.next_id == progress.next_id
    assert from_value(json.loads(json.dumps(as_value(retried)))) == retried


def test_a_cycle_ends_in_the_next_until_as_many_are_done_as_were_wanted() -> None:
    first = after_cycle(at(cycles=2), NOW)
    assert (first.state, first.cycle, first.next_id, first.counts) == (ScanState.RUNNING, 2, 1, ScanCounts())
    second = after_cycle(first, NOW)
    assert (second.state, [cycle.number for cycle in second.cycles]) == (ScanState.DONE, [1, 2])


def test_a_scan_without_end_goes_on_and_keeps_its_last_ten_cycles() -> None:
    progress = at(cycles=None)
    for _ in range(15):
        progress = after_cycle(progress, NOW)
    assert (progress.state, progress.cycle) == (ScanState.RUNNING, 16)
    assert [cycle.number for cycle in progress.cycles] == list(range(6, 16))


def test_what_was_done_begins_anew_and_what_was_not_goes_on() -> None:
    middle = after_chunk(at(), ChunkResult(next_id=51, answered=(1, 2), unanswered=(3,), counts=ScanCounts(asked=49)))
    for state in (ScanState.RUNNING, ScanState.STOPPED, ScanState.BLOCKED):
        going = resume(ended(middle, state, "x", NOW), NOW, 3)
        assert (going.state, going.next_id, going.pending, going.cycle) == (ScanState.RUNNING, 51, (3,), 1)
        assert (going.cycles_wanted, going.detail, going.not_before) == (3, "", None)
    again = resume(after_cycle(middle, NOW), NOW, 2)
    assert (again.cycle, again.next_id, again.pending, again.counts) == (2, 1, (), ScanCounts())
    assert again.cycles_wanted == 3


def test_ids_never_answered_are_kept_with_their_cycle() -> None:
    progress = after_chunk(
        at(), ChunkResult(next_id=101, answered=(), unanswered=tuple(range(1, 101)), counts=ScanCounts())
    )
    (cycle,) = after_cycle(progress, NOW).cycles
    assert (len(cycle.unanswered), cycle.unanswered_count) == (100, 100)


def test_only_a_running_scan_that_does_not_get_on_is_stale() -> None:
    progress = at()
    assert not is_stale(progress, NOW, NOW + STALE_AFTER - timedelta(seconds=1))
    assert is_stale(progress, NOW, NOW + STALE_AFTER)
    for state in (ScanState.DONE, ScanState.STOPPED, ScanState.BLOCKED):
        assert not is_stale(ended(progress, state, ""), NOW, NOW + 2 * STALE_AFTER)


def test_what_is_started_again_is_running_or_blocked_no_longer() -> None:
    progress = at()
    assert is_to_start(progress, NOW)
    assert not is_to_start(ended(progress, ScanState.STOPPED, ""), NOW)
    assert not is_to_start(ended(progress, ScanState.DONE, ""), NOW)
    blocked = ended(progress, ScanState.BLOCKED, "x", NOW + timedelta(hours=1))
    assert not is_to_start(blocked, NOW)
    assert is_to_start(blocked, NOW + timedelta(hours=1))


@given(before=st.integers(0, 99), gone=st.lists(st.booleans(), max_size=30))
def test_a_run_of_missing_ids_is_counted_over_chunks(before: int, gone: list[bool]) -> None:
    run = before
    for is_gone in gone:
        run = run + 1 if is_gone else 0
    assert missing_run(before, gone) == run
