"""Cards of the GraphQL search service, as recordings of 2023-07 and 2025-08 have them, as listings of kind "from".

Belongs here: ``SkuGroupCard`` and ``ProductCard``. Does not: asking the service: since 2026-05 it wants a token.

A card's prices are minima over variants, so they never enter statistics. ``id`` is the group's id; ``productId`` is the
product's, and one product may have several cards (one a colour), which become the same listing. ``discount`` is for
holders of the Uzum card and is no price; the full price may lie below the selling price and then says nothing.
"""

from __future__ import annotations

from decimal import Decimal

from domain.listing import Listing, UnpricedOffer
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.uzum.addresses import CURRENCY, SITE, SOURCE_NAME
from scrapers.uzum.document import record, rows, soms, text, whole
from scrapers.uzum.parse_card import Variants, record_bytes

_IMAGES_KEPT = 10


def find_cards(document: object) -> list[object] | None:
    """Return the cards of a recorded list or of an answer (``data.makeSearch.items``); None where there are none."""
    items: object = document
    if isinstance(document, dict):
        search = record(record(document.get("data")).get("makeSearch"))
        items = search.get("items")
    if not isinstance(items, list):
        return None
    cards = [record(item).get("catalogCard", item) for item in items]
    if cards and not any("productId" in record(card) for card in cards):
        return None
    return cards


def read_cards(cards: list[object]) -> Variants:
    """Read search cards; where a product has several, all carry its lowest price, whichever is kept."""
    lowest: dict[int, Decimal] = {}
    for card in cards:
        product_id, price = whole(record(card).get("productId")), _price(card)
        if product_id is not None and price is not None:
            lowest[product_id] = min(price, lowest.get(product_id, price))
    listings: list[Listing] = []
    unpriced: list[UnpricedOffer] = []
    rejected: list[RejectedRecord] = []
    for index, card in enumerate(cards):
        found = record(card)
        product_id, title = whole(found.get("productId")), text(found.get("title"))
        if product_id is None or product_id <= 0 or title is None:
            reason = "productId or title: a card without them names no product"
            rejected.append(RejectedRecord(index=index, reason=reason, record=record_bytes(card)))
            continue
        if _price(card) is None:
            reason = f"minSellPrice: {found.get('minSellPrice')!r} is no amount of so'm"[:200]
            rejected.append(RejectedRecord(index=index, reason=reason, record=record_bytes(card)))
            continue
        listings.append(_listing(found, product_id, title, lowest[product_id], position=index + 1))
    return Variants(listings, unpriced, rejected)


def _price(card: object) -> Decimal | None:
    found = record(card)
    prices = [soms(record(sku).get("sellPrice")) for sku in rows(found.get("skuList"))]
    given = [price for price in (*prices, soms(found.get("minSellPrice"))) if price is not None]
    return min(given, default=None)


def _listing(card: dict[str, object], product_id: int, title: str, price: Decimal, *, position: int) -> Listing:
    full = soms(card.get("minFullPrice"))
    reviews = whole(card.get("feedbackQuantity"))
    attributes = {
        "rating": text(card.get("rating")) if reviews else None,
        "reviews": text(reviews),
        "orders": text(whole(card.get("ordersQuantity"))),
    }
    return Listing(
        source=SOURCE_NAME,
        external_id=str(product_id),
        url=f"{SITE}/ru/product/{product_id}",
        title=title,
        price=price,
        currency=CURRENCY,
        price_kind=PriceKind.FROM,
        list_price=full if full is not None and full > price else None,
        image_urls=_images(card.get("photos")),
        group_id=str(product_id),
        position=position,
        attributes={name: value for name, value in attributes.items() if value},
    )


def _images(photos: object) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for photo in rows(photos)[:_IMAGES_KEPT]:
        address = text(record(record(photo).get("link")).get("high"))
        if address is not None and address.startswith("https://"):
            found[address] = None
    return tuple(found)
