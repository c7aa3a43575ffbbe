"""Pages that were read before and are read again: most of them say what is known already, and nothing is written.

Belongs here: telling those pages apart, many with one look, and loading the others one by one. Does not: the load
itself (``load``), which pages are read.

A page is settled when loading it again would write no row. Unlike a poll's check (``recheck``) this trusts no hash: a
better parser may read what the hash leaves out, an address or a photo, so each listing is completed as the load would
and compared with the wide row. All that the load would touch besides (history, stock, seller, links, quarantine) is
looked up in the same statement. What cannot be told here cheaply, such as held prices, lots or an owner's exclusions,
is left to the load.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import msgspec
import psycopg

from domain.listing import Listing
from domain.money import to_minor
from domain.page import PageReading, RawPage
from warehouse.ahead import ahead
from warehouse.completion import Completed, Priced, complete, fill, stated_total, total_minor
from warehouse.copy_text import copy_lines, flag, integer_array, plain, text
from warehouse.known import known_listings
from warehouse.listing_rows import GONE, TellKind
from warehouse.load import load_reading
from warehouse.locks import begin_loading
from warehouse.pages import utc_day
from warehouse.planner import plan_as_usual
from warehouse.poison import refusal
from warehouse.prepared import Prepared, prepare
from warehouse.readings import LoadResult, keep_reading, reading_values
from warehouse.sightings import Sightings

# Handing a page to another thread costs as much as preparing some listings.
_WORTH_A_THREAD = 32


class ReadPage(NamedTuple):
    """A stored page and what the parser made of it."""

    page_id: int
    page: RawPage
    reading: PageReading


class _Kept(NamedTuple):
    """What the warehouse holds of one record of a page; ``fits`` is all that SQL alone can tell."""

    listing_id: int
    is_late: bool
    fits: bool
    content_hash: bytes
    state: tuple[int, int | None, str, str]
    history: tuple[int | None, int | None, str | None, str | None]
    before: tuple[int | None, int | None, str | None]
    kind_version: str | None


class _Settled(NamedTuple):
    listing_ids: list[int]
    thin_ids: list[int]
    is_told_anew: bool


def load_pages(
    conn: psycopg.Connection,
    pages: Sequence[ReadPage],
    *,
    parser_version: int,
    tell_kind: TellKind | None = None,
    again: bool = False,
) -> Generator[LoadResult, None, None]:
    """Load pages of one source in their order, as ``load_reading`` does each; yield a result for each.

    The rows are the same as those of loading one after the other. Each page is loaded as it is asked for, within a
    savepoint: one that fails leaves the pages before it as they are.

    Args:
        conn: in a transaction; the source's turn is held until it ends, so not for long.
        pages: of one source, in fetch order; read before or not. Until all are loaded, the transaction's statements
            are planned as a load's.
        parser_version: see ``load_reading``.
        tell_kind: the same.
        again: the same.
    """
    if not pages:
        return
    source = pages[0].page.source
    begin_loading(conn, source)
    settled, known_ids = _settled(conn, source, pages, parser_version, tell_kind, again=again)
    sightings = Sightings(source, min(one.page.fetched_at for one in pages), known_ids)
    touched: set[int] = set()
    loaded: LoadResult | None = None

    def prepared_of(one: ReadPage) -> Prepared | None:
        if one.page_id in settled or len(one.reading.listings) < _WORTH_A_THREAD:
            return None
        is_mostly_new = loaded is not None and loaded.new * 2 > loaded.records
        return prepare(one.reading, ahead=True, source=source if is_mostly_new else None)

    with _uncollected():
        for one, prepared in ahead(prepared_of, pages):
            found = settled.get(one.page_id)
            if found is not None and touched.isdisjoint(found.listing_ids):
                result = LoadResult(
                    new=0,
                    changed=0,
                    unchanged=len(one.reading.listings),
                    quarantined=0,
                    listing_ids=tuple(found.listing_ids),
                )
                if found.is_told_anew:
                    values = reading_values(one.page_id, one.page, parser_version)
                    keep_reading(conn, {**values, "reparse": True}, one.reading, result, found.thin_ids)
                    sightings.put(one.page_id, one.page.fetched_at, found.listing_ids)
                yield result
                continue
            loaded = load_reading(
                conn,
                one.page_id,
                one.page,
                one.reading,
                parser_version=parser_version,
                tell_kind=tell_kind,
                again=again,
                prepared=prepared,
                sightings=sightings,
                has_turn=True,
            )
            # What was told of these before no longer holds.
            touched.update(loaded.listing_ids)
            yield loaded
    plan_as_usual(conn)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let no garbage be looked for meanwhile: a load makes no cycles, and looking through its records takes time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _settled(
    conn: psycopg.Connection,
    source: str,
    pages: Sequence[ReadPage],
    parser_version: int,
    tell_kind: TellKind | None,
    *,
    again: bool,
) -> tuple[dict[int, _Settled], set[int]]:
    """Return the pages that loading would leave as they are, by page_id, and the known listings of the others."""
    before = {
        page_id: (version, listing_ids, thin_ids)
        for page_id, version, listing_ids, thin_ids in conn.execute(
            _READ_BEFORE, {"ids": integer_array(one.page_id for one in pages), "source": source}
        ).fetchall()
    }
    asked = [
        one
        for one in pages
        if one.page_id in before and (again or parser_version > before[one.page_id][0]) and _is_plain(one, source)
    ]
    if not asked:
        return {}, set()
    kept = _kept(conn, source, asked)
    known = known_listings(conn, sorted({one.listing_id for one in kept.values()}))
    settled: dict[int, _Settled] = {}
    others: set[int] = set()
    for one in asked:
        rows = [kept.get((one.page_id, place)) for place in range(len(one.reading.listings))]
        ids, thin = [], []
        for listing, row in zip(one.reading.listings, rows, strict=True):
            if row is None or not _is_settled(listing, row, known.get(row.listing_id), tell_kind):
                break
            ids.append(row.listing_id)
            if stated_total(listing) is None:
                thin.append(row.listing_id)
        else:
            version, *shown = before[one.page_id]
            settled[one.page_id] = _Settled(ids, thin, parser_version > version or shown != [ids, thin])
        if one.page_id not in settled:
            others.update(row.listing_id for row in rows if row is not None)
    return settled, others


def _is_plain(one: ReadPage, source: str) -> bool:
    """Say whether the page holds listings alone, each once, all of which can be stored."""
    reading = one.reading
    if reading.rejected or reading.unpriced or reading.lots or one.page.source != source:
        return False
    if len({listing.external_id for listing in reading.listings}) < len(reading.listings):
        return False
    return all(refusal(listing, source) is None for listing in reading.listings)


def _is_settled(seen: Listing, row: _Kept, known: Completed | None, tell_kind: TellKind | None) -> bool:
    if known is None or not row.fits:
        return False
    total = stated_total(seen)
    price_minor = to_minor(seen.price, seen.currency)
    before = None
    if total is None and row.before[0] is not None and row.before[2] is not None:
        before = Priced(row.before[0], row.before[1], row.before[2])
    if total is not None:
        observed_total: int | None = to_minor(total, seen.currency)
    else:
        observed_total = total_minor(seen.source, price_minor, seen.currency, before)
    observed = (price_minor, observed_total, seen.currency, str(seen.availability))
    if observed != row.history or (not row.is_late and observed != row.state):
        return False
    if row.is_late:
        completed = fill(known, seen, corrects=True)
    else:
        completed = complete(seen, known.listing, before, only=known.carried)
        if row.kind_version != (None if tell_kind is None else tell_kind(seen).version):
            return False
    return (
        completed.carried == known.carried
        and _without_own(completed.listing) == known.listing
        and completed.listing.content_hash() == row.content_hash
    )


def _without_own(listing: Listing) -> Listing:
    """Return a listing without what is not kept in its wide row."""
    return msgspec.structs.replace(
        listing, seller=None, favourite_count=None, view_count=None, quantity=None, position=None
    )


def _kept(conn: psycopg.Connection, source: str, pages: Sequence[ReadPage]) -> dict[tuple[int, int], _Kept]:
    """Look up all records of the pages; return what is held of those that are known, by page and place."""
    conn.execute(_CREATE)
    conn.execute("delete from pricescope_reread")
    copy_lines(conn, "pricescope_reread", (line for one in pages for line in _lines(one)))
    found = conn.execute(_LOOK_UP, {"source": source, "gone": list(GONE)}).fetchall()
    return {
        (row[0], row[1]): _Kept(row[2], row[3], row[4], row[5], row[6:10], row[10:14], row[14:17], row[17])
        for row in found
    }


def _lines(one: ReadPage) -> Iterator[str]:
    at: datetime = one.page.fetched_at
    head = f"{one.page_id}\t{at}\t{utc_day(at)}\t{plain(one.page.watch_id)}"
    for place, listing in enumerate(one.reading.listings):
        seller = listing.seller
        named = (None, None, None) if seller is None else (seller.external_id, seller.login, seller.is_business)
        yield (
            f"{head}\t{place}\t{text(listing.external_id)}\t{plain(listing.favourite_count)}"
            f"\t{plain(listing.view_count)}\t{plain(listing.quantity)}\t{text(named[0])}\t{text(named[1])}"
            f"\t{flag(named[2])}"
        )


# Pages whose records were all stored, each with a price.
_READ_BEFORE = """
select r.page_id, r.parser_version, r.listing_ids, r.thin_ids
from ops.page_readings r
where r.page_id = any(%(ids)s::bigint[]) and r.source = %(source)s and r.quarantined = 0
  and r.unpriced = 0
  and not exists (select from ops.quarantine q where q.page_id = r.page_id and q.state = 'open')
"""
_CREATE = """
create temp table if not exists pricescope_reread (
    page_id bigint, at timestamptz, day date, watch_id bigint, place int, external_id text, favourite_count int,
    view_count int, quantity int, seller text, login text, is_business boolean
) on commit delete rows
"""
# fits: the load would leave alone the counters, stock, seller, link and first sight of this record; see there for each.
_LOOK_UP = """
select k.page_id, k.place, l.listing_id, age.is_late,
       l.first_seen_at <= k.at
           and (age.is_late or age.is_again)
           and l.listing_id = any(r.listing_ids)
           and s.has_carried = (l.carried <> '{}')
           and (k.favourite_count is null or s.favourite_count is not distinct from k.favourite_count
                or (age.is_late and s.favourite_count is not null))
           and (k.view_count is null or s.view_count is not distinct from k.view_count
                or (age.is_late and s.view_count is not null))
           and (k.quantity is null or s.quantity is not distinct from k.quantity
                or (age.is_late and s.quantity is not null))
           and (age.is_late or s.is_active = (s.availability <> all(%(gone)s)))
           and (k.quantity is null
                or (stock.before is not distinct from k.quantity and stock.now is null)
                or (stock.before is distinct from k.quantity and stock.now is not distinct from k.quantity))
           and (k.seller is null
                or (x.first_seen_at <= k.at and (x.last_seen_at at time zone 'UTC')::date >= k.day
                    and not coalesce(k.at > x.last_seen_at and k.login <> x.login, false)
                    and not coalesce(k.at > x.last_seen_at and k.is_business <> x.is_business, false)
                    and (x.login is not null or k.login is null)
                    and (x.is_business is not null or k.is_business is null)
                    and case when age.is_late then l.seller_id is not null else l.seller_id = x.seller_id end))
           and not exists (select from ops.price_reviews v where v.listing_id = l.listing_id)
           and (w.watch_id is null
                or (w.blacklist = '{}' and w.seller_countries = '{}' and w.excluded_sellers = '{}'
                    and not w.personal_sellers_only
                    and exists (select from app.watch_listings wl
                                where wl.watch_id = w.watch_id and wl.listing_id = l.listing_id
                                  and k.at between wl.first_seen_at and wl.last_seen_at))),
       s.content_hash, s.price_minor, s.total_minor, s.currency, s.availability,
       h.price_minor, h.total_minor, h.currency, h.availability,
       b.price_minor, b.total_minor, b.currency, l.kind_version
from pricescope_reread k
join ops.page_readings r on r.page_id = k.page_id
cross join lateral (
    select * from core.listing_details where source = %(source)s and external_id = k.external_id limit 1
) l
cross join lateral (select * from core.listing_state where listing_id = l.listing_id limit 1) s
cross join lateral (
    select (s.last_seen_at, s.last_page_id) > (k.at, k.page_id) as is_late, s.last_page_id = k.page_id as is_again
) age
left join lateral (
    select * from core.price_history where listing_id = l.listing_id and observed_at <= k.at
    order by observed_at desc limit 1
) h on true
left join lateral (
    select * from core.price_history where listing_id = l.listing_id and observed_at < k.at
    order by observed_at desc limit 1
) b on true
left join lateral (
    select (select quantity from core.stock_history c
            where c.listing_id = l.listing_id and c.observed_at < k.at order by c.observed_at desc limit 1) as before,
           (select quantity from core.stock_history c
            where c.listing_id = l.listing_id and c.observed_at = k.at) as now
) stock on true
left join lateral (
    select * from core.sellers where source = %(source)s and external_id = k.seller limit 1
) x on true
left join app.watches w on w.watch_id = k.watch_id and w.source = %(source)s
"""
