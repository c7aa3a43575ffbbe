"""Kinds of listings, from the word lists into the warehouse.

Belongs here: what is told at load, and telling again what other lists told. Does not: the lists (``ml.kinds``).
"""

from __future__ import annotations

import psycopg

from domain.condition import Condition
from domain.listing import Listing
from domain.listing_kind import KindVerdict
from domain.settings import Settings
from ml.kinds import classifier
from warehouse.kinds import Told, keep_kinds, untold_listings
from warehouse.listing_rows import TellKind


def kind_teller(settings: Settings) -> TellKind:
    """Return what tells the kind of a listing, by the shipped words and the owner's.

    Raises:
        SettingsError: naming every mistake of the owner's file.
    """
    told_by = classifier(settings.kinds_file)

    def tell(listing: Listing) -> KindVerdict:
        return told_by.kind_of(listing.title, listing.description, listing.condition)

    return tell


def retell_kinds(conn: psycopg.Connection, settings: Settings) -> int:
    """Tell the kinds of all listings that other lists told, or none; return how many were looked at.

    A verdict given before stays until the listing is judged again.

    Raises:
        SettingsError: naming every mistake of the owner's file.
    """
    told_by = classifier(settings.kinds_file)
    after, looked_at = 0, 0
    while batch := untold_listings(conn, told_by.version, after=after):
        verdicts = [told_by.kind_of(row.title, row.description, Condition(row.condition)) for row in batch]
        with conn.transaction():
            keep_kinds(conn, [Told(row.listing_id, verdict) for row, verdict in zip(batch, verdicts, strict=True)])
        after = batch[-1].listing_id
        looked_at += len(batch)
    return looked_at
