"""Kinds on their way: told at load, kept out of statistics and alerts, told again when the words change."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from domain.deal import VerdictKind
from domain.listing_kind import ListingKind
from domain.settings import Settings, SettingsError
from pipeline.care import take_care
from pipeline.judge import explain, judge_pending
from pipeline.kinds import retell_kinds
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.integration.statistics.market import dbt
from tests.sandbox import add_watch, set_clock
from warehouse.connect import DatabaseUrl
from warehouse.digest import table_digests
from warehouse.watches import get_watch, update_watch

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=nintendo+switch+oled"


def poll(conn: psycopg.Connection, settings: Settings, market: SandboxServer) -> None:
    """Poll every fourth day of the last month: traps are rare, and things sell."""
    set_clock(market, utc_now())
    for days_ago in range(28, -1, -4):
        day = utc_now().date() - timedelta(days=days_ago)
        poll_day(conn, settings, "vinted", day, run_id="r")
        read_day(conn, settings, "vinted", day)


def kinds(conn: psycopg.Connection) -> dict[int, str]:
    return dict(conn.execute("select listing_id, kind from core.listings").fetchall())


def test_an_empty_box_is_never_a_deal_unless_the_watch_asks_for_it(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, database: DatabaseUrl, tmp_path: Path
) -> None:
    watch_id = add_watch(conn, settings, URL, "switch", max_price=Decimal(5000)).watch_id
    poll(conn, settings, market)
    told = kinds(conn)
    others = {listing_id for listing_id, kind in told.items() if kind != "normal"}
    boxes = {listing_id for listing_id, kind in told.items() if kind == "accessory"}
    assert boxes, "the market sells empty boxes"
    assert others < told.keys()

    judge_pending(conn, settings, source="vinted", run_id="r", now=utc_now)
    deals = {listing_id for (listing_id,) in conn.execute("select listing_id from app.deals").fetchall()}
    assert deals, "everything else is under the limit"
    assert not deals & others
    found = explain(conn, get_watch(conn, watch_id), min(boxes))
    assert found is not None
    verdict = found[0].verdicts[0]
    assert verdict.kind is VerdictKind.EXCLUDED
    assert "says '" in verdict.reason

    dbt(database, tmp_path, "run")
    compared = {row[0] for row in conn.execute("select listing_id from marts.watch_comparables").fetchall()}
    assert compared
    assert not compared & others

    update_watch(conn, watch_id, kinds=(ListingKind.ACCESSORY,))
    judge_pending(conn, settings, source="vinted", run_id="r", now=utc_now)
    deals = {listing_id for (listing_id,) in conn.execute("select listing_id from app.deals").fetchall()}
    assert deals & others == boxes


def test_kinds_are_told_again_only_when_the_words_change(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, tmp_path: Path
) -> None:
    add_watch(conn, settings, URL, "switch")
    poll(conn, settings, market)
    before = kinds(conn)
    digests = table_digests(conn)
    assert retell_kinds(conn, settings) == 0
    assert table_digests(conn) == digests

    conn.execute("update core.listing_details set kind = 'normal', kind_reason = null, kind_version = null")
    assert take_care(conn, settings, today=utc_now().date()).kinds_told == len(before)
    assert kinds(conn) == before
    assert table_digests(conn) == digests

    words = tmp_path / "kinds.yaml"
    words.write_text("any: {bundle: {title: {add: [nintendo]}}}", encoding="utf-8")
    own = settings.model_copy(update={"kinds_file": words})
    assert retell_kinds(conn, own) == len(before)
    now = kinds(conn)
    assert sum(kind == "bundle" for kind in now.values()) > sum(kind == "bundle" for kind in before.values())


def test_a_mistake_in_the_owners_words_stops_the_reading_with_all_of_them(
    conn: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    words = tmp_path / "kinds.yaml"
    words.write_text("en: {bundle: {title: {add: [a/b]}}, bundel: {}}", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"(?s)bundel.*a/b"):
        read_day(conn, settings.model_copy(update={"kinds_file": words}), "vinted", utc_now().date())
