"""Article numbers, schema.org words and texts, as every retailer's page has them."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from domain.condition import Condition
from domain.listing import Availability
from scrapers.page_values import gtin, schema_availability, schema_condition, shown_text, tidy
from scrapers.recorded import gunzip


# Numbers that begin with 2 are shops' own.
@given(digits=st.integers(3 * 10**11, 10**12 - 1), wrong=st.integers(1, 9))
def test_an_article_number_is_taken_only_with_its_check_digit(digits: int, wrong: int):
    total = sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(str(digits)))
    check = -total % 10
    assert gtin(f"EAN {digits}{check}") == f"{digits}{check}"
    assert gtin(f"EAN {digits}{(check + wrong) % 10}") is None


@pytest.mark.parametrize("text", [None, "", "0000000000000", "12345678901", "978-3-16-148410-1", "abc"])
def test_no_valid_number_is_none(text: str | None):
    assert gtin(text) is None


def test_a_hyphenated_isbn_is_digits_only():
    assert gtin("ISBN 978-3-16-148410-0") == "9783161484100"


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("http://schema.org/InStock", Availability.AVAILABLE),
        ("https://schema.org/OutOfStock", Availability.OUT_OF_STOCK),
        ("PreOrder", Availability.PREORDER),
        ("http://schema.org/BackOrder", Availability.BACKORDER),
        ("Discontinued", Availability.DISCONTINUED),
        ("SoldOut", Availability.OUT_OF_STOCK),
        ("NOT SOLD", Availability.UNKNOWN),
        ("", Availability.UNKNOWN),
        (None, Availability.UNKNOWN),
    ],
)
def test_schema_words_are_our_availability(word: str | None, meaning: Availability):
    assert schema_availability(word) is meaning


def test_an_unknown_condition_stays_unknown():
    assert schema_condition("http://schema.org/NewCondition") is Condition.NEW
    assert schema_condition("http://schema.org/WonderfulCondition") is Condition.UNKNOWN


def test_what_a_reader_sees_has_no_scripts_and_styles():
    tree = LexborHTMLParser("<div>a<script>b</script> <style>c</style><b> d\n e</b></div>")
    assert shown_text(tree.css_first("div")) == "a d e"


@given(st.text(max_size=200))
def test_a_tidied_text_fits_a_database(text: str):
    tidied = tidy(text)
    if tidied is not None:
        assert "\x00" not in tidied
        tidied.encode()
        assert tidied == " ".join(tidied.split())


@given(st.binary(max_size=200))
def test_gzip_is_undone_and_other_bytes_come_back(body: bytes):
    assert gunzip(gzip.compress(body)) == body
    if not body.startswith(b"\x1f\x8b"):
        assert gunzip(body) == body
