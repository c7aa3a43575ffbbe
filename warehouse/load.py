"""Loads what was read from one page: one transaction a page, hash-first, by COPY.

Belongs here: the order of the steps and what is sent. Does not: parsing, judging, what an absent value means (see
completion), and the history's rule for pages that arrive late (see history).

Only keys and hashes of all records go to the server first (``recheck``), which tells three lanes apart. The unchanged
got their heartbeat in that same statement. The new are copied straight into their tables (``listing_rows``). What is
left, changed, late or read again, is staged with its prices and merged here. The row of ``ops.page_readings`` is
written in the same transaction: it is the checkpoint, so a killed load left nothing at all.

Of two pages the newer is the one fetched later, then the one stored later. A page older than what a listing already
shows never changes what it shows; it only adds to its history and fills fields that are still empty.

The content hash is of the listing as completed from older pages, so that a page which says less is no change. A page
whose own hash is the one kept needs no look at the wide columns; only where it differs are they read and completed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import psycopg

from domain.exclusion import Exclusions, Facts
from domain.listing import Listing
from domain.money import to_minor
from domain.page import PageReading, RawPage
from domain.plausibility import implausible
from warehouse.ahead import give_way
from warehouse.compaction import expand_month
from warehouse.completion import (
    Completed,
    Priced,
    complete,
    fill,
    stated_total,
    total_minor,
    with_known_price,
    with_total,
)
from warehouse.copy_text import binary, copy_lines, integer_array, plain, text
from warehouse.history import append_history, correct_history
from warehouse.known import is_seller_due, known_listings, observed_before
from warehouse.listing_rows import GONE, NewListing, TellKind, copy_new
from warehouse.locks import begin_loading
from warehouse.lots import load_lots
from warehouse.merge import Row, copy_states, mark_carried, merge, show_prices
from warehouse.newer import Told, tell, write
from warehouse.pages import utc_day
from warehouse.partitions import ensure_partitions, partition_name
from warehouse.planner import plan_as_usual
from warehouse.poison import record_bytes, refusal, storable
from warehouse.recheck import Asked, Known, Newer, Record, ask, check, numbered
from warehouse.reviews import Suspicion, hold_again, settle, withdraw
from warehouse.sellers import load_sellers, seller_ids
from warehouse.sightings import Sightings
from warehouse.staging import empty_staging
from warehouse.stock import append_stock
from warehouse.unpriced import load_unpriced


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a page did. records = new + changed + unchanged + quarantined + unpriced, exactly.

    Attributes:
        unchanged: known and without a change for now; a second record of one listing on the page counts here too.
        unpriced: shown without a price; known ones took their availability (see ``unpriced``).
        held: of changed and unchanged, those whose price cannot be meant and waits for review (see ``reviews``).
        listing_ids: our ids of all listings of the page, in page order, each once; unpriced ones that are known last.
        new_ids, changed_ids: those that were inserted, and those whose business fields changed.
    """

    new: int
    changed: int
    unchanged: int
    quarantined: int
    unpriced: int = 0
    held: int = 0
    listing_ids: tuple[int, ...] = ()
    new_ids: tuple[int, ...] = ()
    changed_ids: tuple[int, ...] = ()

    @property
    def records(self) -> int:
        """How many records the page held."""
        return self.new + self.changed + self.unchanged + self.quarantined + self.unpriced


class _Rejected(msgspec.Struct, frozen=True):
    index: int
    reason: str
    record: bytes


class _Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the page before its records are looked at; ``values`` are bound into every statement."""

    values: dict[str, Any]
    is_counted: bool
    is_reparse: bool
    has_reviews: bool
    watch: tuple[int, Exclusions, bool] | None
    tell_kind: TellKind | None
    sightings: Sightings


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


class _New(msgspec.Struct, frozen=True):
    """A record of a listing that is not known; ``content_hash`` is the record's own."""

    listing_id: int
    index: int
    listing: Listing
    content_hash: bytes


class _SortedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The records of a page by what is to be done with them.

    Attributes:
        unchanged: place and listing id; done already.
        first_of_day: of these, those whose sellers are due.
        asked: every record that was looked up.
        storable: how many were not rejected.
    """

    unchanged: list[tuple[int, int]]
    first_of_day: list[Record]
    asked: list[Record]
    new: list[_New]
    newer: list[Told]
    staged: list[Row]
    rejected: list[_Rejected]
    storable: int

    @property
    def known_rows(self) -> list[Row]:
        """All records that were looked at more closely."""
        return [*self.staged, *(one.row for one in self.newer)]

    def listing_ids(self) -> list[int]:
        """Return our ids of all listings in page order, each once."""
        placed = [
            *self.unchanged,
            *((one.index, one.listing_id) for one in self.new),
            *((row.index, row.listing_id) for row in self.known_rows),
        ]
        return [listing_id for _, listing_id in sorted(placed)]

    def external_ids(self) -> set[str]:
        """Return the marketplace's ids of all listings."""
        unchanged = {place for place, _ in self.unchanged}
        return {
            *(record.listing.external_id for record in self.asked if record.place in unchanged),
            *(one.listing.external_id for one in self.new),
            *(row.completed.listing.external_id for row in self.known_rows),
        }

    def thin_ids(self) -> list[int]:
        """Return our ids of the listings whose total the page does not state, in page order."""
        unsaid = {record.place for record in self.asked if stated_total(record.listing) is None}
        placed = [one for one in self.unchanged if one[0] in unsaid]
        placed += [(one.index, one.listing_id) for one in self.new if stated_total(one.listing) is None]
        placed += [(row.index, row.listing_id) for row in self.known_rows if row.is_thin]
        return [listing_id for _, listing_id in sorted(placed)]


_KEY_COLUMNS = (
    "ordinal, external_id, content_hash, price_minor, total_minor, currency, availability, favourite_count, view_count,"
    " quantity"
)


def load_reading(
    conn: psycopg.Connection,
    page_id: int,
    page: RawPage,
    reading: PageReading,
    *,
    parser_version: int,
    tell_kind: TellKind | None = None,
    again: bool = False,
    prepared: Prepared | None = None,
    sightings: Sightings | None = None,
    has_turn: bool = False,
) -> LoadResult:
    """Load one page's reading in one transaction; loading it again changes nothing.

    A record that cannot be stored goes to ``ops.quarantine`` with its reason. Of several records of one listing on the
    page the last wins. Where ``page.watch_id`` names a watch of the page's source, the listings are linked to it.

    Args:
        conn: a connection; when it is in a transaction already, the load is part of that one.
        page_id: of the stored page.
        page: the stored page; only its source, times and watch are used.
        reading: what the parser made of it.
        parser_version: rises when the parser reads more or better; the same page read by a higher version replaces
            what the lower one had read where the page is still the listing's newest.
        tell_kind: asked for what is new or changed; without it listings are normal, to be told later.
        again: what the same version read is replaced, too: a backfill.
        prepared: of this reading, where it was made ahead.
        sightings: of the source, where the caller reads many pages in a transaction.
        has_turn: the caller began loading this source in this transaction (``begin_loading``).
    """
    with conn.transaction():
        if sightings is None or not sightings.covers(page.fetched_at):
            sightings = Sightings(page.source, page.fetched_at)
        context = _begin(conn, page_id, page, parser_version, tell_kind, sightings, again=again, has_turn=has_turn)
        sorted_out = _sort_out(conn, context, prepared or prepare(reading))
        new, rows = sorted_out.new, sorted_out.known_rows
        _load_sellers(conn, context, sorted_out)
        _load_new(conn, context, new)
        merge(conn, context.values, rows, tell_kind)
        if sorted_out.newer:
            write(conn, context.values, sorted_out.newer)
        if sorted_out.staged:
            _load_state_and_history(conn, context, sorted_out.staged)
            mark_carried(conn, [row.listing_id for row in sorted_out.staged])
        seen_ids = sorted_out.listing_ids()
        if context.has_reviews:
            withdraw(conn, page.fetched_at, seen_ids, {row.listing_id for row in rows if row.is_held})
        _link_to_watch(conn, context, seen_ids, [*(one.listing_id for one in new), *_sent_ids(rows)])
        known_ids: list[int] = []
        if reading.unpriced:
            known_ids = load_unpriced(
                conn,
                {**context.values, "reparse": context.is_reparse},
                reading.unpriced,
                is_counted=context.is_counted,
                priced=sorted_out.external_ids(),
                sightings=context.sightings,
            )
        if reading.lots:
            load_lots(conn, context.values, reading.lots)
        _quarantine(conn, context, sorted_out.rejected)
        new_ids = (*(one.listing_id for one in new), *(row.listing_id for row in rows if row.is_new))
        changed_ids = tuple(row.listing_id for row in rows if row.is_changed)
        result = LoadResult(
            new=len(new_ids),
            changed=len(changed_ids),
            unchanged=sorted_out.storable - len(new_ids) - len(changed_ids),
            quarantined=len(sorted_out.rejected),
            unpriced=len(reading.unpriced),
            held=sum(row.is_held for row in rows),
            listing_ids=(*seen_ids, *known_ids),
            new_ids=new_ids,
            changed_ids=changed_ids,
        )
        _checkpoint(conn, context, reading, result, sorted_out.thin_ids())
        if not has_turn:
            plan_as_usual(conn)
    return result


class Prepared(msgspec.Struct, frozen=True):
    """A page's records, numbered and hashed: what a load can do before it has the database's attention.

    Attributes:
        fit: places of records that are known to be storable; those of the others are looked at where it matters.
    """

    rejected: dict[int, _Rejected]
    asked: Asked
    fit: frozenset[int] = frozenset()


def prepare(reading: PageReading, *, ahead: bool = False, source: str | None = None) -> Prepared:
    """Do what of a load needs no database.

    Args:
        reading: of a page.
        ahead: another thread does, while the page before is loaded.
        source: look also which records can be stored, as records of this source; worth it where most are new.
    """
    rejected: dict[int, _Rejected] = {}
    for record in reading.rejected:
        index = record.index
        while index in rejected:  # a parser's slip in numbering must not lose a record
            index += 1
        rejected[index] = _Rejected(index, storable(record.reason), record.record[: 64 * 1024])
    listings = give_way(reading.listings) if ahead else reading.listings
    asked = ask(numbered(listings, rejected))
    if source is None:
        return Prepared(rejected, asked)
    records = give_way(asked.records) if ahead else asked.records
    return Prepared(rejected, asked, frozenset(one.place for one in records if refusal(one.listing, source) is None))


def _sort_out(conn: psycopg.Connection, context: _Context, prepared: Prepared) -> _SortedOut:
    """Tell the page's records apart; the unchanged among them are done afterwards."""
    rejected, asked = dict(prepared.rejected), prepared.asked
    known = Known([], [], [], [])
    rest = asked.rest
    if context.is_counted:
        rest = [*rest, *asked.records]
    else:
        known = check(conn, context.values, asked)
    new = []
    others = [*rest, *(one.record for one in known.others if not one.is_new)]
    for one in known.others:
        if not one.is_new:
            continue
        is_fit = one.record.place in prepared.fit
        reason = None if is_fit else refusal(one.record.listing, context.values["source"])
        if reason is None:
            new.append(_New(one.listing_id, one.record.place, one.record.listing, one.record.content_hash or b""))
        else:
            rejected[one.record.place] = _rejected(one.record, reason)
    newer: list[Newer] = []
    for closer in known.newer:
        reason = refusal(closer.record.listing, context.values["source"])
        if reason is None:
            newer.append(closer)
        else:
            rejected[closer.record.place] = _rejected(closer.record, reason)
    told, doubtful = tell(conn, context.values, newer) if newer else ([], [])
    kept, storable_others = _sift(context, [*others, *doubtful], rejected)
    return _SortedOut(
        unchanged=known.unchanged,
        first_of_day=known.first_of_day,
        asked=asked.records,
        new=new,
        newer=told,
        staged=_classify(conn, context, kept),
        rejected=list(rejected.values()),
        storable=len(known.unchanged) + len(new) + len(told) + storable_others,
    )


def _rejected(record: Record, reason: str) -> _Rejected:
    return _Rejected(record.place, storable(reason), record_bytes(record.listing))


def _sift(context: _Context, records: Sequence[Record], rejected: dict[int, _Rejected]) -> tuple[list[Record], int]:
    """Return the records to stage (of one listing's the last) and how many could be stored; add the refused."""
    kept: dict[str, Record] = {}
    storable_records = 0
    for record in sorted(records, key=lambda one: one.place):
        reason = refusal(record.listing, context.values["source"])
        if reason is None:
            storable_records += 1
            kept.pop(record.listing.external_id, None)
            kept[record.listing.external_id] = record
        else:
            rejected[record.place] = _rejected(record, reason)
    return list(kept.values()), storable_records


def _begin(
    conn: psycopg.Connection,
    page_id: int,
    page: RawPage,
    parser_version: int,
    tell_kind: TellKind | None,
    sightings: Sightings,
    *,
    again: bool,
    has_turn: bool,
) -> _Context:
    """Take the source's turn, unless the caller has it, and look up what the steps need."""
    day = utc_day(page.fetched_at)
    values: dict[str, Any] = {
        "source": page.source,
        "page_id": page_id,
        "at": page.fetched_at,
        "day": day,
        "version": parser_version,
        "partition": partition_name("core.price_history", day),
        "watch_id": page.watch_id,
    }
    if not has_turn:
        begin_loading(conn, page.source)
    found = conn.execute(
        """
        select to_regclass(%(partition)s) is not null, r.parser_version, w.watch_id, w.blacklist, w.seller_countries,
               w.excluded_sellers, w.personal_sellers_only, w.first_judged_at is null,
               exists (select from ops.price_reviews where state = 'open')
        from (select 1) as one
        left join ops.page_readings r on r.page_id = %(page_id)s
        left join app.watches w on w.watch_id = %(watch_id)s and w.source = %(source)s
        """,
        values,
    ).fetchone()
    has_partition, read_by, watch_id, *wishes, personal_only, is_initial, has_reviews = found or (False, *(None,) * 8)
    if not has_partition:
        ensure_partitions(conn, day, day)
    return _Context(
        values=values,
        is_counted=read_by is not None,
        is_reparse=read_by is not None and (again or parser_version > read_by),
        has_reviews=bool(has_reviews),
        watch=None
        if watch_id is None
        else (watch_id, Exclusions(*wishes, personal_sellers_only=personal_only), is_initial),
        tell_kind=tell_kind,
        sightings=sightings,
    )


def _classify(conn: psycopg.Connection, context: _Context, records: Sequence[Record]) -> list[Row]:
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
        context.values,
    ).fetchall()
    if context.is_counted:
        conn.execute(
            "update pricescope_load k set is_counted = true from ops.page_readings r"
            " where r.page_id = %(page_id)s and k.listing_id = any(r.listing_ids)",
            context.values,
        )
    return _complete_rows(conn, context, records, sorted((_Found(*row) for row in found), key=lambda one: one.ordinal))


def _complete_rows(
    conn: psycopg.Connection,
    context: _Context,
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
    held = settle(conn, context.values, list(_suspicions(found, known, records)))
    if context.is_reparse:
        held |= hold_again(conn, context.values)
    before = observed_before(conn, context.values) if any(one.is_late or one.is_again for one in found) else {}
    rows, staged = [], []
    for one in found:
        place, seen, own = records[one.ordinal]
        shown = known.get(one.listing_id)
        if one.listing_id in held and shown is not None:
            seen, own = with_known_price(seen, shown.listing), None
        is_rewritten = one.is_again and context.is_reparse
        completed, total = _completed(seen, shown, one, before.get(one.listing_id), is_reparse=context.is_reparse)
        content_hash = own if own and completed.listing is seen else completed.listing.content_hash()
        if content_hash != records[one.ordinal].content_hash or total is not None:
            staged.append((one.ordinal, content_hash, total))
        differs = content_hash != one.content_hash
        is_changed = differs and not one.is_new and not one.is_late and (not one.is_again or context.is_reparse)
        rows.append(
            Row(
                index=place,
                seller=seen.seller,
                quantity=seen.quantity,
                completed=completed,
                content_hash=content_hash,
                listing_id=one.listing_id,
                shown=shown,
                is_new=one.is_new,
                is_late=one.is_late,
                is_thin=stated_total(seen) is None,
                is_changed=is_changed,
                is_completed=shown is not None and not is_changed and completed.carried != shown.carried,
                is_rewritten=is_rewritten,
                is_seller_due=one.is_new
                or one.is_late
                or own != one.content_hash
                or one.new_day
                or (shown is not None and is_seller_due(seen.seller, shown, context.values["at"])),
                is_held=one.listing_id in held,
            )
        )
    _stage(conn, staged)
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
                _minor(stated_total(seen), seen.currency),
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
        shown = known.listing
        before = Priced(
            to_minor(shown.price, shown.currency), _minor(shown.total_price, shown.currency), shown.currency
        )
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


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else to_minor(amount, currency)


def _stage(conn: psycopg.Connection, completed: Sequence[tuple[int, bytes, int | None]]) -> None:
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
            plain(_minor(stated_total(listing), listing.currency)),
            listing.currency,
            listing.availability,
            plain(listing.favourite_count),
            plain(listing.view_count),
            plain(listing.quantity),
        )
    )


def _load_sellers(conn: psycopg.Connection, context: _Context, records: _SortedOut) -> None:
    """Write the sellers that are due: of new and changed listings, and of the others once a day."""
    sellers = [record.listing.seller for record in records.first_of_day]
    sellers += [one.listing.seller for one in records.new]
    sellers += [row.seller for row in records.known_rows if row.is_seller_due]
    load_sellers(conn, context.values, {seller.external_id: seller for seller in sellers if seller is not None})


def _load_new(conn: psycopg.Connection, context: _Context, new: Sequence[_New]) -> None:
    if not new:
        return
    sellers = seller_ids(
        conn,
        context.values["source"],
        {one.listing.seller.external_id for one in new if one.listing.seller is not None},
    )
    rows = []
    for one in new:
        completed = complete(one.listing, None, None)
        shown = completed.listing
        rows.append(
            NewListing(
                one.listing_id,
                completed,
                one.content_hash if shown is one.listing else shown.content_hash(),
                None if one.listing.seller is None else sellers.get(one.listing.seller.external_id),
                one.listing.quantity,
            )
        )
    copy_new(conn, context.values, rows, context.tell_kind)


def _sent_ids(rows: Sequence[Row]) -> list[int]:
    return [row.listing_id for row in rows if row.is_sent]


def _load_state_and_history(conn: psycopg.Connection, context: _Context, rows: Sequence[Row]) -> None:
    values = {**context.values, "gone": list(GONE), "reparse": context.is_reparse}
    # The late first: how a listing's history stood before this page is read from it.
    has_late = any(row.is_late or row.is_rewritten for row in rows)
    present: dict[int, Priced] = {}
    if has_late:
        expand_month(conn, values["day"])
        present = correct_history(conn, values, context.sightings)
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
        _put_totals(conn, present)
        conn.execute(_LATE_STATE, values)


def _put_totals(conn: psycopg.Connection, present: Mapping[int, Priced]) -> None:
    """Show the totals that a late page told of listings whose newer pages do not state theirs."""
    for listing_id, known in known_listings(conn, list(present)).items():
        told = with_total(known, present[listing_id])
        listing = told.listing
        if (listing, told.carried) == (known.listing, known.carried):
            continue
        conn.execute(
            "update core.listing_details set carried = %s where listing_id = %s and carried <> %s",
            (list(told.carried), listing_id, list(told.carried)),
        )
        conn.execute(
            "update core.listing_state set total_price = %s, fee = %s, total_minor = %s, content_hash = %s,"
            " has_carried = true where listing_id = %s",
            (
                listing.total_price,
                listing.fee,
                _minor(listing.total_price, listing.currency),
                listing.content_hash(),
                listing_id,
            ),
        )


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
# For what a late or re-read page touched, the time of the last price change is told by the corrected history.
_LATE_STATE = """
update core.listing_state s
set checks = s.checks + (k.is_late and not k.is_counted)::int,
    price_changed_at = coalesce(x.changed_at, s.price_changed_at)
from pricescope_load k
cross join lateral (
    select min(h.observed_at) as changed_at
    from core.price_history h, core.listing_state now
    where h.listing_id = k.listing_id and now.listing_id = k.listing_id
      and h.observed_at > coalesce((
          select max(o.observed_at) from core.price_history o
          where o.listing_id = k.listing_id
            and (o.price_minor, o.total_minor, o.currency)
                is distinct from (now.price_minor, now.total_minor, now.currency)), '-infinity')
) x
where s.listing_id = k.listing_id and (k.is_late or (k.is_again and %(reparse)s))
  and ((k.is_late and not k.is_counted) or s.price_changed_at <> x.changed_at)
"""


def _link_to_watch(
    conn: psycopg.Connection, context: _Context, listing_ids: Sequence[int], sent_ids: Sequence[int]
) -> None:
    if context.watch is None or not listing_ids:
        return
    watch_id, exclusions, is_initial = context.watch
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
            **context.values,
            "watch_id": watch_id,
            "listing_ids": integer_array(listing_ids),
            "is_initial": is_initial,
            "flag_ids": list(flagged),
            "flags": list(flagged.values()),
        },
    )


def _quarantine(conn: psycopg.Connection, context: _Context, rejected: Sequence[_Rejected]) -> None:
    """Keep the refused; resolve those of an earlier reading of this page that are fine now."""
    if context.is_counted:
        conn.execute(
            "update ops.quarantine set state = 'resolved', resolved_at = now()"
            " where page_id = %(page_id)s and state = 'open' and record_index <> all(%(indexes)s)",
            {**context.values, "indexes": [record.index for record in rejected]},
        )
    if not rejected:
        return
    conn.execute(
        """
        insert into ops.quarantine as q (source, page_id, fetched_at, record_index, reason, record)
        select %(source)s, %(page_id)s, %(at)s, record_index, reason, record
        from unnest(%(indexes)s::int[], %(reasons)s::text[], %(records)s::bytea[]) as r (record_index, reason, record)
        on conflict (page_id, record_index) do update
        set reason = excluded.reason, record = excluded.record, state = 'open', resolved_at = null
        where (q.reason, q.record, q.state) is distinct from (excluded.reason, excluded.record, 'open')
        """,
        {
            **context.values,
            "indexes": [record.index for record in rejected],
            "reasons": [record.reason for record in rejected],
            "records": [record.record for record in rejected],
        },
    )


def _checkpoint(
    conn: psycopg.Connection, context: _Context, reading: PageReading, result: LoadResult, thin_ids: Sequence[int]
) -> None:
    written = conn.execute(
        """
        insert into ops.page_readings as r (page_id, fetched_at, source, day, parser_version, meaning, detail, records,
            new_items, changed_items, unchanged_items, quarantined, unpriced, listing_ids, thin_ids)
        values (%(page_id)s, %(at)s, %(source)s, %(day)s, %(version)s, %(meaning)s, %(detail)s, %(records)s, %(new)s,
            %(changed)s, %(unchanged)s, %(quarantined)s, %(unpriced)s, %(listing_ids)s::bigint[],
            %(thin_ids)s::bigint[])
        on conflict (page_id) do update
        set parser_version = excluded.parser_version, meaning = excluded.meaning, detail = excluded.detail,
            records = excluded.records, new_items = excluded.new_items, changed_items = excluded.changed_items,
            unchanged_items = excluded.unchanged_items, quarantined = excluded.quarantined,
            unpriced = excluded.unpriced,
            listing_ids = excluded.listing_ids, thin_ids = excluded.thin_ids, read_at = now()
        where excluded.parser_version > r.parser_version
           or (excluded.parser_version = r.parser_version and excluded.quarantined <> r.quarantined)
        """,
        {
            **context.values,
            "meaning": str(reading.meaning),
            "detail": storable(reading.detail),
            "records": result.records,
            "new": result.new,
            "changed": result.changed,
            "unchanged": result.unchanged,
            "quarantined": result.quarantined,
            "unpriced": result.unpriced,
            "listing_ids": integer_array(result.listing_ids),
            "thin_ids": integer_array(thin_ids),
        },
    )
    if written.rowcount:
        context.sightings.put(context.values["page_id"], context.values["at"], result.listing_ids)
