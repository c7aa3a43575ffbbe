"""A watch's blacklist: words or ``/regex/`` whose presence keeps a listing out of alerts and statistics.

Belongs here: the matching rule, pure. Does not: where lists or listings are kept.

A word matches as a whole word, whatever its case and accents: ``cassé`` finds ``CASSE`` but not ``casserole``. Between
the words of an entry any run of spaces and punctuation may stand. A regex is searched, case-insensitively, in the text
without its accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Longer texts are descriptions stuffed with keywords; a user's regex must not run over them for seconds.
_TEXT_MAX = 20_000


class BlacklistError(ValueError):
    """A blacklist entry that cannot be used; the message names it and says what is wrong."""


class Blacklist:
    """A compiled blacklist.

    Args:
        entries: words, or ``/regex/``.

    Raises:
        BlacklistError: naming the first entry that is empty or not a regular expression.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._patterns = tuple((entry, _compile(entry)) for entry in entries)

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def match(self, title: str, description: str | None) -> str | None:
        """Return the first entry found in title or description, None when none is."""
        if not self._patterns:
            return None
        text = fold(f"{title}\n{description or ''}"[:_TEXT_MAX])
        return next((entry for entry, pattern in self._patterns if pattern.search(text)), None)


def fold(text: str) -> str:
    """Return the text without accents and compatibility forms, its case kept."""
    if text.isascii():
        return text
    return "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))


def _compile(entry: str) -> re.Pattern[str]:
    text = entry.strip()
    if len(text) >= 2 and text.startswith("/") and text.endswith("/"):
        if len(text) == 2:
            raise BlacklistError("blacklist entry '//' is an empty regular expression, which would match everything")
        try:
            return re.compile(fold(text[1:-1]), re.IGNORECASE)
        except re.error as error:
            raise BlacklistError(f"blacklist entry {entry!r} is not a regular expression: {error}") from error
    words = [re.escape(fold(word)) for word in text.split()]
    if not words:
        raise BlacklistError("a blacklist entry is empty; remove it")
    together = r"[\W_]+".join(words)
    return re.compile(rf"(?<![^\W_]){together}(?![^\W_])", re.IGNORECASE)
