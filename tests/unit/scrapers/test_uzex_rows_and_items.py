"""Rows and positions of UZEX: what is read, what is not guessed, and what costs only itself."""

# ruff: noqa: RUF001 - texts are Russian and Uzbek: their letters are meant

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.listing import Availability
from domain.page import PageMeaning
from scrapers.uzex.asked import read_stored_url
from scrapers.uzex.reading import read_page
from scrapers.uzex.recorded import recorded_page
from tests.unit.scrapers.uzex_pages import NOON, deal, detail_url, item, list_url, page, read, shop


def test_a_lot_met_twice_on_a_page_is_one_lot() -> None:
    assert len(read([deal(rn=1), deal(rn=2), deal(lot_id=8, rn=3)]).lots) == 2


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"lot_id": None}, "lot_id: missing"),
        ({"lot_id": [1]}, "lot_id: not an id"),
        ({"deal_cost": "12"}, "deal_cost: not a number but str"),
        ({"start_cost": float("nan")}, "start_cost: not a number but str 'NaN'"),
        ({"deal_cost": -1}, "deal_cost: out of range"),
        ({"deal_cost": 1e40}, "deal_cost: out of range"),
    ],
)
def test_a_spoilt_row_costs_only_itself_and_says_why(spoilt: dict[str, object], reason: str) -> None:
    reading = read([deal(), deal(**{"lot_id": 8, **spoilt}), deal(lot_id=9)])
    assert reading.meaning is PageMeaning.OK
    assert [lot.external_id for lot in reading.lots] == ["7", "9"]
    (rejected,) = reading.rejected
    assert rejected.index == 1
    assert reason in rejected.reason
    assert json.loads(rejected.record)["rn"] == 1


def test_a_page_of_nothing_but_spoilt_rows_means_the_service_changed() -> None:
    reading = read([{"rn": number, "ref": "x"} for number in range(3)])
    assert reading.meaning is PageMeaning.CHANGED
    assert "None of 3 records" in reading.detail


@pytest.mark.parametrize(
    ("number", "name", "kept"),
    [
        ("300000001", "FIRM MCHJ", ("300000001", "FIRM MCHJ")),
        (None, "YTT SOMEBODY NAMED", (None, None)),
        (None, "FIRM WITHOUT NUMBER", (None, None)),
        ("300000001", "YTT SOMEBODY NAMED", ("300000001", None)),
        ("300000001", "ЯТТ КТО-ТО", ("300000001", None)),
        ("300000001", "ИП Кто-то", ("300000001", None)),
        ("500000001", "Somebody Named", ("500000001", None)),
        ("12345678901234", "Somebody Named", (None, None)),
    ],
)
def test_names_are_kept_of_companies_only(number: object, name: str, kept: tuple[object, object]) -> None:
    (lot,) = read([deal(provider_inn=number, provider_name=name)]).lots
    assert (lot.provider_id, lot.provider_name) == kept


def test_texts_are_decoded_and_made_single_spaced() -> None:
    (lot,) = read([deal(customer_name="\n &laquo;&#1203;оким&raquo;  \t мактаби ", category_name="A&amp;B")]).lots
    assert lot.customer_name == "«ҳоким» мактаби"
    assert lot.category == "A&B"


@pytest.mark.parametrize(
    ("said", "currency"),
    [
        ({"currency_codeabc": "USD", "currency_name": "Доллар США"}, "USD"),
        ({"currency_name": "Евро"}, "EUR"),
        ({"currency_name": "Узбекский сум"}, "UZS"),
        ({"currency_name": "So\u02bbm"}, "UZS"),
        ({"currency_name": "ракушки"}, None),
        ({}, None),
    ],
)
def test_a_tenders_currency_is_what_it_says_and_never_assumed(said: dict[str, object], currency: str | None) -> None:
    row = {"id": 5, "name": "Paper", "cost": 10.5, "currency_codeabc": None, **said}
    (lot,) = read([row], list_url("tender", "open")).lots
    assert (lot.currency, lot.start_price, lot.title) == (currency, Decimal("10.5"), "Paper")


def test_an_auction_without_a_currency_has_none_until_its_positions_say_it() -> None:
    assert read([deal()]).lots[0].currency is None
    assert read([item()], detail_url()).lots[0].currency == "UZS"


def test_a_position_without_price_or_currency_is_no_listing() -> None:
    records = [item(1), item(2, price=None), item(3, price=0), item(4, currency_name=None)]
    reading = read(records, detail_url())
    assert [one.external_id for one in reading.listings] == ["auction-7-1"]
    reasons = {one.external_id: one.reason for one in reading.unpriced}
    assert reasons == {
        "auction-7-2": "the position has no unit price",
        "auction-7-3": "the position has no unit price",
        "auction-7-4": "the page does not say the currency",
    }
    assert len(reading.lots[0].items) == 4
    assert reading.lots[0].currency is None, "two currencies, one of them unknown, are not one"


def test_what_only_the_lists_row_said_reaches_the_positions_listing() -> None:
    context = {"category": "Paper", "start": "2026-09-10T10:00:00", "end": "2026-09-15T10:00:00", "provider": "30"}
    (listing,) = read([item()], detail_url(context=context)).listings
    assert (listing.category, listing.title, listing.description) == ("Paper", "Paper A4", "Paper A4")
    assert listing.listed_at == datetime(2026, 9, 10, 5, 0, tzinfo=UTC)
    assert listing.ends_at == datetime(2026, 9, 15, 5, 0, tzinfo=UTC)
    assert listing.seller is not None
    assert listing.seller.external_id == "30"


@pytest.mark.parametrize("record", [{"price": 1, "description": "x"}, item(None), item("one"), 7, None, "text"])
def test_a_position_without_a_number_costs_only_itself(record: object) -> None:
    reading = read([item(1), record], detail_url())
    assert (len(reading.listings), len(reading.rejected)) == (1, 1)


def test_an_open_auctions_card_gives_its_positions_at_the_ceiling() -> None:
    card = {"id": 7, "region_name": "Tashkent", "start_cost": 800.5, "js_details": [item(1), item(2, price=9)]}
    reading = read(card, detail_url(status="open"))
    assert [one.availability for one in reading.listings] == [Availability.AVAILABLE] * 2
    assert (reading.lots[0].region, reading.lots[0].start_price) == ("Tashkent", Decimal("800.5"))
    assert reading.lots[0].deal_price is None
    assert read([card], detail_url(status="open")).listings == reading.listings


def test_a_tenders_positions_are_a_json_text_with_other_names() -> None:
    products = [{"Id": 70, "Order_Num": 1, "Product_Name": "Paper", "Quantity": 2.0, "Price": 10.25, "Cost": 20.5}]
    card = {"id": 7, "budget_products": json.dumps(products)}
    reading = read(card, detail_url(lot_type="tender", status="open", context={"currency": "USD"}))
    (listing,) = reading.listings
    assert (listing.external_id, listing.price, listing.currency) == ("tender-7-1", Decimal("10.25"), "USD")


def test_a_tenders_positions_without_a_currency_are_no_listings() -> None:
    card = {"id": 7, "budget_products": json.dumps([{"Order_Num": 1, "Product_Name": "Paper", "Price": 10}])}
    reading = read(card, detail_url(lot_type="tender", status="open"))
    assert (reading.listings, len(reading.unpriced)) == ((), 1)


def test_a_completed_shop_deal_without_a_unit_price_gives_sum_by_amount() -> None:
    row = shop(lot_id=11, price=None, cost=None, deal_cost=100.0, amount=3.0, deal_date="2026-09-12T10:10:00")
    reading = read([row], list_url("national", "completed"))
    (listing,) = reading.listings
    assert (listing.external_id, listing.price) == ("national-11-1", Decimal("33.3333"))
    assert listing.availability is Availability.SOLD
    assert reading.lots[0].deal_price == Decimal(100)


def test_a_shop_row_without_price_is_an_unpriced_offer() -> None:
    reading = read([shop(price=None)], list_url("shop", "not_completed"))
    assert (reading.listings, len(reading.unpriced), len(reading.lots)) == ((), 1, 1)


def test_a_search_text_selects_listings_and_keeps_every_lot() -> None:
    rows = [shop(), shop(id=10, product_name="Qog\u2018oz A4"), shop(id=11, product_name="Ice", category_name="Water")]
    url = list_url("shop", "not_completed", search_text="QOG'OZ a4")
    reading = read(rows, url)
    assert [one.title for one in reading.listings] == ["Qog\u2018oz A4"]
    assert len(reading.lots) == 3
    water = read(rows, list_url("shop", "not_completed", search_text="water"))
    assert [one.title for one in water.listings] == ["Water", "Ice"], "the category counts, too"


def test_letters_that_look_alike_in_two_alphabets_are_one_to_a_search() -> None:
    rows = [
        shop(product_name="Бумага А4"),
        shop(id=10, product_name="Бумага A4"),
        shop(id=11, product_name="Бумага А3"),
    ]
    for written in ("бумага а4", "бумага a4"):
        reading = read(rows, list_url("shop", "not_completed", search_text=written))
        assert [one.group_id for one in reading.listings] == ["9", "10"]


def test_a_rejected_record_is_kept_without_the_parties_names() -> None:
    (rejected,) = read([deal(), deal(lot_id=None, provider_name="YTT SOMEBODY NAMED", provider_inn=None)]).rejected
    assert b"SOMEBODY" not in rejected.record
    assert b"FIRM" not in rejected.record
    assert b"lot_display_no" in rejected.record


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([shop()], ("shop", "not_completed")),
        ([shop(deal_cost=3.0)], ("shop", "completed")),
        ([deal()], ("auction", "completed")),
        ([deal(deal_date=None, deal_cost=None)], ("auction", "not_completed")),
        ([{"id": 1, "display_no": "1", "min_cost": 1.0}], ("auction", "open")),
        ([{"trade_id": 1, "deal_date": "2026-01-01T00:00:00"}], ("tender", "completed")),
        ([{"trade_id": 1}], ("tender", "not_completed")),
        ({"id": 1, "js_details": [item()]}, ("auction", "open")),
        ({"id": 1, "budget_products": "[]"}, ("tender", "open")),
        ([{"id": 1, "name": "x"}], (None, None)),
        ({"js_details": []}, (None, None)),
    ],
)
def test_an_answer_without_its_address_is_told_by_its_fields(
    document: object, told: tuple[str | None, str | None]
) -> None:
    recorded = recorded_page(json.dumps(document).encode(), fetched_at=NOON)
    asked = read_stored_url(recorded.url)
    assert (asked.lot_type, asked.status) == told


def test_the_stored_address_says_again_what_was_asked() -> None:
    url = list_url("national", "completed", body={"region_ids": [2], "from": 1}, search_text="A&B #1")
    asked = read_stored_url(url)
    assert (asked.lot_type, asked.status, asked.search_text) == ("national", "completed", "A&B #1")
    assert asked.body == {"region_ids": [2], "from": 1}
    detail = read_stored_url(detail_url(42, context={"category": "x=1&y", "unknown": "z"}))
    assert (detail.lot, detail.context) == ("42", {"category": "x=1&y"})


def test_money_is_exact_to_the_last_digit() -> None:
    body = json.dumps([item(price="P")]).replace('"P"', "9971.510000000001")
    (listing,) = read_page(page(body, detail_url())).listings
    assert listing.price == Decimal("9971.510000000001")
