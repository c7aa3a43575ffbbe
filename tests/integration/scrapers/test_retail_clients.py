"""The Allegro, Amazon and Empik clients against the sandbox over HTTP: every state, every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.listing import Availability
from domain.page import PageMeaning
from domain.price_kind import PriceKind
from domain.settings import Settings
from sandbox.allegro import pages as allegro
from sandbox.amazon import pages as amazon
from sandbox.amazon.words import COUNTRIES
from sandbox.empik import pages as empik
from sandbox.goods import Good, State, goods
from sandbox.server import SandboxServer
from tests.retail import BOUGHT, fetch, good_in, late, offer_at
from tests.sandbox import clear_faults, running_sandbox, set_fault

pytestmark = pytest.mark.integration

# One that never runs out, so that what a test finds does not depend on the day it runs.
STEADY = next(one for one in goods() if one.is_steady)
_ADDRESSES = {
    "amazon": f"https://www.amazon.de/dp/{amazon.asin(STEADY)}",
    "allegro": f"https://allegro.pl/oferta/{allegro.offer_id(STEADY)}",
    "empik": f"https://www.empik.com{empik.path(STEADY)}",
}
_IDS = {
    "amazon": f"{amazon.asin(STEADY)}@de",
    "allegro": allegro.offer_id(STEADY),
    "empik": empik.product_number(STEADY),
}
SOURCES = sorted(_ADDRESSES)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running_sandbox(tmp_path_factory.mktemp("mail")) as running:
        yield running


@pytest.fixture
def settings(server: SandboxServer, tmp_path: Path) -> Iterator[Settings]:
    yield Settings(
        _env_file=None, home=tmp_path, sandbox_url=server.url, request_attempts=1, chromium_path=Path("/no/browser")
    )
    clear_faults(server)


# ---------------------------------------------------------------- every state is read as what it is


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_every_amazon_product_is_read_to_the_cent_in_every_country_and_layout(settings: Settings, country: str):
    at, currency = late(3), COUNTRIES[country].currency
    for good in goods():
        truth = offer_at(good, f"amazon.{country}", currency, at)
        ((page, reading),) = fetch(
            settings, "amazon", f"https://www.amazon.{country}/dp/{amazon.asin(good)}?tag=x", at=at
        )
        assert (page.watch_id, page.page_number, page.status, page.fetched_at) == (7, None, 200, at)
        if truth.state in BOUGHT:
            (listing,) = reading.listings
            assert (listing.external_id, listing.price, listing.currency) == (
                f"{amazon.asin(good)}@{country}",
                truth.amount,
                currency,
            )
            assert (listing.list_price, listing.availability) == (truth.list_amount, Availability.AVAILABLE)
            assert (listing.brand, listing.gtin, listing.title) == (good.brand, good.gtin, good.title)
            assert listing.quantity == (truth.stock if truth.state is State.FEW_LEFT else None)
            assert ("coupon" in listing.attributes) == (truth.state is State.COUPON)
            assert listing.url == f"{settings.sandbox_url}/amazon/{country}/dp/{amazon.asin(good)}"
        else:
            (offer,) = reading.unpriced
            others = truth.state is State.OTHER_SELLERS
            assert offer.availability is (Availability.AVAILABLE if others else Availability.OUT_OF_STOCK)
            assert offer.price_kind is (PriceKind.FROM_OTHER_SELLERS if others else PriceKind.NONE)
            assert (offer.shown_price is not None) == others


def test_an_amazon_search_is_read_page_by_page_each_product_once(settings: Settings):
    at = late(1)
    fetched = fetch(settings, "amazon", "https://www.amazon.de/s?k=e", at=at)
    assert [page.page_number for page, _ in fetched] == [1, 2, 3]
    found = [record.external_id for _, reading in fetched for record in (*reading.listings, *reading.unpriced)]
    assert sorted(found) == sorted(f"{amazon.asin(good)}@de" for good in goods())
    assert [reading.rejected for _, reading in fetched] == [(), (), ()]
    prices = {listing.external_id: listing.price for _, reading in fetched for listing in reading.listings}
    for good in goods():
        truth = offer_at(good, "amazon.de", "EUR", at)
        assert prices.get(f"{amazon.asin(good)}@de") == (truth.amount if truth.state in BOUGHT else None)


def test_an_amazon_search_without_results_is_empty(settings: Settings):
    ((_, reading),) = fetch(settings, "amazon", "https://www.amazon.de/s?k=nothing-of-the-kind")
    assert reading.meaning is PageMeaning.EMPTY


def test_every_allegro_offer_is_read_to_the_grosz(settings: Settings):
    at = late(2)
    for good in goods():
        truth = offer_at(good, "allegro", "PLN", at)
        ((page, reading),) = fetch(
            settings, "allegro", f"https://allegro.pl/oferta/{good.slug}-{allegro.offer_id(good)}", at=at
        )
        assert "/allegro/produkt/" in page.url, "the offer's address leads to the product's"
        if truth.state is State.OTHER_SELLERS:
            assert reading.meaning is PageMeaning.GONE
            continue
        (listing,) = reading.listings
        assert (listing.external_id, listing.price, listing.currency) == (allegro.offer_id(good), truth.amount, "PLN")
        assert (listing.quantity, listing.gtin, listing.brand) == (truth.stock, good.gtin, good.brand)
        assert str(listing.shipping_price) == "9.99"
        assert listing.list_price == (truth.list_amount if good.number % 3 == 0 else None)
        assert ("coupon" in listing.attributes) == (truth.state is State.COUPON)


def test_an_ended_allegro_offer_is_gone_though_the_page_shows_anothers(settings: Settings):
    good, at = good_in(State.OTHER_SELLERS, "allegro", "PLN", late(0))
    url = f"https://allegro.pl/oferta/{allegro.offer_id(good)}"
    ((page, reading),) = fetch(settings, "allegro", url, at=at)
    assert "fromInactiveOffer=archived" in page.url
    assert page.url.endswith(f"#asked-offer={allegro.offer_id(good)}")
    assert allegro.other_offer_id(good).encode() in page.body
    assert (reading.meaning, reading.listings) == (PageMeaning.GONE, ())
    (gone,) = reading.unpriced
    assert (gone.external_id, gone.availability) == (allegro.offer_id(good), Availability.GONE)
    assert gone.shown_price is None


def test_an_empik_product_without_a_browser_has_no_price_and_says_why(settings: Settings):
    good, at = good_in(State.IN_STOCK, "empik", "PLN", late(0))
    ((_, reading),) = fetch(settings, "empik", f"https://www.empik.com{empik.path(good)}", at=at)
    (offer,) = reading.unpriced
    assert (offer.external_id, offer.price_kind, offer.shown_price) == (
        empik.product_number(good),
        PriceKind.NONE,
        None,
    )
    assert "script" in offer.reason


def test_empik_tiles_have_their_prices(settings: Settings):
    at = late(1)
    ((page, reading),) = fetch(settings, "empik", "https://www.empik.com/szukaj/produkt?q=headphones", at=at)
    assert page.page_number == 1
    wanted = [good for good in goods() if "Headphones" in good.title]
    prices = {listing.external_id: listing.price for listing in reading.listings}
    assert prices == {empik.product_number(good): offer_at(good, "empik", "PLN", at).amount for good in wanted}


# ---------------------------------------------------------------- every refusal is told


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        ("challenge", PageMeaning.BLOCKED),
        ("challenge_200", PageMeaning.BLOCKED),
        ("throttled", PageMeaning.THROTTLED),
        ("withdrawn", PageMeaning.GONE),
        ("changed", PageMeaning.CHANGED),
    ],
)
def test_a_refusal_has_its_meaning(
    settings: Settings, server: SandboxServer, source: str, fault: str, meaning: PageMeaning
):
    set_fault(server, fault, source=source, seconds=120)
    ((page, reading),) = fetch(settings, source, _ADDRESSES[source])
    assert (reading.meaning, reading.listings) == (meaning, ())
    gone = [offer.external_id for offer in reading.unpriced if offer.availability is Availability.GONE]
    assert gone == ([_IDS[source]] if meaning is PageMeaning.GONE else [])
    assert reading.detail
    assert page.retry_after_seconds == (120 if fault == "throttled" else None)


@pytest.mark.parametrize(
    ("source", "meaning"),
    [("amazon", PageMeaning.BLOCKED), ("allegro", PageMeaning.UNAUTHORISED), ("empik", PageMeaning.UNAUTHORISED)],
)
def test_a_page_that_wants_an_account_is_a_refusal(
    settings: Settings, server: SandboxServer, source: str, meaning: PageMeaning
):
    set_fault(server, "unauthorised", source=source)
    ((_, reading),) = fetch(settings, source, _ADDRESSES[source])
    assert reading.meaning is meaning


@pytest.mark.parametrize("source", SOURCES)
def test_a_server_that_fails_is_a_refusal(settings: Settings, server: SandboxServer, source: str):
    set_fault(server, "server_error", source=source, status=500)
    ((page, reading),) = fetch(settings, source, _ADDRESSES[source])
    assert (page.status, reading.meaning) == (500, PageMeaning.BLOCKED)


@pytest.mark.parametrize("source", SOURCES)
def test_a_page_cut_off_on_its_way_is_never_half_a_listing(settings: Settings, server: SandboxServer, source: str):
    # Allegro's redirect has no body that could be cut.
    set_fault(server, "cut_off", source=source, path="/produkt" if source == "allegro" else "")
    ((_, reading),) = fetch(settings, source, _ADDRESSES[source])
    assert (reading.meaning, reading.listings, reading.unpriced) == (PageMeaning.CHANGED, (), ())
    assert "cut off" in reading.detail


@pytest.mark.parametrize("source", SOURCES)
def test_one_bad_record_is_rejected_with_a_reason(settings: Settings, server: SandboxServer, source: str):
    set_fault(server, "poison", source=source)
    ((_, reading),) = fetch(settings, source, _ADDRESSES[source])
    assert (reading.meaning, len(reading.rejected)) == (PageMeaning.OK, 1)
    assert ":" in reading.rejected[0].reason


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("amazon", "https://www.amazon.de/s?k=headphones"),
        ("empik", "https://www.empik.com/szukaj/produkt?q=headphones"),
    ],
)
def test_one_bad_tile_costs_no_other(settings: Settings, server: SandboxServer, source: str, url: str):
    set_fault(server, "poison", source=source)
    ((_, reading),) = fetch(settings, source, url)
    assert len(reading.rejected) == 1
    wanted = [one for one in goods() if "Headphones" in one.title]
    assert len(reading.listings) + len(reading.unpriced) == len(wanted) - 1


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("amazon", "https://www.amazon.de/s?k=headphones"),
        ("empik", "https://www.empik.com/szukaj/produkt?q=headphones"),
    ],
)
def test_a_search_page_of_a_new_layout_is_not_an_empty_search(
    settings: Settings, server: SandboxServer, source: str, url: str
):
    set_fault(server, "changed", source=source)
    ((_, reading),) = fetch(settings, source, url)
    assert (reading.meaning, reading.listings) == (PageMeaning.CHANGED, ())


@pytest.mark.parametrize("source", SOURCES)
def test_no_answer_is_a_page_with_a_sentence(settings: Settings, source: str):
    nowhere = settings.model_copy(update={"sandbox_url": "http://127.0.0.1:9"})
    ((page, reading),) = fetch(nowhere, source, _ADDRESSES[source])
    assert (page.status, reading.meaning) == (0, PageMeaning.BLOCKED)
    assert "no answer" in reading.detail


@pytest.mark.parametrize("source", SOURCES)
def test_another_time_is_asked_of_a_sandbox_only(settings: Settings, source: str):
    with pytest.raises(ValueError, match="SANDBOX"):
        fetch(settings.model_copy(update={"sandbox_url": None}), source, _ADDRESSES[source], at=late(1))


def _unknown(source: str) -> str:
    stranger = Good(999, "No", "Such Thing", ("None",), 100)
    return {
        "amazon": f"https://www.amazon.de/dp/{amazon.asin(stranger)}",
        "allegro": f"https://allegro.pl/oferta/{allegro.offer_id(stranger)}",
        "empik": f"https://www.empik.com{empik.path(stranger)}",
    }[source]


@pytest.mark.parametrize("source", SOURCES)
def test_what_never_was_is_gone(settings: Settings, source: str):
    ((_, reading),) = fetch(settings, source, _unknown(source))
    assert reading.meaning is PageMeaning.GONE
