"""dbt is killed at random points: the next undisturbed build gives the very statistics of one never disturbed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import psycopg
import pytest

from domain.settings import Settings
from orchestration.statistics.dbt_files import DBT, PROJECT_DIR
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from tests.integration.crash.kill import run_and_kill, timed_run
from tests.sandbox import add_watch, running_sandbox, sandbox_settings, set_clock
from warehouse.connect import DatabaseUrl

pytestmark = [pytest.mark.integration, pytest.mark.crash]
# A dbt run takes seconds, most of them to start.
KILLS = 8
MARTS = (
    "watch_comparables",
    "watch_condition_stats",
    "watch_price_trends",
    "watch_price_histograms",
    "source_daily_stats",
    "daily_price_stats",
    "product_stats",
    "product_source_changes",
    "price_histograms",
    "market_trends",
    "listing_outcomes",
)


def rows_of_marts(conn: psycopg.Connection) -> dict[str, list[str]]:
    """Return every mart's rows as text, the moment of computation left out.

    Floats to twelve digits: PostgreSQL adds them up in whatever order the rows come, and the last bits show it.
    """
    found = {}
    for table in MARTS:
        rows = conn.execute(f"select to_jsonb(t) - 'computed_at' from marts.{table} as t").fetchall()
        found[table] = sorted(
            json.dumps({name: _rounded(value) for name, value in row.items()}, sort_keys=True) for (row,) in rows
        )
    return found


def _rounded(value: object) -> object:
    return f"{value:.12g}" if isinstance(value, float) else value


def filled(conn: psycopg.Connection, settings: Settings) -> None:
    add_watch(conn, settings, "https://www.vinted.fr/catalog?search_text=levi%27s+501", "jeans")
    conn.execute("insert into core.products (sku, name) values ('J', 'jeans')")
    conn.execute(
        "insert into core.product_sources (product_id, source, url, watch_id, matched_by)"
        " select product_id, 'vinted', 'u', watch_id, 'link' from core.products, app.watches"
    )
    day = utc_now().date()
    poll_day(conn, settings, "vinted", day, run_id="r")
    read_day(conn, settings, "vinted", day)


def test_a_killed_dbt_leaves_nothing_that_the_next_build_does_not_put_right(
    conn: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    rng = random.Random(21)
    with running_sandbox(tmp_path / "mail") as market:
        set_clock(market, utc_now())
        filled(conn, sandbox_settings(market, database, tmp_path))
    env = {**database.dbt_environment(), "DBT_TARGET_PATH": str(tmp_path / "target"), "DBT_LOG_PATH": str(tmp_path)}
    argv = [str(DBT), "--no-use-colors", "run", "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    timed_run(argv, env)
    undisturbed = rows_of_marts(conn)
    assert all(undisturbed[table] for table in ("watch_comparables", "watch_condition_stats", "product_stats"))
    longest = timed_run(argv, env)
    kills = 0
    for _ in range(KILLS * 3):
        kills += run_and_kill(argv, env, longest=longest, rng=rng)
        if kills == KILLS:
            break
    assert kills == KILLS
    timed_run(argv, env)
    assert rows_of_marts(conn) == undisturbed
    strays = conn.execute(
        "select count(*) from pg_tables where schemaname = 'marts' and tablename like '%%\\_\\_dbt\\_%%'"
    ).fetchone()
    assert strays == (0,)
