"""Addresses of UZEX's lists: what is accepted, what is refused with advice, and the round trip."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.contract import SearchUrlError
from scrapers.uzex.endpoints import ENDPOINTS, request_body
from scrapers.uzex.search_url import parse_search_url, write_search_url
from tests.unit.scrapers.uzex_pages import NOON


@pytest.mark.parametrize(
    ("url", "params"),
    [
        ("https://xarid.uzex.uz/completed-deals/auction", {"lot_type": "auction", "status": "completed"}),
        ("xarid.uzex.uz/auction/list/", {"lot_type": "auction", "status": "open"}),
        ("https://xarid.uzex.uz/completed-deals/shop/shop?page=3", {"lot_type": "shop", "status": "completed"}),
        ("https://xarid.uzex.uz/completed-deals/shop", {"lot_type": "shop", "status": "completed"}),
        ("https://xarid.uzex.uz/completed-deals/shop/national", {"lot_type": "national", "status": "completed"}),
        ("https://etender.uzex.uz/lots/1/0", {"lot_type": "tender", "status": "open", "tender_kind": "selection"}),
        ("https://etender.uzex.uz/lots/2/0", {"lot_type": "tender", "status": "open", "tender_kind": "tender"}),
        ("https://etender.uzex.uz/lots", {"lot_type": "tender", "status": "open"}),
        ("https://etender.uzex.uz/deals-list", {"lot_type": "tender", "status": "completed"}),
        (
            "https://xarid.uzex.uz/completed-deals/auction?search=бумага&region_ids=2,0242&status=not_completed&max_pages=3",
            {
                "lot_type": "auction",
                "status": "not_completed",
                "search_text": "бумага",
                "region_ids": ["2", "242"],
                "max_pages": "3",
            },
        ),
    ],
)
def test_the_documented_addresses_are_searches(url: str, params: dict[str, object]) -> None:
    parsed = parse_search_url(url)
    assert parsed.params == params
    assert (parsed.source, parsed.country, parsed.currency) == ("uzex", "uz", "UZS")
    assert parse_search_url(parsed.canonical_url).params == params


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://xarid.uzex.uz/home", "is not a list of lots that is known; paste one of https://xarid.uzex.uz/"),
        ("https://www.vinted.fr/catalog", "is not a site of UZEX that is known; paste one of"),
        ("https://xarid.uzex.uz/completed-deals/auction?price_from=3", "unknown parameter price_from"),
        ("https://xarid.uzex.uz/completed-deals/shop/shop?status=open", "known: completed, not_completed"),
        ("https://xarid.uzex.uz/completed-deals/auction?region_ids=Tashkent", "must be numbers of GetRegions"),
        ("https://etender.uzex.uz/lots?region_ids=2", "not known to be a filter of the tender service"),
        ("https://xarid.uzex.uz/completed-deals/auction?max_pages=0", "from 1 to 50"),
        ("https://etender.uzex.uz/deals-list?tender_kind=tender", "among open tenders only"),
        ("https://xarid.uzex.uz/auction/list?search=a&search_text=b", "more than once"),
        ("ftp://xarid.uzex.uz/auction/list", "not a web address"),
        ("https://[", "not an address"),
        ("", "not a site of UZEX"),
    ],
)
def test_what_is_not_understood_is_named(url: str, words: str) -> None:
    with pytest.raises(SearchUrlError) as refused:
        parse_search_url(url)
    assert words in str(refused.value)


def test_every_address_accepted_is_in_the_message_that_refuses_another() -> None:
    with pytest.raises(SearchUrlError) as refused:
        parse_search_url("https://xarid.uzex.uz/else")
    listed = [word.strip(",;") for word in str(refused.value).split() if word.startswith("https://")]
    assert len(listed) == 10
    for url in listed:
        parse_search_url(url)


def test_the_sandboxes_addresses_are_accepted_only_while_it_stands_in() -> None:
    url = "http://127.0.0.1:9/uzex/site/completed-deals/auction?search_text=a"
    assert parse_search_url(url, sandbox_url="http://127.0.0.1:9").params["lot_type"] == "auction"
    with pytest.raises(SearchUrlError):
        parse_search_url(url)


_TEXT = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable() and " ".join(text.split()) == text)


@given(
    of=st.sampled_from(sorted(ENDPOINTS)),
    text=st.none() | _TEXT,
    regions=st.lists(st.integers(1, 99_999).map(str), max_size=5, unique=True),
    pages=st.none() | st.integers(1, 50).map(str),
    kind=st.sampled_from([None, "selection", "tender"]),
)
def test_a_search_written_and_read_again_is_the_same(
    of: tuple[str, str], text: str | None, regions: list[str], pages: str | None, kind: str | None
) -> None:
    params: dict[str, str | list[str]] = {"lot_type": of[0], "status": of[1]}
    if text:
        params["search_text"] = text
    if regions and of[0] != "tender":
        params["region_ids"] = regions
    if pages:
        params["max_pages"] = pages
    if kind and of == ("tender", "open"):
        params["tender_kind"] = kind
    assert parse_search_url(write_search_url(params)).params == params


@given(st.text(max_size=200))
def test_no_address_makes_anything_but_the_named_error(url: str) -> None:
    for whole in (url, f"https://xarid.uzex.uz/{url}", f"https://xarid.uzex.uz/auction/list?{url}"):
        with contextlib.suppress(SearchUrlError):
            assert parse_search_url(whole).params["lot_type"]


def test_each_service_is_asked_in_its_own_words() -> None:
    params = {"region_ids": ["2"]}
    assert request_body("auction", "completed", params, first=1, last=12, at=NOON) == {
        "region_ids": [2],
        "from": 1,
        "to": 12,
    }
    assert request_body("national", "completed", {}, first=11, last=20, at=NOON) == {
        "region_ids": [],
        "display_on_shop": 0,
        "display_on_national": 1,
        "year_id": 2026,
        "from": 11,
        "to": 20,
    }
    assert "year_id" not in request_body("shop", "not_completed", {}, first=1, last=10, at=NOON)
    assert request_body("tender", "open", {"tender_kind": "tender"}, first=1, last=50, at=NOON) == {
        "From": 1,
        "To": 50,
        "System_Id": 0,
        "TypeId": 2,
    }
