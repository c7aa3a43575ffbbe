"""Deliver what the outbox holds: send, then mark, one notification a transaction.

Belongs here: the order of sending and marking. Does not: messages and channels (``alerts``), SQL
(``warehouse.outbox``).

A crash between the receiver's acceptance and the mark repeats that one notification, under the same idempotency key
(Message-ID, Idempotency-Key), so that a receiver can drop it. No sender can close that gap; nothing is ever lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
import psycopg

from alerts.backoff import next_attempt
from alerts.contract import Channel, DeliveryError, PermanentDeliveryError, TransientDeliveryError
from alerts.message import MessageError, decode
from warehouse import outbox

logger = logging.getLogger(__name__)


class DeliveryOutcome(msgspec.Struct, kw_only=True):
    """How many notifications were sent, put off for a later attempt, or given up (dead)."""

    sent: int = 0
    retried: int = 0
    dead: int = 0


def deliver_due(
    conn: psycopg.Connection, channels: Mapping[str, Channel], *, now: Callable[[], datetime], limit: int = 500
) -> DeliveryOutcome:
    """Send every notification that is due. Two deliverers at once share the work: a claimed row is locked."""
    outcome = DeliveryOutcome()
    for _ in range(limit):
        with conn.transaction():
            notification = outbox.claim_one(conn, now())
            if notification is None:
                break
            try:
                _send(channels, notification)
            except DeliveryError as error:
                _put_off(conn, notification, error, outcome, now=now())
            else:
                outbox.mark_sent(conn, notification.notification_id, now())
                outcome.sent += 1
    return outcome


def _send(channels: Mapping[str, Channel], notification: outbox.Notification) -> None:
    channel = channels.get(notification.channel)
    if channel is None:
        raise TransientDeliveryError(f"channel {notification.channel!r} is not configured; it is sent once it is")
    try:
        message = decode(notification.payload)
    except MessageError as error:
        raise PermanentDeliveryError(str(error)) from error
    channel.send(message, idempotency_key=notification.idempotency_key)


def _put_off(
    conn: psycopg.Connection,
    notification: outbox.Notification,
    error: DeliveryError,
    outcome: DeliveryOutcome,
    *,
    now: datetime,
) -> None:
    """Record a failed attempt: again later, or dead where the receiver will never take it."""
    retry_at = None
    if isinstance(error, TransientDeliveryError):
        retry_at = next_attempt(notification.attempts + 1, now, error.retry_after)
    outbox.mark_failed(conn, notification.notification_id, error=str(error), retry_at=retry_at)
    if retry_at is None:
        outcome.dead += 1
    else:
        outcome.retried += 1
    logger.warning("notification %s: %s", notification.notification_id, error)
