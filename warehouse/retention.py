"""Deletes what has been kept long enough.

Belongs here: the order and the bounds of deletion. A run killed half way is finished by the next: each step looks at
what is there. Statistics in ``marts`` are dbt's and stay for ever.

Months go whole, as partitions; of the month in which the time to keep begins, rows go day by day. Where an archive is
kept, either is written to Parquet first and proved, and a month is dropped only if nothing was added to it since. What
cannot be archived stays, and with it what belongs to it; all else goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import psycopg

from warehouse.archive import ArchivedPartition, ArchiveError, archive_partition, has_rows, is_unchanged
from warehouse.compaction import anchor_month
from warehouse.locks import HISTORY, hold_history, take_loading_turn
from warehouse.partitions import drop_month, expired_months, next_month, partition_months, partition_name
from warehouse.photo_key import photo_key
from warehouse.watches import delete_listings

_BATCH = 5_000
# As the history's own months go: whole.
_MONTH_GONE = "month < date_trunc('month', %(before)s::timestamptz at time zone 'UTC')"

# What compaction left out of a month's rows, told shortly; it goes with them.
_BESIDE = {"core.price_history": "core.price_history_months"}
# What tells of a month's rows stays as long as they do.
_NEEDS = {
    "raw.pages": "raw.pages",
    "core.price_history_months": "core.price_history",
    "core.price_history_packed": "core.price_history",
    "ops.packed_months": "core.price_history",
}


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are kept, in whole days; today is not counted.

    Attributes:
        raw_page_days: raw pages, readings and quarantined records (they hold personal data).
        item_days: a listing and what hangs on it after it was last seen, lots, and history by whole months.
        run_log_days: what runs did, reviews that are settled, clusters that are no more, models no longer in use.
        archive: directory that months are written to before they go; None to drop them at once.
    """

    raw_page_days: int
    item_days: int
    run_log_days: int = 90
    archive: Path | None = None


class RetentionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a retention run deleted.

    Attributes:
        archived: files written before their month went.
        rows: by table, what was deleted row by row.
    """

    partitions: tuple[str, ...]
    archived: tuple[Path, ...]
    rows: Mapping[str, int]


def apply_retention(conn: psycopg.Connection, keep: Keep, *, today: date) -> RetentionResult:
    """Delete what is past its time.

    Args:
        conn: a connection, not in a transaction: each step commits by itself.
        keep: for how long.
        today: the UTC day it is.

    Raises:
        warehouse.archive.ArchiveError: at the end, when a month cannot be archived: it and the newer ones stay, of the
            price history also the listings. All else is deleted.
    """
    partitions: list[str] = []
    archived: list[Path] = []
    failures: dict[str, ArchiveError] = {}
    for table, days in (("raw.pages", keep.raw_page_days), ("core.price_history", keep.item_days)):
        try:
            _drop_months(conn, table, days, keep, today, partitions, archived)
            _archive_begun(conn, table, days, keep, today, archived)
        except ArchiveError as error:
            failures[table] = error
    pages_before = _midnight(today - timedelta(days=keep.raw_page_days))
    items_before = _midnight(today - timedelta(days=keep.item_days))
    logs_before = _midnight(today - timedelta(days=keep.run_log_days))
    rows = {"core.listings": 0 if "core.price_history" in failures else _delete_listings(conn, items_before)}
    rows["core.sellers"] = delete_orphan_sellers(conn)
    # Vectors, memberships and estimates went with their listing; a photo's row belongs to an address.
    rows["ml.photos"] = delete_orphan_photos(conn)
    for table, where, before in (
        ("raw.pages", "fetched_at < %(before)s", pages_before),
        ("ops.quarantine", "fetched_at < %(before)s", pages_before),
        ("ops.unknown_offers", "fetched_at < %(before)s", pages_before),
        ("ops.page_readings", "fetched_at < %(before)s", min(pages_before, items_before)),
        ("core.stock_history", "observed_at < %(before)s", items_before),
        ("core.price_history_months", "month < %(before)s::date - 31", items_before),
        ("core.price_history_packed", _MONTH_GONE, items_before),
        ("ops.packed_months", _MONTH_GONE, items_before),
        ("core.lots", "last_seen_at < %(before)s", items_before),
        ("core.listing_absences", "returned_at < %(before)s", logs_before),
        ("app.price_events", "created_at < %(before)s", items_before),
        ("ops.price_reviews", "decided_at < %(before)s", logs_before),
        ("ops.scrape_runs", "ended_at < %(before)s", logs_before),
        ("app.notifications", "kind <> 'deal' and sent_at < %(before)s", logs_before),
    ):
        if _NEEDS.get(table) in failures:
            continue
        rows[table] = (
            rows.get(table, 0) + conn.execute(f"delete from {table} where {where}", {"before": before}).rowcount
        )
    rows |= delete_old_model_runs(conn, logs_before)
    if failures:
        raise ArchiveError("; ".join(str(error) for error in failures.values()))
    return RetentionResult(partitions=tuple(partitions), archived=tuple(archived), rows=rows)


def _drop_months(
    conn: psycopg.Connection,
    table: str,
    keep_days: int,
    keep: Keep,
    today: date,
    dropped: list[str],
    archived: list[Path],
) -> None:
    for month in expired_months(conn, table, keep_days, today):
        safe = None
        if keep.archive is not None:
            _archive_beside(conn, table, month, keep.archive, archived)
            safe = archive_partition(conn, table, month, keep.archive)
            archived.append(safe.path)
        with conn.transaction():
            if table == HISTORY:
                # Compaction in between would take the anchors away again.
                hold_history(conn)
                anchor_month(conn, next_month(month))
            if drop_month(conn, table, month, still_wanted=partial(_is_safe, conn, safe)):
                dropped.append(partition_name(table, month))


def _archive_begun(
    conn: psycopg.Connection, table: str, keep_days: int, keep: Keep, today: date, archived: list[Path]
) -> None:
    """Archive the month in which the time to keep begins: its older rows go one by one, long before the month does."""
    first_kept = today - timedelta(days=keep_days)
    month = first_kept.replace(day=1)
    if keep.archive is None or month not in partition_months(conn, table):
        return
    _archive_beside(conn, table, month, keep.archive, archived)
    if has_rows(conn, table, month, before=first_kept):
        archived.append(archive_partition(conn, table, month, keep.archive, open_too=True).path)


def _archive_beside(conn: psycopg.Connection, table: str, month: date, directory: Path, archived: list[Path]) -> None:
    """Archive what is kept of a month beside a table's rows, where there is any."""
    beside = _BESIDE.get(table)
    if beside is not None and has_rows(conn, beside, month):
        archived.append(archive_partition(conn, beside, month, directory, open_too=True).path)


def _is_safe(conn: psycopg.Connection, archived: ArchivedPartition | None) -> bool:
    return archived is None or is_unchanged(conn, archived)


def delete_orphan_sellers(conn: psycopg.Connection) -> int:
    """Delete sellers without a listing; return how many. Each source's loader is waited for, so none is pulled away."""
    deleted = 0
    for source in _sources(conn, "core.sellers"):
        with conn.transaction():
            take_loading_turn(conn, source)
            deleted += conn.execute(
                "delete from core.sellers s where source = %s"
                " and not exists (select from core.listings l where l.seller_id = s.seller_id)",
                (source,),
            ).rowcount
    return deleted


def delete_orphan_photos(conn: psycopg.Connection) -> int:
    """Delete what is known of photos that no listing shows first; return how many. Bytes on disk go by their age."""
    return conn.execute(
        "delete from ml.photos as p where not exists"
        f" (select from core.listings as l where {photo_key('l.image_urls[1]')} = p.url_sha256)"
    ).rowcount


def delete_old_model_runs(conn: psycopg.Connection, before: datetime) -> dict[str, int]:
    """Delete clusters that died before, and what is known of clusterings and price models that ended before.

    What is in use stays however old it is: a watch's newest clustering of a method and those whose members are kept,
    the first run of a living cluster, a market's newest model and those whose bytes are kept.
    """
    return {
        # Before the runs: a cluster whose last run is forgotten would count as living.
        "ml.clusters": conn.execute(
            "delete from ml.clusters as c using ml.cluster_runs as r"
            " where r.cluster_run_id = c.died_run_id and r.started_at < %s",
            (before,),
        ).rowcount,
        "ml.cluster_runs": conn.execute(
            """
            delete from ml.cluster_runs as r
            where
                r.ended_at < %s
                and not exists (select from ml.cluster_members as m where m.cluster_run_id = r.cluster_run_id)
                and not exists (
                    select from ml.clusters as c where r.cluster_run_id in (c.born_run_id, c.died_run_id)
                )
                and (
                    r.state <> 'success'
                    or exists (
                        select from ml.cluster_runs as n
                        where
                            n.watch_id is not distinct from r.watch_id and n.method = r.method and n.state = 'success'
                            and (n.started_at, n.cluster_run_id) > (r.started_at, r.cluster_run_id)
                    )
                )
            """,
            (before,),
        ).rowcount,
        "ml.price_models": conn.execute(
            """
            delete from ml.price_models as m
            where
                m.ended_at < %s and m.artifact is null
                and (
                    m.state = 'failure'
                    or exists (
                        select from ml.price_models as n
                        where
                            n.scope = m.scope and n.state in ('success', 'refused')
                            and n.price_model_id > m.price_model_id
                    )
                )
            """,
            (before,),
        ).rowcount,
    }


def _delete_listings(conn: psycopg.Connection, before: datetime) -> int:
    return sum(_delete_listings_of(conn, source, before) for source in _sources(conn, "core.listings"))


def _delete_listings_of(conn: psycopg.Connection, source: str, before: datetime) -> int:
    deleted = 0
    while True:
        with conn.transaction():
            take_loading_turn(conn, source)
            ids = [
                listing_id
                for (listing_id,) in conn.execute(
                    "select listing_id from core.listing_state join core.listings using (listing_id)"
                    " where source = %s and last_seen_at < %s order by 1 limit %s",
                    (source, before, _BATCH),
                ).fetchall()
            ]
            if not ids:
                return deleted
            deleted += delete_listings(conn, ids)


def _sources(conn: psycopg.Connection, table: Literal["core.listings", "core.sellers"]) -> list[str]:
    return [source for (source,) in conn.execute(f"select distinct source from {table} order by 1").fetchall()]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
