"""Products from the user's words: checked rows, addresses read by their sources, a CSV file of thousands at once.

Belongs here: what a row must be, and each bad one's reason. Does not: SQL, printing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
import psycopg

from domain.gtin import valid_gtin
from domain.settings import Settings
from pipeline.csv_file import CsvFileError, Record, read_csv
from scrapers.contract import ItemSource, SearchUrlError, Source
from scrapers.registry import UnknownSourceError, create_source, source_of_url
from warehouse.products import ProductCounts, ProductLink, ProductRow, put_products

COLUMNS = ("sku", "name", "gtin", "brand", "category", "url", "source")
_NEEDED = ("sku", "name")
_LENGTHS = {"sku": 100, "name": 500, "brand": 200, "category": 500, "url": 4_000, "source": 50, "gtin": 50}


class ProductRowError(ValueError):
    """A row that cannot be a product; the message names the column and says what is wrong."""


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
        content: UTF-8, or UTF-16 with its mark; comma, semicolon or tab between the columns of ``COLUMNS``; ``sku`` and
            ``name`` are needed. A SKU may come on several lines, one for each of its addresses.

    Raises:
        CsvFileError: where the file as a whole cannot be read.
    """
    file = read_csv(content, required=_NEEDED, foreign="refuse")
    unknown = sorted(set(file.columns) - set(COLUMNS))
    if unknown:
        raise CsvFileError(f"unknown column {', '.join(map(repr, unknown))}; the columns are {', '.join(COLUMNS)}")
    addresses = AddressBook(settings)
    good: list[ProductRow] = []
    bad: list[BadRow] = []
    first: dict[str, tuple[int, ProductRow]] = {}
    rows = 0
    for record in file.records():
        rows += 1
        try:
            row = _product(record, addresses, first)
        except ProductRowError as error:
            bad.append(BadRow(record.line, str(error)))
            continue
        good.append(row)
    return ProductImport(rows=rows, counts=put_products(conn, good), bad=tuple(bad))


def _product(record: Record, addresses: AddressBook, first: dict[str, tuple[int, ProductRow]]) -> ProductRow:
    if record.problem:
        raise ProductRowError(record.problem)
    row = read_row(record.fields, addresses)
    _agree(row, record.line, first)
    return row


def _agree(row: ProductRow, line: int, first: dict[str, tuple[int, ProductRow]]) -> None:
    before_line, before = first.setdefault(row.sku, (line, row))
    for name in ("name", "gtin", "brand", "category"):
        one, other = getattr(before, name), getattr(row, name)
        if one is not None and other is not None and one != other:
            raise ProductRowError(f"{name}: {other!r}, but line {before_line} says {one!r} of the same sku")
