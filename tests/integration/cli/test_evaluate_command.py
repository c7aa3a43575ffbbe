"""`pricescope evaluate` as a user types it."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import Command
from tests.integration.pipeline.sandbox_things import store_sandbox
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration


def test_the_figures_of_all_watches_and_of_one_are_printed_and_the_plots_are_where_it_says(
    pricescope: Command, own_database: DatabaseUrl
) -> None:
    empty = pricescope("evaluate")
    assert empty.returncode == 0, empty.stderr
    assert "not enough data: 0 of 200 listings are known" in empty.stderr
    with connect(own_database) as conn:
        store_sandbox(conn, seed=2, days=35)
    table = pricescope("evaluate", "--repeats", "2")
    assert table.returncode == 0, table.stderr
    for part in ("fair price", "robust", "mean - k sigma", "B-cubed", "p <= 0.05", "watch 1"):
        assert part in table.stdout
    assert table.stderr.strip().splitlines()[-1].endswith("/evaluation/eur")
    one = pricescope("evaluate", "--repeats", "2", "--watch", "watch 2", "--json", "--no-plots")
    assert one.returncode == 0, one.stderr
    (market,) = json.loads(one.stdout)["markets"]
    assert market["name"] == "watch 2"
    assert {week["watch_id"] for week in market["coverage_by_watch_and_week"]} == {2}
    unknown = pricescope("evaluate", "--watch", "no such watch")
    assert unknown.returncode == 2
    assert "no such watch" in unknown.stderr
