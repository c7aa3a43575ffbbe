"""Prices that cannot be meant wait for review: they neither show nor enter the history until they are settled."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from domain.listing import Listing
from tests.integration.warehouse.samples import listing, page, reading, store_and_load
from warehouse.load import load_reading
from warehouse.pages import store_page
from warehouse.reviews import ReviewError, list_reviews, reject_review, release_review

pytestmark = pytest.mark.integration


def at(conn: psycopg.Connection, minutes: float, *listings: Listing) -> int:
    """Load a page and return how many of its prices were held."""
    return store_and_load(conn, page(minutes), list(listings)).held


def history(conn: psycopg.Connection) -> list[tuple[int, int]]:
    """Return (minutes since the first page, price in cents) of every row."""
    return conn.execute(
        "select (extract(epoch from observed_at - timestamptz '2026-03-10 12:00+00') / 60)::int, price_minor"
        " from core.price_history order by observed_at"
    ).fetchall()


def shown(conn: psycopg.Connection) -> tuple[Decimal, int]:
    row = conn.execute(
        "select l.price, s.price_minor from core.listings l join core.listing_state s using (listing_id)"
    ).fetchone()
    assert row is not None
    return row


def test_a_slip_is_held_and_the_known_price_stays(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    assert at(conn, 5, listing(1, "19.90")) == 1
    assert shown(conn) == (Decimal("199.0000"), 19900)
    assert history(conn) == [(0, 19900)]
    (review,) = list_reviews(conn)
    assert (review.price, review.known_price) == (Decimal("19.90"), Decimal("199.00"))
    assert "power of ten" in review.reason


def test_a_price_as_before_withdraws_the_slip(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90"))
    assert at(conn, 10, listing(1, "199.00")) == 0
    assert list_reviews(conn) == []
    assert len(list_reviews(conn, state="withdrawn")) == 1
    assert history(conn) == [(0, 19900)]


def test_the_next_page_that_shows_it_again_confirms_it_from_when_it_was_first_seen(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90"))
    assert at(conn, 10, listing(1, "19.90")) == 0
    assert shown(conn) == (Decimal("19.9000"), 1990)
    assert history(conn)[:2] == [(0, 19900), (5, 1990)]
    assert {price for _, price in history(conn)[2:]} <= {1990}
    assert list_reviews(conn) == []


def test_a_second_page_of_the_same_poll_confirms_nothing(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90"))
    assert at(conn, 5.2, listing(1, "19.90")) == 1
    assert len(list_reviews(conn)) == 1


def test_another_slip_takes_the_place_of_the_first(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90"))
    at(conn, 10, listing(1, "1.99"))
    assert [review.price for review in list_reviews(conn)] == [Decimal("1.99")]
    assert len(list_reviews(conn, state="withdrawn")) == 1


def test_other_changes_of_the_same_page_are_kept(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90", title="Coat, reduced"))
    assert conn.execute("select title, price from core.listings").fetchone() == ("Coat, reduced", Decimal("199.0000"))


def test_a_released_price_is_the_price_now(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90"))
    (review,) = list_reviews(conn)
    release_review(conn, review.review_id)
    assert history(conn) == [(0, 19900), (5, 1990)]
    assert shown(conn) == (Decimal("19.9000"), 1990)
    assert at(conn, 10, listing(1, "19.90")) == 0
    with pytest.raises(ReviewError, match="released already"):
        release_review(conn, review.review_id)


def test_a_release_after_a_newer_page_only_completes_the_history(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90"))
    (review,) = list_reviews(conn)
    at(conn, 5.5, listing(1, "19.90"))  # seen again at once: still held, but newer
    release_review(conn, review.review_id)
    assert history(conn) == [(0, 19900), (5, 1990)]


def test_what_was_rejected_stays_out_however_often_it_is_shown(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    at(conn, 5, listing(1, "19.90"))
    (review,) = list_reviews(conn)
    reject_review(conn, review.review_id)
    assert at(conn, 10, listing(1, "19.90")) == 1
    assert at(conn, 15, listing(1, "19.90")) == 1
    assert list_reviews(conn) == []
    assert history(conn) == [(0, 19900)]


def test_the_same_page_again_changes_nothing(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "199.00"))
    raw = page(5)
    page_id = store_page(conn, raw)
    for _ in range(2):
        load_reading(conn, page_id, raw, reading([listing(1, "19.90")]), parser_version=1)
    assert len(list_reviews(conn)) == 1
    assert history(conn) == [(0, 19900)]
    assert shown(conn) == (Decimal("199.0000"), 19900)


def test_nothing_enters_the_history_as_zero(conn: psycopg.Connection) -> None:
    at(conn, 0, listing(1, "0", total_price=Decimal(0), fee=None))
    at(conn, 60 * 24, listing(1, "0", total_price=Decimal(0), fee=None))
    assert history(conn) == []
    at(conn, 60 * 24 + 5, listing(1, "30.00"))
    assert [price for _, price in history(conn)] == [3000]


def test_a_review_that_is_not_there_is_told_so(conn: psycopg.Connection) -> None:
    with pytest.raises(ReviewError, match="there is no review 7"):
        reject_review(conn, 7)
