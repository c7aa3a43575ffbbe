"""Looking after the warehouse: partitions ahead, retention, compaction, vacuum; safe to repeat and to kill half way.

Belongs here: what is done in which order. Does not: how (``warehouse``), when (``orchestration.polling``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import psycopg

from domain.settings import Settings
from pipeline.kinds import retell_kinds
from warehouse.closing import close_month, months_to_close, pack_parts
from warehouse.compaction import CompactedMonth, compact_month, months_to_compact
from warehouse.partitions import ensure_partitions_ahead
from warehouse.retention import Keep, apply_retention
from warehouse.runs import end_killed

# Pages of a day that come later than this make its month be packed again.
_SETTLED_DAYS = 3


class CareOutcome(msgspec.Struct, kw_only=True):
    """What was removed, and how many partitions were made ahead.

    Attributes:
        archived_months: written to Parquet before they went.
        deleted_rows: by table, besides whole months.
        kinds_told: listings whose kind was told by other words, or not yet.
        killed_runs: rows of the log of runs that never ended; they count as failed.
    """

    dropped_partitions: int = 0
    archived_months: int = 0
    partitions_made: int = 0
    deleted_rows: dict[str, int] = msgspec.field(default_factory=dict)
    kinds_told: int = 0
    killed_runs: int = 0


class CompactionOutcome(msgspec.Struct, kw_only=True):
    """What compaction did; bytes include indexes.

    Attributes:
        closed_months: put in order and packed for reading, all their rows kept.
    """

    months: int = 0
    rows_before: int = 0
    rows_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    closed_months: int = 0


def take_care(conn: psycopg.Connection, settings: Settings, *, today: date) -> CareOutcome:
    """Make the partitions of the coming months; delete what is older than the settings keep; tell kinds anew.

    Raises:
        SettingsError: naming every mistake of the owner's words.
        warehouse.archive.ArchiveError: when a month cannot be archived; nothing of it is lost, and all else is done.
    """
    made = ensure_partitions_ahead(conn, today)
    told = retell_kinds(conn, settings)
    killed = end_killed(conn, datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=1))
    keep = Keep(
        raw_page_days=settings.raw_page_days,
        item_days=settings.item_days,
        run_log_days=settings.run_log_days,
        archive=settings.archive_directory,
    )
    gone = apply_retention(conn, keep, today=today)
    return CareOutcome(
        dropped_partitions=len(gone.partitions),
        archived_months=len(gone.archived),
        partitions_made=len(made),
        deleted_rows={table: rows for table, rows in gone.rows.items() if rows},
        kinds_told=told,
        killed_runs=killed,
    )


def compact_history(conn: psycopg.Connection, settings: Settings, *, today: date) -> CompactionOutcome:
    """Compact the months that ended long enough ago, where the settings ask for it; close the others that ended.

    The parts that ended of the open month are packed.
    """
    outcome = CompactionOutcome()
    if settings.compact_after_days is not None:
        for month in months_to_compact(conn, closed_before=today - timedelta(days=settings.compact_after_days)):
            _add(outcome, compact_month(conn, month, today=today))
    settled = today - timedelta(days=_SETTLED_DAYS)
    for month in months_to_close(conn, closed_before=settled):
        close_month(conn, month, today=today)
        outcome.closed_months += 1
    pack_parts(conn, settled=settled)
    return outcome


def _add(outcome: CompactionOutcome, done: CompactedMonth) -> None:
    outcome.months += 1
    outcome.rows_before += done.rows_before
    outcome.rows_after += done.rows_after
    outcome.bytes_before += done.bytes_before
    outcome.bytes_after += done.bytes_after
