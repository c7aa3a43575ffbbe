"""Really recorded Vinted pages go through import to listings, and to an alert for a watch that an item satisfies."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from domain.settings import Settings
from pipeline.imports import import_file
from pipeline.judge import judge_pending
from pipeline.poll import utc_now
from pipeline.read import read_day
from tests.fixtures import fixture_path
from tests.sandbox import add_watch

pytestmark = pytest.mark.integration


def test_the_whole_fixture_folder_is_imported_twice_with_the_same_rows_and_one_alert(
    conn: psycopg.Connection, settings: Settings
) -> None:
    watch = add_watch(
        conn,
        settings,
        "https://www.vinted.co.uk/catalog?search_text=patagonia+manoa+synchilla",
        "synchilla",
        max_price=Decimal("100"),
    )
    files = sorted(fixture_path("vinted").iterdir())
    counts = []
    for _ in range(2):
        days = set()
        for path in files:
            stored = import_file(conn, settings, "vinted", path, url=None, day=None, watch_id=None)
            days.add(stored.day)
        for day in sorted(days):
            read_day(conn, settings, "vinted", day)
        judge_pending(conn, settings, source="vinted", run_id="import", now=utc_now)
        counts.append(
            conn.execute(
                "select (select count(*) from raw.pages), (select count(*) from core.listings),"
                " (select count(*) from core.price_history), (select count(*) from app.notifications)"
            ).fetchone()
        )
    pages, listings, history, notifications = counts[0]
    assert pages == len(files)
    # Three recorded search results, one of 2023, three catalogue rows, one item page, one item's details.
    assert listings == history == 9
    assert notifications == 2, "one deal, told by mail and by Slack"
    assert counts[1] == counts[0]
    told = conn.execute("select watch_id, price, currency from app.deals").fetchall()
    assert [row[0] for row in told] == [watch.watch_id]
    assert told[0][2] == "GBP"
