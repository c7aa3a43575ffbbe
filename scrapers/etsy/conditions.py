"""What kind of thing an Etsy listing is, and the condition that follows from it.

Etsy states no condition. It states who made a thing, when, and whether it is a supply; from that follows a kind, and
a condition only where the kind leaves no other. Nothing is guessed: what was used in no stated way is ``unknown``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.condition import Condition

# Etsy's own rule of vintage, as sellers know it (the year of the boundary moves; not in the contract).
VINTAGE_YEARS = 20
_CENTURIES = {"1700s", "1800s"}

# kind, with " (old)" where the thing is twenty or more years old -> (condition, why)
CONDITIONS: dict[str, tuple[Condition, str]] = {
    "handmade": (Condition.NEW, "sold by who makes it: to order, or made in the last twenty years"),
    "handmade (old)": (Condition.UNKNOWN, "by who sells it, but long ago; where it has been since is not said"),
    "vintage": (Condition.UNKNOWN, "twenty or more years old and had before; its state is told in words and pictures"),
    "supply": (Condition.UNKNOWN, "material or tool, new or left over; Etsy does not say which"),
    "resale": (Condition.UNKNOWN, "somebody else's, younger than vintage: new goods and used ones alike"),
}


def kind_of(record: Mapping[str, Any], at: datetime) -> str | None:
    """Return ``vintage``, ``handmade``, ``supply`` or ``resale``; None where the record does not say who made it.

    Vintage is what somebody else made twenty or more years ago and is no craft supply.

    Args:
        record: a listing as the API gives it (``who_made``, ``when_made``, ``is_supply``).
        at: when it was fetched, UTC.
    """
    who = record.get("who_made")
    if record.get("is_supply") is True:
        return "supply"
    if who in ("i_did", "collective"):  # a tuple: what came may not hash
        return "handmade"
    if who != "someone_else" or not isinstance(record.get("when_made"), str):
        return None
    return "vintage" if is_old(record, at) else "resale"


def is_old(record: Mapping[str, Any], at: datetime) -> bool:
    """Tell whether a thing was certainly made twenty or more years before ``at``."""
    when = record.get("when_made")
    year = latest_year(when) if isinstance(when, str) else None
    return year is not None and year <= at.year - VINTAGE_YEARS


def condition_of(record: Mapping[str, Any], at: datetime) -> Condition:
    """Return the condition that follows from a listing's kind; ``unknown`` where none does."""
    kind = kind_of(record, at)
    old = f"{kind} (old)"
    row = CONDITIONS.get(old if old in CONDITIONS and is_old(record, at) else str(kind))
    return Condition.UNKNOWN if row is None else row[0]


def latest_year(when_made: str) -> int | None:
    """Return the latest year that a ``when_made`` allows; None for made to order and what is not understood.

    The names move with the years (``2020_2024`` became ``2020_2025``), so they are read by pattern.
    """
    text = when_made.strip().lower()
    if match := re.fullmatch(r"before_([0-9]{4})", text):
        return int(match.group(1)) - 1
    if match := re.fullmatch(r"([0-9]{4})_([0-9]{4})", text):
        return int(match.group(2))
    if match := re.fullmatch(r"([0-9]{3})0s", text):
        return int(match.group(1)) * 10 + (99 if text in _CENTURIES else 9)
    return None
