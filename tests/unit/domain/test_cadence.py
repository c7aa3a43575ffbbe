"""The budget goes where new listings are expected, within bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadence import JITTER, WatchLoad, due_at, expected_arrivals, plan_intervals

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=1)
DAY = timedelta(days=1)
LOADS = st.lists(
    st.tuples(st.floats(0.01, 1000), st.floats(1, 50)).map(
        lambda pair: WatchLoad(watch_id=0, arrivals_per_day=pair[0], requests_per_check=pair[1])
    ),
    min_size=1,
    max_size=30,
)


def numbered(loads: list[WatchLoad]) -> list[WatchLoad]:
    return [
        WatchLoad(watch_id=i, arrivals_per_day=x.arrivals_per_day, requests_per_check=x.requests_per_check)
        for i, x in enumerate(loads)
    ]


def cost(loads: list[WatchLoad], plan: dict[int, timedelta]) -> float:
    return sum(load.requests_per_check * (DAY / plan[load.watch_id]) for load in loads)


def delay(loads: list[WatchLoad], plan: dict[int, timedelta]) -> float:
    return sum(load.arrivals_per_day * (plan[load.watch_id] / DAY) / 2 for load in loads)


@given(LOADS, st.floats(1, 100_000))
def test_the_budget_is_kept_unless_even_the_longest_intervals_exceed_it(loads: list[WatchLoad], budget: float) -> None:
    watches = numbered(loads)
    plan = plan_intervals(watches, budget, SHORTEST, LONGEST)
    assert set(plan) == {load.watch_id for load in watches}
    assert all(SHORTEST * 0.999 <= interval <= LONGEST * 1.001 for interval in plan.values())
    least = cost(watches, dict.fromkeys(plan, LONGEST))
    assert cost(watches, plan) <= max(budget, least) * 1.001


@given(LOADS, st.floats(10, 100_000), st.floats(0.5, 2.0), st.integers(0, 29), st.integers(0, 29))
def test_no_shift_of_budget_between_two_watches_finds_listings_sooner(
    loads: list[WatchLoad], budget: float, factor: float, one: int, other: int
) -> None:
    watches = numbered(loads)
    plan = plan_intervals(watches, budget, SHORTEST, LONGEST)
    first, second = watches[one % len(watches)], watches[other % len(watches)]
    if first is second or cost(watches, plan) < budget * 0.99:
        return
    moved = {**plan, first.watch_id: min(max(plan[first.watch_id] * factor, SHORTEST), LONGEST)}
    left = budget - cost([watch for watch in watches if watch is not second], moved)
    if left <= 0:
        return
    moved[second.watch_id] = DAY * (second.requests_per_check / left)
    if not SHORTEST <= moved[second.watch_id] <= LONGEST:
        return
    assert delay(watches, plan) <= delay(watches, moved) * 1.001


def test_four_times_the_arrivals_are_checked_twice_as_often() -> None:
    loads = [
        WatchLoad(watch_id=1, arrivals_per_day=4, requests_per_check=5),
        WatchLoad(watch_id=2, arrivals_per_day=16, requests_per_check=5),
    ]
    plan = plan_intervals(loads, 300, SHORTEST, LONGEST)
    assert plan[1] / plan[2] == pytest.approx(2)
    assert cost(loads, plan) == pytest.approx(300)


def test_an_interval_that_is_asked_for_is_kept_and_paid_for_first() -> None:
    mine = WatchLoad(watch_id=1, arrivals_per_day=0.01, requests_per_check=1, wanted=timedelta(minutes=10))
    other = WatchLoad(watch_id=2, arrivals_per_day=100, requests_per_check=1)
    plan = plan_intervals([mine, other], 144 + 24, SHORTEST, LONGEST)
    assert plan[1] == timedelta(minutes=10)
    assert plan[2] / timedelta(hours=1) == pytest.approx(1)


def test_no_watch_is_no_plan() -> None:
    assert plan_intervals([], 100, SHORTEST, LONGEST) == {}


def test_before_anything_is_known_one_arrival_a_day_is_expected() -> None:
    assert expected_arrivals(0, 0) == 1
    assert expected_arrivals(0, 9) == pytest.approx(0.1)
    assert expected_arrivals(70, 7) == pytest.approx(8.875)


@given(st.integers(1, 10_000), st.integers(0, 10**8), st.floats(60, 86400))
def test_jitter_moves_a_check_by_a_tenth_at_most_and_always_the_same_way(
    watch_id: int, last: int, seconds: float
) -> None:
    checked, interval = datetime.fromtimestamp(1_700_000_000 + last, UTC), timedelta(seconds=seconds)
    due = due_at(watch_id, checked, interval)
    assert due is not None
    assert abs((due - checked) / interval - 1) <= JITTER * 1.001
    assert due == due_at(watch_id, checked, interval)


def test_a_watch_never_checked_is_due_now_and_neighbours_fall_apart() -> None:
    assert due_at(1, None, DAY) is None
    at = datetime(2026, 11, 21, tzinfo=UTC)
    dues = sorted(due for n in range(20) if (due := due_at(n, at, DAY)) is not None)
    assert all(later - sooner > timedelta(0) for sooner, later in pairwise(dues))
