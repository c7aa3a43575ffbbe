"""`pricescope reprocess` as a user types it: what it refuses, what it shows, what it keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from domain.page import RawPage
from tests.integration.cli.conftest import Command
from warehouse.connect import DatabaseUrl, connect
from warehouse.pages import store_page

pytestmark = pytest.mark.integration

TODAY = datetime.now(UTC).date()
NOON = datetime.now(UTC).replace(hour=0, minute=5, second=0, microsecond=0)


def store(conn: psycopg.Connection, days_ago: int, price: str) -> None:
    item = {
        "id": 8_000_000_001,
        "title": "Coat",
        "price": {"amount": price, "currency_code": "EUR"},
        "total_item_price": {"amount": str(float(price) + 1.7), "currency_code": "EUR"},
        "url": "https://www.vinted.fr/items/8000000001",
        "status": "Très bon état",
        "user": {"id": 1, "login": "someone", "business": False},
    }
    body = {"items": [item], "pagination": {"current_page": 1, "total_pages": 1, "per_page": 96}, "code": 0}
    page = RawPage(
        source="vinted",
        url="https://www.vinted.fr/api/v2/catalog/items?search_text=coat",
        status=200,
        content_type="application/json",
        body=json.dumps(body).encode(),
        fetched_at=NOON - timedelta(days=days_ago),
    )
    store_page(conn, page)


@pytest.fixture(scope="module")
def stored(own_database: DatabaseUrl) -> DatabaseUrl:
    """Pages of two days, three days apart, that were never read."""
    with connect(own_database) as conn:
        store(conn, 5, "20.0")
        store(conn, 2, "18.0")
    return own_database


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("vintd", "--from", str(TODAY)), "unknown source 'vintd'; known: "),
        (("vinted", "--from", str(TODAY + timedelta(days=2))), f"--from {TODAY + timedelta(days=2)} is in the future"),
        (
            ("vinted", "--from", str(TODAY), "--to", str(TODAY + timedelta(days=2))),
            f"--to {TODAY + timedelta(days=2)} is in the future",
        ),
        (("vinted", "--from", "2026-03-02", "--to", "2026-03-01"), "--to 2026-03-01 is before --from 2026-03-02"),
        (
            ("vinted", "--from", "2024-03-01"),
            "no page of vinted is stored from 2024-03-01 to 2024-03-01; pages are kept",
        ),
    ],
)
@pytest.mark.usefixtures("stored")
def test_what_cannot_be_read_again_is_said_in_one_sentence(
    pricescope: Command, arguments: tuple[str, ...], said: str
) -> None:
    done = pricescope("reprocess", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_days_from_before_the_partitions_are_told_what_to_set(pricescope: Command, stored: DatabaseUrl) -> None:
    days = ("--from", str(TODAY - timedelta(days=6)), "--to", str(TODAY))
    done = pricescope("reprocess", "vinted", *days, "--keep", PRICESCOPE_FIRST_DAY=str(TODAY - timedelta(days=3)))
    assert done.returncode == 2
    assert f"set PRICESCOPE_FIRST_DAY={TODAY - timedelta(days=5)}" in " ".join(done.stderr.split())
    with connect(stored) as conn:
        assert conn.execute("select count(*) from core.listings").fetchone() == (0,)


def test_a_range_is_tried_shown_and_kept_and_then_nothing_would_change(
    pricescope: Command, stored: DatabaseUrl
) -> None:
    days = ("--from", str(TODAY - timedelta(days=6)), "--to", str(TODAY))
    tried = pricescope("reprocess", "vinted", *days)
    assert "2 pages read again: 1 new listings, 0 changed" in tried.stdout
    said = " ".join(tried.stderr.split())
    assert "5 of these 7 days have no stored page of vinted and stay as they are" in said
    assert f"the first that has is {TODAY - timedelta(days=5)}" in said
    with connect(stored) as conn:
        assert conn.execute("select count(*) from core.listings").fetchone() == (0,), "nobody said yes"
        kept = pricescope("reprocess", "vinted", *days, "--keep")
        assert kept.returncode == 0, kept.stderr
        assert kept.stdout.count(": backfill success: 1 pages, 1 listings") == 2, "a run for each day that has pages"
        history = "select price_minor from core.price_history order by observed_at"
        assert conn.execute(history).fetchall() == [(2000,), (1800,)]
        again = pricescope("reprocess", "vinted", *days)
        assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "Nothing would change.")
