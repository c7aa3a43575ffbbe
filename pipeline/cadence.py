"""Plan how often each watch of a source is checked, and say what is due. Arithmetic: ``domain.cadence``."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg

from domain.cadence import plan_intervals
from domain.settings import Settings
from scrapers.registry import daily_requests
from warehouse.cadence import save_plan, watch_loads


def plan_source(conn: psycopg.Connection, settings: Settings, source: str, now: datetime) -> dict[int, timedelta]:
    """Plan the intervals of a source's active watches from its day's budget and keep the plan; return it by watch."""
    loads = watch_loads(conn, source, now, default_requests=float(settings.pages_per_poll))
    plan = plan_intervals(
        [load for load, _ in loads],
        daily_requests(source, settings),
        timedelta(minutes=settings.shortest_interval_minutes),
        timedelta(minutes=settings.longest_interval_minutes),
    )
    save_plan(conn, loads, plan, now)
    return plan


def due_until(settings: Settings, now: datetime) -> datetime:
    """Return until when a watch counts as due: half the shortest interval ahead, so that jitter costs no whole tick."""
    return now + timedelta(minutes=settings.shortest_interval_minutes) / 2
