"""The eleventh source: rows, prices that are none, dates in Berlin, addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.listing import Availability
from domain.page import PageMeaning, PageReading
from scrapers.contract import SearchUrlError
from scrapers.kleinanzeigen.reading import read_page
from scrapers.kleinanzeigen.search_url import SOURCE_NAME, parse_search_url, write_search_url
from scrapers.recorded import recorded

AT = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def row(number: str = "1", price: str = "50 €", more: str = "", date: str = "Heute, 14:05") -> str:
    return (
        f'<article class="aditem" data-adid="{number}" data-userid="9">'
        f'<h2><a href="/s-anzeige/x/{number}">Lampe</a></h2>'
        f'{more}<p class="aditem-price">{price}</p><span class="aditem-date">{date}</span></article>'
    )


def read(*rows: str, status: int = 200) -> PageReading:
    body = f'<html><body><ul id="srchrslt-adtable">{"".join(rows)}</ul></body></html>'.encode()
    url = "https://www.kleinanzeigen.example/s-lampe/k0"
    return read_page(recorded(SOURCE_NAME, body, url=url, status=status, fetched_at=AT))


@pytest.mark.parametrize(
    ("text", "price"), [("50 €", "50"), ("1.250 € VB", "1250"), ("12,50 €", "12.50"), ("12.345.678 €", "12345678")]
)
def test_prices(text: str, price: str) -> None:
    (listing,) = read(row(price=text)).listings
    assert (listing.price, listing.currency) == (Decimal(price), "EUR")
    assert listing.attributes.get("negotiable") == ("yes" if "VB" in text else None)
    assert listing.url == "https://www.kleinanzeigen.example/s-anzeige/x/1"


def test_what_has_no_price_is_told_as_such_and_costs_no_other_row() -> None:
    reading = read(row("1", "VB"), row("2", "Zu verschenken"), row("3", "fünfzig"), row("x"), row("5"))
    assert [offer.reason for offer in reading.unpriced] == ["the price is to be agreed (VB)", "given away"]
    assert [one.reason.split(":")[0] for one in reading.rejected] == [".aditem-price", "data-adid"]
    assert [listing.external_id for listing in reading.listings] == ["5"]


def test_a_day_is_that_of_berlin() -> None:
    (late, old, odd) = read(
        row("1", date="Gestern, 23:30"), row("2", date="17.11.2026"), row("3", date="31.02.2026")
    ).listings
    assert late.listed_at == datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
    assert old.listed_at == datetime(2026, 11, 17, 11, tzinfo=UTC)
    assert odd.listed_at is None


def test_states_and_meanings() -> None:
    (listing,) = read(row(more='<span class="badge-reserved"></span>')).listings
    assert listing.availability is Availability.RESERVED
    assert read().meaning is PageMeaning.EMPTY
    assert read(status=429).meaning is PageMeaning.THROTTLED


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(noise: bytes) -> None:
    body = b'<ul id="srchrslt-adtable"><article class="aditem" ' + noise + b"</ul>"
    page = recorded(SOURCE_NAME, body, url="https://www.kleinanzeigen.example/", fetched_at=AT)
    assert isinstance(read_page(page), PageReading)


@given(
    st.fixed_dictionaries(
        {"search_text": st.text("abcxyz 12äöü", min_size=1).map(lambda t: " ".join(t.split())).filter(bool)},
        optional={"price_from": st.integers(1, 99).map(str), "price_to": st.integers(100, 999).map(str)},
    )
)
def test_an_address_written_and_read_again_is_the_same_search(params: dict[str, Any]) -> None:
    assert parse_search_url(write_search_url(params)).params == params


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.kleinanzeigen.example/s-anbieter:privat/lampe/k0", "anbieter:privat"),
        ("https://www.kleinanzeigen.example/s-lampe/k0?x=1", "x=1"),
        ("https://www.kleinanzeigen.example/s-preis:1:2/k0", "searches for nothing"),
        ("https://www.kleinanzeigen.example/stadt/berlin", "is not a search"),
        ("https://example.com/s-lampe/k0", "not an address"),
    ],
)
def test_what_is_not_understood_is_named(url: str, words: str) -> None:
    with pytest.raises(SearchUrlError, match=words):
        parse_search_url(url)
