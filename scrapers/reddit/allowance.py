"""Reddit's own count of what may still be asked: the ``x-ratelimit`` headers.

100 requests a minute per app since 2023-07-01, averaged over ten minutes; ``x-ratelimit-remaining`` is a float as text,
``x-ratelimit-reset`` seconds until the window ends (recorded 2020: 599.0 left, reset in 349).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")
# A window is ten minutes; a count that names no end is not heeded longer.
_LONGEST_WINDOW = 600.0


class Allowance:
    """What is left in Reddit's window, by its last answer.

    Attributes:
        remaining: requests left; None where no answer has said.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.remaining: float | None = None
        self._ends = 0.0
        self._monotonic = monotonic

    def note(self, headers: Mapping[str, str]) -> None:
        """Take the count of an answer's headers (names in lower case); what is no number is left alone."""
        left = headers.get("x-ratelimit-remaining", "")
        reset = headers.get("x-ratelimit-reset", "")
        if not _NUMBER.fullmatch(left):
            return
        self.remaining = float(left)
        seconds = float(reset) if _NUMBER.fullmatch(reset) else _LONGEST_WINDOW
        self._ends = self._monotonic() + min(seconds, _LONGEST_WINDOW)

    @property
    def is_spent(self) -> bool:
        """True while nothing is left of the window."""
        return self.remaining is not None and self.remaining < 1 and self._monotonic() < self._ends
