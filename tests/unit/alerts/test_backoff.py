from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.backoff import FIRST_DELAY, LONGEST_DELAY, MAX_ATTEMPTS, next_attempt, retry_after_seconds

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis wants naive bounds)
waits = st.one_of(st.none(), st.floats(min_value=0, max_value=1e12))


def test_the_first_waits_double_from_thirty_seconds() -> None:
    delays = [(next_attempt(attempts, NOW) - NOW).total_seconds() for attempts in range(1, 6)]
    assert delays == [30, 60, 120, 240, 480]


def test_the_twelfth_failure_is_the_last() -> None:
    assert next_attempt(MAX_ATTEMPTS - 1, NOW) is not None
    assert next_attempt(MAX_ATTEMPTS, NOW) is None


@given(st.integers(min_value=1, max_value=MAX_ATTEMPTS - 1), moments, waits)
def test_a_wait_lies_between_thirty_seconds_and_six_hours(
    attempts: int, now: datetime, retry_after: float | None
) -> None:
    due = next_attempt(attempts, now, retry_after)
    assert due is not None
    assert FIRST_DELAY <= due - now <= LONGEST_DELAY


@given(st.integers(min_value=2, max_value=MAX_ATTEMPTS - 1), moments)
def test_waits_never_get_shorter(attempts: int, now: datetime) -> None:
    assert next_attempt(attempts, now) >= next_attempt(attempts - 1, now)


@given(st.integers(min_value=1, max_value=MAX_ATTEMPTS - 1), moments, st.floats(min_value=0, max_value=6 * 3600))
def test_the_receiver_is_never_asked_before_it_wants_to_be(attempts: int, now: datetime, retry_after: float) -> None:
    due = next_attempt(attempts, now, retry_after)
    assert due is not None
    # A datetime holds microseconds.
    assert (due - now).total_seconds() >= retry_after - 1e-6


@given(st.integers(min_value=MAX_ATTEMPTS, max_value=10**9), moments, waits)
def test_a_dead_notification_stays_dead(attempts: int, now: datetime, retry_after: float | None) -> None:
    assert next_attempt(attempts, now, retry_after) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        (format_datetime(NOW + timedelta(minutes=2)), 120.0),
        (format_datetime(NOW - timedelta(minutes=2)), 0.0),
        ("Fri, 20 Nov 2026 12:01:00 -0000", 60.0),
        ("1000000000", LONGEST_DELAY.total_seconds()),
        ("9" * 400, LONGEST_DELAY.total_seconds()),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text())
def test_any_header_is_read_without_an_error(header: str) -> None:
    wait = retry_after_seconds(header, NOW)
    assert wait is None or wait >= 0
