"""The evaluation on the sandbox's market in a database: it reads, and the server keeps it from writing."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import numpy as np
import psycopg
import pytest

from pipeline.evaluate import evaluate_streams, gone_within, read_streams
from pipeline.evaluation_report import figures, market_plots, market_tables, write_plots
from pipeline.pricing import markets
from tests.integration.pipeline.priced_market import FIRST_LISTING, NOW, Thing, store
from tests.integration.pipeline.sandbox_things import store_sandbox
from tests.tables import digests
from warehouse.connect import snapshot
from warehouse.fates import fates
from warehouse.watches import get_watch

pytestmark = pytest.mark.integration


def test_an_evaluation_of_the_sandbox_leaves_every_table_as_it_was(conn: psycopg.Connection) -> None:
    store_sandbox(conn, seed=2)
    before = digests(conn)
    streams = read_streams(conn)
    done = evaluate_streams(streams, repeats=5)
    assert digests(conn) == before
    msgspec.json.encode(figures(done))
    assert streams[0].market.items.prices.tolist() == [float(one.price) for one in streams[0].market.offers]
    (market,) = done.markets
    assert market.backtest is not None
    ours, _, classic = market.backtest.rules
    assert ours.auprc > classic.auprc
    assert ours.deciles
    assert ours.deciles[-1].lift > 1.2, "the sandbox's buyers hurry for what is cheap"
    assert market.backtest.calibration.by_watch().keys() == {"1", "2"}
    assert market.clusters is not None
    assert len(market_tables(market)) == 5


def test_the_server_refuses_writes_where_an_evaluation_reads(conn: psycopg.Connection) -> None:
    store(conn, [Thing(FIRST_LISTING, "a thing", 5417)], rules=["robust"])
    halve = "update core.listing_state set price = price / 2"
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), snapshot(conn):
        conn.execute(halve)
    assert conn.execute(halve).rowcount == 1


def test_one_watch_is_judged_by_what_all_watches_saw(conn: psycopg.Connection) -> None:
    store_sandbox(conn, seed=2, days=35)
    (whole,) = read_streams(conn)
    (one,) = read_streams(conn, get_watch(conn, 2))
    assert len(one.market.items) == len(whole.market.items)
    done = evaluate_streams([one], repeats=2).markets[0]
    assert done.name == "watch 2"
    assert done.backtest is not None
    assert done.backtest.calibration.by_watch().keys() == {"2"}
    assert done.backtest.history > sum(watch == "2" for watch in one.market.items.watches)


def test_too_little_data_says_how_much_there_is(conn: psycopg.Connection) -> None:
    assert read_streams(conn) == []
    store(
        conn, [Thing(FIRST_LISTING + n, f"thing {n}", 1000 + n, seen_days_ago=n) for n in range(30)], rules=["robust"]
    )
    (market,) = evaluate_streams(read_streams(conn)).markets
    assert market.backtest is None
    assert market.too_little == "not enough data: 30 of 200 listings with a price are known"
    assert market_plots(market) == {}


def test_the_fate_of_a_listing_is_unknown_until_seven_days_could_have_passed(conn: psycopg.Connection) -> None:
    ages = {"sold soon": 20.0, "sold late": 20.0, "missed soon": 20.0, "still there": 20.0, "lost": 20.0, "new": 3.0}
    things = [Thing(FIRST_LISTING + n, title, 1000, seen_days_ago=age) for n, (title, age) in enumerate(ages.items())]
    store(conn, things, rules=["robust"])
    seen = {"sold soon": (17, "sold"), "sold late": (2, "sold"), "missed soon": (18, "available")}
    seen |= {"lost": (18, "available"), "new": (1, "sold")}
    for thing in things:
        if thing.title in seen:
            days, availability = seen[thing.title]
            conn.execute(
                "update core.listing_state set last_seen_at = %s, availability = %s where listing_id = %s",
                (NOW - timedelta(days=days), availability, thing.listing_id),
            )
    missing = things[list(ages).index("missed soon")].listing_id
    gone = NOW - timedelta(days=17)
    conn.execute(
        "insert into core.listing_absences"
        " (watch_id, listing_id, missing_since, last_missed_at, missed, successors, gone_at)"
        " values (1, %s, %s, %s, 3, '{}', %s)",
        (missing, gone, NOW, gone),
    )
    (market,) = markets(conn)
    known = fates(conn, [offer.listing_id for offer in market.offers])
    said = dict(zip(market.items.titles, gone_within(known, market), strict=True))
    assert {title: fate for title, fate in said.items() if not np.isnan(fate)} == {
        "sold soon": 1.0,
        "missed soon": 1.0,
        "sold late": 0.0,
        "still there": 0.0,
    }
    # Seen again after it was missed, it is there.
    conn.execute("update core.listing_state set last_seen_at = %s where listing_id = %s", (NOW, missing))
    assert fates(conn, [missing])[0].ended_at is None


def test_plots_replace_those_of_the_evaluation_before(tmp_path: object) -> None:
    from pathlib import Path

    home = Path(str(tmp_path))
    first = write_plots(home, "EUR of a/b", {"scores": b"one"})
    second = write_plots(home, "EUR of a/b", {"scores": b"two"})
    assert first == second == {"scores": home / "evaluation" / "eur-of-a-b" / "scores.png"}
    assert [path.name for path in second["scores"].parent.iterdir()] == ["scores.png"]
    assert second["scores"].read_bytes() == b"two"
