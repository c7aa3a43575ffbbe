"""Products from the user's words: checked rows, addresses read by their sources, a CSV file of thousands at once.

Belongs here: what a row must be, and each bad one's reason. Does not: SQL, printing.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import msgspec
import psycopg

from domain.gtin import valid_gtin
from domain.settings import Settings
from scrapers.contract import ItemSource, SearchUrlError, Source
from scrapers.registry import UnknownSourceError, create_source, source_of_url
from warehouse.products import ProductCounts, ProductLink, ProductRow, put_products

COLUMNS = ("sku", "name", "gtin", "brand", "category", "url", "source")
_NEEDED = ("sku", "name")
_LENGTHS = {"sku": 100, "name": 500, "brand": 200, "category": 500, "url": 4_000, "source": 50, "gtin": 50}


class ProductRowError(ValueError):
    """A row that cannot be a product; the message names the column and says what is wrong."""


class ProductFileError(Exception):
    """A file that is no list of products; the message says what to do."""


class BadRow(msgspec.Struct, frozen=True):
    """A row left out: the line of the file that it begins on, and why."""

    line: int
    reason: str


class ProductImport(msgspec.Struct, frozen=True, kw_only=True):
    """What importing a file did; rows = good + bad, exactly."""

    rows: int
    counts: ProductCounts
    bad: tuple[BadRow, ...] = ()


class AddressBook:
    """Reads addresses with the sources they belong to, each source made once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sources: dict[str, Source] = {}

    def link(self, sku: str, url: str, source: str | None = None) -> ProductLink:
        """Return the link of a product to an address.

        Raises:
            ProductRowError: naming what is not understood.
        """
        try:
            name = source or source_of_url(url, self._settings.sandbox_url)
            if name not in self._sources:
                self._sources[name] = create_source(name, self._settings)
            reader = self._sources[name]
            parsed = reader.parse_search_url(url)
        except (SearchUrlError, UnknownSourceError) as error:
            raise ProductRowError(f"url: {error}") from None
        external_id = None
        if isinstance(reader, ItemSource):
            try:
                external_id, _ = reader.parse_item_url(url, parsed.country)
            except ValueError:  # a search's address names no one offer
                external_id = None
        watch_name = f"{sku} at {urlsplit(parsed.canonical_url).hostname or parsed.source}"
        digest = hashlib.blake2b(parsed.canonical_url.encode(), digest_size=4).hexdigest()
        return ProductLink(
            source=parsed.source,
            url=parsed.canonical_url,
            country=parsed.country,
            currency=parsed.currency,
            params=parsed.params,
            watch_name=watch_name,
            other_name=f"{watch_name} ({digest})",
            external_id=external_id,
        )


def read_row(fields: Mapping[str, str], addresses: AddressBook) -> ProductRow:
    """Return a product of a row's fields, named as in ``COLUMNS``; an empty field says nothing.

    Raises:
        ProductRowError: for the first field that is wrong.
    """
    told = {name: " ".join(fields.get(name, "").split()) for name in COLUMNS}
    said = {name: text for name, text in told.items() if text}
    for name in _NEEDED:
        if name not in said:
            raise ProductRowError(f"{name}: empty")
    for name, text in said.items():
        if len(text) > _LENGTHS[name]:
            raise ProductRowError(f"{name}: {len(text)} characters, at most {_LENGTHS[name]}")
        if not text.isprintable():
            raise ProductRowError(f"{name}: holds a control character")
    gtin = valid_gtin(said.get("gtin"))
    if "gtin" in said and gtin is None:
        raise ProductRowError(
            f"gtin: {said['gtin']!r} is no product number: 8, 12, 13 or 14 digits, the last of which checks the others"
        )
    link = addresses.link(said["sku"], said["url"], said.get("source")) if "url" in said else None
    return ProductRow(
        sku=said["sku"],
        name=said["name"],
        gtin=gtin,
        brand=said.get("brand"),
        category=said.get("category"),
        link=link,
    )


def import_products(conn: psycopg.Connection, settings: Settings, content: bytes) -> ProductImport:
    """Put a CSV file's products into the catalogue: the good rows at once, each bad one told. Again: no change.

    Args:
        content: UTF-8, comma, semicolon or tab between the columns of ``COLUMNS``; ``sku`` and ``name`` are needed.
            A SKU may come on several lines, one for each of its addresses.

    Raises:
        ProductFileError: where the file as a whole cannot be read.
    """
    addresses = AddressBook(settings)
    good: list[ProductRow] = []
    bad: list[BadRow] = []
    first: dict[str, tuple[int, ProductRow]] = {}
    rows = 0
    for line, fields in _records(content):
        rows += 1
        if isinstance(fields, str):
            bad.append(BadRow(line, fields))
            continue
        try:
            row = read_row(fields, addresses)
            _agree(row, line, first)
        except ProductRowError as error:
            bad.append(BadRow(line, str(error)))
            continue
        good.append(row)
    return ProductImport(rows=rows, counts=put_products(conn, good), bad=tuple(bad))


def _agree(row: ProductRow, line: int, first: dict[str, tuple[int, ProductRow]]) -> None:
    before_line, before = first.setdefault(row.sku, (line, row))
    for name in ("name", "gtin", "brand", "category"):
        one, other = getattr(before, name), getattr(row, name)
        if one is not None and other is not None and one != other:
            raise ProductRowError(f"{name}: {other!r}, but line {before_line} says {one!r} of the same sku")


def _records(content: bytes) -> Iterator[tuple[int, Mapping[str, str] | str]]:
    """Yield each record with its first line: its fields by column, or a sentence on what is wrong with it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ProductFileError(
            f"line {line} is not UTF-8; save the file as UTF-8 (CSV UTF-8 in a spreadsheet)"
        ) from None
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    header = [name.strip().lower() for name in next(reader, [])]
    unknown, absent = sorted(set(header) - set(COLUMNS)), [name for name in _NEEDED if name not in header]
    if unknown or absent or len(set(header)) != len(header):
        wrong = f"unknown column {', '.join(map(repr, unknown))}" if unknown else f"no column {', '.join(absent)}"
        if not unknown and not absent:
            wrong = "a column twice"
        raise ProductFileError(f"the first line has {wrong}; the columns are {', '.join(COLUMNS)}")
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"not CSV: {error}"
            continue
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            yield line, f"{len(values)} fields, the first line has {len(header)}"
        else:
            yield line, dict(zip(header, values, strict=True))
