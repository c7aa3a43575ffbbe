"""The quarantine: records that could not become listings, each with its reason and its page.

Belongs here: listing them and choosing pages to read again. They are put in, and resolved, by ``warehouse.load``.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import psycopg

from warehouse.rows import columns, read_rows


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
