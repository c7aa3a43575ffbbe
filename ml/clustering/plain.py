"""Titles without what does not tell products apart: flourishes, words before a size, in which language they are.

Belongs here: which words a title is compared by. Does not: comparing, the word lists (``words``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ml.clustering.text import normalise
from ml.clustering.words import COLOURS, FLOURISHES, PRODUCT_NOUNS, SIZE_WORDS

_START, _END = r"(?<![^\W_])", r"(?![^\W_])"


class _Title(NamedTuple):
    """A title with nouns in English, the same without them (empty where nothing else tells), and the nouns."""

    whole: str
    core: str
    noun: str


def _any_of(phrases: Sequence[str]) -> str:
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))


_FLOURISH = re.compile(f"{_START}(?:{_any_of([one for own in FLOURISHES.values() for one in own])}){_END}")
# "500 gr" is a weight, "1460 gr. 42" is not.
_SIZE = re.compile(
    rf"{_START}(?:(?:{_any_of([word for word in SIZE_WORDS.split() if word != 'gr'])})(?:\.\s*|\s+)"
    rf"|gr\.\s*|(?<!\d )gr\s+)(?=\d|x*[sml]{_END}|w\d)"
)
_NOUN = re.compile(f"{_START}({_any_of(list(PRODUCT_NOUNS))}){_END}")
_COLOUR = re.compile(f"{_START}({_any_of(list(COLOURS))}){_END}")
# 5,5 is a number.
_BREAK = re.compile(r"[,;|!](?!\d)")
# What is left of a title that says more than its noun.
_WORD = re.compile(r"[^\W_]")


def plain_titles(titles: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return each title as it is compared with others of its group: normalised, in the words that tell.

    A noun is left out where titles of the group are the same without it and none of them names another: "Konsole Switch
    OLED", "Switch OLED console" and "Switch OLED" are one, while "501 jeans" and "501 jacket" stay two. A title of
    nothing but flourishes and nouns stays as it is. The order of the titles changes nothing.
    """
    read: dict[str, _Title] = {}
    for title in titles:
        if title not in read:
            read[title] = _read(title)
    nouns: dict[tuple[str, str], set[str]] = defaultdict(set)
    spelled: dict[tuple[str, str], set[str]] = defaultdict(set)
    for title, group in zip(titles, groups, strict=True):
        one = read[title]
        nouns[group, one.core].add(one.noun)
        spelled[group, one.core].add(one.whole)
    plain = []
    for title, group in zip(titles, groups, strict=True):
        one = read[title]
        is_one = len(spelled[group, one.core]) > 1 and len(nouns[group, one.core] - {""}) < 2
        plain.append(one.core if one.core and is_one else one.whole)
    return plain


def plain_words(title: str) -> str:
    """Return a normalised title without flourishes and size words, its colours in English."""
    return _COLOUR.sub(lambda found: COLOURS[found[1]], _SIZE.sub(" ", _FLOURISH.sub(" ", title)))


def _read(title: str) -> _Title:
    whole = normalise(title)
    told = plain_words(whole)
    noun = " ".join(sorted({PRODUCT_NOUNS[found] for found in _NOUN.findall(told)}))
    core = " ".join(_BREAK.sub(" ", _NOUN.sub(" ", told)).split())
    if not _WORD.search(core):
        return _Title(whole, "", "")
    return _Title(" ".join(_NOUN.sub(lambda found: PRODUCT_NOUNS[found[1]], told).split()), core, noun)
