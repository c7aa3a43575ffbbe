"""What was told is not told again when the statistics move; what became a deal since, is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from domain.settings import Settings
from pipeline.judge import JudgeOutcome, judge_pending
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.integration.statistics.market import dbt
from tests.sandbox import add_watch, set_clock
from warehouse.connect import DatabaseUrl

pytestmark = pytest.mark.integration


def judge(conn: psycopg.Connection, settings: Settings) -> JudgeOutcome:
    return judge_pending(conn, settings, source="vinted", run_id="r", now=utc_now)


def test_a_moved_baseline_judges_again_but_tells_only_what_is_new(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, database: DatabaseUrl, tmp_path: Path
) -> None:
    add_watch(conn, settings, "https://www.vinted.fr/catalog?search_text=levi%27s+501", "jeans")
    today = utc_now().date()
    for days_ago in range(12, 0, -3):
        poll_day(conn, settings, "vinted", today - timedelta(days=days_ago), run_id="h")
        read_day(conn, settings, "vinted", today - timedelta(days=days_ago))
    first = judge(conn, settings)
    assert (first.deals, first.reported, first.notifications) == (0, 0, 2), "indexed, and not enough data to say more"

    dbt(database, tmp_path, "run")
    second = judge(conn, settings)
    assert second.deals == 0
    assert second.reported > 0
    assert second.notifications == 2, "one report by mail, one by Slack, however many deals are in it"

    dbt(database, tmp_path, "run")
    third = judge(conn, settings)
    assert third.judged > 0, "newer statistics judge again"
    assert (third.deals, third.reported, third.notifications) == (0, 0, 0)

    set_clock(market, utc_now() + timedelta(days=6))
    poll_day(conn, settings, "vinted", today, run_id="live")
    read_day(conn, settings, "vinted", today)
    live = judge(conn, settings)
    assert live.deals > 0
    assert live.notifications == 2 * live.deals
    assert judge(conn, settings).notifications == 0
