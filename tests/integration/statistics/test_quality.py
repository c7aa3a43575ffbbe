"""Batches as the warehouse hands them out, the checks on real tables and marts, and the pages about them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from orchestration.statistics.manifest import mart_columns
from pipeline.quality import LAYERS, check_all, check_layer, check_mart
from quality.run import Evaluation
from quality.site import build_site
from quality.suites import HISTORY_SUITE, ITEMS_SUITE, PAGES_SUITE
from tests.integration.statistics.conftest import Market
from tests.integration.statistics.market import random_market, store
from warehouse.batches import history_batch, item_batch, mart_batch, page_batch
from warehouse.connect import connect
from warehouse.partitions import ensure_partitions

pytestmark = pytest.mark.integration
LOGIN = "xx_private_login_xx"
NOW = datetime.now(UTC)


def store_page(conn: psycopg.Connection, number: int, fetched_at: datetime, **changes: object) -> None:
    fields = {
        "source": "vinted",
        "url": f"https://www.vinted.fr/catalog?page={number}",
        "day": fetched_at.astimezone(UTC).date(),
        "status": 200,
        "sha256": number.to_bytes(32),
        "body_bytes": 5,
        "body": b"x",
        "duration_ms": 100,
    } | changes
    names = ", ".join(fields)
    holders = ", ".join(["%s"] * len(fields))
    conn.execute(
        f"insert into raw.pages (fetched_at, {names}) values (%s, {holders})",
        [fetched_at, *fields.values()],
    )


def observe(conn: psycopg.Connection, listing: int, hours_ago: float, price: int, currency: str = "EUR") -> None:
    conn.execute(
        "insert into core.price_history (listing_id, observed_at, price_minor, currency, availability)"
        " values (%s, %s, %s, %s, 'available')",
        [listing, NOW - timedelta(hours=hours_ago), price, currency],
    )


@pytest.fixture
def stocked(conn: psycopg.Connection) -> psycopg.Connection:
    """Thirty listings of one watch, two observations of each, ten pages."""
    ensure_partitions(conn, NOW.date() - timedelta(days=70), NOW.date())
    things = random_market(seed=3, sizes=(30,))
    store(conn, things)
    conn.execute("update core.listing_state set last_seen_at = %s", [NOW])
    for thing in things:
        observe(conn, thing.listing_id, 30, 1000)
        observe(conn, thing.listing_id, 1, 1100)
    for number in range(10):
        store_page(conn, number, NOW - timedelta(hours=number))
    return conn


def slugs(evaluation: Evaluation) -> dict[str, int | None]:
    return {result.slug: result.unexpected_count for result in evaluation.failed}


def test_every_layer_and_every_mart_of_a_market_is_looked_at(market: Market) -> None:
    with connect(market.address) as conn:
        evaluations = {evaluation.suite.name: evaluation for evaluation in check_all(conn, mart_columns())}
    assert list(evaluations) == ["pages", "items", "history", *mart_columns()]
    assert evaluations["items"].rows > 100
    assert evaluations["watch_condition_stats"].rows > 20
    for name in mart_columns():
        assert evaluations[name].failed == (), "the figures of the random market are sound"
        assert all(result.detail == "" for result in evaluations[name].results)


def test_an_installation_without_data_or_marts_fails_nothing(conn: psycopg.Connection) -> None:
    evaluations = check_all(conn, mart_columns())
    assert [evaluation.suite for evaluation in evaluations] == [suite for suite, _ in LAYERS]
    assert all(evaluation.failed == () and evaluation.rows == 0 for evaluation in evaluations)
    assert check_mart(conn, "watch_price_trends", mart_columns()["watch_price_trends"]) is None


def test_batches_hold_what_their_suites_look_at_and_no_other_text(stocked: psycopg.Connection) -> None:
    texts = set()
    for suite, read in LAYERS:
        batch = read(stocked)
        assert suite.columns() <= set(batch.columns)
        assert batch.rows
        for row in batch.rows:
            texts |= {name for name, value in zip(batch.columns, row, strict=True) if isinstance(value, (str, bytes))}
    # Closed lists, all of them.
    assert texts == {"source", "origin", "currency", "condition", "price_kind", "availability"}


def test_what_is_wrong_in_the_tables_is_counted(stocked: psycopg.Connection) -> None:
    first = "(select min(listing_id) from core.listings)"
    stocked.execute(f"update core.listing_details set url = '/items/1', title = ' ' where listing_id = {first}")
    observe(stocked, 999, 2, 500)
    observe(stocked, 10**10, 0.5, 1200, currency="PLN")
    observe(stocked, 10**10 + 1, 0.5, 99_000)
    observe(stocked, 10**10 + 2, -5, 1200)
    store_page(stocked, 50, NOW, day=NOW.date() - timedelta(days=1), sha256=b"short", url="ftp://x")
    store_page(stocked, 51, NOW - timedelta(days=2))
    assert slugs(check_layer(stocked, ITEMS_SUITE)).items() >= {"url_absolute": 1, "title_not_blank": 1}.items()
    assert slugs(check_layer(stocked, HISTORY_SUITE)) == {
        "observed_in_the_past": 1,
        "listing_known": 1,
        "currency_kept": 1,
        "jumps_rare": 1,
    }
    assert slugs(check_layer(stocked, PAGES_SUITE)) == {
        "day_is_the_utc_day_of_the_fetch": 1,
        "digest_is_sha_256": 1,
        "url_absolute": 1,
        "pages_are_read": 1,
    }


def test_batches_are_bounded_whatever_the_tables_hold(market: Market, stocked: psycopg.Connection) -> None:
    assert len(page_batch(stocked, limit=4).rows) == 4
    assert len(item_batch(stocked, limit=7).rows) == 7
    assert len(history_batch(stocked, limit=9).rows) == 9
    with connect(market.address) as conn:
        everything = mart_batch(conn, "watch_comparables", {"n": "1"})
        sample = mart_batch(conn, "watch_comparables", {"n": "1"}, limit=20)
    assert everything is not None
    assert sample is not None
    assert len(sample.rows) <= 20 < len(everything.rows)


def test_old_pages_prices_and_listings_are_not_read(stocked: psycopg.Connection) -> None:
    before = [len(read(stocked).rows) for _, read in LAYERS[1:]]
    observe(stocked, 10**10, 24 * 60, 1)
    stocked.execute("update core.listing_state set last_seen_at = %s where listing_id = %s", [NOW, 10**10])
    stocked.execute(
        "update core.listing_state set last_seen_at = %s where listing_id = %s", [NOW - timedelta(days=9), 10**10 + 1]
    )
    after = [len(read(stocked).rows) for _, read in LAYERS[1:]]
    assert after[0] < before[0] + 1
    assert after[1] == before[1], "a price of two months ago is outside the two days"


def test_old_partitions_of_the_history_are_not_touched(stocked: psycopg.Connection) -> None:
    plan = "\n".join(
        line
        for (line,) in stocked.execute(
            "explain (costs off) select * from core.price_history where observed_at > %s", [NOW - timedelta(days=2)]
        ).fetchall()
    )
    old = NOW - timedelta(days=60)
    assert f"price_history_{NOW:%Y_%m}" in plan
    assert f"price_history_{old:%Y_%m}" not in plan


@pytest.fixture
def spied(stocked: psycopg.Connection) -> psycopg.Connection:
    """A login wherever a person's words can end up: titles, addresses, brands, sellers, watches, and a currency."""
    stocked.execute("alter table core.listing_state drop constraint ck_listing_state_currency_iso")
    stocked.execute(
        "update core.listing_details set title = %(l)s, url = %(l)s, brand = %(l)s, description = %(l)s,"
        " condition = %(l)s, condition_label = %(l)s, price_kind = %(l)s, external_id = %(l)s || ' ' || listing_id",
        {"l": LOGIN},
    )
    stocked.execute("update core.listing_state set currency = %(l)s", {"l": LOGIN})
    stocked.execute("update core.price_history set currency = %(l)s, availability = %(l)s", {"l": LOGIN})
    stocked.execute("update app.watches set name = %(l)s, owner = %(l)s", {"l": LOGIN})
    stocked.execute("update raw.pages set url = %s", [LOGIN])
    return stocked


def test_a_planted_login_is_noticed_and_nowhere_quoted(
    spied: psycopg.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    evaluations = check_all(spied, mart_columns())
    failed = {evaluation.suite.name: slugs(evaluation).keys() for evaluation in evaluations}
    assert failed["items"] >= {"currency_is_iso_4217", "condition_on_our_scale", "price_kind_known", "url_absolute"}
    assert failed["history"] >= {"currency_is_iso_4217", "availability_known"}
    assert failed["pages"] == {"url_absolute"}
    page = build_site(evaluations, tmp_path / "quality", made_at=NOW)
    written = [path for path in page.parent.rglob("*") if path.is_file()]
    assert len(written) == 1 + 2 * len(evaluations)
    assert [path.name for path in written if LOGIN in path.read_text()] == []
    assert LOGIN not in repr(evaluations)
    assert LOGIN not in caplog.text
    printed = capfd.readouterr()
    assert LOGIN not in printed.out + printed.err


def test_data_docs_need_no_network_and_are_replaced_whole(stocked: psycopg.Connection, tmp_path: Path) -> None:
    folder = tmp_path / "quality"
    folder.mkdir()
    (folder / "leftover.html").write_text("old")
    evaluations = [check_layer(stocked, suite) for suite, _ in LAYERS]
    index = build_site(evaluations, folder, made_at=NOW)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.html")) == [
        "expectations/history.html",
        "expectations/items.html",
        "expectations/pages.html",
        "index.html",
        "validations/history.html",
        "validations/items.html",
        "validations/pages.html",
    ]
    assert list(tmp_path.iterdir()) == [folder], "nothing is left beside it"
    for page in folder.rglob("*.html"):
        text = page.read_text()
        assert "default-src 'none'" in text
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*", text)
        assert loaded == [], f"{page.name} loads something"
        for target in re.findall(r'href="([^"#:]+)"', text):
            assert (page.parent / target).resolve().is_file(), f"{page.name}: {target} leads nowhere"
    said = index.read_text()
    assert "every price has a currency: an amount without one cannot be compared with any other" in said
    assert "the 20,000 pages stored last" in said
    assert f">{check_layer(stocked, ITEMS_SUITE).rows}<" in said
