"""Titles of trade posts: ``[Toronto, ON] [H] RTX 3080 [W] PayPal``, with the variants that people write.

Belongs here: the title and what kind of post it makes. Does not: the body's items (``items``).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

_HAVE = re.compile(r"\[\s*(?:h|have)\s*\]", re.IGNORECASE)
_WANT = re.compile(r"\[\s*(?:w|want)\s*\]", re.IGNORECASE)
# Tags of other places for the same; where a title has both, the letters say what belongs to which.
_SELL_TAG = re.compile(r"\[\s*(?:fs|wts|selling)\s*\]", re.IGNORECASE)
_BUY_TAG = re.compile(r"\[\s*(?:wtb|buying|iso)\s*\]", re.IGNORECASE)
_ANY_TAG = re.compile(
    r"^\s*\[\s*(?:h|w|have|want|fs|wts|wtb|wtt|iso|selling|buying|trading|sold|closed|pending)\s*\]", re.IGNORECASE
)
_LOCATION = re.compile(r"^\s*\[\s*([^\]\[]{2,40})\s*\]")
_MONEY = re.compile(
    r"[$€£]\s?\d+|\d+\s?[$€£]|\b(?:cash|pay\s?pal|pp\b|venmo|zelle|e-?transfers?|etrans\w*|emt|interac|g&s|bank|revolut|money|crypto|btc|"
    r"local(?: cash| pickup)?|offers?)",
    re.IGNORECASE,
)
_SOLD_FLAIRS = re.compile(r"\b(?:sold|closed|completed?|traded|purchased|bought|fulfilled)\b", re.IGNORECASE)
_SELL_FLAIRS = re.compile(r"\b(?:sell(?:ing)?|wts|for sale|fs)\b", re.IGNORECASE)
_BUY_FLAIRS = re.compile(r"\b(?:buy(?:ing)?|wtb|want(?:ed)?)\b", re.IGNORECASE)
_TRADE_FLAIRS = re.compile(r"\b(?:trad(?:e|ing)|wtt)\b", re.IGNORECASE)
_TALK_FLAIRS = re.compile(r"\b(?:tips?|question|discussion|advice|help|story|guide)\b", re.IGNORECASE)
_TAGGED = re.compile(r"^\s*\[\s*(?:wts|wtb|wtt|fs|iso)\s*\]", re.IGNORECASE)
_WISH = re.compile(
    r"\b(?:wtb|iso|looking (?:for|to buy)|in search of|want(?:ing|s)? to buy|anyone (?:selling|have|got)|does anyone|"
    r"(?:i'?d|i would|i'?ll|will|willing to|happy to) pay|price check|how much|what(?:'s| is) (?:it|this|that|a fair)|worth)\b",
    re.IGNORECASE,
)
_OFFER_LINE = re.compile(r"^\W*(?:wts|fs|for sale|selling)\b", re.IGNORECASE | re.MULTILINE)


class PostKind(StrEnum):
    """What a post wants; only a seller's prices are asks."""

    SELLING = "selling"
    BUYING = "buying"
    TRADING = "trading"
    OTHER = "other"


class Title(NamedTuple):
    """A trade title; parts that it lacks are None."""

    location: str | None
    have: str | None
    want: str | None


def parse_title(text: str) -> Title:
    """Read a title."""
    have, want = _HAVE.search(text), _WANT.search(text)
    if have is None and want is None:
        have, want = _SELL_TAG.search(text), _BUY_TAG.search(text)
    untagged = text
    while (tag := _ANY_TAG.match(untagged)) is not None:
        untagged = untagged[tag.end() :]
    location = _LOCATION.match(untagged)
    place = location.group(1).strip() if location else None
    if have is None and want is None:
        return Title(place, None, None)
    if have is not None and want is not None and want.start() < have.start():
        return Title(place, _clean(text[have.end() :]), _clean(text[want.end() : have.start()]))
    ends = want.start() if want is not None else len(text)
    return Title(
        place,
        _clean(text[have.end() : ends]) if have is not None else None,
        _clean(text[want.end() :]) if want is not None else None,
    )


def _clean(text: str) -> str | None:
    return re.sub(r"\s+", " ", text).strip(" -:,|") or None


def kind_of_post(title: str, flair: str | None) -> PostKind:
    """Tell what a post wants: by its flair, else by where the money stands in its title.

    Who has nothing but money is no seller, whatever the flair says.
    """
    flair = flair or ""
    parts = parse_title(title)
    only_money = parts.have is not None and bool(_MONEY.search(parts.have)) and _is_only_money(parts.have)
    for pattern, kind in (
        (_BUY_FLAIRS, PostKind.BUYING),
        (_SELL_FLAIRS, PostKind.SELLING),
        (_TRADE_FLAIRS, PostKind.TRADING),
    ):
        if pattern.search(flair) and not _TALK_FLAIRS.search(flair):
            return PostKind.BUYING if only_money else kind
    if only_money:
        return PostKind.BUYING
    has_money, wants_money = (bool(part and _MONEY.search(part)) for part in (parts.have, parts.want))
    if wants_money:
        return PostKind.SELLING
    if has_money and parts.want is not None:
        return PostKind.BUYING
    if parts.have is not None and parts.want is not None:
        return PostKind.TRADING
    return _by_words(title)


def wants_to_buy(text: str) -> bool:
    """Tell whether a comment asks for a thing or talks of prices instead of offering something."""
    return bool(_WISH.search(text)) and not _OFFER_LINE.search(text)


def _is_only_money(text: str | None) -> bool:
    return not re.sub(r"[\s,/&+-]|\bor\b|\band\b", "", _MONEY.sub("", text or ""))


def _by_words(title: str) -> PostKind:
    """Tell by a tag or verb at the start; elsewhere "selling" is talk ("what jeans are selling for $20")."""
    start = re.sub(r"^(?:\s*\[[^\]]*\])+", "", title) if not _TAGGED.match(title) else title
    if re.match(r"\W*(?:wtb|looking for|iso|buying|want to buy)\b", start, re.IGNORECASE):
        return PostKind.BUYING
    if re.match(r"\W*(?:wtt)\b", start, re.IGNORECASE):
        return PostKind.TRADING
    if re.match(r"\W*(?:wts|fs|for sale|selling)\b", start, re.IGNORECASE) and not title.rstrip().endswith("?"):
        return PostKind.SELLING
    return PostKind.OTHER


def is_sold(flair: str | None) -> bool:
    """Tell whether the flair says that the trade is over."""
    return bool(flair and _SOLD_FLAIRS.search(flair))


def is_thread(title: str) -> bool:
    """Tell whether a post is a thread whose comments are the offers ("Weekly Buy/Sell/Trade thread")."""
    return bool(
        re.search(
            r"\bbst\b|buy\s?[/,&-]\s?sell|\bb/s/t\b|\b(?:sell|for sale|marketplace) thread\b", title, re.IGNORECASE
        )
    )
