"""`pricescope review`, typed as docs/history.md shows it: prices held back are seen, let in, or kept out."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import Command
from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def held(own_database: DatabaseUrl) -> DatabaseUrl:
    """Two listings whose price went down to a hundredth, as far as their pages say."""
    with connect(own_database) as conn:
        store_and_load(conn, page(), [listing(1, title="[new] coat"), listing(2)])
        assert store_and_load(conn, page(60), [listing(1, "0.20", title="[new] coat"), listing(2, "0.20")]).held == 2
    return own_database


def test_held_prices_are_listed_released_and_rejected_once(pricescope: Command, held: DatabaseUrl) -> None:
    shown = pricescope("review", "list")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("0.20 EUR") == 2
    assert "[new] coat" in shown.stdout
    assert "'opened' is no state of a review" in " ".join(
        pricescope("review", "list", "--state", "opened").stderr.split()
    )
    numbers = [
        json.loads(line)["review_id"] for line in pricescope("review", "list", "--json").stdout.splitlines()
    ]  # fmt: skip
    assert pricescope("review", "release", str(numbers[0])).returncode == 0
    assert pricescope("review", "reject", str(numbers[1])).returncode == 0
    again = pricescope("review", "reject", str(numbers[0]))
    assert again.returncode == 2
    assert f"review {numbers[0]} is released already" in " ".join(again.stderr.split())
    absent = pricescope("review", "release", "987654")
    assert absent.returncode == 2
    assert "there is no review 987654; list them with: pricescope review list" in " ".join(absent.stderr.split())
    assert "No price waits for review." in pricescope("review", "list").stderr
    with connect(held) as conn:
        prices = conn.execute(
            "select listing_id, price_minor from core.price_history order by listing_id, observed_at"
        ).fetchall()
    assert sorted(price for _, price in prices) == [20, 2000, 2000]
