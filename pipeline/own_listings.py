"""Listings of a user's own CSV file: every line becomes a listing or a line of rejects, none is lost.

Belongs here: what each column may hold, why a line cannot be used. Does not: reading CSV (``csv_file``), pricing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from domain.money import MoneyError, parse_currency
from pipeline.csv_file import CsvFileError, Record, read_csv
from pipeline.own_prices import decimal_sign, own_price

REQUIRED = ("id", "title", "price")
TEXTS = ("watch", "brand", "condition", "description")
KNOWN = frozenset({*REQUIRED, *TEXTS, "currency", "first_seen"})
# A column of numbers may hold a few words ("n/a"); they count as missing.
_NUMERIC_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class OwnListing:
    """One line that can be used.

    Attributes:
        line: where it begins in the file, from 1. price: positive, major units of ``currency`` ("" where not said).
        first_seen: UTC, None where not said. texts: watch, brand, condition, description; "" where absent.
        attributes: the numeric columns, NaN where missing.
    """

    line: int
    id: str
    title: str
    price: Decimal
    currency: str
    first_seen: datetime | None
    texts: Mapping[str, str]
    attributes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reject:
    """One line that cannot be used: where it begins, its id where it has one, why, and the line as it was."""

    line: int
    id: str
    reason: str
    text: str


@dataclass(slots=True)
class OwnTable:
    """A file's listings in their order, its rejects, the attribute columns, and the columns that were not used."""

    listings: list[OwnListing] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    attributes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


class _UnusableError(ValueError):
    """Why a line cannot be used."""


def read_listings(path: Path) -> OwnTable:
    """Read a CSV file (comma or semicolon or tab, a head line) of listings; prices may be written as people do.

    Columns: id, title, price; optional watch, brand, condition, description, currency (ISO 4217), first_seen (ISO 8601,
    UTC where no zone is given). Every other column that holds numbers is an attribute, the rest is not used.

    Raises:
        CsvFileError: where the file cannot be read as such a table at all.
    """
    try:
        file = read_csv(path.read_bytes(), required=REQUIRED, foreign="guess")
    except OSError as error:
        raise CsvFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except CsvFileError as error:
        raise CsvFileError(f"{path}: {error}") from None
    records = list(file.records())
    usable = [record.fields for record in records if not record.problem]
    table = OwnTable()
    others = [name for name in file.columns if name and name not in KNOWN]
    table.attributes = tuple(name for name in others if _is_numeric([fields[name] for fields in usable]))
    table.unused = tuple(name for name in others if name not in table.attributes)
    seen: dict[str, int] = {}
    sign = decimal_sign(fields["price"] for fields in usable)
    for record in records:
        try:
            listing = _listing(record, table.attributes, seen, sign)
        except _UnusableError as error:
            name = record.fields.get("id", "").strip()
            table.rejects.append(Reject(record.line, name, str(error), record.text))
            continue
        seen[listing.id] = record.line
        table.listings.append(listing)
    return table


def _listing(record: Record, attributes: Sequence[str], seen: Mapping[str, int], sign: str) -> OwnListing:
    if record.problem:
        raise _UnusableError(record.problem)
    fields = record.fields
    name, title = fields["id"].strip(), fields["title"].strip()
    if not name:
        raise _UnusableError("no id")
    if name in seen:
        raise _UnusableError(f"id {name!r} stands in line {seen[name]} already")
    if not title:
        raise _UnusableError("no title")
    try:
        price, written = _price(fields["price"].strip(), sign)
        given = fields.get("currency", "").strip()
        currency = parse_currency(given) if given else written
    except MoneyError as error:
        raise _UnusableError(str(error)) from None
    return OwnListing(
        line=record.line,
        id=name,
        title=title,
        price=price,
        currency=currency,
        first_seen=_time(fields.get("first_seen", "").strip()),
        texts={key: fields.get(key, "").strip() for key in TEXTS},
        attributes={key: _number(fields[key]) for key in attributes},
    )


def _price(text: str, sign: str) -> tuple[Decimal, str]:
    if not text:
        raise _UnusableError("no price")
    price, currency = own_price(text, sign)
    if price == 0:
        raise _UnusableError("the price is 0, which stands for a price on request")
    return price, currency


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _UnusableError(
            f"first_seen {text[:40]!r} is not a date like 2026-05-04 or 2026-05-04T12:00:00Z"
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _is_numeric(values: Sequence[str]) -> bool:
    given = [value for value in values if value.strip()]
    return bool(given) and sum(not math.isnan(_number(value)) for value in given) >= _NUMERIC_SHARE * len(given)
