"""The file of shop rules: all mistakes at once, and which rule fits a host."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.settings import SettingsError
from scrapers.contract import SearchUrlError
from scrapers.shop.config import load_rules
from scrapers.shop.product_url import canonical_product_url, product_id


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "shops.yaml"
    file.write_text(
        "shops:\n- host: a.example\n  price: '::bad['\n- host: b.example\n  currency: EURO\n"
        "- host: c.example\n  prise: x\n"
        "- host: d.example\n  json_url: https://d.example/api\n"
    )
    with pytest.raises(SettingsError) as error:
        load_rules(file)
    message = str(error.value)
    for part in ("shops.0.price", "shops.1.currency", "shops.2.prise", "shops.3", "{id}"):
        assert part in message


@pytest.mark.parametrize(
    ("text", "words"),
    [("shops: [", "not YAML"), ("shops:\n- host: a.example\n- host: a.example\n", "more than one rule for a.example")],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "shops.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words):
        load_rules(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_rules(tmp_path / "absent.yaml")


def test_a_rule_fits_its_host_and_those_below_it(tmp_path: Path) -> None:
    file = tmp_path / "shops.yaml"
    file.write_text("shops:\n- host: example.at\n  price: .p\n- host: m.example.at\n  price: .m\n")
    rules = load_rules(file)
    for url, selector in (
        ("https://example.at/1", ".p"),
        ("https://www.example.at/1", ".p"),
        ("https://m.example.at/1", ".m"),
    ):
        rule = rules.rule_of(url)
        assert rule is not None
        assert rule.price == selector
    assert rules.rule_of("https://notexample.at/1") is None
    assert len(load_rules(None)) == 0


def test_tracking_is_dropped_and_variants_are_kept() -> None:
    url = "HTTPS://Shop.Example.at/p/1?utm_source=x&color=red&gclid=1#reviews"
    assert canonical_product_url(url) == "https://shop.example.at/p/1?color=red"
    assert product_id(url) == "shop.example.at/p/1?color=red"
    assert product_id("https://www.shop.example.at/p/1/") == "shop.example.at/p/1"


@pytest.mark.parametrize(
    "url", ["", "shop.example", "ftp://a.example/x", "javascript:alert(1)", "http://", "http://[::1"]
)
def test_what_is_no_address_says_so(url: str) -> None:
    with pytest.raises(SearchUrlError, match="not a product's address"):
        canonical_product_url(url)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=300))
def test_a_canonical_address_is_its_own_canonical_address_and_ids_stay_short(path: str) -> None:
    try:
        url = canonical_product_url(f"https://shop.example/{path}")
    except SearchUrlError:
        return
    assert canonical_product_url(url) == url
    assert len(product_id(url)) <= 200
