"""What time it is in the market: told by the request, or a settable clock that runs at the pace of the real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.requests import Request

TIME_HEADER = "X-Sandbox-Time"
TIME_PARAMETER = "sandbox_time"


class ClockError(ValueError):
    """A time that cannot be read; the message shows the form wanted."""


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time; without a zone it is UTC.

    Raises:
        ClockError: when it is not one.
    """
    try:
        # A "+" of a zone offset in a query string arrives as a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    except ValueError:
        raise ClockError(f"not an ISO time: {text[:40]!r}; write it like 2026-10-01T12:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class MarketClock:
    """The market's clock: the real time plus an offset that `set` moves."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def set(self, moment: datetime) -> None:
        """Make it ``moment`` now; the clock goes on at the real pace."""
        self._offset = moment - datetime.now(UTC)

    def now(self) -> datetime:
        """Return the market's time, UTC."""
        return datetime.now(UTC) + self._offset

    def time_of(self, request: Request) -> datetime:
        """Return the time a request asks about: its header, its query parameter, else the clock's.

        Raises:
            ClockError: when the request names a time that cannot be read.
        """
        text = request.headers.get(TIME_HEADER) or request.query_params.get(TIME_PARAMETER)
        return parse_time(text) if text else self.now()
