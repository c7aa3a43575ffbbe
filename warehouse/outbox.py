"""The outbox: notifications to be sent, written in the transaction of the deal they tell of.

Belongs here: enqueueing, claiming one at a time, marking. Does not: rendering or sending (see the alerts room).

Nothing is marked before it was sent, so none is lost; a sender killed between the two sends that one again, under the
same idempotency key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb

from warehouse.poison import storable
from warehouse.rows import columns, read_one, read_rows

Kind = Literal["deal", "report", "prices", "test"]


class NewNotification(msgspec.Struct, frozen=True, kw_only=True):
    """A notification to enqueue; ``payload`` is frozen as it is now (JSON; decimals become strings)."""

    channel: str
    idempotency_key: str
    payload: Mapping[str, Any]


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox. ``attempts`` counts sendings, failed ones included; times are UTC."""

    notification_id: int
    kind: str
    channel: str
    idempotency_key: str
    payload: dict[str, Any]
    state: str
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    deal_id: int | None = None
    watch_id: int | None = None
    last_error: str | None = None
    sent_at: datetime | None = None


_COLUMNS = columns(Notification)


def enqueue(
    conn: psycopg.Connection,
    *,
    kind: Kind,
    channel: str,
    idempotency_key: str,
    payload: Mapping[str, Any],
    deal_id: int | None = None,
    watch_id: int | None = None,
) -> int | None:
    """Put a notification into the outbox; return its id, or None when its key, or its deal and channel, is there."""
    row = conn.execute(
        """
        insert into app.notifications (kind, deal_id, watch_id, channel, idempotency_key, payload)
        values (%s, %s, %s, %s, %s, %s) on conflict do nothing returning notification_id
        """,
        (kind, deal_id, watch_id, channel, idempotency_key, as_jsonb(payload)),
    ).fetchone()
    return None if row is None else int(row[0])


def due(conn: psycopg.Connection, now: datetime, limit: int = 100) -> list[Notification]:
    """Return what is due, oldest first, without claiming it."""
    return read_rows(
        conn,
        Notification,
        f"select {_COLUMNS} from app.notifications where state = 'pending' and next_attempt_at <= %s"
        " order by next_attempt_at, notification_id limit %s",
        (now, limit),
    )


def claim_one(conn: psycopg.Connection, now: datetime, *, channel: str | None = None) -> Notification | None:
    """Return one due notification that no other sender holds, locked until the caller's transaction ends.

    Send it, mark it and commit; then claim the next. One a transaction keeps a crash's repeats to one.

    Raises:
        RuntimeError: outside a transaction, where the lock would end at once.
    """
    if conn.info.transaction_status != TransactionStatus.INTRANS:
        raise RuntimeError("claim_one() needs a transaction: use it within `with conn.transaction():`")
    return read_one(
        conn,
        Notification,
        f"select {_COLUMNS} from app.notifications where state = 'pending' and next_attempt_at <= %(now)s"
        " and (%(channel)s::text is null or channel = %(channel)s)"
        " order by next_attempt_at, notification_id limit 1 for update skip locked",
        {"now": now, "channel": channel},
    )


def mark_sent(conn: psycopg.Connection, notification_id: int, at: datetime) -> None:
    """Mark a notification as accepted by its receiver."""
    conn.execute(
        "update app.notifications set state = 'sent', attempts = attempts + 1, sent_at = %s, last_error = null"
        " where notification_id = %s and state = 'pending'",
        (at, notification_id),
    )


def mark_failed(conn: psycopg.Connection, notification_id: int, *, error: str, retry_at: datetime | None) -> None:
    """Note a failed sending: tried again at ``retry_at``, or dead where that is None. ``error`` must hold no secret."""
    conn.execute(
        """
        update app.notifications
        set attempts = attempts + 1, last_error = %(error)s,
            state = case when %(retry_at)s::timestamptz is null then 'dead' else state end,
            next_attempt_at = coalesce(%(retry_at)s::timestamptz, next_attempt_at)
        where notification_id = %(id)s and state = 'pending'
        """,
        {"error": storable(error)[:2000], "retry_at": retry_at, "id": notification_id},
    )


def revive(conn: psycopg.Connection, now: datetime, *, channel: str | None = None) -> int:
    """Make dead notifications pending again, after their channel was repaired; return how many."""
    return conn.execute(
        "update app.notifications set state = 'pending', attempts = 0, next_attempt_at = %(now)s"
        " where state = 'dead' and (%(channel)s::text is null or channel = %(channel)s)",
        {"now": now, "channel": channel},
    ).rowcount


def notifications_of_listing(conn: psycopg.Connection, listing_id: int) -> list[Notification]:
    """Return what was or will be told about a listing, the oldest first."""
    return read_rows(
        conn,
        Notification,
        f"select {columns(Notification, 'n.')} from app.notifications n join app.deals d using (deal_id)"
        " where d.listing_id = %s order by n.notification_id",
        (listing_id,),
    )


def count_by_state(conn: psycopg.Connection) -> dict[str, int]:
    """Return how many notifications are pending, sent and dead; all three are named."""
    counts = {"pending": 0, "sent": 0, "dead": 0}
    return counts | dict(conn.execute("select state, count(*) from app.notifications group by 1").fetchall())


def as_jsonb(value: Any) -> Jsonb:
    """Return a value for a JSONB column; decimals and times become strings, structs objects."""
    return Jsonb(value, dumps=lambda it: msgspec.json.encode(it).decode())
