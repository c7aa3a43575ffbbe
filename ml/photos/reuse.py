"""Whose photo is whose: the same picture in two listings means a repost, or somebody else's picture.

Belongs here: the reading of groups of pictures. Does not: dropping anything; a duplicate is annotated and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from ml.photos.grouping import group_photos
from ml.photos.hashing import PhotoHash, distance


class PhotoUse(StrEnum):
    """How a listing's photo stands to the same photo in other listings."""

    REPOST = "repost"
    """The same seller shows it in several listings."""
    REUSED = "reused"
    """Sellers differ: a stock picture, a copied one, or one thing sold on."""
    UNKNOWN_SELLER = "unknown_seller"
    """It stands elsewhere, and who sells is not known of both."""


class PhotoRow(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of a listing.

    Attributes:
        seller: one name per seller over all sources, e.g. ``vinted:123``; None where it is not known.
        first_seen_at: when the listing was (UTC).
    """

    listing_id: int
    seller: str | None
    hash: PhotoHash
    first_seen_at: datetime


class PhotoNote(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a listing whose photo stands in another listing too.

    Attributes:
        use: REUSED where any other seller shows it, else UNKNOWN_SELLER where any is not known, else REPOST.
        others: the other listings with the photo, the earliest first.
        is_first: this listing was seen before the others.
        distance: in how many of 64 bits it differs from the nearest of them.
    """

    listing_id: int
    use: PhotoUse
    others: tuple[int, ...]
    is_first: bool
    distance: int


def reused_photos(rows: Sequence[PhotoRow]) -> list[PhotoNote]:
    """Return a note for each listing that shares a photo with another listing, by listing id; every row stays.

    A listing may have several photos; the same photo twice within one listing says nothing.
    """
    found: dict[int, list[tuple[PhotoRow, PhotoRow]]] = {}
    for group in group_photos([row.hash for row in rows]):
        members = [rows[place] for place in group]
        for row in members:
            others = [other for other in members if other.listing_id != row.listing_id]
            if others:
                found.setdefault(row.listing_id, []).extend((row, other) for other in others)
    return [_note(found[listing_id]) for listing_id in sorted(found)]


def _note(pairs: Sequence[tuple[PhotoRow, PhotoRow]]) -> PhotoNote:
    """Join what all photos of one listing say; each pair is one of its photos and another listing's."""
    first_seen = min(row.first_seen_at for row, _ in pairs)
    listing_id = pairs[0][0].listing_id
    others = sorted({(other.first_seen_at, other.listing_id) for _, other in pairs})
    if any(row.seller != other.seller and None not in {row.seller, other.seller} for row, other in pairs):
        use = PhotoUse.REUSED
    elif any(None in {row.seller, other.seller} for row, other in pairs):
        use = PhotoUse.UNKNOWN_SELLER
    else:
        use = PhotoUse.REPOST
    return PhotoNote(
        listing_id=listing_id,
        use=use,
        others=tuple(dict.fromkeys(other_id for _, other_id in others)),
        is_first=(first_seen, listing_id) < others[0],
        distance=min(distance(row.hash, other.hash) for row, other in pairs),
    )
