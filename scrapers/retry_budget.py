"""How many of a source's requests may be retries.

Belongs here: the arithmetic. Does not: which answers are worth another try (``scrapers.http``).
"""

from __future__ import annotations

from collections import deque

RATIO = 0.2
FLOOR = 10
WINDOW_SECONDS = 600.0
_SLICES = 20


class RetryBudget:
    """Lets at most ``floor + ratio * requests`` of the last ten minutes' attempts be retries.

    Without it, a host that fails gets every request ``request_attempts`` times, just when it can bear least; with it,
    an outage costs the host a fifth more, and single failures are still retried as before. The idea is Finagle's
    ``RetryBudget`` (20 % of requests, a small floor, a sliding window), which Linkerd took over; Envoy's
    ``retry_budget`` and gRPC's retry throttling (gRFC A6) do the same.

    Counts are kept by the half minute, so a busy source costs no more memory than a quiet one.
    """

    def __init__(self, *, ratio: float = RATIO, floor: int = FLOOR, window_seconds: float = WINDOW_SECONDS) -> None:
        """Make a full budget.

        Args:
            ratio: retries allowed for each first attempt within the window.
            floor: retries allowed in a window whatever the number of requests.
            window_seconds: how long an attempt counts.
        """
        self._ratio = ratio
        self._floor = floor
        self._slice_seconds = window_seconds / _SLICES
        # (slice, requests, retries), oldest first
        self._slices: deque[list[int]] = deque()
        self._requests = self._retries = 0

    def note_request(self, now: float) -> None:
        """Count a first attempt; ``now`` in seconds of any clock that does not go back."""
        self._current(now)[1] += 1
        self._requests += 1

    def take_retry(self, now: float) -> bool:
        """Count a retry and return True, or return False where the budget is spent."""
        current = self._current(now)
        if self._retries + 1 > self._floor + self._ratio * self._requests:
            return False
        current[2] += 1
        self._retries += 1
        return True

    def _current(self, now: float) -> list[int]:
        number = int(now // self._slice_seconds)
        slices = self._slices
        if slices and slices[-1][0] == number:
            return slices[-1]
        while slices and slices[0][0] <= number - _SLICES:
            _, requests, retries = slices.popleft()
            self._requests -= requests
            self._retries -= retries
        slices.append([number, 0, 0])
        return slices[-1]
