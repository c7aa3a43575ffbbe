"""The small language that word lists are written in, compiled to regular expressions over ``text.clauses``.

Belongs here: its grammar. Does not: files, kinds, or what is done with a match. Described for owners in docs/kinds.md.

A phrase is words separated by spaces: ``word``, ``word*`` and ``*word`` (begins, ends with), ``one|other``, ``word?``
(may be missing), ``<list>`` (any entry of a named list), ``<n>`` (2 to 99 or a number word), ``<nx>`` (3x, x3, 3 x),
``<lug>`` (12mm to 24mm), ``<digits>`` (inside a word too), ``<word>`` (any one word), ``<.>`` (up to two words of the
same clause), ``<.0-4>`` (as many as said), ``<..>`` (up to six words, across clauses), ``<head>`` (up to six words none
of which is a "with" word), ``,`` (a break), ``:`` (a colon), ``<stop>`` (a break or the end, not part of the match),
``^`` and ``$`` (begin and end of the text).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from ml.kinds.text import fold, words_of

_N = r"(?:[2-9]|[1-9]\d)"
_SIGNS = {
    ",": "[,:] ",
    ":": ": ",
    "<word>": "[^ ,:]+ ",
    "<..>": r"(?:\S+ ){0,6}?",
    "<stop>": r"(?=[,:] |\Z)",
    "$": r"\Z",
    "<digits>": r"\d+ ",
    "<lug>": r"(?:1[2-9]|2[0-4])(?: ?mm) ",
    "<nx>": rf"(?:{_N} ?x|x ?{_N}) ",
}
_COUNTED = [*(f"{n}x" for n in range(2, 100)), *(f"x{n}" for n in range(2, 100)), "x"]
_NONE: frozenset[str] = frozenset()
_GAP = re.compile(r"<\.(\d)-(\d)>")
_NAME = re.compile(r"<([a-z_]+)>")
_WORD = re.compile(r"\*?(?:[^\W_]|<digits>|:(?=[\d*])|\*(?=[^\W_]))+\*?")


class PhraseError(ValueError):
    """A phrase that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Phrase:
    """A checked phrase.

    Attributes:
        source: of ``pattern``.
        triggers: words one of which every match contains, with ``*`` at their begin or end as written.
    """

    written: str
    source: str
    triggers: frozenset[str]

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """What is searched in ``text.clauses``; compiled when first asked for, as most never are."""
        return re.compile(self.source)


def compile_phrase(written: str, lists: Mapping[str, Sequence[str]]) -> Phrase:
    """Compile a phrase; ``lists`` are those it may name, ``numbers`` and ``with`` among them.

    Raises:
        PhraseError: for an empty phrase, an unknown list or sign, or one without any word to look for.
    """
    elements = fold(written).split()
    if not elements:
        raise PhraseError("it is empty")
    pattern, triggers = "(?<= )", list[frozenset[str]]()
    for place, element in enumerate(elements):
        if element == "^":
            if place:
                raise PhraseError("^ can only stand first")
            pattern = r"\A "
            continue
        is_optional = element.endswith("?")
        if is_optional and "|" in element:
            raise PhraseError(f"{element!r}: ? stands after one word only")
        piece, words = _element(element.removesuffix("?"), lists)
        pattern += f"(?:{piece})?" if is_optional else piece
        if words and not is_optional:
            triggers.append(words)
    if not triggers:
        raise PhraseError("it needs at least one word that is always there")
    return Phrase(written, pattern, max(triggers, key=_rarity))


def _rarity(triggers: Set[str]) -> tuple[bool, int]:
    """Return what makes a trigger good: no wildcard and few, long words, so that few titles need the regex."""
    return len(triggers) <= 12, min(len(word) for word in triggers)


def _element(element: str, lists: Mapping[str, Sequence[str]]) -> tuple[str, frozenset[str]]:
    """Return an element's pattern and the words one of which it always holds, none where there is no telling."""
    if element == "<nx>":
        return _SIGNS[element], frozenset(_COUNTED)
    if (sign := _SIGNS.get(element) or _sign_with_lists(element, lists)) is not None:
        return sign, frozenset()
    if (name := _NAME.fullmatch(element)) is not None:
        if name[1] not in lists:
            raise PhraseError(f"there is no list {name[1]!r}; there are {', '.join(sorted(lists))}")
        return _either([_sequence(fold(entry).split(), lists) for entry in lists[name[1]]])
    words = element.split("|")
    return _either([_element(word, lists) if _NAME.fullmatch(word) else _literal(word) for word in words])


def _sign_with_lists(element: str, lists: Mapping[str, Sequence[str]]) -> str | None:
    if element == "<n>":
        return f"(?:{'|'.join([_N, *(re.escape(fold(number)) for number in lists.get('numbers', ()))])}) "
    if element == "<head>":
        return f"(?:(?!{_entries(lists.get('with', ()))})[^ ,:]+ ){{0,6}}?"
    if element == "<notpeople>":
        return f"(?!{_entries(lists.get('people', ()))})(?=[^ ,:]+ )"
    if gap := _GAP.fullmatch(element.replace("<.>", "<.0-2>")):
        # "ist nicht defekt" must not be what "ist <.> defekt" finds.
        return f"(?:(?!{_entries(lists.get('negations', ()))})[^ ,:]+ ){{{gap[1]},{gap[2]}}}?"
    return None


def _literal(word: str) -> tuple[str, frozenset[str]]:
    if not _WORD.fullmatch(word):
        raise PhraseError(f"{word!r} is neither a word nor a sign; write words with spaces between, see docs/kinds.md")
    parts = re.split(r"(\*|<digits>)", word)
    pattern = "".join({"*": "[^ ,:]*", "<digits>": r"\d+"}.get(part, re.escape(part)) for part in parts)
    return f"{pattern} ", frozenset() if "<digits>" in word else frozenset({word})


def _sequence(words: Sequence[str], lists: Mapping[str, Sequence[str]]) -> tuple[str, frozenset[str]]:
    parts = [_element(word, lists) for word in words]
    return "".join(pattern for pattern, _ in parts), max(
        (held for _, held in parts if held), key=_rarity, default=_NONE
    )


def _either(parts: Sequence[tuple[str, frozenset[str]]]) -> tuple[str, frozenset[str]]:
    held = frozenset().union(*(words for _, words in parts)) if all(words for _, words in parts) else _NONE
    return f"(?:{'|'.join(pattern for pattern, _ in parts)})", held


def _entries(entries: Sequence[str]) -> str:
    return "|".join("".join(f"{re.escape(word)} " for word in words_of(fold(entry))) for entry in entries) or r"(?!)"
