"""What a user pastes for Uzum: products, lists, ranges; what is refused, and why."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.contract import ItemSource, SearchUrlError
from scrapers.registry import source_of_url
from scrapers.uzum.addresses import (
    MAX_IDS,
    canonical_address,
    listing_address,
    parse_item_url,
    parse_search_url,
    site_of_page,
)
from tests.unit.scrapers.uzum_samples import source

SANDBOX = "http://127.0.0.1:8123"


def ids_of(url: str) -> list[str] | str:
    return parse_search_url(url, sandbox_url=SANDBOX).params["product_ids"]


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("https://uzum.uz/ru/product/chekhol-dlya-telefona-123456?skuId=789", ["123456"]),
        ("https://uzum.uz/uz/product/iphone-13-123456", ["123456"]),
        ("https://www.uzum.uz/product/name-5/?utm_source=x&skuid=1", ["5"]),
        ("https://uzum.uz/product/2114919", ["2114919"]),
        ("https://api.uzum.uz/api/v2/product/2114919", ["2114919"]),
        ("https://uzum.uz/product/5,7,9-11,7", ["5", "7", "9", "10", "11"]),
        ("  https://uzum.uz/product/1-3  ", ["1", "2", "3"]),
        (f"{SANDBOX}/uzum/product/4-5", ["4", "5"]),
        (f"{SANDBOX}/uzum/ru/product/futbolka-12?skuId=3", ["12"]),
    ],
)
def test_products_lists_and_ranges_are_understood(url: str, ids: list[str]) -> None:
    assert ids_of(url) == ids


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://uzum.uz/ru/category/smartfony-879", "token"),
        ("https://uzum.uz/ru/search?query=iphone", "token"),
        ("https://uzum.uz/ru", "product's address"),
        ("https://uzum.uz/product/1-100000", "pricescope scan uzum --from 1 --to 100000"),
        ("https://uzum.uz/product/9-3", "backwards"),
        ("https://uzum.uz/product/0", "run from 1"),
        ("https://uzum.uz/product/9999999999", "run from 1"),
        ("https://uzum.uz/product/1-60,101-160", "several watches"),
        ("https://uzum.uz/product/5?price=3", "price"),
        ("https://example.org/product/5", "uzum.uz"),
        ("uzum:1-5", "uzum.uz"),
        ("http://[::1/product/5", "address"),
        ("", "address"),
    ],
)
def test_what_is_not_understood_is_said_with_what_to_do(url: str, words: str) -> None:
    with pytest.raises(SearchUrlError, match=words):
        parse_search_url(url)


@given(ids=st.lists(st.integers(1, 3_000_000), min_size=1, max_size=MAX_IDS, unique=True))
def test_a_list_written_and_read_again_is_the_same_list(ids: list[int]) -> None:
    texts = [str(number) for number in ids]
    assert ids_of(canonical_address(texts)) == texts


@given(first=st.integers(1, 3_000_000), count=st.integers(1, MAX_IDS))
def test_a_range_written_and_read_again_is_the_same_range(first: int, count: int) -> None:
    texts = [str(number) for number in range(first, first + count)]
    parsed = parse_search_url(canonical_address(texts))
    assert parsed.params["product_ids"] == texts
    assert parse_search_url(parsed.canonical_url) == parsed


@given(text=st.text(max_size=60))
def test_any_text_is_understood_or_refused_with_a_message(text: str) -> None:
    for url in (text, f"https://uzum.uz/{text}", f"https://uzum.uz/product/{text}"):
        with contextlib.suppress(SearchUrlError):
            assert 1 <= len(ids_of(url)) <= MAX_IDS


@given(title=st.text(max_size=80), product_id=st.integers(1, 2**31 - 1), sku_id=st.integers(1, 10**10))
def test_the_address_of_a_listing_leads_back_to_its_product(title: str, product_id: int, sku_id: int) -> None:
    address = listing_address("https://uzum.uz", title, product_id, sku_id)
    assert ids_of(address) == [str(product_id)]
    assert source().parse_item_url(address, "uz") == (str(product_id), "uz")


def test_a_listings_own_id_and_addresses_name_its_product() -> None:
    assert isinstance(source(), ItemSource)
    for text in ("123", "123-456", "https://uzum.uz/ru/product/a-123?skuId=456", f"{SANDBOX}/uzum/ru/product/a-123"):
        assert parse_item_url(text) == "123"
    for text in ("", "abc", "https://example.org/product/5", "https://uzum.uz/ru/category/5", "http://[::1"):
        with pytest.raises(ValueError, match=r"Uzum|address"):
            parse_item_url(text)


def test_links_lead_to_the_site_beside_the_service() -> None:
    assert site_of_page("https://api.uzum.uz/api/v2/product/5") == "https://uzum.uz"
    assert site_of_page(f"{SANDBOX}/uzum/api/v2/product/5") == f"{SANDBOX}/uzum"
    assert site_of_page("https://uzum.uz/") == "https://uzum.uz"


def test_its_hosts_are_told_from_others() -> None:
    assert source_of_url("https://uzum.uz/ru/product/a-5") == "uzum"
    assert source_of_url("https://api.uzum.uz/api/v2/product/5") == "uzum"
    assert source_of_url("https://notuzum.uz/product/5") != "uzum"
