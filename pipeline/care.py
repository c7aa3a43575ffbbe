"""Retention and partitions made ahead: run daily, safe to repeat and to kill half way."""

from __future__ import annotations

from datetime import date

import msgspec
import psycopg

from domain.settings import Settings
from warehouse.partitions import drop_expired, ensure_partitions_ahead
from warehouse.retention import drop_orphan_sellers


class CareOutcome(msgspec.Struct, kw_only=True):
    """What retention removed."""

    dropped_partitions: int = 0
    dropped_sellers: int = 0


def take_care(conn: psycopg.Connection, settings: Settings, *, today: date) -> CareOutcome:
    """Make the partitions of the next three months; drop those wholly older than the settings keep."""
    ensure_partitions_ahead(conn, today)
    dropped = drop_expired(conn, "raw.pages", settings.raw_page_days, today)
    dropped += drop_expired(conn, "core.price_history", settings.item_days, today)
    return CareOutcome(dropped_partitions=len(dropped), dropped_sellers=drop_orphan_sellers(conn))
