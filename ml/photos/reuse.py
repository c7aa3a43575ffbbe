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
    notes: dict[int, PhotoNote] = {}
    for group in group_photos([row.hash for row in rows]):
        members = sorted((rows[place] for place in group), key=lambda row: (row.first_seen_at, row.listing_id))
        for row in members:
            others = [other for other in members if other.listing_id != row.listing_id]
            if not others:
                continue
            note = _note(row, others, is_first=members[0].listing_id == row.listing_id)
            known = notes.get(row.listing_id)
            notes[row.listing_id] = note if known is None else _joined(known, note)
    return [notes[listing_id] for listing_id in sorted(notes)]


def _note(row: PhotoRow, others: Sequence[PhotoRow], *, is_first: bool) -> PhotoNote:
    sellers = {other.seller for other in others}
    if row.seller is not None and sellers - {row.seller, None}:
        use = PhotoUse.REUSED
    elif row.seller is None or None in sellers:
        use = PhotoUse.UNKNOWN_SELLER
    else:
        use = PhotoUse.REPOST
    return PhotoNote(
        listing_id=row.listing_id,
        use=use,
        others=tuple(dict.fromkeys(other.listing_id for other in others)),
        is_first=is_first,
        distance=min(distance(row.hash, other.hash) for other in others),
    )


_GRAVEST = (PhotoUse.REUSED, PhotoUse.UNKNOWN_SELLER, PhotoUse.REPOST)


def _joined(one: PhotoNote, other: PhotoNote) -> PhotoNote:
    """Join what two photos of one listing say."""
    return PhotoNote(
        listing_id=one.listing_id,
        use=min((one.use, other.use), key=_GRAVEST.index),
        others=tuple(dict.fromkeys((*one.others, *other.others))),
        is_first=one.is_first and other.is_first,
        distance=min(one.distance, other.distance),
    )
