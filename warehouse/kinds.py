"""The kinds of stored listings: which were told by other word lists, and keeping what is told now.

Belongs here: SQL. Does not: telling a kind, nor the kinds told at load (``listing_rows``, ``merge``).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import psycopg

from domain.listing_kind import KindVerdict, ListingKind
from warehouse.rows import columns, read_rows

_BATCH = 5000


class UntoldListing(msgspec.Struct, frozen=True):
    """What a kind is told by."""

    listing_id: int
    title: str
    description: str | None
    condition: str


class Told(msgspec.Struct, frozen=True):
    """A listing's kind."""

    listing_id: int
    verdict: KindVerdict


def untold_listings(
    conn: psycopg.Connection, version: str, *, after: int = 0, limit: int = _BATCH
) -> list[UntoldListing]:
    """Return listings not told by the lists of ``version``, by id, those after the id ``after`` only."""
    return read_rows(
        conn,
        UntoldListing,
        f"select {columns(UntoldListing)} from core.listings"
        " where listing_id > %s and kind_version is distinct from %s order by listing_id limit %s",
        (after, version, limit),
    )


def keep_kinds(conn: psycopg.Connection, told: Sequence[Told]) -> int:
    """Keep kinds in one statement; return how many listings they changed the kind of."""
    changed = conn.execute(
        """
        with n as (
            select * from unnest(%(ids)s::bigint[], %(kinds)s::text[], %(reasons)s::text[], %(versions)s::text[])
                as n (listing_id, kind, kind_reason, kind_version)
        ), before as (
            select l.listing_id, l.kind from core.listing_details l join n using (listing_id)
        ), kept as (
            update core.listing_details l
            set kind = n.kind, kind_reason = n.kind_reason, kind_version = n.kind_version
            from n where l.listing_id = n.listing_id
        )
        select count(*) from before join n using (listing_id) where before.kind <> n.kind
        """,
        {
            "ids": [one.listing_id for one in told],
            "kinds": [str(one.verdict.kind) for one in told],
            "reasons": [None if one.verdict.kind is ListingKind.NORMAL else one.verdict.reason for one in told],
            "versions": [one.verdict.version for one in told],
        },
    ).fetchone()
    return 0 if changed is None else int(changed[0])
