"""The records of a page that need a closer look than at key and hash: late, read again, twice on it, or doubtful.

Belongs here: staging them, completing them from what is known, and writing state and history from the staged rows. Does
not: telling them from the unchanged (``recheck``) and the usual changes (``newer``), their details (``merge``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import psycopg

from domain.listing import Listing
from domain.money import to_minor
from domain.plausibility import implausible
from warehouse.completion import (
    Completed,
    Priced,
    complete,
    fill,
    minor_or_none,
    priced,
    stated_total,
    total_minor,
    with_known_price,
)
from warehouse.copy_text import binary, copy_lines, plain, text
from warehouse.history import append_history, correct_history
from warehouse.known import is_seller_due, known_listings, observed_before
from warehouse.late_prices import count_late, show_present
from warehouse.listing_rows import GONE
from warehouse.merge import Row, copy_states, show_prices
from warehouse.page_load import PageLoad
from warehouse.recheck import Record
from warehouse.reviews import Suspicion, hold_again, settle
from warehouse.staging import empty_staging
from warehouse.stock import append_stock
from warehouse.unsaid import Present


class _Found(msgspec.Struct, frozen=True):
    """What the staged row of a record found in the warehouse."""

    ordinal: int
    listing_id: int
    is_new: bool
    is_late: bool
    is_again: bool
    new_day: bool
    content_hash: bytes | None
    has_carried: bool


_KEY_COLUMNS = (
    "ordinal, external_id, content_hash, price_minor, total_minor, currency, availability, favourite_count, view_count,"
    " quantity"
)


def stage(conn: psycopg.Connection, load: PageLoad, records: Sequence[Record]) -> list[Row]:
    """Stage records with their prices, learn what each is to the warehouse; new listings get their ids here."""
    if not records:
        return []
    empty_staging(conn)
    copy_lines(
        conn, f"pricescope_load ({_KEY_COLUMNS})", (_key_line(ordinal, one) for ordinal, one in enumerate(records))
    )
    found = conn.execute(
        """
        with found as (
            select k.ctid as place, l.listing_id, l.has_carried, s.last_seen_at, s.last_page_id, s.content_hash,
                   s.price_minor, s.total_minor, s.currency, s.availability, s.listing_id is null as is_stateless
            from pricescope_load k
            left join lateral (  -- the limit keeps this a look-up by the whole key
                select listing_id, carried <> '{}' as has_carried
                from core.listing_details where source = %(source)s and external_id = k.external_id limit 1
            ) l on true
            left join lateral (select * from core.listing_state where listing_id = l.listing_id limit 1) s on true
        )
        update pricescope_load k
        set listing_id = coalesce(f.listing_id, nextval('core.listing_details_listing_id_seq')),
            is_new = f.is_stateless,
            is_late = coalesce((f.last_seen_at, f.last_page_id) > (%(at)s::timestamptz, %(page_id)s::bigint), false),
            is_again = coalesce(f.last_page_id = %(page_id)s, false),
            price_moved = (f.price_minor, f.total_minor, f.currency)
                is distinct from (k.price_minor, k.total_minor, k.currency),
            value_moved = (f.price_minor, f.total_minor, f.currency, f.availability)
                is distinct from (k.price_minor, k.total_minor, k.currency, k.availability),
            new_day = f.is_stateless or (f.last_seen_at at time zone 'UTC')::date < %(day)s,
            is_counted = false
        from found f
        where k.ctid = f.place
        returning k.ordinal, k.listing_id, k.is_new, k.is_late, k.is_again, k.new_day, f.content_hash,
                  coalesce(f.has_carried, false)
        """,
        load.values,
    ).fetchall()
    if load.is_counted:
        conn.execute(
            "update pricescope_load k set is_counted = true from ops.page_readings r"
            " where r.page_id = %(page_id)s and k.listing_id = any(r.listing_ids)",
            load.values,
        )
    return _complete_rows(conn, load, records, sorted((_Found(*row) for row in found), key=lambda one: one.ordinal))


def _complete_rows(
    conn: psycopg.Connection,
    load: PageLoad,
    records: Sequence[Record],
    found: Sequence[_Found],
) -> list[Row]:
    """Complete the records from what is known of their listings, and put the result into the staged rows."""
    known = known_listings(
        conn,
        [
            one.listing_id
            for one in found
            if not one.is_new
            and (
                one.is_late or one.is_again or one.has_carried or records[one.ordinal].content_hash != one.content_hash
            )
        ],
    )
    held = settle(conn, load.values, list(_suspicions(found, known, records)))
    if load.is_reparse:
        held |= hold_again(conn, load.values)
    before = observed_before(conn, load.values) if any(one.is_late or one.is_again for one in found) else {}
    rows, staged = [], []
    for one in found:
        place, seen, own = records[one.ordinal]
        shown = known.get(one.listing_id)
        if one.listing_id in held and shown is not None:
            seen, own = with_known_price(seen, shown.listing), None
        is_rewritten = one.is_again and load.is_reparse
        completed, total = _completed(seen, shown, one, before.get(one.listing_id), is_reparse=load.is_reparse)
        content_hash = own if own and completed.listing is seen else completed.listing.content_hash()
        if content_hash != records[one.ordinal].content_hash or total is not None:
            staged.append((one.ordinal, content_hash, total))
        differs = content_hash != one.content_hash
        is_changed = differs and not one.is_new and not one.is_late and (not one.is_again or load.is_reparse)
        rows.append(
            Row(
                index=place,
                seen=seen,
                completed=completed,
                content_hash=content_hash,
                listing_id=one.listing_id,
                shown=shown,
                is_new=one.is_new,
                is_late=one.is_late,
                is_changed=is_changed,
                is_completed=shown is not None and not is_changed and completed.carried != shown.carried,
                is_rewritten=is_rewritten,
                is_seller_due=one.is_new
                or one.is_late
                or own != one.content_hash
                or one.new_day
                or (shown is not None and is_seller_due(seen.seller, shown, load.values["at"])),
                is_held=one.listing_id in held,
            )
        )
    _put_completed(conn, staged)
    return rows


def _suspicions(
    found: Sequence[_Found], known: Mapping[int, Completed], records: Sequence[Record]
) -> Iterator[Suspicion]:
    """Find the prices that cannot be meant among those that would be shown from now on."""
    for one in found:
        if one.is_new or one.is_late or one.is_again or one.listing_id not in known:
            continue
        seen, shown = records[one.ordinal].listing, known[one.listing_id].listing
        if seen.price_kind is not shown.price_kind:
            continue
        reason = implausible(shown.price, shown.currency, seen.price, seen.currency)
        if reason is not None:
            yield Suspicion(
                one.listing_id,
                to_minor(seen.price, seen.currency),
                minor_or_none(stated_total(seen), seen.currency),
                seen.currency,
                str(seen.availability),
                str(reason),
                to_minor(shown.price, shown.currency),
                shown.currency,
            )


def _completed(
    seen: Listing, known: Completed | None, found: _Found, before: Priced | None, *, is_reparse: bool
) -> tuple[Completed, int | None]:
    """Return the listing to show, and the total of this observation in minor units where the page leaves it out."""
    if known is not None and found.is_again and not is_reparse:
        return known, None
    if known is not None and not found.is_late and not found.is_again:
        before = priced(known.listing)
    completed = Completed(seen)
    if not found.is_late:
        only = known.carried if known is not None and found.is_again else None
        shown_before = None if known is None else known.listing
        # A listing that needed no look is as this page shows it.
        completed = complete(seen, shown_before, before, only=only)
    elif known is not None:
        completed = fill(known, seen, corrects=is_reparse)
    if stated_total(seen) is not None:
        return completed, None
    return completed, total_minor(seen.source, to_minor(seen.price, seen.currency), seen.currency, before)


def _put_completed(conn: psycopg.Connection, completed: Sequence[tuple[int, bytes, int | None]]) -> None:
    """Put completed hashes and totals into the staged rows; a total of None leaves the staged one."""
    if not completed:
        return
    conn.execute(
        """
        update pricescope_load k
        set content_hash = n.content_hash,
            total_minor = coalesce(n.total_minor, k.total_minor),
            price_moved = (s.price_minor, s.total_minor, s.currency)
                is distinct from (k.price_minor, coalesce(n.total_minor, k.total_minor), k.currency),
            value_moved = (s.price_minor, s.total_minor, s.currency, s.availability)
                is distinct from (k.price_minor, coalesce(n.total_minor, k.total_minor), k.currency, k.availability)
        from unnest(%(ordinals)s::int[], %(hashes)s::bytea[], %(totals)s::bigint[])
            as n (ordinal, content_hash, total_minor)
        join pricescope_load own on own.ordinal = n.ordinal
        left join core.listing_state s on s.listing_id = own.listing_id
        where k.ordinal = n.ordinal
        """,
        {
            "ordinals": [ordinal for ordinal, _, _ in completed],
            "hashes": [content_hash for _, content_hash, _ in completed],
            "totals": [total for _, _, total in completed],
        },
    )


def _key_line(ordinal: int, record: Record) -> str:
    listing = record.listing
    return "\t".join(
        (
            str(ordinal),
            text(listing.external_id),
            binary(record.content_hash or listing.content_hash()),
            str(to_minor(listing.price, listing.currency)),
            plain(minor_or_none(stated_total(listing), listing.currency)),
            listing.currency,
            listing.availability,
            plain(listing.favourite_count),
            plain(listing.view_count),
            plain(listing.quantity),
        )
    )


def load_staged(conn: psycopg.Connection, load: PageLoad, rows: Sequence[Row]) -> None:
    """Write state, history and stock of the staged records; their details are written before."""
    values = {**load.values, "gone": list(GONE)}
    # The late first: how a listing's history stood before this page is read from it.
    has_late = any(row.is_late or row.is_rewritten for row in rows)
    present: dict[int, Present] = {}
    if has_late:
        present = correct_history(conn, values, load.sightings)
    append_history(conn, values)
    if any(row.quantity is not None for row in rows):
        append_stock(conn, values)
    if any(row.is_new for row in rows):
        copy_states(conn, values, rows)
    if any(not row.is_new for row in rows):
        conn.execute(
            """
            update core.listing_state s
            set content_hash = k.content_hash, price_minor = k.price_minor, total_minor = k.total_minor,
                currency = k.currency, availability = k.availability,
                favourite_count = coalesce(k.favourite_count, s.favourite_count),
                view_count = coalesce(k.view_count, s.view_count),
                quantity = coalesce(k.quantity, s.quantity),
                last_seen_at = %(at)s, last_page_id = %(page_id)s,
                checks = s.checks + (not k.is_counted)::int,
                price_changed_at = case when k.price_moved then %(at)s else s.price_changed_at end,
                is_active = k.availability <> all(%(gone)s)
            from pricescope_load k
            where s.listing_id = k.listing_id and not k.is_new and not k.is_late
              and (not k.is_again or %(reparse)s)
            """,
            values,
        )
        show_prices(conn, values, rows)
    if has_late:
        conn.execute(_FILL_STATE)
        show_present(conn, present, {row.listing_id: row.seen for row in rows})
        count_late(conn, values)


# What a late page filled in is part of the business fields; so its hash changed.
_FILL_STATE = """
update core.listing_state s
set content_hash = k.content_hash, favourite_count = coalesce(s.favourite_count, k.favourite_count),
    view_count = coalesce(s.view_count, k.view_count), quantity = coalesce(s.quantity, k.quantity)
from pricescope_load k
where s.listing_id = k.listing_id and k.is_late
  and (s.content_hash <> k.content_hash
       or (s.quantity is null and k.quantity is not null)
       or (s.favourite_count is null and k.favourite_count is not null)
       or (s.view_count is null and k.view_count is not null))
"""
