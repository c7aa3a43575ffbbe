"""The quarantine: records that could not become listings, each with its reason and its page.

Belongs here: putting them in and resolving them as a page is loaded, listing them, choosing pages to read again. Does
not: what makes a record one that cannot be stored (``poison``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from warehouse.rows import columns, read_rows


class Rejected(msgspec.Struct, frozen=True):
    """A record of a page that cannot be stored: its place, why, and as it came."""

    index: int
    reason: str
    record: bytes


class QuarantinedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record in quarantine; ``record`` is as it came, at most 64 KiB; ``fetched_at`` is its page's time (UTC)."""

    quarantine_id: int
    source: str
    page_id: int
    fetched_at: datetime
    record_index: int
    reason: str
    record: bytes
    state: str
    created_at: datetime
    resolved_at: datetime | None = None


def list_quarantine(
    conn: psycopg.Connection, *, source: str | None = None, state: str | None = "open", limit: int = 100
) -> list[QuarantinedRecord]:
    """Return records, the newest first; ``state`` None for all."""
    return read_rows(
        conn,
        QuarantinedRecord,
        f"select {columns(QuarantinedRecord)} from ops.quarantine"
        " where (%(source)s::text is null or source = %(source)s) and (%(state)s::text is null or state = %(state)s)"
        " order by quarantine_id desc limit %(limit)s",
        {"source": source, "state": state, "limit": limit},
    )


def keep_rejected(
    conn: psycopg.Connection, values: Mapping[str, Any], rejected: Sequence[Rejected], *, was_read: bool
) -> None:
    """Keep the refused records of a page; resolve those of an earlier reading of it that are fine now.

    Args:
        conn: in the load's transaction.
        values: the load's (``source``, ``page_id``, ``at``).
        rejected: of the page.
        was_read: the page was read before.
    """
    if was_read:
        conn.execute(
            "update ops.quarantine set state = 'resolved', resolved_at = now()"
            " where page_id = %(page_id)s and state = 'open' and record_index <> all(%(indexes)s)",
            {**values, "indexes": [record.index for record in rejected]},
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
            **values,
            "indexes": [record.index for record in rejected],
            "reasons": [record.reason for record in rejected],
            "records": [record.record for record in rejected],
        },
    )


def count_open(conn: psycopg.Connection) -> dict[str, int]:
    """Return how many records are open, by source."""
    return dict(
        conn.execute(
            "select source, count(*) from ops.quarantine where state = 'open' group by 1 order by 1"
        ).fetchall()
    )


def pages_to_retry(conn: psycopg.Connection, *, source: str | None = None) -> list[tuple[int, datetime]]:
    """Return (page_id, fetched_at) of the stored pages with open records, oldest first.

    Reading and loading such a page again, with the page's own time, resolves the records that are fine now. A page
    past its retention is left out: nothing can be read from it any more.
    """
    return conn.execute(
        "select distinct q.page_id, q.fetched_at from ops.quarantine q"
        " join raw.pages p on p.page_id = q.page_id and p.fetched_at = q.fetched_at"
        " where q.state = 'open' and (%(source)s::text is null or q.source = %(source)s) order by 2, 1",
        {"source": source},
    ).fetchall()


def resolve(conn: psycopg.Connection, quarantine_ids: list[int]) -> int:
    """Close open records by hand (the owner has seen them); return how many were open."""
    return conn.execute(
        "update ops.quarantine set state = 'resolved', resolved_at = now()"
        " where state = 'open' and quarantine_id = any(%s)",
        (quarantine_ids,),
    ).rowcount
