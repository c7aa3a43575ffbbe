"""Loads what was read from one page: one transaction a page, hash-first, by COPY.

Belongs here: which records take which lane, and the order of the steps. Does not: the lanes, parsing, judging, what an
absent value means (``completion``), the history's rule for pages that arrive late (``history``).

Only keys and hashes of all records go to the server first (``recheck``), which tells four lanes apart. The unchanged
got their heartbeat in that same statement. The new are copied straight into their tables (``listing_rows``). The usual
changes are written from arrays (``newer``). What is left, late, read again or doubtful, is staged beside what is known
(``staged``). The row of ``ops.page_readings`` is written in the same transaction (``readings``): it is the checkpoint,
so a killed load left nothing at all.

Of two pages the newer is the one fetched later, then the one stored later. A page older than what a listing already
shows never changes what it shows; it only adds to its history and fills fields that are still empty.

The content hash is of the listing as completed from older pages, so that a page which says less is no change. A page
whose own hash is the one kept needs no look at the wide columns; only where it differs are they read and completed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import psycopg

from domain.listing import Listing
from domain.page import PageReading, RawPage
from warehouse.completion import complete, stated_total
from warehouse.links import link_page
from warehouse.listing_rows import NewListing, TellKind, copy_new
from warehouse.lots import load_lots
from warehouse.merge import Row, mark_carried, merge
from warehouse.newer import Told, tell, write
from warehouse.page_load import PageLoad, begin_page
from warehouse.planner import plan_as_usual
from warehouse.poison import record_bytes, refusal, storable
from warehouse.prepared import Prepared, prepare
from warehouse.quarantine import Rejected, keep_rejected
from warehouse.readings import LoadResult, keep_reading
from warehouse.recheck import Known, Newer, Record, check
from warehouse.reviews import withdraw
from warehouse.sellers import load_sellers, seller_ids
from warehouse.sightings import Sightings
from warehouse.staged import load_staged, stage
from warehouse.unpriced import load_unpriced, tell_of_known


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
    rejected: list[Rejected]
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

    def newly_placed(self) -> list[str]:
        """Return the marketplace's ids of listings that were not known, or not of so old a page."""
        placed = [one.listing.external_id for one in self.new]
        return placed + [row.completed.listing.external_id for row in self.staged if row.is_new or row.is_late]

    def thin_ids(self) -> list[int]:
        """Return our ids of the listings whose total the page does not state, in page order."""
        unsaid = {record.place for record in self.asked if stated_total(record.listing) is None}
        placed = [one for one in self.unchanged if one[0] in unsaid]
        placed += [(one.index, one.listing_id) for one in self.new if stated_total(one.listing) is None]
        placed += [(row.index, row.listing_id) for row in self.known_rows if row.is_thin]
        return [listing_id for _, listing_id in sorted(placed)]


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
        load = begin_page(conn, page_id, page, parser_version, tell_kind, sightings, again=again, has_turn=has_turn)
        sorted_out = _sort_out(conn, load, prepared or prepare(reading))
        new, rows = sorted_out.new, sorted_out.known_rows
        _load_sellers(conn, load, sorted_out)
        _load_new(conn, load, new)
        merge(conn, load.values, rows, tell_kind)
        if sorted_out.newer:
            write(conn, load.values, sorted_out.newer)
        if sorted_out.staged:
            load_staged(conn, load, sorted_out.staged)
            mark_carried(conn, [row.listing_id for row in sorted_out.staged])
        seen_ids = sorted_out.listing_ids()
        if load.has_reviews:
            withdraw(conn, page.fetched_at, seen_ids, {row.listing_id for row in rows if row.is_held})
        link_page(conn, load, seen_ids, [*(one.listing_id for one in new), *_sent_ids(rows)])
        known_ids: list[int] = []
        if reading.unpriced or load.is_reparse:
            known_ids = load_unpriced(
                conn,
                load.values,
                reading.unpriced,
                is_counted=load.is_counted,
                priced=sorted_out.external_ids(),
                sightings=sightings,
            )
        if reading.lots:
            load_lots(conn, load.values, reading.lots)
        keep_rejected(conn, load.values, sorted_out.rejected, was_read=load.is_counted)
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
            unpriced_ids=tuple(known_ids),
            new_ids=new_ids,
            changed_ids=changed_ids,
        )
        if keep_reading(conn, load.values, reading, result, sorted_out.thin_ids()):
            sightings.put(page_id, page.fetched_at, result.listing_ids)
        tell_of_known(conn, load.values, sorted_out.newly_placed(), sightings)
        if not has_turn:
            plan_as_usual(conn)
    return result


def _sort_out(conn: psycopg.Connection, load: PageLoad, prepared: Prepared) -> _SortedOut:
    """Tell the page's records apart; the unchanged among them are done afterwards."""
    rejected, asked = dict(prepared.rejected), prepared.asked
    known = Known([], [], [], [])
    rest = asked.rest
    if load.is_counted:
        rest = [*rest, *asked.records]
    else:
        known = check(conn, load.values, asked)
    new = []
    others = [*rest, *(one.record for one in known.others if not one.is_new)]
    for one in known.others:
        if not one.is_new:
            continue
        is_fit = one.record.place in prepared.fit
        reason = None if is_fit else refusal(one.record.listing, load.values["source"])
        if reason is None:
            new.append(_New(one.listing_id, one.record.place, one.record.listing, one.record.content_hash or b""))
        else:
            rejected[one.record.place] = _rejected(one.record, reason)
    newer: list[Newer] = []
    for closer in known.newer:
        reason = refusal(closer.record.listing, load.values["source"])
        if reason is None:
            newer.append(closer)
        else:
            rejected[closer.record.place] = _rejected(closer.record, reason)
    told, doubtful = tell(conn, load.values, newer) if newer else ([], [])
    kept, storable_others = _sift(load, [*others, *doubtful], rejected)
    return _SortedOut(
        unchanged=known.unchanged,
        first_of_day=known.first_of_day,
        asked=asked.records,
        new=new,
        newer=told,
        staged=stage(conn, load, kept),
        rejected=list(rejected.values()),
        storable=len(known.unchanged) + len(new) + len(told) + storable_others,
    )


def _rejected(record: Record, reason: str) -> Rejected:
    return Rejected(record.place, storable(reason), record_bytes(record.listing))


def _sift(load: PageLoad, records: Sequence[Record], rejected: dict[int, Rejected]) -> tuple[list[Record], int]:
    """Return the records to stage (of one listing's the last) and how many could be stored; add the refused."""
    kept: dict[str, Record] = {}
    storable_records = 0
    for record in sorted(records, key=lambda one: one.place):
        reason = refusal(record.listing, load.values["source"])
        if reason is None:
            storable_records += 1
            kept.pop(record.listing.external_id, None)
            kept[record.listing.external_id] = record
        else:
            rejected[record.place] = _rejected(record, reason)
    return list(kept.values()), storable_records


def _load_sellers(conn: psycopg.Connection, load: PageLoad, records: _SortedOut) -> None:
    """Write the sellers that are due: of new and changed listings, and of the others once a day."""
    sellers = [record.listing.seller for record in records.first_of_day]
    sellers += [one.listing.seller for one in records.new]
    sellers += [row.seller for row in records.known_rows if row.is_seller_due]
    load_sellers(conn, load.values, {seller.external_id: seller for seller in sellers if seller is not None})


def _load_new(conn: psycopg.Connection, load: PageLoad, new: Sequence[_New]) -> None:
    if not new:
        return
    sellers = seller_ids(
        conn,
        load.values["source"],
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
    copy_new(conn, load.values, rows, load.tell_kind)


def _sent_ids(rows: Sequence[Row]) -> list[int]:
    return [row.listing_id for row in rows if row.is_sent]
