"""Retention and partitions made ahead: run daily, safe to repeat and to kill half way."""

from __future__ import annotations

from datetime import date

import msgspec
import psycopg

from domain.settings import Settings
from pipeline.kinds import retell_kinds
from warehouse.partitions import ensure_partitions_ahead
from warehouse.retention import apply_retention


class CareOutcome(msgspec.Struct, kw_only=True):
    """What was removed, how many partitions were made ahead, and how many listings were told their kind anew."""

    dropped_partitions: int = 0
    deleted_listings: int = 0
    deleted_sellers: int = 0
    partitions_made: int = 0
    kinds_told: int = 0


def take_care(conn: psycopg.Connection, settings: Settings, *, today: date) -> CareOutcome:
    """Make the coming months' partitions, delete what is older than the settings keep, tell kinds by today's words."""
    made = ensure_partitions_ahead(conn, today)
    gone = apply_retention(conn, raw_page_days=settings.raw_page_days, item_days=settings.item_days, today=today)
    return CareOutcome(
        dropped_partitions=len(gone.partitions),
        deleted_listings=gone.listings,
        deleted_sellers=gone.sellers,
        partitions_made=len(made),
        kinds_told=retell_kinds(conn, settings),
    )
