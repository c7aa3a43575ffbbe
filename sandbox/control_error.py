"""What is said to a control request that makes no sense."""

from __future__ import annotations


class ControlError(ValueError):
    """A control request that makes no sense; the message says what is wanted."""


def number_of(value: object, name: str) -> float:
    """Return a number of at least 0.

    Raises:
        ControlError: for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**9:
        raise ControlError(f"{name} must be a number of at least 0, not {value!r}")
    return float(value)
