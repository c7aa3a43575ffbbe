"""Listings that a watch's runs no longer show (``core.listing_absences``): reading runs back, keeping what was found.

Belongs here: SQL. Does not: what an absence is (``domain.absence``), the walk over the runs (``pipeline.absences``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
import psycopg

from domain.absence import Absence, ShownPage, confidence
from warehouse.copy_text import integer_array


class SearchRun(msgspec.Struct, frozen=True):
    """One run of one watch: its pages in the order fetched; ``ended_at`` is the last page's time, UTC."""

    watch_id: int
    run_id: str
    ended_at: datetime
    pages: tuple[ShownPage, ...]


class Tracked(NamedTuple):
    """A listing known to be missing from a watch; ``seen_since`` when another page showed it meanwhile."""

    listing_id: int
    successors: tuple[int, ...]
    missed: int
    is_gone: bool
    seen_since: bool


def runs_since(conn: psycopg.Connection, source: str, since: datetime) -> Iterator[SearchRun]:
    """Return the runs of the source's watches whose pages were fetched after ``since``, in the order of their end."""
    found = conn.execute(_PAGES, {"source": source, "since": since}).fetchall()
    unread = _unread(conn, [row[3:] for row in found])
    for (ended_at, watch_id, run_id), pages in groupby(found, key=lambda row: row[:3]):
        yield SearchRun(watch_id, run_id, ended_at, tuple(_shown(page[3:], unread) for page in pages))


def runs_before(conn: psycopg.Connection, watch_id: int, before: datetime, *, at_most: int) -> list[SearchRun]:
    """Return the watch's runs that ended before a time, newest first."""
    found = conn.execute(
        """
        select run_id, max(fetched_at) from raw.pages
        where watch_id = %(watch_id)s and run_id is not null and fetched_at < %(before)s
          and fetched_at > %(before)s - interval '3 days'
        group by run_id having max(fetched_at) < %(before)s order by 2 desc limit %(at_most)s
        """,
        {"watch_id": watch_id, "before": before, "at_most": at_most},
    ).fetchall()
    runs = []
    for run_id, ended_at in found:
        pages = conn.execute(
            "select p.page_id, p.page_number, r.meaning, r.listing_ids, r.records, r.quarantined"
            " from raw.pages p join ops.page_readings r using (page_id)"
            " where p.watch_id = %s and p.run_id = %s and p.fetched_at <= %s"
            " and p.fetched_at > %s - interval '1 day' order by p.fetched_at, p.page_id",
            (watch_id, run_id, ended_at, ended_at),
        ).fetchall()
        unread = _unread(conn, pages)
        runs.append(SearchRun(watch_id, run_id, ended_at, tuple(_shown(page, unread) for page in pages)))
    return runs


def _shown(page: Sequence[Any], unread: Mapping[int, Sequence[tuple[int, int]]]) -> ShownPage:
    """Return a page (page_id, number, meaning, listing ids, records, quarantined) with what it showed unreadably."""
    page_id, number, meaning, listing_ids, records, _ = page
    shown = list(listing_ids)
    for place, listing_id in unread.get(page_id, ()):
        if listing_id not in shown:
            shown.insert(place, listing_id)
    return ShownPage(number, meaning, tuple(shown), records)


def _unread(conn: psycopg.Connection, pages: Sequence[Sequence[Any]]) -> dict[int, list[tuple[int, int]]]:
    """Return by page the places and ids of known listings whose record could not be read: they were shown.

    A record is known by its listing's id at the marketplace, which stands in it somewhere.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    wanted = [page[0] for page in pages if page[-1]]
    if not wanted:
        return found
    for source, page_id, place, record in conn.execute(
        "select source, page_id, record_index, record from ops.quarantine"
        " where page_id = any(%s::bigint[]) and state = 'open' order by page_id, record_index",
        (integer_array(wanted),),
    ).fetchall():
        words = [word for word in _WORDS.split(record.decode(errors="replace")) if word and "\0" not in word]
        found.setdefault(page_id, []).extend(
            (place, listing_id)
            for (listing_id,) in conn.execute(
                "select listing_id from core.listings where source = %s and external_id = any(%s)", (source, words)
            ).fetchall()
        )
    return found


# What ids are not made of, in JSON and in HTML.
_WORDS = re.compile(r"""[\s"'<>{}\[\],:;=&?/\\]+""")


def full_page(conn: psycopg.Connection, source: str) -> int:
    """Return how many records a full page of the source holds: the most that one of the last week held; 0 of none."""
    (most,) = conn.execute(
        "select coalesce(max(greatest(records, cardinality(listing_ids))), 0) from ops.page_readings"
        " where source = %s and day >= (select max(day) - 7 from ops.page_readings where source = %s)",
        (source, source),
    ).fetchone() or (0,)
    return int(most)


def tracked(conn: psycopg.Connection, watch_id: int) -> list[Tracked]:
    """Return what is missing from a watch and has not come back."""
    return [
        Tracked(listing_id, tuple(successors), missed, is_gone, seen_since)
        for listing_id, successors, missed, is_gone, seen_since in conn.execute(
            """
            select a.listing_id, a.successors, a.missed, a.gone_at is not null, s.last_seen_at >= a.missing_since
            from core.listing_absences a join core.listing_state s using (listing_id)
            where a.watch_id = %s and a.returned_at is null
            """,
            (watch_id,),
        ).fetchall()
    ]


def still_for_sale(conn: psycopg.Connection, listing_ids: Sequence[int], at: datetime) -> set[int]:
    """Return those that no page told to be sold or gone, and that no page showed at ``at`` or later."""
    return {
        listing_id
        for (listing_id,) in conn.execute(
            "select listing_id from core.listing_state"
            " where listing_id = any(%s::bigint[]) and is_active and last_seen_at < %s",
            (integer_array(listing_ids), at),
        ).fetchall()
    }


def add_absences(conn: psycopg.Connection, watch_id: int, at: datetime, absences: Sequence[Absence]) -> None:
    """Begin to count what a run did not show; one that had come back begins anew."""
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into core.listing_absences as a
                (watch_id, listing_id, missing_since, last_missed_at, missed, successors)
            values (%(watch_id)s, %(listing_id)s, %(at)s, %(at)s, 1, %(successors)s::bigint[])
            on conflict (watch_id, listing_id) do update
            set missing_since = excluded.missing_since, last_missed_at = excluded.last_missed_at, missed = 1,
                successors = excluded.successors, gone_at = null, confidence = null, returned_at = null
            where a.returned_at is not null and a.last_missed_at < excluded.last_missed_at
            """,
            [
                {
                    "watch_id": watch_id,
                    "listing_id": one.listing_id,
                    "at": at,
                    "successors": integer_array(one.successors),
                }
                for one in absences
            ],
        )


def count_missed(
    conn: psycopg.Connection, watch_id: int, at: datetime, listing_ids: Sequence[int], *, runs_before_gone: int
) -> int:
    """Count another run that missed them; return how many are gone by it. They are no longer active."""
    if not listing_ids:
        return 0
    values = {"watch_id": watch_id, "at": at, "ids": integer_array(listing_ids), "k": runs_before_gone}
    conn.execute(
        "update core.listing_absences set missed = missed + 1, last_missed_at = %(at)s"
        " where watch_id = %(watch_id)s and listing_id = any(%(ids)s::bigint[]) and last_missed_at < %(at)s",
        values,
    )
    gone = conn.execute(_GONE, values).fetchall()
    if gone:
        returned, absences = _past(conn, watch_id)
        with conn.cursor() as cursor:
            cursor.executemany(
                "update core.listing_absences set confidence = %s where watch_id = %s and listing_id = %s",
                [
                    (confidence(missed, returned=returned, absences=absences), watch_id, listing_id)
                    for listing_id, missed in gone
                ],
            )
        conn.execute(
            "update core.listing_state set is_active = false"
            " where listing_id = any(%s::bigint[]) and last_seen_at < %s",
            (integer_array(listing_id for listing_id, _ in gone), at),
        )
    return len(gone)


def mark_returned(conn: psycopg.Connection, watch_id: int, at: datetime, listing_ids: Sequence[int]) -> None:
    """Note that missing listings were seen again after all."""
    conn.execute(
        "update core.listing_absences set returned_at = %s, gone_at = null, confidence = null"
        " where watch_id = %s and listing_id = any(%s::bigint[]) and returned_at is null",
        (at, watch_id, integer_array(listing_ids)),
    )


def _past(conn: psycopg.Connection, watch_id: int) -> tuple[int, int]:
    returned, absences = conn.execute(
        """
        select count(a.returned_at), count(*) from core.listing_absences a join app.watches w using (watch_id)
        where w.source = (select source from app.watches where watch_id = %s)
        """,
        (watch_id,),
    ).fetchone() or (0, 0)
    return int(returned), int(absences)


# A run's pages carry its id; a run ends with its last page. Pages not read yet make it incomplete (meaning is null).
_PAGES = """
select max(p.fetched_at) over (partition by p.watch_id, p.run_id) as ended_at, p.watch_id, p.run_id, p.page_id,
       p.page_number, coalesce(r.meaning, 'unread'), coalesce(r.listing_ids, '{}'), coalesce(r.records, 0),
       coalesce(r.quarantined, 0)
from raw.pages p left join ops.page_readings r on r.page_id = p.page_id
where p.source = %(source)s and p.fetched_at > %(since)s and p.watch_id is not null and p.run_id is not null
  and p.origin <> 'import'
order by 1, 2, 3, p.fetched_at, p.page_id
"""
_GONE = """
update core.listing_absences set gone_at = missing_since
where watch_id = %(watch_id)s and listing_id = any(%(ids)s::bigint[]) and missed >= %(k)s and gone_at is null
  and returned_at is null
returning listing_id, missed
"""
