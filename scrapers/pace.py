"""How fast a host may be asked: requests spaced out, and when an answer says to come back.

Belongs here: the two reckonings. Does not: waiting, remembering hosts (``http``).
"""

from __future__ import annotations

import email.utils
import math
import re
from datetime import UTC, datetime

MAX_RETRY_AFTER_SECONDS = 900.0
_SECONDS = re.compile(r"[0-9]{1,400}(\.[0-9]{1,20})?")


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Read a ``Retry-After`` header.

    Args:
        value: seconds or an HTTP date; None where the header is absent.
        now: current time, UTC.

    Returns:
        Seconds to wait, between 0 (a date that has passed) and 900; None where the value is absent or means nothing.
    """
    text = (value or "").strip()
    if not text:
        return None
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


class TokenBucket:
    """Spaces requests so that any window of ``w`` seconds holds at most ``rate * w + burst`` of them."""

    def __init__(self, rate: float, burst: int = 1) -> None:
        self._interval = 1.0 / rate
        self._tolerance = (burst - 1) * self._interval
        self._next = -math.inf

    def stretch(self, seconds: float) -> None:
        """Space requests by at least so many seconds."""
        if seconds > self._interval:
            self._interval, self._tolerance = seconds, 0.0

    def take(self, now: float, jitter: float = 0.0) -> float:
        """Reserve the next token and return how many seconds from ``now`` it may be used.

        Args:
            now: seconds of any clock that does not go back.
            jitter: share of an interval by which the token after this one comes later.
        """
        due = max(self._next, now - self._tolerance)
        self._next = due + self._interval * (1.0 + jitter)
        return max(0.0, due - now)
