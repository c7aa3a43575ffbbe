"""Text made comparable: case, accents and punctuation out of the way, the breaks between clauses kept.

Belongs here: folding and splitting. Does not: any word that means something.
"""

from __future__ import annotations

import re
import unicodedata

# Longer texts are descriptions stuffed with keywords; what matters is said early.
TEXT_MAX = 4_000

_WORDS = re.compile(r"\d+:\d+|[^\W_]+")
# Hyphens count as a break only between spaces: "X - box only" against "box-only".
# A full stop after a short word is an abbreviation: "Dr. Martens", "Ref. 1655".
_PIECES = re.compile(r"\d+:\d+|[^\W_]+|[,;|()\[\]{}!?+&\n•·\u2013\u2014:]|(?<=[^\W_]{4})\.(?=\s|\Z)|(?<=\s)-(?=\s)")
# Letters that Unicode does not decompose.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def fold(text: str) -> str:
    """Return the text in lower case without accents and compatibility forms."""
    text = text[:TEXT_MAX]
    if text.isascii():
        return text.lower()
    marks = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in marks if not unicodedata.combining(mark)).lower().translate(_LETTERS)


def words_of(folded: str) -> list[str]:
    """Return the words of a folded text, in order; a ratio such as 1:1 is one word."""
    return _WORDS.findall(folded)


def clauses(folded: str) -> str:
    """Return words and breaks, each followed by one space, after one leading space: `` box only , like new ``.

    A break is ``,`` whatever the sign was, except ``:`` that stays; runs of breaks are one, none stands at either end.
    """
    pieces: list[str] = []
    for piece in _PIECES.findall(folded):
        is_break = not piece[0].isalnum()
        if not is_break:
            pieces.append(piece)
        elif pieces and pieces[-1] not in {",", ":"}:
            pieces.append(":" if piece == ":" else ",")
    if pieces and pieces[-1] in {",", ":"}:
        pieces.pop()
    return f" {' '.join(pieces)} "
