"""A product card of ``/api/v2/product/{id}`` as listings, one a variant (SKU).

Belongs here: the card's fields. Does not: whether an answer is a card (``meaning``), the search service's cards.

Facts after one recorded card of 2025-12 with 102 variants and public clients of 2023-2026: ``purchasePrice`` is what a
buyer pays now, ``fullPrice`` the struck-through price (may equal it, may be null); prices are whole so'm and belong to
the variant: the first one says nothing of the others; a variant that is sold out keeps its price. ``barcode`` is mostly
Uzum's own number (1, the SKU id on eleven digits, a check digit): such a one names no product elsewhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import msgspec
import orjson

from domain.gtin import valid_gtin
from domain.listing import Availability, Listing, Seller, UnpricedOffer
from domain.page import RejectedRecord
from scrapers.uzum.addresses import CURRENCY, SOURCE_NAME, listing_address
from scrapers.uzum.document import record, rows, soms, text, whole

_COLOUR_TITLES = frozenset({"rang", "rangi", "цвет", "color", "colour"})
_SIZE_TITLES = frozenset({"o'lcham", "o'lchami", "razmer", "размер", "size", "o'lchamlar"})
_APOSTROPHES = str.maketrans(dict.fromkeys("\u02bb\u02bc\u2018\u2019`\u00b4", "'"))
_TAG = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"\s+")
_IMAGES_KEPT = 10
_CATEGORY_DEPTH = 12
_ATTRIBUTE_LENGTH = 120
_RECORD_BYTES = 64 * 1024


class Variants(msgspec.Struct, frozen=True):
    """What a card holds, each variant in exactly one of the three."""

    listings: list[Listing]
    unpriced: list[UnpricedOffer]
    rejected: list[RejectedRecord]


class _Card(msgspec.Struct, frozen=True, kw_only=True):
    """What all variants of a card share."""

    product_id: int
    title: str
    site: str
    description: str | None
    category: str | None
    images: tuple[str, ...]
    seller: Seller | None
    attributes: dict[str, str]
    characteristics: list[tuple[str, str, list[str | None]]]


def card_title(data: Mapping[str, object]) -> str | None:
    """Return the product's name: Russian, else Uzbek, else in the language asked for; None where it has none."""
    both = record(data.get("localizableTitle"))
    return text(both.get("ru")) or text(both.get("uz")) or text(data.get("title"))


def read_variants(data: Mapping[str, object], product_id: int, site: str) -> Variants:
    """Read a card's variants.

    Args:
        data: ``payload.data``.
        product_id: of the card.
        site: where links of listings begin.
    """
    card = _card(data, product_id, site)
    found = Variants([], [], [])
    for index, sku in enumerate(rows(data.get("skuList"))):
        _read_sku(card, sku, index, found)
    return found


def category_path(category: object) -> str | None:
    """Return the titles from the root to the leaf, walking ``parent``; None where there is none."""
    titles: list[str] = []
    node = category
    for _ in range(_CATEGORY_DEPTH):
        if not isinstance(node, dict):
            break
        title = text(node.get("title"))
        if title is not None:
            titles.append(title)
        node = node.get("parent")
    return " / ".join(reversed(titles)) or None


def _card(data: Mapping[str, object], product_id: int, site: str) -> _Card:
    seller = record(data.get("seller"))
    seller_id = whole(seller.get("id"))
    return _Card(
        product_id=product_id,
        title=card_title(data) or "",
        site=site,
        description=_plain(text(data.get("description"))),
        category=category_path(data.get("category")),
        images=_images(data.get("photos")),
        seller=None if seller_id is None else Seller(external_id=str(seller_id), login=text(seller.get("title"))),
        attributes=_attributes(data, seller),
        characteristics=[_characteristic(one) for one in rows(data.get("characteristics"))],
    )


def _attributes(data: Mapping[str, object], seller: Mapping[str, object]) -> dict[str, str]:
    reviews = whole(data.get("reviewsAmount"))
    given = {
        "title_uz": text(record(data.get("localizableTitle")).get("uz")),
        # Without reviews the service says 0.0, which is no rating.
        "rating": text(data.get("rating")) if reviews else None,
        "reviews": text(reviews),
        "orders": text(whole(data.get("ordersAmount"))),
        "warranty": text(record(data.get("warranty")).get("amount")),
        "seller_link": text(seller.get("link")),
        "seller_official": "yes" if seller.get("official") is True else None,
        "adult": "yes" if data.get("adultCategory") is True else None,
    }
    return {name: value[:_ATTRIBUTE_LENGTH] for name, value in given.items() if value}


def _characteristic(value: object) -> tuple[str, str, list[str | None]]:
    """Return which field a characteristic fills (``color``, ``size`` or an attribute's name), and its values."""
    found = record(value)
    title = (text(found.get("title")) or "").translate(_APOSTROPHES).lower()
    kind = text(found.get("titleType"))
    field = "attribute"
    if kind == "COLOR" or title in _COLOUR_TITLES:
        field = "color"
    elif kind == "SIZE" or title in _SIZE_TITLES:
        field = "size"
    return (
        field,
        re.sub(r"\W+", "_", title).strip("_")[:60],
        [text(record(one).get("title")) for one in rows(found.get("values"))],
    )


def _chosen(card: _Card, sku: Mapping[str, object]) -> tuple[str | None, str | None, dict[str, str]]:
    """Return colour, size and further characteristics of a variant; indices that point nowhere are left out."""
    colour: str | None = None
    size: str | None = None
    others: dict[str, str] = {}
    for pair in rows(sku.get("characteristics")):
        places = record(pair)
        char_index, value_index = whole(places.get("charIndex")), whole(places.get("valueIndex"))
        if char_index is None or value_index is None or not 0 <= char_index < len(card.characteristics):
            continue
        field, name, values = card.characteristics[char_index]
        value = values[value_index] if 0 <= value_index < len(values) else None
        if value is None:
            continue
        if field == "color" and colour is None:
            colour = value
        elif field == "size" and size is None:
            size = value
        elif name:
            others[name] = value[:_ATTRIBUTE_LENGTH]
    return colour, size, others


def _read_sku(card: _Card, value: object, index: int, found: Variants) -> None:
    sku = record(value)
    sku_id = whole(sku.get("id"))
    if sku_id is None or sku_id <= 0:
        found.rejected.append(_rejected(index, "id: a variant without its number", value))
        return
    external_id = f"{card.product_id}-{sku_id}"
    url = listing_address(card.site, card.attributes.get("title_uz", card.title), card.product_id, sku_id)
    amount = whole(sku.get("availableAmount"))
    availability = _availability(amount)
    price = soms(sku.get("purchasePrice"))
    full = soms(sku.get("fullPrice"))
    gtin = _gtin(sku.get("barcode"), sku_id)
    if price is None:
        if sku.get("purchasePrice") is not None:
            shown = repr(sku["purchasePrice"])[:60]
            found.rejected.append(_rejected(index, f"purchasePrice: {shown} is no amount of so'm", value))
            return
        found.unpriced.append(
            UnpricedOffer(
                source=SOURCE_NAME,
                external_id=external_id,
                url=url,
                title=card.title,
                reason="The card gives no purchasePrice for this variant.",
                availability=availability,
                currency=CURRENCY,
                list_price=full,
                sku=str(sku_id),
                gtin=gtin,
            )
        )
        return
    colour, size, others = _chosen(card, sku)
    stock = record(sku.get("stock"))
    own = {
        "stock_type": text(stock.get("type")),
        "delivery_days": text(whole(stock.get("deliveryDays"))),
        "barcode": text(whole(sku.get("barcode"))),
    }
    found.listings.append(
        Listing(
            source=SOURCE_NAME,
            external_id=external_id,
            url=url,
            title=card.title,
            price=price,
            currency=CURRENCY,
            list_price=full if full is not None and full > price else None,
            description=card.description,
            size=size,
            color=colour,
            category=card.category,
            availability=availability,
            image_urls=card.images,
            seller=card.seller,
            sku=str(sku_id),
            gtin=gtin,
            group_id=str(card.product_id),
            quantity=amount if amount is not None and 0 <= amount < 2**31 else None,
            attributes={**card.attributes, **others, **{name: value for name, value in own.items() if value}},
        )
    )


def _availability(amount: int | None) -> Availability:
    if amount is None or amount < 0:
        return Availability.UNKNOWN
    return Availability.AVAILABLE if amount else Availability.OUT_OF_STOCK


def _gtin(barcode: object, sku_id: int) -> str | None:
    digits = text(whole(barcode))
    if digits is None or digits[:-1] == f"1{sku_id:011d}":
        return None
    return valid_gtin(digits)


def _images(photos: object) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for photo in rows(photos)[:_IMAGES_KEPT]:
        sizes = record(record(photo).get("photo"))
        for width in ("800", "720", "540", "480", "240"):
            address = text(record(sizes.get(width)).get("high"))
            if address is not None and address.startswith("https://"):
                found[address] = None
                break
    return tuple(found)


def _plain(markup: str | None) -> str | None:
    if markup is None:
        return None
    return _BLANKS.sub(" ", html.unescape(_TAG.sub(" ", markup))).strip() or None


def _rejected(index: int, reason: str, value: object) -> RejectedRecord:
    return RejectedRecord(index=index, reason=reason, record=record_bytes(value))


def record_bytes(value: object) -> bytes:
    """Return a record as JSON for the quarantine, at most 64 KiB."""
    try:
        return orjson.dumps(value)[:_RECORD_BYTES]
    except (orjson.JSONEncodeError, RecursionError):
        return repr(value).encode("utf-8", "backslashreplace")[:_RECORD_BYTES]
