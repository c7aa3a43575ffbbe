"""The commands that show what dbt has computed: what they print is what the marts hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from click.testing import Result
from psycopg.rows import dict_row
from typer.testing import CliRunner

from cli.errors import UserError
from cli.main import app
from domain.money import from_minor
from domain.settings import settings
from tests.integration.statistics import catalogue, stream
from tests.integration.statistics.market import dbt
from tests.postgres import fresh_database
from warehouse.connect import DatabaseUrl, connect
from warehouse.figures import FiguresError

pytestmark = pytest.mark.integration
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def figures(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DatabaseUrl]:
    """A catalogue of products over which dbt has run."""
    made = catalogue.random_catalogue(seed=2, today=datetime.now(UTC).date(), products=20)
    with fresh_database(postgres_server, database_template) as address:
        with connect(address) as conn, conn.transaction():
            catalogue.store(conn, made)
        dbt(address, tmp_path_factory.mktemp("dbt"), "run")
        yield address


@pytest.fixture
def run(figures: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("DATABASE_URL", figures.libpq)
    monkeypatch.setenv("COLUMNS", "250")
    settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])
    settings.cache_clear()


def printed(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def stored(figures: DatabaseUrl, query: str) -> list[dict[str, Any]]:
    with connect(figures) as conn:
        return conn.cursor(row_factory=dict_row).execute(query.encode()).fetchall()


def test_a_product_s_days_are_shown_for_as_long_as_asked(run: Run, figures: DatabaseUrl) -> None:
    for days in (1, 30, 400):
        rows = printed(run("product", "history", "SKU1", "--days", days, "--json"))
        since = datetime.now(UTC).date() - timedelta(days=days - 1)
        wanted = stored(
            figures,
            "select price_date::text, min_price::text, best_source from marts.daily_price_stats"
            f" where product_id = 1 and price_date >= '{since}' order by price_date desc",
        )
        assert [{name: row[name] for name in ("price_date", "min_price", "best_source")} for row in rows] == wanted
    assert len(wanted) > 20
    table = run("product", "history", "SKU1").stdout
    assert "min price" in table
    assert wanted[0]["price_date"] in table


def test_every_kept_price_of_a_product_is_shown_where_asked(run: Run, figures: DatabaseUrl) -> None:
    since = datetime.now(UTC).date() - timedelta(days=29)
    wanted = stored(
        figures,
        "select l.source, h.observed_at, coalesce(h.total_minor, h.price_minor) as minor, h.currency"
        " from core.product_sources l join core.price_history h using (listing_id) where l.product_id = 1"
        f" and h.observed_at >= '{since} 00:00+00' order by h.observed_at, h.listing_id",
    )
    rows = printed(run("product", "history", "SKU1", "--every", "--json"))
    assert len({row["source"] for row in rows}) > 1
    assert [(row["source"], datetime.fromisoformat(row["observed_at"]), Decimal(row["price"])) for row in rows] == [
        (row["source"], row["observed_at"], from_minor(row["minor"], row["currency"])) for row in wanted
    ]
    assert run("product", "history", "SKU1", "--every").stdout.count("\n") > len(wanted)


def test_a_product_s_standing_its_sources_seasons_and_spread(run: Run, figures: DatabaseUrl) -> None:
    told = run("product", "stats", "SKU1").stdout
    (row,) = stored(figures, "select * from marts.product_stats where sku = 'SKU1'")
    assert f"cheaper on {row['price_percentile'].normalize():f} % of them" in told
    assert f"mean of {row['n_days']} days" in told
    _, *sources = printed(run("product", "stats", "SKU1", "--json"))
    assert [one["price_rank"] for one in sources] == list(range(1, len(sources) + 1))
    bars = printed(run("product", "histogram", "SKU1", "--json"))
    of_category = printed(run("product", "histogram", "--category", "category 1", "--json"))
    for found, subject in ((bars, "SKU1"), (of_category, "category 1")):
        wanted = stored(figures, f"select n from marts.price_histograms where subject = '{subject}' order by bucket")
        assert [bar["n"] for bar in found] == [bar["n"] for bar in wanted]
        assert found
    assert "six complete months" in run("product", "seasons", "SKU1").stderr
    assert run("product", "seasons").exception.args[0].startswith("name one product")
    assert run("product", "histogram", "SKU1", "--category", "x").exit_code == 1


def test_stores_and_lows_are_ranked(run: Run, figures: DatabaseUrl) -> None:
    for days in (7, 30):
        rows = printed(run("product", "stores", "--days", days, "--json"))
        wanted = stored(
            figures,
            f"select source_name, wins from marts.source_win_rates where category = 'all' and lookback_days = {days}",
        )
        assert {row["source_name"]: row["wins"] for row in rows} == {row["source_name"]: row["wins"] for row in wanted}
        assert [row["win_rank"] for row in rows if row["win_rank"]] == sorted(
            row["win_rank"] for row in rows if row["win_rank"]
        )
    assert isinstance(run("product", "stores", "--days", "8").exception, UserError)
    lows = printed(run("product", "lows", "--limit", "3", "--json"))
    assert [row["price_rank"] for row in lows] == list(range(1, len(lows) + 1))


def test_the_overview_says_what_the_lists_say(run: Run, figures: DatabaseUrl) -> None:
    (whole,) = printed(run("product", "overview", "--json"))
    (counts,) = stored(
        figures,
        "select (select count(*) from marts.price_drops where window_days = 7) as drops_7d,"
        " (select count(*) from marts.price_rises where window_days = 30) as rises_30d,"
        " (select count(*) from marts.all_time_lows) as all_time_lows",
    )
    assert {name: whole[name] for name in counts} == counts
    told = run("product", "overview").stdout
    assert f"7 days: {counts['drops_7d']} cheaper" in told
    biggest = stored(
        figures, "select sku, change_percent from marts.price_drops where window_days = 7 order by price_rank"
    )
    assert f"{biggest[0]['change_percent']:+.2f} %  {biggest[0]['sku']}" in told
    assert told.count(" %  ") <= 18


def test_markets_by_look_back_period_brand_and_time(run: Run, figures: DatabaseUrl) -> None:
    (whole, *sources) = printed(run("market", "summary", "--days", "90", "--json"))
    assert whole["source_name"] == "all"
    assert whole["listings"] == sum(one["listings"] for one in sources) > 0
    assert "other kinds" in run("market", "summary", "--days", "90").stdout
    assert isinstance(run("market", "summary", "--days", "8").exception, UserError)

    week = printed(run("market", "trends", "--json"))
    since = datetime.now(UTC).date() - timedelta(days=6)
    wanted = stored(
        figures,
        "select count(*) as n from marts.market_trends"
        f" where period = 'day' and brand = 'all' and period_start >= '{since}'",
    )
    assert len(week) == wanted[0]["n"] > 3
    assert run("market", "trends", "--days", "91").exit_code == 2
    assert isinstance(run("market", "trends", "--source", "vintd").exception, UserError)

    assert "No brand was seen" in run("market", "brands").stderr
    by_source = printed(run("market", "time", "--json"))
    assert {row["scope"] for row in by_source} <= {"source"}
    assert isinstance(run("market", "time", "--brand", "a", "--source", "vinted").exception, UserError)
    assert "No seller of vinted" in run("market", "sellers", "vinted").stderr
    assert "No completed lot" in run("market", "procurement", "cement").stderr
    assert "No source was asked" in run("sources", "--days", "7").stderr


def test_before_dbt_ever_ran_each_says_so(
    run: Run, empty_of_marts: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_of_marts.libpq)
    settings.cache_clear()
    for command in (
        ("market", "summary"),
        ("market", "trends"),
        ("product", "lows"),
        ("product", "overview"),
        ("product", "histogram", "--category", "x"),
        ("sources", "--days", "7"),
    ):
        error = run(*command).exception
        assert isinstance(error, FiguresError), command
        assert "made hourly" in str(error)


@pytest.fixture
def empty_of_marts(database: DatabaseUrl) -> DatabaseUrl:
    return database


def test_sellers_sources_and_watches_of_a_stream(
    database: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stream.random_stream(3, today=datetime.now(UTC).date(), sources=4, days=20)
    made.items = [replace(item, source="ebay", seller_id=1 + item.listing_id % 2) for item in made.items]
    with connect(database) as conn, conn.transaction():
        stream.store_stream(conn, made)
        conn.execute(
            "insert into app.watch_listings (watch_id, listing_id, first_seen_at, last_seen_at, is_initial)"
            " select 1, listing_id, last_seen_at, last_seen_at, true from core.listing_state"
        )
    dbt(database, tmp_path_factory.mktemp("dbt"), "run")
    monkeypatch.setenv("DATABASE_URL", database.libpq)
    settings.cache_clear()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    sellers = printed(run("market", "sellers", "ebay", "--by", "sell-through", "--json"))
    assert [row["sell_through_rank"] for row in sellers] == sorted(row["sell_through_rank"] for row in sellers)
    assert len(sellers) == 2
    brands = printed(run("market", "brands", "--by", "month", "--json"))
    assert {row["brand"] for row in brands} <= {"levi's", "nudie jeans", "a.p.c."}
    levis = printed(run("market", "trends", "--by", "month", "--days", "60", "--brand", " LEVI'S ", "--json"))
    assert {(row["source_name"], row["brand"]) for row in levis} == {("ebay", "levi's")}
    assert run("market", "summary").stdout.count("levi's") == 2, "the one source and all"
    days = printed(run("sources", "--days", "21", "--json"))
    assert {row["source_name"] for row in days} == {page.source for page in made.pages} | {run[0] for run in made.runs}
    prices = printed(run("watch", "prices", "1", "--days", "20", "--json"))
    groups = [row for row in prices if "stat_date" not in row]
    assert groups[0]["condition"] == "all"
    assert any("stat_date" in row for row in prices)
    assert printed(run("market", "time", "--watch", "w", "--json"))[0]["scope_key"] == "1"
    settings.cache_clear()
