"""Makes text and addresses from marketplaces harmless before they are shown.

Belongs here: neutralising. Does not: layout. HTML is escaped by the templates themselves (autoescape is on).
"""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

# Joins emoji ("family", flags); the other format characters can reverse or hide text.
_KEPT_FORMAT_CHARACTERS = "\u200d"
# Slack's mark-up has no escape for these, so each becomes its look-alike.
_SLACK_LOOKALIKES = str.maketrans({"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"})
_SLACK_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LONGEST_URL = 2000


def one_line(text: str, limit: int = 300) -> str:
    """Return the text on one line, without control, direction-changing or unpaired characters, at most ``limit`` long.

    Safe for mail headers: nothing that ends a line is left.
    """
    kept = "".join(_harmless(character) for character in text)
    return shorten(" ".join(kept.split()), limit)


def shorten(text: str, limit: int) -> str:
    """Cut text to ``limit`` characters, the last one an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def web_address(url: str | None) -> str | None:
    """Return the address where it is a plain http(s) one, else None: ``javascript:`` and the like are not linked."""
    if (
        url is None
        or len(url) > _LONGEST_URL
        or any(not character.isprintable() or character in ' <>"|' for character in url)
    ):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def slack_entities(text: str) -> str:
    """Escape the three characters that Slack reads as control sequences (``<!channel>``, links, entities)."""
    return text.translate(_SLACK_ENTITIES)


def slack_plain(text: str) -> str:
    """Return one line that Slack's mark-up shows as it is: no mention, link, bold, strike or code can start in it."""
    return slack_entities(one_line(text).translate(_SLACK_LOOKALIKES))


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    if category == "Cs" or (category == "Cf" and character not in _KEPT_FORMAT_CHARACTERS):
        return ""
    return character
