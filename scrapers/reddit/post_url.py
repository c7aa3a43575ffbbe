"""The address of one post to its id.

Belongs here: addresses of posts. Does not: subreddits and searches (``search_url``).
"""

from __future__ import annotations

import re

_ID = r"(?P<id>[0-9a-z]{1,13})"
_ADDRESS = re.compile(
    rf"https?://(?:[a-z]+\.)?reddit\.com(?:/r/\w+|/u(?:ser)?/[\w-]+)?/comments/{_ID}(?:/[^?#]*)?(?:[?#].*)?"
    rf"|https?://(?:www\.)?redd\.it/{_ID.replace('<id>', '<short>')}/?(?:[?#].*)?",
    re.IGNORECASE,
)
# As listings are called here: the post's full name, with a mark for one thing of several.
_NAME = re.compile(rf"t3_{_ID}(?:\.[0-9a-f]{{8}}(?:-\d+)?)?")


def parse_post_url(id_or_url: str) -> str:
    """Return the id of the post that an address or the name of a listing names.

    Raises:
        ValueError: saying what is understood.
    """
    text = id_or_url.strip()
    name = _NAME.fullmatch(text)
    if name is not None:
        return name.group("id")
    address = _ADDRESS.fullmatch(text)
    if address is None:
        raise ValueError(
            f"{id_or_url[:80]!r} is no post of Reddit: paste https://www.reddit.com/r/.../comments/<id>/..."
        )
    return (address.group("id") or address.group("short")).lower()
