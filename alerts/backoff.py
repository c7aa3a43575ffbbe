"""When an alert that could not be delivered is tried again. Pure.

Belongs here: the arithmetic of waiting. Does not: sending, storing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=6)
# 30 s doubling up to 6 h: eleven waits are 14.5 hours, enough for a mail server's bad night.
MAX_ATTEMPTS = 12


def next_attempt(attempts: int, now: datetime, retry_after: float | None = None) -> datetime | None:
    """Return when to try again, or None when the notification is dead.

    Args:
        attempts: how often it was tried, the failure just seen included (at least 1).
        now: time of that failure, timezone-aware.
        retry_after: seconds the receiver asked to be left alone; longer waits than ours are kept up to six hours.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    delay = min(FIRST_DELAY * (1 << (max(attempts, 1) - 1)), LONGEST_DELAY)
    if retry_after is not None and retry_after > delay.total_seconds():
        delay = timedelta(seconds=min(retry_after, LONGEST_DELAY.total_seconds()))
    return now + delay


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3: seconds or an HTTP date) as seconds from ``now``.

    Returns None where the header is missing or unreadable; a date gone by is 0.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_DELAY.total_seconds())
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
