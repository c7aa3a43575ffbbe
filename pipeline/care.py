"""Retention and partitions made ahead: run daily, safe to repeat and to kill half way."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import psycopg
from warehouse.partitions import ensure_partitions
from warehouse.retention import drop_expired_partitions, drop_orphan_sellers

from domain.settings import Settings


class CareOutcome(msgspec.Struct, kw_only=True):
    """What retention removed."""

    dropped_partitions: int = 0
    dropped_sellers: int = 0


def take_care(conn: psycopg.Connection, settings: Settings, *, today: date) -> CareOutcome:
    """Make the partitions of the next three months; drop those wholly older than the settings keep."""
    ensure_partitions(conn, today, today + timedelta(days=92))
    dropped = drop_expired_partitions(conn, "raw.pages", keep_days=settings.raw_page_days, today=today)
    dropped += drop_expired_partitions(conn, "core.price_history", keep_days=settings.item_days, today=today)
    return CareOutcome(dropped_partitions=dropped, dropped_sellers=drop_orphan_sellers(conn))
