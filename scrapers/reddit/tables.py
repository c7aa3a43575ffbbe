"""A Markdown table of things and prices.

Belongs here: rows and columns. Does not: prices within a cell (``money``), lines outside of tables (``items``).
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from domain.listing import Availability
from scrapers.reddit.item import Item, is_bundle, is_only_together, name_of, priced
from scrapers.reddit.marks import is_struck, plain, state_of, struck_texts, without_struck
from scrapers.reddit.money import find_asks

_PRICE_HEADING = re.compile(r"\b(?:price|ask(?:ing)?|cost|shipped|usd|cad|eur|gbp|aud)\b|[$€£]", re.IGNORECASE)
# "Retail price", "Price paid" and "Shipping cost" are columns too.
_OTHER_MONEY = re.compile(r"\b(?:retail|msrp|paid|original|bought|shipping|ebay|old|new price on)\b", re.IGNORECASE)
_NAME_HEADING = re.compile(
    r"\b(?:item|product|part|name|description|what|model|title|component|keyboard|game|card|brand)s?\b", re.IGNORECASE
)
_RULE = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-{1,}:?\s*)*\|?\s*$")
_BARE = re.compile(
    r"[\s$]*(\d{1,5}(?:\.\d{1,2})?)\s*(?:obo|shipped|each|ea|firm|pending|sold|\(.*\))?\s*", re.IGNORECASE
)


def is_grid(rows: list[str]) -> bool:
    """Tell whether each cell of a table is a thing with its price, as in three columns of keycaps."""
    for row in rows:
        cells = [plain(cell) for cell in row.strip().strip("|").split("|")]
        whole = [cell for cell in cells if (asks := find_asks(cell)) and name_of(cell[: asks[0].start])]
        if len(whole) >= 2:
            return True
    return False


def read_table(rows: list[str]) -> list[Item]:
    """Return the things of a table: of every row with a name and a price, or a name and a mark that it is sold."""
    table = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows if not _RULE.match(row)]
    if not table:
        return []
    heading = [plain(cell) for cell in table[0]]
    money = [n for n, cell in enumerate(heading) if _PRICE_HEADING.search(cell) and not find_asks(cell)]
    prices = [n for n in money if not _OTHER_MONEY.search(heading[n])]
    names = [n for n, cell in enumerate(heading) if _NAME_HEADING.search(cell) and n not in money]
    has_heading = bool(money or names) and not any(find_asks(cell) for cell in heading)
    price_column = prices[0] if prices and has_heading else None
    name_column = names[0] if names and has_heading else next((n for n in range(len(heading)) if n not in money), 0)
    # Only a named price column is believed where the heading names others as well.
    ignored = {n for n in money if n != price_column} if has_heading else set()
    found = (_row(row, price_column, name_column, ignored) for row in (table[1:] if has_heading else table))
    return [item for item in found if item is not None]


def _row(row: list[str], price_column: int | None, name_column: int, ignored: set[int]) -> Item | None:
    if name_column >= len(row):
        return None
    label = plain(row[name_column])
    name = name_of(label)
    if not name:
        return None
    whole = " | ".join(row)
    item = Item(
        name=name,
        price=None,
        availability=state_of(whole, struck=is_struck(row[name_column])),
        notes=plain(whole),
        is_bundle=is_bundle(label),
        is_conditional=is_only_together(label),
    )
    if price_column is not None:
        cells = [row[price_column]] if price_column < len(row) else []
    else:
        cells = [cell for n, cell in enumerate(row) if n != name_column and n not in ignored]
    for cell in cells:
        found = _in_cell(cell, item, may_be_bare=price_column is not None)
        if found is not None:
            return found
    return item if item.availability is Availability.SOLD else None


def _in_cell(cell: str, item: Item, *, may_be_bare: bool) -> Item | None:
    """Return the item at the price that a cell shows; at its last one where the thing is sold and the price struck."""
    struck = [amount for text in struck_texts(cell) for amount in _amounts(plain(text), may_be_bare=may_be_bare)]
    kept = plain(without_struck(cell))
    asks = find_asks(kept)
    if asks:
        each = bool(re.search(r"\beach\b|\bea\b|/", kept, re.IGNORECASE))
        item = priced(msgspec.structs.replace(item, is_each=each), asks[0])
        return msgspec.structs.replace(item, old_price=max(struck, default=None))
    bare = _BARE.fullmatch(kept)
    if bare and may_be_bare:
        return msgspec.structs.replace(item, price=Decimal(bare.group(1)), old_price=max(struck, default=None))
    if struck and item.availability is Availability.SOLD:
        return msgspec.structs.replace(item, price=struck[-1])
    return None


def _amounts(text: str, *, may_be_bare: bool) -> list[Decimal]:
    bare = _BARE.fullmatch(text) if may_be_bare else None
    return [ask.amount for ask in find_asks(text)] or ([Decimal(bare.group(1))] if bare else [])
