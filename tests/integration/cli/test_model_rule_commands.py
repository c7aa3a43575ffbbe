"""The model rule as a user meets it: its budget is a watch's, its estimate is explained."""

from __future__ import annotations

import json

import pytest

from pipeline.price_models import train_markets
from tests.integration.cli.conftest import Command
from tests.integration.pipeline.priced_market import FIRST_LISTING, Thing, ordinary, store
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration


def test_the_budget_is_edited_and_the_estimate_explained(pricescope: Command, own_database: DatabaseUrl) -> None:
    with connect(own_database) as own_conn:
        store(
            own_conn,
            [*ordinary(400), Thing(FIRST_LISTING + 9000, "Falco osprey 7 blue boxed", 23_000, seen_days_ago=0)],
        )
        (outcome,) = train_markets(own_conn)
        edited = pricescope("watch", "edit", "watch 1", "--rules", "absolute,model", "--false-alarms", "12.5")
        assert edited.returncode == 0, edited.stderr
        assert "12.5 false alarms accepted of 1,000 new listings" in edited.stdout
        row = own_conn.execute("select rules, false_alarms_per_1000 from app.watches where watch_id = 1").fetchone()
        assert row is not None
        assert (row[0], float(row[1])) == (["absolute", "model"], 12.5)
        assert pricescope("watch", "edit", "watch 1", "--false-alarms", "0").returncode == 2
        shown = pricescope("watch", "show", "watch 1").stdout
        assert f"{outcome.listings} prices, 90 % intervals held {outcome.coverage:.0%} of the last" in shown
        assert shown.count(" % of ") + shown.count("% of ") >= 4, "by week"
        assert "no alerts" not in shown
        row = pricescope("watch", "show", "watch 2").stdout
        assert "this watch's" not in row, "it found nothing"

        lines = pricescope("underpriced", "--watch", "watch 1", "-n", "5", "--json").stdout.splitlines()
        cheapest = [json.loads(line) for line in lines]
        assert (len(cheapest), cheapest[0]["listing_id"]) == (5, FIRST_LISTING + 9000)
        assert [one["p_value"] for one in cheapest] == sorted(one["p_value"] for one in cheapest)
        assert all(len(one["comparables"]) == 5 for one in cheapest)
        listed = pricescope("underpriced").stdout
        assert "Falco osprey 7 blue boxed" in listed
        assert "None" not in listed
        own_conn.execute(
            "update core.listing_state set price_changed_at = now() where listing_id = %s", (FIRST_LISTING + 9000,)
        )
        assert str(FIRST_LISTING + 9000) not in pricescope("underpriced").stdout, "its price is another now"

        explained = pricescope("explain", str(FIRST_LISTING + 9000), "--watch", "watch 1")
        assert explained.returncode == 0, explained.stderr
        assert "model: deal" in explained.stdout
        for part in ("90 % from", "you accept 12.5", f"model {outcome.model} ("):
            assert part in explained.stdout
        assert "None" not in explained.stdout
