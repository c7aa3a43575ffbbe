"""What Reddit's Markdown and sellers' marks say: struck texts, links, "SOLD", "PENDING".

Belongs here: one line or cell of text. Does not: prices (``money``), which item a line is about (``items``).
"""

from __future__ import annotations

import re

from domain.listing import Availability

# A struck letter or two is a slip of the editor, not a former text.
_STRUCK = re.compile(r"~~(?=[^~]{2})(.+?)~~", re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)|https?://\S+")
_MARKUP = re.compile(r"[*_`#>\\]|&#x200b;|\u200b", re.IGNORECASE)
# "not sold separately", "sold as is", "if it is sold" and "eBay sold listings" say nothing of this thing.
_SOLD = re.compile(
    r"(?<!be )(?<!being )(?<!not )(?<!n't )(?<!never )(?<!only )(?<!until )(?<!unless )(?<!once )(?<!when )(?<!have )"
    r"(?<!ebay )\bsold\b(?! (?:as|separately|together|with(?!in)|individually|listings?|prices?|comps?|here|out|by))|"
    r"\[gone\]|\bgone\W*$|\bno longer available\b",
    re.IGNORECASE,
)
_IF = re.compile(r"\b(?:if|when|once|until|unless|after)\b[^.!]{0,40}\bsold\b", re.IGNORECASE)
_PENDING = re.compile(r"\bpending\b|\bon hold\b|\breserved\b|\bspf\b", re.IGNORECASE)
_ALL_SOLD = re.compile(
    r"\W*(?:edit|update)\w{0,2}\s*[:\-]+\s*"
    r"(?:all |everything |both |it |item |has been |have been |is |are |now )*sold\b"
    r"(?: (?:local(?:ly)?|to \S+|for \S+|elsewhere|thanks.*|thank you.*))*\W*|"
    r"\W*(?:all|everything|both)(?: (?:items?|of (?:it|them)))?(?: (?:is|are|has been|have been|now))* sold\b\W*",
    re.IGNORECASE,
)
_LONGEST_MARK = 200
_SOLD_FIRST = re.compile(r"\W*sold\W*(?:to \S+\W*|local(?:ly)?\W*|for \S+\W*)*", re.IGNORECASE)
_WISH_TAG = re.compile(r"^\W*(?:wtb|iso|wanted|want to buy|looking to buy|in search of|wtt(?!/s))\b", re.IGNORECASE)
_OFFER_TAG = re.compile(r"^\W*(?:wts|fs|for sale|selling)\b", re.IGNORECASE)


def offering_lines(lines: list[str]) -> list[str]:
    """Return the lines of a text that offer: "WTB: ..." is left out, under its own heading until the next "WTS"."""
    kept: list[str] = []
    is_wish = False
    for line in lines:
        if _WISH_TAG.match(line):
            is_wish = len(re.findall(r"\w+", line)) <= 4
            continue
        if _OFFER_TAG.match(line):
            is_wish = False
        if not is_wish:
            kept.append(line)
    return kept


def struck_texts(text: str) -> list[str]:
    """Return the struck parts of a text."""
    return _STRUCK.findall(text)


def without_struck(text: str) -> str:
    """Return a text without its struck parts."""
    return _STRUCK.sub(" ", text)


def is_struck(text: str) -> bool:
    """Tell whether most of a text is struck."""
    whole = len(re.sub(r"\W", "", text.replace("~", "")))
    struck = sum(len(re.sub(r"\W", "", part)) for part in struck_texts(text))
    return whole > 0 and struck / whole > 0.6


def plain(text: str) -> str:
    """Return a text without Markdown; of a link its words stay."""
    text = _LINK.sub(lambda match: f" {match.group(1) or ''} ", text)
    return re.sub(r"\s+", " ", _MARKUP.sub("", text.replace("~~", ""))).strip()


def is_sold_mark(text: str) -> bool:
    """Tell whether a text marks its thing as sold."""
    return bool(_SOLD.search(text)) and not _IF.search(text)


def state_of(text: str, *, struck: bool) -> Availability:
    """Return what a line or row says of its thing; the whole of it struck means sold."""
    words = plain(text)
    if struck or is_sold_mark(words):
        return Availability.SOLD
    return Availability.RESERVED if _PENDING.search(words) else Availability.AVAILABLE


def is_all_sold(body: str) -> bool:
    """Tell whether a post's text says that all of it is sold: "Edit: sold", "SOLD" as its first line."""
    # Such a line is short; the start of a longer one tells that it is none.
    lines = [line for line in (plain(line[:_LONGEST_MARK]) for line in body.splitlines()) if line]
    return bool(lines and _SOLD_FIRST.fullmatch(lines[0])) or any(_ALL_SOLD.fullmatch(line) for line in lines)
