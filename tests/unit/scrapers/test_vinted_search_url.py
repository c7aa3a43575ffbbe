"""A pasted search address becomes parameters and the same address again; what is not understood is named."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.contract import SearchUrlError
from scrapers.vinted.domains import SITES, UnknownCountryError, place_of, site, site_of_host, www_base
from scrapers.vinted.requests import page_params, service_params
from scrapers.vinted.search_url import (
    LIST_PARAMS,
    ORDERS,
    canonical_params,
    params_as_pairs,
    parse_search_url,
    write_search_url,
)

_SANDBOX = "http://127.0.0.1:8008"
_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(
    lambda text: " ".join(text.split())
)
_PRICES = st.decimals(min_value=0, max_value=100_000, places=2)


@st.composite
def _searches(draw: st.DrawFn) -> tuple[str, dict[str, str | list[str]]]:
    country = draw(st.sampled_from(sorted(SITES)))
    ids = st.lists(st.integers(1, 10**12).map(str), min_size=1, max_size=4, unique=True)
    params: dict[str, str | list[str]] = dict(draw(st.dictionaries(st.sampled_from(LIST_PARAMS), ids, max_size=4)))
    text = draw(st.none() | _WORDS)
    if text:
        params["search_text"] = text
    low, high = sorted((draw(_PRICES), draw(_PRICES)))
    if draw(st.booleans()):
        params["price_from"], params["price_to"] = f"{low:f}", f"{high:f}"
    if draw(st.booleans()):
        params["currency"] = SITES[country].currency
    if draw(st.booleans()):
        params["order"] = draw(st.sampled_from(ORDERS))
    return country, params


@given(_searches(), st.booleans())
def test_a_search_written_and_read_again_is_the_same_search(
    search: tuple[str, dict[str, str | list[str]]], boxed: bool
):
    country, params = search
    sandbox = _SANDBOX if boxed else None
    once = parse_search_url(write_search_url(params, base=www_base(country, sandbox)), sandbox_url=sandbox)
    again = parse_search_url(once.canonical_url, sandbox_url=sandbox)
    assert again == once
    assert (once.country, once.currency) == (country, SITES[country].currency)
    assert once.params == canonical_params(params_as_pairs(params), SITES[country])


@given(st.text(max_size=200))
def test_any_text_is_a_search_or_a_search_url_error(text: str):
    for url in (text, f"https://www.vinted.fr/catalog?{text}", f"https://www.vinted.fr/{text}"):
        with contextlib.suppress(SearchUrlError):
            parsed = parse_search_url(url)
            assert parsed.country in SITES


def test_the_issues_own_example_is_understood():
    parsed = parse_search_url(
        "https://www.vinted.fr/catalog?search_text=levis%20501&brand_ids[]=10&brand_ids[]=53&price_to=30.00"
        "&price_from=&currency=EUR&order=newest_first&page=3&time=1700000000&search_id=99&utm_source=x"
    )
    assert (parsed.source, parsed.country, parsed.currency) == ("vinted", "fr", "EUR")
    assert parsed.params == {
        "search_text": "levis 501",
        "brand_ids": ["10", "53"],
        "price_to": "30",
        "currency": "EUR",
        "order": "newest_first",
    }
    assert parsed.canonical_url == (
        "https://www.vinted.fr/catalog?search_text=levis%20501&brand_ids[]=10&brand_ids[]=53"
        "&price_to=30&currency=EUR&order=newest_first"
    )


@pytest.mark.parametrize(
    ("address", "params"),
    [
        ("https://www.vinted.de/catalog/1904-women?status[]=2", {"catalog_ids": ["1904"], "status_ids": ["2"]}),
        ("https://www.vinted.pl/catalog/1904", {"catalog_ids": ["1904"]}),
        ("vinted.nl/catalog?catalog[]=5&catalog[]=6", {"catalog_ids": ["5", "6"]}),
        ("https://www.vinted.lt/catalog?brand_ids=53,7,53", {"brand_ids": ["53", "7"]}),
        ("https://www.vinted.se/catalog?brand_ids%5B%5D=53", {"brand_ids": ["53"]}),
        ("https://www.vinted.dk/catalog?brand_ids[0]=53&brand_ids[1]=7", {"brand_ids": ["53", "7"]}),
        ("https://www.vinted.es/brand/53-nike", {"brand_ids": ["53"]}),
        ("https://www.vinted.co.uk/catalog?attribute_ids[size]=206,207", {"size_ids": ["206", "207"]}),
        ("https://www.vinted.it/catalog?patterns_ids[]=119&brand_collection_ids[]=4",
         {"patterns_ids": ["119"], "brand_collection_ids": ["4"]}),
        ("https://www.vinted.fr/catalog?price_to=19,90", {"price_to": "19.9"}),
        ("https://www.vinted.fr/catalog?search_text=%00a%20%20b%0A", {"search_text": "a b"}),
        ("https://www.vinted.fr/catalog", {}),
        ("https://www.vinted.com/catalog?color_ids[]=&foo=", {}),
    ],
)  # fmt: skip
def test_the_forms_that_addresses_take(address: str, params: dict[str, object]):
    assert parse_search_url(address).params == params


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("foo=1&bar=2&search_text=a", ("foo", "bar", "ignore")),
        ("country_ids[]=7", ("country_ids",)),
        ("is_for_swap=1", ("is_for_swap",)),
        ("sort=price", ("sort", "order=")),
        ("attribute_ids[weather]=1", ("weather",)),
        ("brand_ids[]=nike", ("brand_ids", "nike")),
        ("price_from=50&price_to=20", ("price_from", "price_to")),
        ("price_to=NaN", ("price_to",)),
        ("price_to=-3", ("price_to",)),
        ("price_to=1e3", ("price_to",)),
        ("currency=USD", ("USD", "EUR")),
        ("order=best", ("order", "newest_first")),
        ("search_text=a&search_text=b", ("search_text",)),
        ("search_text=" + "x" * 600, ("search_text",)),
        ("a=1&" * 400, ("parameters",)),
    ],
)
def test_what_is_not_understood_is_named(query: str, words: tuple[str, ...]):
    with pytest.raises(SearchUrlError) as caught:
        parse_search_url(f"https://www.vinted.fr/catalog?{query}")
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://www.ebay.fr/sch?q=a",
        "https://vinted.fr.evil.example/catalog",
        "https://evil.example/www.vinted.fr/catalog",
        "https://www.vinted.xx/catalog",
        "https://www.vinted.fr/items/123-a",
        "https://www.vinted.fr/member/12-a",
        "https://www.vinted.fr/",
        "ftp://www.vinted.fr/catalog",
        "http://[",
        "https://www.vinted.fr/catalog?search_text=" + "a" * 9000,
        f"{_SANDBOX}/vinted/fr/www/catalog",
    ],
)
def test_an_address_that_is_no_search_says_what_to_paste(address: str):
    with pytest.raises(SearchUrlError):
        parse_search_url(address)


def test_the_service_gets_facets_joined_by_commas_and_nothing_empty():
    params: dict[str, str | list[str]] = {
        "search_text": "nike",
        "catalog_ids": ["5"],
        "brand_ids": ["53", "7"],
        "status_ids": ["6", "1"],
        "patterns_ids": ["119"],
        "size_ids": [],
        "price_from": "",
        "price_to": "550",
        "currency": "EUR",
    }
    sent = service_params(params, page=2)
    assert dict(sent) == {
        "search_text": "nike",
        "price_to": "550",
        "currency": "EUR",
        "attribute_ids[catalog]": "5",
        "attribute_ids[brand]": "53,7",
        "attribute_ids[status]": "6,1",
        "attribute_ids[patterns]": "119",
        "order": "newest_first",
        "page": "2",
        "per_page": "96",
    }
    assert len(sent) == len(dict(sent))
    assert ("brand_ids[]", "7") in page_params(params, page=1)
    assert ("catalog[]", "5") in page_params(params, page=1)
    assert ("order", "newest_first") in page_params(params, page=1)


@given(_searches())
def test_no_filter_is_lost_and_none_is_empty_on_the_way_to_any_route(search: tuple[str, dict[str, str | list[str]]]):
    _, params = search
    service = dict(service_params(params, page=1))
    website = page_params(params, page=1)
    assert all([*service.values(), *(value for _, value in website)])
    for name, value in params.items():
        if isinstance(value, str):
            assert service[name] == dict(website)[name] == value
            continue
        facet = name.removesuffix("_ids")
        assert service[f"attribute_ids[{facet}]"] == ",".join(value)
        assert [one for sent, one in website if sent in {f"{name}[]", f"{facet}[]"}] == value


def test_places_are_told_from_real_and_sandbox_addresses():
    real = place_of("https://api.vinted.co.uk/svc-catalogue/items?page=1")
    assert (real.site.country, real.www) == ("co.uk", "https://www.vinted.co.uk")
    boxed = place_of(f"{_SANDBOX}/vinted/pl/www/items/12-a?x=1")
    assert (boxed.site.currency, boxed.www, boxed.path) == ("PLN", f"{_SANDBOX}/vinted/pl/www", "/items/12-a")
    assert place_of("http://[").site.country == "fr"
    assert site_of_host("vinted.fr.evil.example") is None


def test_an_unknown_country_lists_the_known_ones():
    with pytest.raises(UnknownCountryError, match=r"co\.uk"):
        site("xx")


def test_quoted_brackets_and_plain_ones_are_the_same():
    plain = "https://www.vinted.fr/catalog?brand_ids[]=53"
    quoted = f"https://www.vinted.fr/catalog?{quote('brand_ids[]')}=53"
    assert parse_search_url(plain) == parse_search_url(quoted)
