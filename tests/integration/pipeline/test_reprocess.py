"""A past day is read again from its stored pages: what would change is shown first, and kept by a backfill."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from domain.page import RawPage
from domain.settings import Settings
from pipeline.read import read_day
from pipeline.reprocess import try_again
from warehouse.digest import table_digests
from warehouse.pages import store_page

pytestmark = pytest.mark.integration

DAY = date(2026, 3, 10)
_DATA = ("core.listings", "core.listing_state", "core.price_history", "ops.page_readings", "ops.quarantine")


def _item(number: int, price: str) -> dict[str, object]:
    return {
        "id": 8_000_000_000 + number,
        "title": f"Coat {number}",
        "price": {"amount": price, "currency_code": "EUR"},
        "total_item_price": {"amount": str(float(price) + 1.7), "currency_code": "EUR"},
        "url": f"https://www.vinted.fr/items/{8_000_000_000 + number}",
        "status": "Très bon état",
        "user": {"id": number, "login": f"login{number}", "business": False},
    }


def _store(conn: psycopg.Connection, minutes: int, prices: dict[int, str]) -> None:
    body = {
        "items": [_item(number, price) for number, price in prices.items()],
        "pagination": {"current_page": 1, "total_pages": 1, "per_page": 96},
        "code": 0,
    }
    store_page(
        conn,
        RawPage(
            source="vinted",
            url="https://www.vinted.fr/api/v2/catalog/items?search_text=coat",
            status=200,
            content_type="application/json",
            body=json.dumps(body).encode(),
            fetched_at=datetime(2026, 3, 10, 8, tzinfo=UTC) + timedelta(minutes=minutes),
        ),
    )


@pytest.fixture
def read(conn: psycopg.Connection, source_settings: Settings) -> Settings:
    for minutes, price in ((0, "20.0"), (30, "20.0"), (60, "18.0")):
        _store(conn, minutes, {1: price, 2: "9.0"})
    outcome = read_day(conn, source_settings, "vinted", DAY)
    assert (outcome.pages, outcome.new, outcome.quarantined) == (3, 2, 0)
    return source_settings


@pytest.fixture
def source_settings(tmp_path: object) -> Settings:
    return Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg, arg-type]  # pydantic's own keyword


def test_reading_again_with_the_same_parser_changes_nothing_and_says_so(
    conn: psycopg.Connection, read: Settings
) -> None:
    before = table_digests(conn, _DATA)
    outcome = try_again(conn, read, "vinted", [DAY])
    assert outcome.pages == 3
    assert not outcome.changes_anything
    read_day(conn, read, "vinted", DAY, again=True)
    assert table_digests(conn, _DATA) == before


def test_what_a_better_parser_would_change_is_told_by_field_and_not_kept(
    conn: psycopg.Connection, read: Settings
) -> None:
    # As if an older parser had not read the brand's neighbour: its condition, and had misread a price.
    conn.execute("update core.listing_details set condition = 'unknown', condition_label = null where title = 'Coat 1'")
    conn.execute("update core.price_history set price_minor = 1 where observed_at < '2026-03-10 08:10+00'")
    before = table_digests(conn, _DATA)
    outcome = try_again(conn, read, "vinted", [DAY])
    assert outcome.fields["condition"] == 1
    assert outcome.samples["condition"][0].before == "unknown"
    assert outcome.samples["condition"][0].after == "very_good"
    assert outcome.changed_listings == 1
    assert outcome.history_changed == 2
    assert table_digests(conn, _DATA) == before


def test_keeping_it_makes_exactly_the_change_that_was_shown(conn: psycopg.Connection, read: Settings) -> None:
    whole = conn.execute("select title, condition, price from core.listings order by 1").fetchall()
    history = conn.execute("select * from core.price_history order by 1, 2").fetchall()
    conn.execute("update core.listing_details set condition = 'unknown', condition_label = null")
    conn.execute("update core.price_history set price_minor = 1 where observed_at < '2026-03-10 08:10+00'")
    read_day(conn, read, "vinted", DAY, again=True)
    assert conn.execute("select title, condition, price from core.listings order by 1").fetchall() == whole
    assert conn.execute("select * from core.price_history order by 1, 2").fetchall() == history
    assert not try_again(conn, read, "vinted", [DAY]).changes_anything


def test_progress_is_told_page_by_page_of_all_days(conn: psycopg.Connection, read: Settings) -> None:
    told: list[int] = []
    outcome = try_again(conn, read, "vinted", [DAY, DAY + timedelta(days=1)], on_pages=told.append)
    assert sum(told) == outcome.pages == 3


def test_a_page_that_cannot_be_loaded_leaves_the_pages_before_it_kept_and_the_rest_to_the_next_run(
    conn: psycopg.Connection, source_settings: Settings
) -> None:
    for minutes, numbers in ((0, (1,)), (10, (2,)), (20, (3,)), (30, (4,))):
        _store(conn, minutes, dict.fromkeys(numbers, "20.0"))
    conn.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$;"
        " create trigger refuse before insert on core.listing_details for each row when (new.title = 'Coat 3')"
        " execute function refuse()"
    )
    with pytest.raises(psycopg.Error, match="the disk is full"):
        read_day(conn, source_settings, "vinted", DAY)
    assert conn.execute("select title from core.listings order by 1").fetchall() == [("Coat 1",), ("Coat 2",)]
    assert conn.execute("select count(*) from ops.page_readings").fetchone() == (2,)
    conn.execute("drop trigger refuse on core.listing_details")
    outcome = read_day(conn, source_settings, "vinted", DAY)
    assert (outcome.pages, outcome.new) == (2, 2)


def test_a_better_parser_reads_the_pages_that_an_older_one_read_without_being_told_to(
    conn: psycopg.Connection, read: Settings
) -> None:
    conn.execute("update ops.page_readings set parser_version = 0")
    conn.execute("update core.listing_details set condition = 'unknown', condition_label = null where title = 'Coat 1'")
    outcome = read_day(conn, read, "vinted", DAY)
    assert (outcome.pages, outcome.records) == (3, 6)
    assert conn.execute("select condition from core.listings where title = 'Coat 1'").fetchone() == ("very_good",)
    assert read_day(conn, read, "vinted", DAY).pages == 0


def test_a_listing_that_was_known_from_other_pages_alone_is_not_told_to_be_new(
    conn: psycopg.Connection, read: Settings
) -> None:
    # As a page leaves it whose things were not known yet when it was read, and had no price.
    conn.execute("update ops.page_readings set listing_ids = '{}', thin_ids = '{}'")
    outcome = try_again(conn, read, "vinted", [DAY])
    assert (outcome.new_listings, outcome.changed_listings, outcome.history_added) == (0, 0, 0)
    assert not outcome.changes_anything
