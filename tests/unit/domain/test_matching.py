"""Which watches an imported listing belongs to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.listing import Listing
from domain.matching import satisfies
from domain.watch import Watch


def a_watch(**params: str) -> Watch:
    return Watch(
        watch_id=1, owner="owner", name="w", source="vinted", url="", country="fr", currency="EUR", params=dict(params)
    )


def a_listing(title: str, price: str = "40", currency: str = "EUR", brand: str | None = None) -> Listing:
    return Listing(
        source="vinted", external_id="1", url="", title=title, price=Decimal(price), currency=currency, brand=brand
    )


@pytest.mark.parametrize(
    ("params", "title", "brand", "matches"),
    [
        ({"search_text": "levi's 501"}, "Jean Levi's 501 W32", None, True),
        ({"search_text": "patagonia synchilla"}, "Synchilla snap-t", "Patagonia", True),
        ({"search_text": "étoilé"}, "pull etoile bleu", None, True),
        ({"search_text": "levi's 501"}, "Jean Levi's 505", None, False),
        ({"search_text": "levi's", "price_to": "39.99"}, "Levi's", None, False),
        ({"search_text": "levi's", "price_from": "40", "price_to": "40"}, "Levi's", None, True),
        ({"search_text": "levi's", "brand_ids": "53"}, "Levi's", None, False),
        ({"price_to": "100"}, "anything", None, False),
    ],
)
def test_a_listing_satisfies_a_search_only_as_far_as_it_can_tell(
    params: dict[str, str], title: str, brand: str | None, matches: bool
) -> None:
    assert satisfies(a_watch(**params), a_listing(title, brand=brand)) is matches


def test_a_price_in_another_currency_never_satisfies() -> None:
    assert not satisfies(a_watch(search_text="levi's"), a_listing("Levi's", currency="GBP"))
