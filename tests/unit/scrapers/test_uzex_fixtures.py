"""The recorded UZEX answers parse to what is written in them. Values read by eye."""

# ruff: noqa: RUF001 - texts are Russian and Uzbek: their letters are meant

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from domain.listing import Availability
from domain.page import PageMeaning, PageReading, RawPage
from domain.price_kind import PriceKind
from scrapers.uzex.dictionaries import read_dictionary
from scrapers.uzex.reading import read_page
from scrapers.uzex.recorded import recorded_page
from tests.fixtures import fixture_path

DEALS = "auction_GetCompletedDeals_request_and_response.json"
PRODUCTS = "auction_GetCompletedDealProducts_379514.json"
SHOP = "shop_GetNotCompletedDeals_request_and_response_uz.json"
TENDERS = "etender_TradeList_shape_sample_SYNTHETIC_VALUES.json"
CATEGORIES = "trade_GetCategories_request_and_response_ru.json"
REGIONS = "trade_GetRegions_request_and_response_ru.json"
ALL_FILES = (DEALS, PRODUCTS, SHOP, TENDERS, CATEGORIES, REGIONS)
PRODUCTS_URL = "https://xarid-api-auction.uzex.uz/Common/GetCompletedDealProducts/379514"
_THEN = datetime(2025, 12, 4, 7, 1, tzinfo=UTC)


def _page(name: str, url: str | None = None) -> RawPage:
    return recorded_page(fixture_path("uzex", name).read_bytes(), url=url, fetched_at=_THEN)


def _read(name: str, url: str | None = None) -> PageReading:
    return read_page(_page(name, url))


def test_completed_auctions_are_lots_without_a_currency_and_without_listings() -> None:
    reading = _read(DEALS)
    assert (reading.meaning, reading.total_entries, len(reading.lots)) == (PageMeaning.OK, 199_733, 11)
    assert (reading.listings, reading.unpriced, reading.rejected) == ((), (), ())
    lots = {lot.external_id: lot for lot in reading.lots}
    lot = lots["379514"]
    assert (lot.lot_type, lot.status, lot.display_number) == ("auction", "completed", "25111007379514")
    assert (lot.start_price, lot.deal_price, lot.currency) == (Decimal(13096325), Decimal("9167427.5"), None)
    assert (lot.bidders, lot.is_budget, lot.category) == (15, True, "Средства автотранспортные, прицепы и полуприцепы")
    assert (lot.customer_id, lot.provider_id) == ("207273609", "312427727")
    # Tashkent is five hours ahead of UTC.
    assert lot.starts_at == datetime(2025, 11, 27, 10, 3, 34, tzinfo=UTC)
    assert lot.deal_at == datetime(2025, 12, 4, 6, 29, 9, tzinfo=UTC)
    assert lot.deal_at < _THEN
    assert lots["379463"].deal_price == Decimal("231964864.42")
    buyer = lots["379463"].customer_name
    assert buyer is not None
    assert buyer == buyer.strip(), "the recording has a blank behind it"


def test_of_a_sole_trader_no_name_is_kept() -> None:
    rows = orjson.loads(_page(DEALS).body)
    traders = {str(row["lot_id"]) for row in rows if row["provider_name"].startswith("YTT")}
    assert traders
    for lot in _read(DEALS).lots:
        if lot.external_id in traders:
            assert (lot.provider_id, lot.provider_name) == (None, None)
        else:
            assert lot.provider_name


def test_an_auctions_positions_are_listings_at_their_unit_price() -> None:
    reading = _read(PRODUCTS, PRODUCTS_URL)
    assert (reading.meaning, len(reading.listings), reading.rejected) == (PageMeaning.OK, 8, ())
    first = reading.listings[0]
    assert (first.external_id, first.group_id) == ("auction-379514-1", "379514")
    assert first.title.startswith("Водяной насос (пресс контроль")
    assert (first.price, first.currency, first.price_kind) == (Decimal(95550), "UZS", PriceKind.PROCUREMENT)
    assert (first.availability, first.quantity, first.attributes["unit"]) == (Availability.SOLD, 1, "компл.")
    pipe = next(listing for listing in reading.listings if listing.external_id == "auction-379514-5")
    assert (pipe.title, pipe.price) == ("Труба пластмассовая ХВС диаметр 25 мм.", Decimal("9971.5"))
    assert (pipe.quantity, pipe.attributes["unit"]) == (285, "м")
    (lot,) = reading.lots
    assert (lot.external_id, lot.currency, lot.status) == ("379514", "UZS", "completed")
    assert [item.number for item in lot.items] == list(range(1, 9))
    assert lot.items[2].attributes["Полярность аккумулятора"] == "Обратная"
    assert "Единица измерения" not in lot.items[2].attributes
    assert lot.items[4].country == "O'zbekiston"


def test_the_positions_costs_add_up_to_the_price_of_the_deal() -> None:
    items = _read(PRODUCTS, PRODUCTS_URL).lots[0].items
    deal = next(lot for lot in _read(DEALS).lots if lot.external_id == "379514").deal_price
    assert sum(item.cost or 0 for item in items) == deal
    assert sum((item.quantity or 0) * (item.unit_price or 0) for item in items) == deal


def test_positions_without_their_address_are_listings_of_a_lot_without_a_number() -> None:
    reading, named = _read(PRODUCTS), _read(PRODUCTS, PRODUCTS_URL)
    assert [one.price for one in reading.listings] == [one.price for one in named.listings]
    assert reading.lots == ()
    assert "give the address" in reading.detail
    assert reading.listings[0].external_id.startswith("auction-unnamed-")
    assert [one.external_id for one in _read(PRODUCTS).listings] == [one.external_id for one in reading.listings]


def test_shop_requests_that_came_to_nothing_are_listings_of_things_gone() -> None:
    reading = _read(SHOP)
    assert (reading.meaning, reading.total_entries) == (PageMeaning.OK, 14_244)
    assert (len(reading.lots), len(reading.listings), reading.rejected) == (10, 10, ())
    water = next(one for one in reading.listings if one.external_id == "shop-4547023-1")
    assert (water.title, water.price, water.currency) == ("Qadoqlangan ichimlik suvi", Decimal(22000), "UZS")
    assert (water.availability, water.quantity, water.category) == (Availability.GONE, 100, "Напитки")
    assert water.listed_at == datetime(2025, 11, 27, 9, 5, 34, tzinfo=UTC)
    lot = next(one for one in reading.lots if one.external_id == "4547023")
    assert (lot.start_price, lot.deal_price, lot.bidders) == (Decimal(2200000), None, 1)
    assert lot.items[0].cost == Decimal(2200000)


def test_open_tenders_name_their_currency_and_their_buyer() -> None:
    reading = _read(TENDERS)
    assert (reading.meaning, reading.total_entries, len(reading.lots)) == (PageMeaning.OK, 384, 5)
    lot = reading.lots[0]
    assert (lot.lot_type, lot.status, lot.currency) == ("tender", "open", "UZS")
    assert (lot.start_price, lot.deal_price) == (Decimal("196428571.25"), None)
    assert (lot.customer_id, lot.provider_id, lot.region) == ("200460222", None, "Toshkent viloyati")
    assert lot.ends_at == datetime(2026, 5, 15, 13, 0, tzinfo=UTC)
    assert reading.lots[1].category is None


def test_the_dictionaries_are_read_and_are_no_lots() -> None:
    regions, categories = read_dictionary(_page(REGIONS)), read_dictionary(_page(CATEGORIES))
    assert (len(regions), regions["2105"]) == (14, "город Ташкент")
    assert (len(categories), categories["111223"]) == (88, "Напитки")
    for name in (REGIONS, CATEGORIES):
        assert (_read(name).meaning, _read(name).lots) == (PageMeaning.OK, ())


def test_a_recorders_envelope_is_undone_byte_for_byte_and_its_request_kept() -> None:
    page = _page(DEALS)
    assert page.url.startswith("https://xarid-api-auction.uzex.uz/Common/GetCompletedDeals#lot_type=auction")
    assert "%22to%22%3A12" in page.url
    assert b"231964864.42" in page.body
    assert page.body.lstrip()[:1] == b"["


@pytest.mark.parametrize("name", [DEALS, SHOP])
def test_rows_without_their_envelope_are_told_by_their_fields(name: str) -> None:
    bare = orjson.dumps(orjson.loads(fixture_path("uzex", name).read_bytes())["response_data"])
    reading, whole = read_page(recorded_page(bare, fetched_at=_THEN)), _read(name)
    assert (reading.lots, reading.listings) == (whole.lots, whole.listings)
