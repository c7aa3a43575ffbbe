"""The things that a seller's post or comment offers, each with its price and state.

A post may be one thing, a list of lines, or a Markdown table. A price takes its thing's name from its own line, from the
line or heading above, or from the title. Struck lines are sold, struck prices are former ones.

Belongs here: text to items. Does not: posts (``posts``), rows (``tables``), what counts as a price (``money``).
"""

from __future__ import annotations

import html
import re
from decimal import Decimal

import msgspec

from domain.listing import Availability
from scrapers.reddit.item import (
    LONGEST_NAME,
    Item,
    content_words,
    is_bundle,
    is_only_together,
    name_of,
    priced,
)
from scrapers.reddit.marks import is_sold_mark, is_struck, offering_lines, plain, state_of, struck_texts, without_struck
from scrapers.reddit.money import Ask, find_asks
from scrapers.reddit.tables import is_grid, read_table

_EDIT = re.compile(r"^\W*(?:edit|update)\w{0,2}\s*:", re.IGNORECASE)
_HEADING = re.compile(r"^\s*(?:#{1,6}\s*\S|\*\*[^*]+\*\*:?\s*$|__[^_]+__:?\s*$)")
_BULLET = re.compile(r"^\s*(?:\\?[-*+]|\u2022)\s+\S")
_PROSE = re.compile(r"[.!?]\s*$|(?:\b\w+\W+){9}")
_LONGEST_NOTES = 500
# Reddit takes 40,000 characters; longer lines than this are no lists of things, and would only cost time.
_LONGEST_BODY, _LONGEST_LINE = 40_000, 1_000
_SEPARATOR = re.compile(r"[,;/|]|\band\b", re.IGNORECASE)
_FILLERS_BETWEEN = re.compile(r"\bor\b|/|\blocal\b|\b(?:together|pair|both|all|lot|bundle)\b", re.IGNORECASE)
# Prose is no name: "Bauer Lite - SOLD" is a sold thing, "I sold my last one here, thanks" is none.
_SOLD_THING = re.compile(
    r"^(?P<before>[^.!?]{3,90}?)\s*[-\u2013:|(\[*]+\s*\bsold\b[^.!?]{0,30}$|^\W*\bsold\b\s*[-\u2013:|)\]]+\s*(?P<after>[^.!?]{3,90})$",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r",|;|\band\b|\s\+\s|\s/\s|\s&\s|\betc\b|\bparts\b", re.IGNORECASE)


class _Above:
    """What stands above a line and may name its price; and which item the lines after a price speak of."""

    def __init__(self) -> None:
        self.line = ""
        self.heading = ""
        self.is_bullet = self.is_prose = False

    def name(self) -> str:
        if self.heading and (self.is_bullet or self.is_prose or not self.line):
            return self.heading
        return self.line

    def take(self, line: str) -> None:
        name = name_of(plain(line))
        if _HEADING.match(line):
            self.heading, self.line = name, ""
        elif name and len(plain(line)) <= LONGEST_NAME:
            self.line, self.is_bullet = name, bool(_BULLET.match(line))
            self.is_prose = bool(_PROSE.search(line))

    def forget(self) -> None:
        self.line = self.heading = ""
        self.is_bullet = self.is_prose = False


def read_items(body: str, title_item: str) -> list[Item]:
    """Return the things that a seller's text offers.

    Args:
        body: Markdown as Reddit gives it, entities escaped or not.
        title_item: what the title says is for sale; names what has no name of its own.
    """
    items: list[Item] = []
    rows: list[str] = []
    above = _Above()
    lines = [line[:_LONGEST_LINE] for line in _undone(body[:_LONGEST_BODY]).splitlines()]
    for line in [*offering_lines(lines), ""]:
        if line.count("|") >= 1 and (line.lstrip().startswith("|") or line.count("|") >= 2 or rows):
            rows.append(line)
            continue
        if rows:
            items += _cells(rows, title_item) if is_grid(rows) else read_table(rows)
            rows = []
        if not line.strip() or _EDIT.match(line):
            continue
        found = _line(line, above.name(), title_item)
        if found:
            items += found
            above.forget()
            continue
        above.take(line)
        if items and not above.heading and _BULLET.match(line) and len(items[-1].notes) < _LONGEST_NOTES:
            # Bullets below a price describe its thing; other lines may name the next one.
            items[-1] = msgspec.structs.replace(items[-1], notes=f"{items[-1].notes}\n{plain(line)}")
    return _with_the_titles_own(_distinct(items), title_item)


def title_items(have: str, want: str) -> list[Item]:
    """Return what a title alone prices: ``[H] RTX 3080 [W] $450 PayPal``, ``[H] RTX 3080 $450 [W] cash``.

    One amount only: which of several is whose, a title does not say.
    """
    for part, others in ((want, have), (have, want)):
        asks = find_asks(part)
        if len(asks) == 1 and not find_asks(others) and not asks[0].is_range:
            ask = asks[0]
            name = (name_of(have[: ask.start]) or name_of(have[ask.end :])) if part is have else name_of(have)
            if name:
                return [priced(Item(name=name, price=None, is_titles_own=True, notes=have), ask)]
    return []


def _cells(rows: list[str], title_item: str) -> list[Item]:
    return [item for row in rows for cell in row.split("|") for item in _line(cell, "", title_item)]


def _undone(body: str) -> str:
    text = html.unescape(html.unescape(body))
    return text.replace("\u00a0", " ").replace("\u200b", "").replace("\r", "")


def _line(line: str, above: str, title_item: str) -> list[Item]:
    """Return the items of a line."""
    struck_whole = is_struck(line) or _is_name_struck(line)
    old = [ask.amount for text in struck_texts(line) for ask in find_asks(plain(text))]
    kept = plain(line if struck_whole else without_struck(line))
    asks = find_asks(kept)
    state = state_of(line, struck=struck_whole)
    if not asks:
        return _sold_without_price(kept, old, above, title_item) if state is Availability.SOLD else []
    asks = _alternatives_left_out(kept, asks)
    items = []
    for part, ask in _parts(kept, asks):
        before, behind = part[: ask.start], part[ask.end :]
        name = name_of(before) or name_of(behind)
        together = is_only_together(before)
        item = Item(
            name=((title_item if together and not _names_more(name) else name) or above or title_item)[:LONGEST_NAME],
            price=None,
            old_price=max(old, default=None) if len(asks) == 1 and not struck_whole else None,
            availability=state if len(asks) == 1 or struck_whole else state_of(part, struck=False),
            notes=part,
            is_titles_own=not name and not above,
            is_bundle=is_bundle(part),
            is_conditional=together,
        )
        items.append(priced(item, ask))
    return items


def _is_name_struck(line: str) -> bool:
    """Tell whether a line's thing is struck and its price left: "~~Monitor~~ - $120"."""
    struck = [plain(text) for text in struck_texts(line)]
    named = [text for text in struck if not find_asks(text) and name_of(text)]
    rest = plain(without_struck(line))
    for ask in reversed(find_asks(rest)):
        rest = f"{rest[: ask.start]} {rest[ask.end :]}"
    return bool(named) and not content_words(rest)


def _parts(line: str, asks: list[Ask]) -> list[tuple[str, Ask]]:
    """Split a line between its prices, at the first separator behind each; the asks' places are those in their part."""
    parts = []
    start = 0
    for place, ask in enumerate(asks):
        end = len(line)
        if place + 1 < len(asks):
            separator = _SEPARATOR.search(line, ask.end, asks[place + 1].start)
            end = separator.start() if separator else ask.end
        parts.append((line[start:end], ask._replace(start=ask.start - start, end=ask.end - start)))
        start = end
    return parts


def _names_more(name: str) -> bool:
    """Tell whether the words of a bundle say of what: "Combo with the MOBO" does, "Bundle for" does not."""
    said = [
        word for word in content_words(name) if word not in {"bundle", "combo", "deal", "all", "both", "everything"}
    ]
    return len(said) >= 2 and not re.search(r"\b(?:bought|take|as (?:a )?(?:whole|unit|set))\b", name, re.IGNORECASE)


def _sold_without_price(kept: str, old: list[Decimal], above: str, title_item: str) -> list[Item]:
    """Return a thing marked as sold whose price was struck or taken out."""
    found = _SOLD_THING.match(kept)
    if not old and (found is None or not is_sold_mark(kept)):
        return []
    text = (found.group("before") or found.group("after")) if found else kept
    name = name_of(text) or (above or title_item if old else "")
    if not name:
        return []
    return [Item(name=name, price=old[-1] if old else None, availability=Availability.SOLD, notes=kept)]


def _alternatives_left_out(line: str, asks: list[Ask]) -> list[Ask]:
    """Leave out other prices of the same thing: "100 shipped or 90 local", "$20/box or $35 for both"."""
    kept = asks[:1]
    for ask in asks[1:]:
        between = line[kept[-1].end : ask.start]
        words = content_words(between)
        names_another = len(words) >= 2 or (words and words[0].isalpha() and re.match(r"[^,;]{0,12}[,;]", between))
        if names_another and not _FILLERS_BETWEEN.search(between):
            kept.append(ask)
    return kept


def _distinct(items: list[Item]) -> list[Item]:
    seen: set[tuple[str, Decimal | None]] = set()
    kept = []
    for item in items:
        key = (item.name.lower(), item.price)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _with_the_titles_own(items: list[Item], title_item: str) -> list[Item]:
    """Mark the item that the post is about, where its title names one thing only.

    A post's only item is named by the title: sentences round a single price are about what the title sells. Among
    several it is the one that the title names, so that it stays the same thing when others are added by an edit.
    """
    if not title_item or _SEVERAL.search(title_item):
        return items
    if len(items) == 1:
        alone = msgspec.structs.replace(items[0], name=title_item[:LONGEST_NAME], is_titles_own=True)
        return [msgspec.structs.replace(alone, is_conditional=False)]
    titled = set(content_words(title_item))
    shares = [
        0.0 if item.is_conditional else len(titled & (words := set(content_words(item.name)))) / max(1, len(words))
        for item in items
    ]
    best = max(range(len(items)), key=lambda n: shares[n], default=0)
    if items and shares[best] >= 0.5:
        return [msgspec.structs.replace(item, is_titles_own=n == best) for n, item in enumerate(items)]
    return items
