"""Which watch holds which listing.

Belongs here: the links of a page that was fetched for a watch, links made by content (imports), and questions over
links. Does not: which listings satisfy a watch (``domain.matching``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import psycopg

from domain.exclusion import Facts, exclusions_of, facts_of
from domain.listing import Listing
from domain.watch import Watch
from warehouse.copy_text import integer_array
from warehouse.page_load import PageLoad
from warehouse.rows import columns, read_rows


def link_listings(conn: psycopg.Connection, watch: Watch, listings: Sequence[Listing], *, seen_at: datetime) -> int:
    """Link stored listings to a watch that they satisfy; return how many links are new.

    They are not the watch's first run: what an import brings is alerted like any later find.
    """
    exclusions = exclusions_of(watch)
    flags = [exclusions.reason(facts_of(listing)) is not None for listing in listings]
    return conn.execute(
        """
        insert into app.watch_listings (watch_id, listing_id, first_seen_at, last_seen_at, is_blacklisted, is_initial)
        select %(watch_id)s, l.listing_id, %(at)s, %(at)s, bool_or(found.is_blacklisted), false
        from unnest(%(ids)s::text[], %(flags)s::boolean[]) as found (external_id, is_blacklisted)
        join core.listings as l on l.source = %(source)s and l.external_id = found.external_id
        group by l.listing_id
        on conflict (watch_id, listing_id) do nothing
        """,
        {
            "watch_id": watch.watch_id,
            "source": watch.source,
            "at": seen_at,
            "ids": [listing.external_id for listing in listings],
            "flags": flags,
        },
    ).rowcount


def link_page(conn: psycopg.Connection, load: PageLoad, listing_ids: Sequence[int], sent_ids: Sequence[int]) -> None:
    """Link what a page shows to the watch that it was fetched for, and note what the owner leaves out.

    Args:
        conn: in the load's transaction.
        load: of the page.
        listing_ids: all that the page shows.
        sent_ids: of these, those whose texts the page may have changed.
    """
    if load.watch is None or not listing_ids:
        return
    watch_id, exclusions, is_initial = load.watch
    flagged: dict[int, bool] = {}
    if exclusions:
        # Of the stored texts, not the page's: a search page does not repeat the description an item page gave.
        flagged = {
            listing_id: exclusions.reason(
                Facts(
                    title=title,
                    description=description,
                    country=country,
                    seller_id=seller_id,
                    seller_login=login,
                    is_business=is_business,
                )
            )
            is not None
            for listing_id, title, description, country, seller_id, login, is_business in conn.execute(
                "select l.listing_id, l.title, l.description, l.country, s.external_id, s.login, s.is_business"
                " from core.listings l left join core.sellers s on s.seller_id = l.seller_id"
                " where l.listing_id = any(%(sent)s::bigint[]) or (l.listing_id = any(%(all)s::bigint[]) and not exists"
                " (select from app.watch_listings w where w.watch_id = %(watch_id)s and w.listing_id = l.listing_id))",
                {
                    "watch_id": watch_id,
                    "sent": integer_array(sent_ids),
                    "all": integer_array(listing_ids),
                },
            ).fetchall()
        }
    conn.execute(
        """
        insert into app.watch_listings as w
            (watch_id, listing_id, first_seen_at, last_seen_at, is_blacklisted, is_initial)
        select %(watch_id)s, k.listing_id, %(at)s, %(at)s, coalesce(f.is_blacklisted, known.is_blacklisted, false),
               %(is_initial)s
        from unnest(%(listing_ids)s::bigint[]) as k (listing_id)
        left join unnest(%(flag_ids)s::bigint[], %(flags)s::boolean[]) as f (listing_id, is_blacklisted)
               on f.listing_id = k.listing_id
        left join app.watch_listings known on known.watch_id = %(watch_id)s and known.listing_id = k.listing_id
        order by k.listing_id
        on conflict (watch_id, listing_id) do update
        set first_seen_at = least(w.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(w.last_seen_at, excluded.last_seen_at),
            is_blacklisted = excluded.is_blacklisted
        where w.first_seen_at > excluded.first_seen_at or w.last_seen_at < excluded.last_seen_at
           or w.is_blacklisted <> excluded.is_blacklisted
        """,
        {
            **load.values,
            "watch_id": watch_id,
            "listing_ids": integer_array(listing_ids),
            "is_initial": is_initial,
            "flag_ids": list(flagged),
            "flags": list(flagged.values()),
        },
    )


def watches_of_listing(conn: psycopg.Connection, listing_id: int) -> list[Watch]:
    """Return the watches that hold a listing, the oldest first."""
    return read_rows(
        conn,
        Watch,
        f"select {columns(Watch, 'w.')} from app.watches w join app.watch_listings using (watch_id)"
        " where listing_id = %s order by w.watch_id",
        (listing_id,),
    )


def count_listings(conn: psycopg.Connection, watch_id: int) -> int:
    """Return how many listings a watch holds, blacklisted ones included."""
    row = conn.execute("select count(*) from app.watch_listings where watch_id = %s", [watch_id]).fetchone()
    return int(row[0]) if row else 0


def was_read(conn: psycopg.Connection, watch_id: int) -> bool:
    """Say whether a page fetched, or imported, for this very watch was ever read: its first run is over then."""
    row = conn.execute(
        "select exists (select from raw.pages join ops.page_readings using (page_id) where watch_id = %s)", [watch_id]
    ).fetchone()
    return bool(row and row[0])
