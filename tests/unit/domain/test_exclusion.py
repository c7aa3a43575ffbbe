"""What a watch leaves out by words, sellers and countries."""

from __future__ import annotations

import pytest

from domain.blacklist import BlacklistError
from domain.exclusion import Exclusions, Facts, facts_of
from domain.listing import Seller
from tests.integration.warehouse.samples import listing


def facts(**changes: object) -> Facts:
    fields: dict[str, object] = {
        "title": "a coat",
        "country": "PL",
        "seller_id": "77",
        "seller_login": "Anna",
        "is_business": False,
    }
    return Facts(**{**fields, **changes})  # type: ignore[arg-type]  # tests choose the fields


@pytest.mark.parametrize(
    ("wishes", "seen"),
    [
        (Exclusions(["coat"]), facts()),
        (Exclusions(seller_countries=["DE", "fr"]), facts()),
        (Exclusions(excluded_sellers=["anna"]), facts()),
        (Exclusions(excluded_sellers=["77"]), facts()),
        (Exclusions(personal_sellers_only=True), facts(is_business=True)),
    ],
)
def test_each_wish_leaves_out_what_is_known_to_be_against_it(wishes: Exclusions, seen: Facts) -> None:
    assert wishes
    assert wishes.reason(seen)


@pytest.mark.parametrize(
    ("wishes", "seen"),
    [
        (Exclusions(), facts()),
        (Exclusions(seller_countries=["pl"]), facts()),
        (Exclusions(seller_countries=["DE"]), facts(country=None)),
        (Exclusions(excluded_sellers=["7", "ann"]), facts()),
        (Exclusions(excluded_sellers=["77"]), facts(seller_id=None, seller_login=None)),
        (Exclusions(personal_sellers_only=True), facts()),
        (Exclusions(personal_sellers_only=True), facts(is_business=None)),
    ],
)
def test_what_a_page_does_not_say_leaves_nothing_out(wishes: Exclusions, seen: Facts) -> None:
    assert wishes.reason(seen) is None


def test_a_bad_word_is_named() -> None:
    with pytest.raises(BlacklistError, match=r"regular expression"):
        Exclusions(["/(/"])


def test_the_facts_of_a_listing_are_its_page_s() -> None:
    found = facts_of(listing(1, country="PL", seller=Seller(external_id="9", login="x", is_business=True)))
    assert (found.title, found.country, found.seller_id, found.seller_login, found.is_business) == (
        "Coat 1", "PL", "9", "x", True
    )  # fmt: skip
    assert facts_of(listing(1, seller=None)).seller_id is None
