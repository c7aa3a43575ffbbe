"""One search on several sources at once."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import Command

pytestmark = pytest.mark.integration


def test_one_search_becomes_a_watch_at_each_source(pricescope: Command) -> None:
    added = pricescope(
        "watch", "search", "barbour bedale", "--sources", "vinted,ebay", "--site", "fr", "--max-price", "60"
    )
    assert added.returncode == 0, added.stderr
    rows = [json.loads(line) for line in pricescope("watch", "list", "--json").stdout.splitlines()]
    mine = {row["source"]: row for row in rows if row["name"].startswith("barbour bedale (")}
    assert set(mine) == {"vinted", "ebay"}
    assert {row["country"] for row in mine.values()} == {"fr"}
    assert {row["params"]["search_text"] for row in mine.values()} == {"barbour bedale"}


def test_a_source_that_cannot_be_searched_is_one_clear_line(pricescope: Command) -> None:
    refused = pricescope("watch", "search", "x", "--sources", "uzex")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "no search by words" in refused.stderr
