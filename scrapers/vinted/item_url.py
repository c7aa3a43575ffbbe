"""A listing's address, or its bare id, as id and country.

Belongs here: reading what a person pastes. Does not: fetching it.
"""

from __future__ import annotations

import re

from scrapers.vinted.domains import DEFAULT_COUNTRY, place_of

_ITEM_ID = re.compile(r"(?:.*/items/)?([0-9]{1,20})(?:[-/?#].*)?")


def parse_item_url(id_or_url: str, country: str = DEFAULT_COUNTRY) -> tuple[str, str]:
    """Return a listing's id and the country of its site; ``country`` serves where only an id is given.

    Raises:
        ValueError: where this is neither an id nor a listing's address.
    """
    text = id_or_url.strip()
    match = _ITEM_ID.fullmatch(text)
    if match is None:
        raise ValueError(f"neither a listing's id nor its address: {text[:80]!r}")
    return match.group(1), place_of(text).site.country if "://" in text else country
