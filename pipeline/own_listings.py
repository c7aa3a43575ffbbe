"""Listings of a user's own CSV file: every line becomes a listing or a line of rejects, none is lost.

Belongs here: reading the table, what each column may hold, why a line cannot be used. Does not: pricing, writing files.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from domain.money import MoneyError, parse_currency
from pipeline.own_prices import decimal_sign, own_price

REQUIRED = ("id", "title", "price")
TEXTS = ("watch", "brand", "condition", "description")
KNOWN = frozenset({*REQUIRED, *TEXTS, "currency", "first_seen"})
# A column of numbers may hold a few words ("n/a"); they count as missing.
_NUMERIC_SHARE = 0.9
_LONGEST_RECORD = 200
_LONGEST_FIELD = 1_000_000


class ListingFileError(ValueError):
    """A file that is no table of listings; the message says what to do."""


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
        ListingFileError: where the file cannot be read as such a table at all.
    """
    try:
        text = decoded(path.read_bytes())
    except OSError as error:
        raise ListingFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    lines = io.StringIO(text.replace("\0", " "), newline="").readlines()
    if not lines:
        raise ListingFileError(f"{path}: the file is empty; it needs a head line with {', '.join(REQUIRED)}")
    delimiter = max(",;\t", key=lines[0].count)
    head = _head(path, lines[0], delimiter)
    table = OwnTable()
    records: list[tuple[int, dict[str, str], str]] = []
    for line, fields, raw in read_records(lines, delimiter, len(head), table.rejects):
        records.append((line, dict(zip(head, fields, strict=True)), raw))
    others = [name for name in head if name and name not in KNOWN]
    table.attributes = tuple(name for name in others if _is_numeric([record[name] for _, record, _ in records]))
    table.unused = tuple(name for name in others if name not in table.attributes)
    seen: dict[str, int] = {}
    sign = decimal_sign(record["price"] for _, record, _ in records)
    for line, record, raw in records:
        try:
            listing = _listing(line, record, table.attributes, seen, sign)
        except _UnusableError as error:
            table.rejects.append(Reject(line, record["id"].strip(), str(error), raw))
            continue
        seen[listing.id] = line
        table.listings.append(listing)
    table.rejects.sort(key=lambda reject: reject.line)
    return table


def _head(path: Path, line: str, delimiter: str) -> list[str]:
    head = [name.strip().lower().replace(" ", "_") for name in next(csv.reader([line], delimiter=delimiter))]
    missing = [name for name in REQUIRED if name not in head]
    if missing:
        shown = ", ".join(head)[:200]
        raise ListingFileError(f"{path}: no column {', '.join(missing)} in the head line; it has: {shown}")
    double = sorted({name for name in head if name and head.count(name) > 1})
    if double:
        raise ListingFileError(f"{path}: column {', '.join(double)} stands twice in the head line")
    return head


def read_records(
    lines: Sequence[str], delimiter: str, width: int, rejects: list[Reject]
) -> Iterator[tuple[int, list[str], str]]:
    """Yield (line number, fields, text) of each record after the head; one that is none costs its first line only.

    What cannot be read is in ``rejects`` before the next record is yielded.

    A quote that is never closed would otherwise swallow the listings after it.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    at = 1
    while at < len(lines):
        reader = csv.reader(_limited(lines, at), delimiter=delimiter, strict=True)
        begin = at
        while begin < len(lines):
            try:
                fields = next(reader, None)
                problem = None
            except csv.Error as error:
                fields, problem = [], f"not CSV: {error}"
            if fields is None:
                return
            end = at + reader.line_num
            spans = end - begin
            if problem is None and fields and len(fields) != width:
                problem = f"{len(fields)} fields where the head line has {width}"
            if problem is None and spans > _LONGEST_RECORD:
                problem = f"a quote is opened that is not closed within {_LONGEST_RECORD} lines"
            if problem is not None:
                rejects.append(Reject(begin + 1, "", problem, lines[begin].rstrip("\r\n")))
                if spans > 1:
                    break
            elif fields:
                yield begin + 1, fields, "".join(lines[begin:end]).rstrip("\r\n")
            begin = end
        at = begin + 1 if begin < len(lines) else len(lines)


def _limited(lines: Sequence[str], start: int) -> Iterator[str]:
    for place in range(start, len(lines)):
        yield lines[place]


def decoded(content: bytes) -> str:
    """Return a file's text: UTF-8, UTF-16 where it says so (Excel's "Unicode text"), else Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A stray byte in a file that is UTF-8 elsewhere is no reason to read all of it as something else.
        rest = content[error.end :].decode("utf-8", errors="replace")
        is_utf8 = any(ord(letter) > 127 and letter != "\ufffd" for letter in content[: error.start].decode() + rest)
        return content.decode("utf-8-sig" if is_utf8 else "cp1252", errors="replace")


def _listing(
    line: int, record: Mapping[str, str], attributes: Sequence[str], seen: Mapping[str, int], sign: str
) -> OwnListing:
    name, title = record["id"].strip(), record["title"].strip()
    if not name:
        raise _UnusableError("no id")
    if name in seen:
        raise _UnusableError(f"id {name!r} stands in line {seen[name]} already")
    if not title:
        raise _UnusableError("no title")
    try:
        price, written = _price(record["price"].strip(), sign)
        given = record.get("currency", "").strip()
        currency = parse_currency(given) if given else written
    except MoneyError as error:
        raise _UnusableError(str(error)) from None
    return OwnListing(
        line=line,
        id=name,
        title=title,
        price=price,
        currency=currency,
        first_seen=_time(record.get("first_seen", "").strip()),
        texts={key: record.get(key, "").strip() for key in TEXTS},
        attributes={key: _number(record[key]) for key in attributes},
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
