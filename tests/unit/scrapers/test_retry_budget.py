"""How many retries a source may spend."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scrapers.retry_budget import FLOOR, RATIO, WINDOW_SECONDS, RetryBudget


def test_a_first_failure_is_retried_and_a_flood_of_them_is_not():
    budget = RetryBudget()
    budget.note_request(0.0)
    taken = [budget.take_retry(0.0) for _ in range(FLOOR + 5)]
    assert taken == [True] * FLOOR + [False] * 5


def test_what_was_spent_comes_back_when_the_window_has_passed():
    budget = RetryBudget(floor=2)
    assert [budget.take_retry(0.0) for _ in range(3)] == [True, True, False]
    assert not budget.take_retry(WINDOW_SECONDS / 2)
    assert budget.take_retry(WINDOW_SECONDS * 1.01)


def test_requests_earn_retries():
    budget = RetryBudget(floor=0)
    for _ in range(9):
        budget.note_request(1.0)
    assert [budget.take_retry(2.0) for _ in range(3)] == [True, False, False]


@given(st.lists(st.tuples(st.floats(0, 90), st.booleans()), min_size=1, max_size=200))
def test_retries_never_exceed_the_share_of_the_windows_requests(steps: list[tuple[float, bool]]):
    budget, now = RetryBudget(floor=3), 1e6
    requests: list[float] = []
    retries: list[float] = []
    for gap, wants_retry in steps:
        now += gap
        if not wants_retry:
            budget.note_request(now)
            requests.append(now)
        elif budget.take_retry(now):
            retries.append(now)
            # A window may reach one slice further back, never less far than a slice short of its length.
            near = sum(1 for at in retries if at > now - WINDOW_SECONDS * 0.95)
            far = sum(1 for at in requests if at > now - WINDOW_SECONDS * 1.05)
            assert near <= 3 + RATIO * far
