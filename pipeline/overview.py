"""All sources side by side: what the command line and the pages show of them."""

from __future__ import annotations

from datetime import datetime

import msgspec
import psycopg

from domain.settings import Settings
from pipeline.poll import with_configuration
from scrapers.registry import create_source, daily_requests, source_names
from warehouse.cadence import requests_of_day
from warehouse.health import source_counts
from warehouse.source_state import load_source_state


class SourceOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One source now. Times are UTC."""

    source: str
    is_enabled: bool
    state: str
    since: datetime
    is_blocked: bool
    detail: str
    last_success_at: datetime | None
    watches: int
    listings: int
    requests_today: int
    daily_requests: int


def source_overview(conn: psycopg.Connection, settings: Settings, now: datetime) -> list[SourceOverview]:
    """Return every source known, by name, whether or not it was ever asked."""
    counts = source_counts(conn)
    rows = []
    for name in source_names():
        # Only shown: this shell's credentials are not those of the pipeline that polls.
        state = with_configuration(load_source_state(conn, name, now), create_source(name, settings), now)
        watches, listings = counts.get(name, (0, 0))
        rows.append(
            SourceOverview(
                source=name,
                is_enabled=name in settings.enabled_sources,
                state=state.state,
                since=state.since,
                is_blocked=state.is_blocked,
                detail=state.detail,
                last_success_at=state.last_success_at,
                watches=watches,
                listings=listings,
                requests_today=requests_of_day(conn, name, now.date()),
                daily_requests=daily_requests(name, settings),
            )
        )
    return rows
