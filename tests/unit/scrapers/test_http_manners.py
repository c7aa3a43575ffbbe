"""The arithmetic of politeness: Retry-After, and how close requests may follow each other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.http import is_loopback, origin
from scrapers.pace import TokenBucket, parse_retry_after

_NOW = datetime(2026, 9, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("100000", 900.0),
        ("9" * 300, 900.0),
        ("9" * 5000, None),
        ("-5", None),
        ("soon", None),
        ("NaN", None),
        ("inf", None),
        ("\u0667", None),
        ("Sun, 20 Sep 2026 12:00:30 GMT", 30.0),
        ("Sun, 20 Sep 2026 13:00:30 +0100", 30.0),
        ("Sun, 20 Sep 2026 12:00:30 -0000", 30.0),
        ("Sun, 20 Sep 2026 11:59:00 GMT", 0.0),
        ("Sun, 20 Sep 2099 12:00:00 GMT", 900.0),
        ("Sun, 32 Sep 2026 99:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value: str | None, seconds: float | None):
    assert parse_retry_after(value, now=_NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_a_bounded_wait_or_none(value: str):
    seconds = parse_retry_after(value, now=_NOW)
    assert seconds is None or 0 <= seconds <= 900


@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 5),
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_window_holds_more_requests_than_rate_times_window_plus_burst(rate: float, burst: int, gaps: list[float]):
    bucket = TokenBucket(rate, burst)
    now, used = 0.0, []
    for gap in gaps:
        now += gap
        used.append(now + bucket.take(now))
    for first in range(len(used)):
        for last in range(first, len(used)):
            window = used[last] - used[first]
            assert last - first + 1 <= rate * window + burst + 1e-6


def test_a_rested_bucket_lets_the_next_request_through_at_once():
    bucket = TokenBucket(0.5)
    assert bucket.take(100.0) == 0
    assert bucket.take(100.0) == 2.0
    assert bucket.take(200.0) == 0


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:8008/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:80/", True),
        ("http://10.0.0.1/", False),
        ("https://www.vinted.fr/", False),
        ("http://127.0.0.1.evil.example/", False),
        ("http://[", False),
    ],
)
def test_loopback_is_told_by_the_address_and_not_by_the_look(url: str, is_here: bool):
    assert is_loopback(url) is is_here


def test_an_origin_has_its_default_port():
    assert origin("HTTPS://WWW.Vinted.fr/a") == origin("https://www.vinted.fr:443/b")
    assert origin("nothing") == ""
