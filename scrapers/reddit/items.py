"""The things that a seller's post or comment offers, each with its price and state.

A post may be one thing, a list of lines, or a Markdown table. A price takes its thing's name from its own line, from the
line above, or from the title. Struck lines are sold, struck prices are former ones.

Belongs here: text to items. Does not: posts (``posts``), what counts as a price (``money``).
"""

from __future__ import annotations

import html
import re
from decimal import Decimal

import msgspec

from domain.listing import Availability
from scrapers.reddit.money import Ask, find_asks

# A struck letter or two is a slip of the editor, not a former text.
_STRUCK = re.compile(r"~~(?=[^~]{3})(.+?)~~", re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)|https?://\S+")
_MARKUP = re.compile(r"[*_`#>\\]|&#x200b;|\u200b", re.IGNORECASE)
_SOLD = re.compile(r"\bsold\b|\bgone\b|\[sold\]|\bno longer available\b", re.IGNORECASE)
_PENDING = re.compile(r"\bpending\b|\bon hold\b|\breserved\b|\bppp\b", re.IGNORECASE)
_EDIT = re.compile(r"^\s*(?:edit|update)\d*\s*:", re.IGNORECASE)
_BUNDLE = re.compile(
    r"\b(?:bundle|combo|both|all (?:of it|items|for|together)|everything|as (?:a )?(?:whole|unit|set)|together|if bought)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"\b(?:asking(?: price)?|price[ds]?|shipped|shipping(?: included)?|included|obo|or best offer|firm|each|ea|per|local(?: pickup)?|"
    r"pick ?up|plus|for|the|a|my|i|am|is|at|of|or|and|to|in|on|it|looking|sell(?:ing)?|get|want(?:ing)?|usd|cad|cdn|eur|gbp|paypal|g&s|"
    r"pending|sold|available|have|are|you|your|not|if|able|add|extra|now|only|with|buyer'?s?|negotiable|conus|will|would|like|this|that|"
    r"i'?d|i'?m|please|fees?|cash|emt|e-?transfer|just|from|new price|lowered)\b",
    re.IGNORECASE,
)
_PRICE_HEADING = re.compile(r"\b(?:price|ask(?:ing)?|cost|shipped|\$|usd|cad|eur|gbp)\b|\$", re.IGNORECASE)
_NAME_HEADING = re.compile(r"\b(?:item|product|part|name|description|what|model|title|component)s?\b", re.IGNORECASE)
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-{1,}:?\s*)*\|?\s*$")
_LONGEST_NAME = 180


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing offered.

    Attributes:
        is_titles_own: it has no name of its own: the post is about it.
        price: None where no price could be told.
    """

    name: str
    price: Decimal | None
    currency: str | None = None
    old_price: Decimal | None = None
    availability: Availability = Availability.AVAILABLE
    is_titles_own: bool = False
    is_shipped: bool = False
    is_each: bool = False
    is_negotiable: bool = False
    is_bundle: bool = False


def read_items(body: str, title_item: str) -> list[Item]:
    """Return the things that a seller's text offers.

    Args:
        body: Markdown as Reddit gives it, entities escaped or not.
        title_item: what the title says is for sale; names what has no name of its own.
    """
    lines = _undone(body).splitlines()
    items: list[Item] = []
    rows: list[str] = []
    above = ""
    for line in [*lines, ""]:
        if line.count("|") >= 1 and (line.lstrip().startswith("|") or line.count("|") >= 2 or rows):
            rows.append(line)
            continue
        if rows:
            items += _table(rows)
            rows = []
        found, above = _line(line, above, title_item)
        items += found
    return _with_the_only_one_named(_distinct(items), title_item)


def _undone(body: str) -> str:
    text = html.unescape(body)
    return text.replace("\u00a0", " ").replace("\r", "")


def _line(line: str, above: str, title_item: str) -> tuple[list[Item], str]:
    """Return the items of a line, and the text that may name a price in the next."""
    if _EDIT.match(line) or not line.strip():
        return [], above if not line.strip() else ""
    struck_whole = _is_struck(line)
    old = [ask.amount for text in _STRUCK.findall(line) for ask in find_asks(_plain(text))]
    kept = _plain(line if struck_whole else _STRUCK.sub(" ", line))
    asks = find_asks(kept)
    if not asks:
        name = _name(kept, [])
        return [], name if name and len(name) <= _LONGEST_NAME else above
    asks = _alternatives_left_out(kept, asks)
    items = []
    for place, ask in enumerate(asks):
        start = asks[place - 1].end if place else 0
        part = kept[start : asks[place + 1].start if place + 1 < len(asks) else len(kept)]
        name = _name(kept[start : ask.start], []) or _name(part, [ask])
        own = bool(name)
        items.append(
            Item(
                name=(name or above or title_item)[:_LONGEST_NAME],
                price=ask.amount,
                currency=ask.currency,
                old_price=max(old, default=None) if len(asks) == 1 and not struck_whole else None,
                availability=_state(line, struck=struck_whole),
                is_titles_own=not own and not above,
                is_shipped=ask.is_shipped,
                is_each=ask.is_each,
                is_negotiable=ask.is_negotiable,
                is_bundle=bool(_BUNDLE.search(part)),
            )
        )
    return items, ""


def _alternatives_left_out(line: str, asks: list[Ask]) -> list[Ask]:
    """Leave out other prices of the same thing: "100 shipped or 90 local", "$20/box or $35 for both"."""
    kept = asks[:1]
    for ask in asks[1:]:
        between = line[kept[-1].end : ask.start]
        words = re.findall(r"[A-Za-z0-9]{2,}", _FILLER.sub(" ", between))
        if len(words) >= 2 and not re.search(r"\bor\b|/|\blocal\b", between, re.IGNORECASE):
            kept.append(ask)
    return kept


def _table(rows: list[str]) -> list[Item]:
    cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows if not _TABLE_RULE.match(row)]
    if not cells:
        return []
    heading = [_plain(cell) for cell in cells[0]]
    priced = [place for place, cell in enumerate(heading) if _PRICE_HEADING.search(cell)]
    named = [place for place, cell in enumerate(heading) if _NAME_HEADING.search(cell)]
    has_heading = bool(priced or named)
    price_column = priced[0] if priced else None
    name_column = named[0] if named else next((n for n in range(len(heading)) if n != price_column), 0)
    items = []
    for row in cells[1:] if has_heading else cells:
        item = _row(row, price_column, name_column)
        if item is not None:
            items.append(item)
    return items


def _row(row: list[str], price_column: int | None, name_column: int) -> Item | None:
    name = _name(_plain(row[name_column]), []) if name_column < len(row) else ""
    if not name:
        return None
    cells = (
        [row[price_column]]
        if price_column is not None and price_column < len(row)
        else row[:name_column] + row[name_column + 1 :]
    )
    struck = _is_struck(row[name_column])
    for cell in cells:
        kept = _plain(cell if struck else _STRUCK.sub(" ", cell))
        asks = find_asks(kept)
        bare = re.fullmatch(r"\s*(\d{1,5}(?:\.\d{1,2})?)\s*(?:obo|shipped|each|ea)?\s*", kept, re.IGNORECASE)
        old = [ask.amount for text in _STRUCK.findall(cell) for ask in find_asks(_plain(text))]
        if asks or (bare and price_column is not None):
            ask = asks[0] if asks else None
            return Item(
                name=name[:_LONGEST_NAME],
                price=ask.amount if ask else Decimal(bare.group(1)) if bare else None,
                currency=ask.currency if ask else None,
                old_price=max(old, default=None),
                availability=_state(" ".join(row), struck=struck),
                is_shipped=bool(ask and ask.is_shipped),
                is_each=bool(re.search(r"\beach\b|\bea\b|/", kept, re.IGNORECASE)),
                is_negotiable=bool(ask and ask.is_negotiable),
                is_bundle=bool(_BUNDLE.search(name)),
            )
    return None


def _state(line: str, *, struck: bool) -> Availability:
    if struck or _SOLD.search(_plain(line)):
        return Availability.SOLD
    return Availability.RESERVED if _PENDING.search(line) else Availability.AVAILABLE


def _is_struck(text: str) -> bool:
    """Tell whether most of a text is struck; single struck letters are slips of the editor."""
    whole = len(re.sub(r"\W", "", text.replace("~", "")))
    struck = sum(len(re.sub(r"\W", "", part)) for part in _STRUCK.findall(text))
    return whole > 0 and struck / whole > 0.6


def _plain(text: str) -> str:
    text = _LINK.sub(lambda match: f" {match.group(1) or ''} ", text)
    return re.sub(r"\s+", " ", _MARKUP.sub("", text.replace("~~", ""))).strip()


def _name(text: str, asks: list[Ask]) -> str:
    """Return what a text calls its thing; empty where nothing is left beside prices and filler words."""
    for ask in reversed(asks):
        text = f"{text[: ask.start]} {text[ask.end :]}"
    text = re.sub(
        r"^\s*(?:pending|sold|available)?\s*[-\u2013:|\u2022+]*\s*(?:\d+[.)]\s)?", "", text, flags=re.IGNORECASE
    )
    text = re.split(r"\s(?:asking|looking to get)\b", text, maxsplit=1, flags=re.IGNORECASE)[0]
    text = text.strip(" -\u2013:|,.;=\u2022+\t")
    content = re.findall(r"[A-Za-z0-9]{2,}", _FILLER.sub(" ", text))
    return text if content and any(c.isalpha() for c in text) else ""


def _distinct(items: list[Item]) -> list[Item]:
    seen: set[tuple[str, Decimal | None]] = set()
    kept = []
    for item in items:
        key = (item.name.lower(), item.price)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _with_the_only_one_named(items: list[Item], title_item: str) -> list[Item]:
    """Name a post's only item by its title: sentences round a single price are about what the title sells."""
    if len(items) == 1 and title_item and not re.search(r",|;|\band\b|\s\+\s", title_item):
        return [msgspec.structs.replace(items[0], name=title_item[:_LONGEST_NAME], is_titles_own=True)]
    return items
