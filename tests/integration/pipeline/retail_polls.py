"""What the polls of the three retail sources have in common: two market days with a price change, and every fault."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg

from domain.settings import Settings
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.goods import Good
from sandbox.server import SandboxServer
from tests.retail import good_whose_price_changes, late, offer_at, watch
from tests.sandbox import clear_faults, set_clock, set_fault


def changing_good(shop: str, currency: str) -> Good:
    """Return a thing whose price changes between the day before yesterday and yesterday."""
    return good_whose_price_changes(shop, currency, late(1))


def poll_two_days(conn: psycopg.Connection, settings: Settings, source: str) -> None:
    """Poll and read the day before yesterday and yesterday, as the schedules do for past days of a sandbox."""
    for days_ago in (2, 1):
        day = utc_now().date() - timedelta(days=days_ago)
        outcome = poll_day(conn, settings, source, day, run_id=f"r{days_ago}")
        assert outcome.meanings.get("ok"), outcome
        read_day(conn, settings, source, day)


def history(conn: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Return every price observed: id, minor units, currency, in order."""
    return conn.execute(
        "select l.external_id, h.price_minor, h.currency from core.price_history h "
        "join core.listings l using (listing_id) order by h.observed_at"
    ).fetchall()


def expected_history(good: Good, external_id: str, shop: str, currency: str) -> list[tuple[str, int, str]]:
    """Return what the sandbox says of the two days."""
    amounts = [offer_at(good, shop, currency, late(days)).amount for days in (2, 1)]
    assert amounts[0] != amounts[1]
    return [(external_id, int(amount * Decimal(100)), currency) for amount in amounts]


def poll_under_fault(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, source: str, url: str, fault: str
) -> tuple[str, bool]:
    """Poll today under a fault until it is known; return the source's state and whether its circuit is open."""
    set_clock(market, utc_now())
    watch(conn, settings, source, url)
    plain = settings.model_copy(
        update={"chromium_path": settings.home / "no-browser", "pages_per_poll": 1, "request_attempts": 1}
    )
    set_fault(market, fault, source=source, seconds=120)
    try:
        for attempt in range(5):
            if poll_day(conn, plain, source, utc_now().date(), run_id=f"f{attempt}").decision == "wait":
                break
    finally:
        clear_faults(market)
    row = conn.execute("select state, is_blocked from ops.source_state where source = %s", [source]).fetchone()
    assert row is not None
    return row[0], row[1]
