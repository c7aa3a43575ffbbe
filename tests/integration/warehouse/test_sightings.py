"""Which pages of a day showed which listings: what is remembered is what the table says."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.warehouse.samples import START, listing, page, reading
from warehouse.load import load_reading
from warehouse.pages import store_page
from warehouse.sightings import Sightings

pytestmark = pytest.mark.integration

_MINUTES = (0, 10, 10, 20, 30)
_NUMBERS = (1, 2, 3)
shown = st.lists(st.sets(st.sampled_from(_NUMBERS)), min_size=len(_MINUTES), max_size=len(_MINUTES))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=shown, after=shown, asked=st.sets(st.sampled_from(_NUMBERS), min_size=1), told_at=st.integers(0, 4))
def test_told_of_each_page_read_it_knows_what_asking_anew_would_find(
    before: list[set[int]], after: list[set[int]], asked: set[int], told_at: int, conn: psycopg.Connection
) -> None:
    with conn.transaction(force_rollback=True):
        pages = [page(minute, body=bytes([place])) for place, minute in enumerate(_MINUTES)]
        ids = [store_page(conn, one) for one in pages]
        load_reading(conn, ids[0], pages[0], reading([listing(number) for number in _NUMBERS]), parser_version=1)
        found = conn.execute("select external_id, listing_id from core.listing_details").fetchall()
        listing_ids = {int(external_id) - 8_000_000_000: listing_id for external_id, listing_id in found}

        def read(place: int, numbers: set[int], version: int) -> None:
            read_listings = reading([listing(number) for number in sorted(numbers)])
            load_reading(conn, ids[place], pages[place], read_listings, parser_version=version)

        for place, numbers in enumerate(before):
            read(place, numbers, 2)
        told = Sightings("vinted", START, likely=listing_ids.values())
        for place, numbers in enumerate(after):
            if place == told_at:
                told.ask(conn, [listing_ids[number] for number in asked])
            read(place, numbers, 3)
            told.put(ids[place], pages[place].fetched_at, [listing_ids[number] for number in numbers])
        told.ask(conn, listing_ids.values())
        fresh = Sightings("vinted", START)
        fresh.ask(conn, listing_ids.values())
        for listing_id in listing_ids.values():
            for one, page_id in zip(pages, ids, strict=True):
                assert told.after(listing_id, one.fetched_at) == fresh.after(listing_id, one.fetched_at)
                assert told.is_overruled(listing_id, one.fetched_at, page_id) == fresh.is_overruled(
                    listing_id, one.fetched_at, page_id
                )
        for number, listing_id in listing_ids.items():
            at = [one.fetched_at for one, numbers in zip(pages, after, strict=True) if number in numbers]
            assert fresh.after(listing_id, START) == min((one for one in at if one > START), default=None)


def test_it_answers_for_its_own_day_from_its_time_on() -> None:
    sightings = Sightings("vinted", START)
    assert sightings.covers(START)
    assert sightings.covers(START.replace(hour=23, minute=59))
    assert not sightings.covers(START - timedelta(microseconds=1))
    assert not sightings.covers(START + timedelta(days=1))


def test_of_two_pages_of_one_instant_the_older_read_again_does_not_overrule_the_newer(conn: psycopg.Connection) -> None:
    older, newer = page(10, body=b"older"), page(10, body=b"newer")
    ids = [store_page(conn, older), store_page(conn, newer)]
    load_reading(conn, ids[0], older, reading([listing(1, "20.00")]), parser_version=1)
    load_reading(conn, ids[1], newer, reading([listing(1, "21.00")]), parser_version=1)
    history = "select observed_at, price_minor from core.price_history"
    kept = conn.execute(history).fetchall()
    load_reading(conn, ids[0], older, reading([listing(1, "19.00")]), parser_version=2)
    assert conn.execute(history).fetchall() == kept == [(older.fetched_at, 2100)]
