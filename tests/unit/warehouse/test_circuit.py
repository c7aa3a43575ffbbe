"""The circuit of a source, as a table of transitions and as invariants over random streaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.page import PageMeaning
from domain.source_state import SourceState, after_page, after_probe, may_poll, not_configured

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FRESH = SourceState(source="vinted", since=NOW)


def _refused(times: int) -> SourceState:
    state = FRESH
    for minute in range(times):
        state = after_page(state, PageMeaning.BLOCKED, NOW + timedelta(minutes=minute), 3, HOUR, detail="challenge")
    return state


@pytest.mark.parametrize("meaning", list(PageMeaning))
def test_only_refusals_count_against_a_source(meaning: PageMeaning) -> None:
    state = after_page(_refused(2), meaning, NOW + HOUR, 3, HOUR)
    is_refusal = meaning in {
        PageMeaning.BLOCKED, PageMeaning.UNAUTHORISED, PageMeaning.THROTTLED, PageMeaning.CHANGED
    }  # fmt: skip
    assert state.consecutive_failures == (3 if is_refusal else 0)
    assert state.state == (str(meaning) if is_refusal else "ok")
    assert (state.last_success_at == NOW + HOUR) is not is_refusal


@pytest.mark.parametrize(("refusals", "blocked"), [(1, False), (3, False), (4, True), (9, True)])
def test_more_than_three_refusals_in_a_row_open_the_circuit(refusals: int, blocked: bool) -> None:
    state = _refused(refusals)
    assert state.is_blocked is blocked
    assert state.since == NOW
    assert state.detail == "challenge"
    last = NOW + timedelta(minutes=refusals - 1)
    assert may_poll(state, last) == ("wait" if blocked else "poll")
    assert may_poll(state, last + HOUR) == ("probe" if blocked else "poll")


@pytest.mark.parametrize("meaning", [PageMeaning.OK, PageMeaning.EMPTY, PageMeaning.GONE])
def test_one_page_understood_closes_it(meaning: PageMeaning) -> None:
    state = after_page(_refused(6), meaning, NOW + 2 * HOUR, 3, HOUR)
    assert not state.is_blocked
    assert state.since == NOW + 2 * HOUR
    assert may_poll(state, NOW + 2 * HOUR) == "poll"
    assert may_poll(after_page(state, PageMeaning.BLOCKED, NOW + 3 * HOUR, 3, HOUR), NOW + 3 * HOUR) == "poll"


def test_a_probe_on_its_way_holds_back_the_next_even_if_it_never_returns() -> None:
    at = NOW + 2 * HOUR
    state = after_probe(_refused(4), at, HOUR)
    assert state.last_probe_at == at
    assert may_poll(state, at + timedelta(minutes=59)) == "wait"
    assert may_poll(state, at + HOUR) == "probe"


@pytest.mark.parametrize(("seconds", "waits"), [(120, 120), (-5, 0), (0, 0), (10**9, 86_400)])
def test_retry_after_is_kept_within_reason(seconds: int, waits: int) -> None:
    state = after_page(FRESH, PageMeaning.THROTTLED, NOW, 3, HOUR, retry_after=timedelta(seconds=seconds))
    assert state.next_attempt_at == (NOW + timedelta(seconds=waits) if waits else None)
    if waits:
        assert may_poll(state, NOW + timedelta(seconds=waits - 1)) == "wait"
    assert may_poll(state, NOW + timedelta(seconds=waits)) == "poll"


def test_a_longer_retry_after_outlasts_the_probe_interval() -> None:
    state = after_page(_refused(3), PageMeaning.THROTTLED, NOW + HOUR, 3, HOUR, retry_after=3 * HOUR)
    assert may_poll(state, NOW + 3 * HOUR) == "wait"
    assert may_poll(state, NOW + 4 * HOUR) == "probe"


def test_a_source_without_credentials_waits_until_a_page_comes() -> None:
    state = not_configured(FRESH, NOW + HOUR, "set PRICESCOPE_X")
    assert may_poll(state, NOW + 50 * HOUR) == "wait"
    assert not_configured(state, NOW + 2 * HOUR, "set PRICESCOPE_X").since == NOW + HOUR
    assert may_poll(after_page(state, PageMeaning.OK, NOW + 3 * HOUR, 3, HOUR), NOW + 3 * HOUR) == "poll"


@given(st.lists(st.sampled_from(list(PageMeaning)), max_size=80))
def test_while_refused_at_most_one_request_an_hour_follows_the_fourth(meanings: list[PageMeaning]) -> None:
    state, now = FRESH, NOW
    refused_in_a_row = 0
    for meaning in meanings:
        while may_poll(state, now) == "wait":
            now += timedelta(minutes=1)
        before = now
        assert state.is_blocked is (refused_in_a_row > 3)
        state = after_page(state, meaning, now, 3, HOUR)
        refused_in_a_row = refused_in_a_row + 1 if meaning.is_refusal else 0
        if refused_in_a_row > 3:
            assert may_poll(state, before + timedelta(minutes=59, seconds=59)) == "wait"
        now += timedelta(minutes=5)
