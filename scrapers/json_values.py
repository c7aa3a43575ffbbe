"""Values of decoded JSON answers, checked one by one: alike at every API that sends plain JSON.

Belongs here: a text, a count, a moment, a web address, and a record's bytes for the quarantine. Does not: one
marketplace's fields, money (``domain.money``), what an answer means.

A value of the wrong type is None, never an error: a field that does not matter costs no listing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MAX_RECORD_BYTES = 64 * 1024
_MAX_TEXT = 100_000
# What a database cannot hold: NUL, control characters, halves of surrogate pairs (JSON may escape those).
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def part_of(value: Any, name: str) -> Any:
    """Return a member of an object; None where it is no object or has no such member."""
    return value.get(name) if isinstance(value, Mapping) else None


def objects_of(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list; empty where it is none."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def text_of(value: Any) -> str | None:
    """Return a text that a database can hold, without blanks at its ends; None where nothing is left of it."""
    if not isinstance(value, str):
        return None
    text = value if value.isprintable() else _BAD.sub("", value)
    return text[:_MAX_TEXT].strip() or None


def count_of(value: Any) -> int | None:
    """Return a count; None for what is negative, larger than a database's integer, or no whole number."""
    return value if type(value) is int and 0 <= value < 2**31 else None


def web_address_of(value: Any) -> str | None:
    """Return an absolute http or https address."""
    text = text_of(value)
    return text if text is not None and text.startswith(("https://", "http://")) else None


def unix_time_of(value: Any) -> datetime | None:
    """Return UTC from whole Unix seconds between 1970 and 2242."""
    return datetime.fromtimestamp(value, UTC) if type(value) is int and 0 < value < 2**33 else None


def iso_time_of(value: Any) -> datetime | None:
    """Return UTC from an ISO 8601 text; one without an offset is UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def record_bytes(record: Any) -> bytes:
    """Return a decoded record as JSON for the quarantine, at most 64 KiB; never raises for what JSON can decode to."""
    return json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode("ascii")[:MAX_RECORD_BYTES]
