"""Addresses that a user pastes for Allegro, Amazon and Empik."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.allegro import addresses as allegro
from scrapers.amazon import search_url as amazon
from scrapers.amazon.domains import SITES
from scrapers.contract import SearchUrlError
from scrapers.empik import addresses as empik

SANDBOX = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("url", "country", "canonical"),
    [
        ("https://www.amazon.de/dp/B004SNMXRS", "de", "https://www.amazon.de/dp/B004SNMXRS"),
        ("amazon.co.uk/Tefal-Pan/dp/B004SNMXRS/ref=sr_1_5?keywords=a&qid=1&sr=8-5&th=1", "co.uk", None),
        ("https://www.amazon.com/gp/product/b004snmxrs?psc=1&tag=x-21&linkCode=ll1&utm_source=q", "com", None),
        ("https://m.amazon.fr/gp/aw/d/B004SNMXRS?pd_rd_r=1&pf_rd_p=2&__mk_fr_FR=x&dib_tag=se", "fr", None),
        ("https://www.amazon.de/-/en/Tefal/dp/B004SNMXRS", "de", None),
        ("http://127.0.0.1:8000/amazon/nl/dp/B004SNMXRS", "nl", None),
    ],
)
def test_an_amazon_product_is_its_short_address(url: str, country: str, canonical: str | None):
    parsed = amazon.parse_search_url(url, sandbox_url=SANDBOX)
    assert parsed.country == country
    assert parsed.canonical_url == (canonical or f"https://www.amazon.{country}/dp/B004SNMXRS")
    assert parsed.params == {"url": parsed.canonical_url}
    assert parsed.currency == SITES[country].currency


def test_an_amazon_search_keeps_what_selects_and_drops_what_tracks():
    parsed = amazon.parse_search_url(
        "https://www.amazon.de/s?k=headphones+v7&i=electronics&rh=p_89%3AVelarium&low-price=20&high-price=99.50"
        "&s=price-asc-rank&crid=1&sprefix=h%2Caps%2C1&ref=nb_sb_noss&page=3&qid=9"
    )
    assert parsed.params == {
        "search_text": "headphones v7",
        "department": "electronics",
        "refinements": "p_89:Velarium",
        "price_from": "20",
        "price_to": "99.50",
        "order": "price-asc-rank",
    }


@given(
    text=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40),
    country=st.sampled_from(sorted(SITES)),
    refinements=st.sampled_from(["", "n:560798,p_36:1000-5000"]),
)
def test_an_amazon_search_written_and_read_again_is_the_same(text: str, country: str, refinements: str):
    url = f"https://www.amazon.{country}/s?k={quote(text)}" + (f"&rh={quote(refinements)}" if refinements else "")
    parsed = amazon.parse_search_url(url)
    assert amazon.parse_search_url(parsed.canonical_url) == parsed


@given(asin=st.from_regex(r"\A[A-Z0-9]{10}\Z"), country=st.sampled_from(sorted(SITES)))
def test_an_amazon_product_written_and_read_again_is_the_same(asin: str, country: str):
    parsed = amazon.parse_search_url(f"https://www.amazon.{country}/x/dp/{asin}/ref=x?th=1")
    assert amazon.parse_search_url(parsed.canonical_url) == parsed
    assert amazon.asin_of(parsed.canonical_url) == asin


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.amazon.de/dp/B004SNMXRS?smid=A1&foo=2", ("smid", "one seller", "foo")),
        ("https://www.amazon.de/s?k=a&colour=red", ("colour", "unknown parameter")),
        ("https://www.amazon.de/s?i=electronics", ("neither words",)),
        ("https://www.amazon.de/s?k=a&low-price=cheap", ("low-price",)),
        ("https://www.amazon.de/gp/bestsellers", ("neither a product", "/gp/bestsellers")),
        ("https://amzn.to/3abc", ("shortens",)),
        ("https://www.amazon.xx/dp/B004SNMXRS", ("not an Amazon site",)),
        ("https://evil.example/amazon/de/dp/B004SNMXRS", ("not an Amazon site",)),
        ("ftp://www.amazon.de/dp/B004SNMXRS", ("not a web address",)),
        ("http://[", ("not an address",)),
        ("x" * 9000, ("longer",)),
    ],
)
def test_what_amazon_does_not_understand_is_named(url: str, words: tuple[str, ...]):
    with pytest.raises(SearchUrlError) as error:
        amazon.parse_search_url(url)
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize(
    "url",
    [
        "https://allegro.pl/oferta/szelki-dla-psa-xl-18024165357",
        "allegro.pl/oferta/18024165357?utm_feed=a&bi_s=ads&bi_m=listing",
        "https://allegro.pl/produkt/szelki-fc45a09e-3644-4007-bac9-c31c2bfbd0c5?offerId=18024165357#inne",
        "https://allegro.pl/events/clicks?type=OFFER&redirect=https%3A%2F%2Fallegro.pl%2Foferta%2Fx-18024165357%3Fbi_s%3Da",
        "http://127.0.0.1:8000/allegro/oferta/x-18024165357",
    ],
)
def test_an_allegro_offer_is_its_number(url: str):
    parsed = allegro.parse_search_url(url, sandbox_url=SANDBOX)
    assert parsed.params == {"url": "https://allegro.pl/oferta/18024165357"}
    assert (parsed.country, parsed.currency) == ("pl", "PLN")
    assert allegro.parse_search_url(parsed.canonical_url) == parsed


def test_an_allegro_product_without_an_offer_is_kept_as_it_is():
    url = "https://allegro.pl/produkt/szelki-fc45a09e-3644-4007-bac9-c31c2bfbd0c5"
    assert allegro.parse_search_url(url).params == {"url": url}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://allegro.pl/listing?string=rtx", ("closed", "offer")),
        ("https://allegro.pl/kategoria/laptopy-491", ("closed",)),
        ("https://allegro.pl/uzytkownik/kto", ("closed",)),
        ("https://allegro.pl/", ("not an offer",)),
        ("https://allegro.cz/nabidka/x-18024165357", ("allegro.cz", "not allegro.pl")),
        ("https://allegro.pl/oferta/x-18024165357?colour=red", ("colour",)),
        (
            "https://allegro.pl/events/clicks?redirect=https%3A%2F%2Fevil.example%2Foferta%2Fx-18024165357",
            ("not an offer",),
        ),
        ("http://[", ("not an address",)),
    ],
)
def test_what_allegro_does_not_understand_is_named(url: str, words: tuple[str, ...]):
    with pytest.raises(SearchUrlError) as error:
        allegro.parse_search_url(url)
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.empik.com/depilator-x,p1729665860,agd-p",
        "empik.com/depilator-x,p1729665860,agd-p?utm_source=a&gclid=1",
        "http://127.0.0.1:8000/empik/depilator-x,p1729665860,agd-p",
    ],
)
def test_an_empik_product_is_its_address(url: str):
    parsed = empik.parse_search_url(url, sandbox_url=SANDBOX)
    assert parsed.params == {"url": "https://www.empik.com/depilator-x,p1729665860,agd-p"}
    assert empik.parse_search_url(parsed.canonical_url) == parsed
    assert empik.write_address(parsed.params, sandbox_url=SANDBOX) == f"{SANDBOX}/empik/depilator-x,p1729665860,agd-p"


def test_an_empik_search_is_its_words():
    parsed = empik.parse_search_url("https://www.empik.com/szukaj/produkt?q=zimowa+ksi%C4%85%C5%BCka&qtype=basicForm")
    assert parsed.params == {"search_text": "zimowa książka"}
    assert empik.parse_search_url(parsed.canonical_url) == parsed


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.empik.com/x,p1729665860,agd-p?colour=red", ("colour",)),
        ("https://www.empik.com/szukaj/produkt?q=a&priceFrom=5", ("priceFrom",)),
        ("https://www.empik.com/szukaj/produkt?q=", ("no words",)),
        ("https://www.empik.com/agd", ("neither a product",)),
        ("https://www.merlin.pl/x,p1729665860,agd-p", ("merlin.pl",)),
        ("http://[", ("not an address",)),
    ],
)
def test_what_empik_does_not_understand_is_named(url: str, words: tuple[str, ...]):
    with pytest.raises(SearchUrlError) as error:
        empik.parse_search_url(url)
    assert all(word in str(error.value) for word in words)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_sentence(text: str):
    for parse in (amazon.parse_search_url, allegro.parse_search_url, empik.parse_search_url):
        with contextlib.suppress(SearchUrlError):
            assert parse(text).params
