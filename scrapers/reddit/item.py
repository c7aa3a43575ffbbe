"""One thing offered in a post, and what names it.

Belongs here: the thing's shape and its name out of a line. Does not: which lines and rows there are (``items``,
``tables``).
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from domain.listing import Availability
from scrapers.reddit.money import Ask

LONGEST_NAME = 180
_BUNDLE = re.compile(
    r"\b(?:bundled?|combo|both|all (?:of it|items|for|together)|everything|as (?:a )?(?:whole|unit|set)|together|"
    r"if bought)\b",
    re.IGNORECASE,
)
# A price for things named elsewhere: what one pays only when taking several.
_ONLY_TOGETHER = re.compile(
    r"\b(?:combo|bundle)\s+(?:with|for|deal|price|of all|everything)\b|^\W*(?:bundle|combo|both|everything|together)\b|"
    r"^\W*all\s+(?:for|of|items|together|\d)|\b(?:take|buy|get|want|for) (?:all|both|everything|them|the lot)\b|"
    r"\bwhole (?:bundle|lot|set|thing)\b|\bif (?:bought|you (?:buy|take|want))\b|\bas (?:a )?(?:whole|unit|set)\b|"
    r"\b(?:bought|sold|taken) together\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"\b(?:asking(?: price)?|price[ds]?|shipped|shipping(?: included)?|included|obo|or best offer|firm|each|ea|per|"
    r"local(?: pickup)?|pick ?up|plus|for|the|a|my|i|am|is|at|of|or|and|to|in|on|it|looking|sell(?:ing)?|get|"
    r"want(?:ing)?|usd|cad|cdn|eur|gbp|paypal|g&s|pending|sold|available|have|are|you|your|not|if|able|add|extra|now|only|with|"
    r"buyer'?s?|negotiable|conus|will|would|like|this|that|i'?d|i'?m|please|fees?|cash|emt|e-?transfer|just|from|"
    r"new price|lowered|reduced)\b",
    re.IGNORECASE,
)
_STATE_WORDS = re.compile(
    r"[\[(*]*\s*\b(?:pending|sold|on hold|reserved|price drop(?:ped)?|new price|reduced)\b\s*[\])*!]*", re.IGNORECASE
)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing offered.

    Attributes:
        price: None where a thing is marked as sold and its price was taken out.
        currency, is_dollar: as in ``money.Ask``.
        notes: what the text says of this thing besides its name.
        is_titles_own: the post is about it: it has no name of its own, or the title names it alone.
        is_range: ``price`` is the lower end of a range.
        is_conditional: only for who takes several things.
    """

    name: str
    price: Decimal | None
    currency: str | None = None
    is_dollar: bool = False
    old_price: Decimal | None = None
    availability: Availability = Availability.AVAILABLE
    notes: str = ""
    is_titles_own: bool = False
    is_range: bool = False
    is_shipped: bool = False
    is_each: bool = False
    is_negotiable: bool = False
    is_bundle: bool = False
    is_conditional: bool = False


def priced(item: Item, ask: Ask) -> Item:
    """Return an item at an asking price."""
    return msgspec.structs.replace(
        item,
        price=ask.amount,
        currency=ask.currency,
        is_dollar=ask.is_dollar,
        is_range=ask.is_range,
        is_shipped=ask.is_shipped,
        is_each=item.is_each or ask.is_each,
        is_negotiable=ask.is_negotiable,
    )


def is_bundle(text: str) -> bool:
    """Tell whether a text speaks of several things for one price."""
    return bool(_BUNDLE.search(text))


def is_only_together(text: str) -> bool:
    """Tell whether the price behind a text is for who takes several things named elsewhere."""
    return bool(_ONLY_TOGETHER.search(text))


def content_words(text: str) -> list[str]:
    """Return the words of a text that name something, small."""
    return [word.lower() for word in re.findall(r"[^\W_]{2,}", _FILLER.sub(" ", text))]


def slug_of(name: str) -> str:
    """Return the words by which a thing is known again after an edit: without prices, marks and filler."""
    return " ".join(re.findall(r"[^\W_]+", _FILLER.sub(" ", _STATE_WORDS.sub(" ", name)).lower())[:8])


def name_of(text: str) -> str:
    """Return what a plain text without prices calls its thing; empty where only filler words are left."""
    text = _STATE_WORDS.sub(" ", text)
    text = re.sub(r"^\s*(?:available)?\s*[-\u2013:|\u2022+]*\s*(?:\d+[.)]\s)?", "", text, flags=re.IGNORECASE)
    text = re.split(r"\s(?:asking|looking to get)\b", text, maxsplit=1, flags=re.IGNORECASE)[0]
    text = re.sub(r"\(\s*\)|\[\s*\]", " ", text)
    text = re.sub(r"^\W*(?:and|also|plus)\s|\sfor\s*$", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+", " ", text).strip(" -\u2013:|,.;=\u2022+\t([")
    names = any(c.isalpha() for c in text) or re.fullmatch(r"\d{3,4}", text)
    return text[:LONGEST_NAME] if names and content_words(text) else ""
