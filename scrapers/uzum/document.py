"""Uzum's JSON as Python values, raw control characters and all; small readers of single values.

Belongs here: what is true of every body. Does not: cards.
"""

from __future__ import annotations

import json
from decimal import Decimal

import orjson


def load(body: bytes) -> object:
    """Parse a body; strictly first, else with raw control characters allowed (one author met them in descriptions).

    Raises:
        ValueError: where it is no JSON at all.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # NaN and Infinity are no JSON, and Python would take them for numbers.
        return json.loads(body.decode("utf-8", "replace"), strict=False, parse_constant=lambda _: None)


def record(value: object) -> dict[str, object]:
    """Return an object's members; of anything else none."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[object]:
    """Return a list; of anything else an empty one."""
    return value if isinstance(value, list) else []


def whole(value: object) -> int | None:
    """Return a whole number given as a number or as digits; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return None


def text(value: object) -> str | None:
    """Return a text without blanks around it, a number as text; None for what is empty or neither."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    # Half a surrogate pair cannot be stored, and NUL neither.
    sound = value if value.isascii() else value.encode("utf-8", "replace").decode()
    return sound.replace("\0", "").strip() or None


def soms(value: object) -> Decimal | None:
    """Return an amount in so'm (UZS; the service gives whole so'm, never tiyin); None where it is no amount over 0."""
    amount = whole(value)
    return Decimal(amount) if amount is not None and 0 < amount < 10**12 else None
