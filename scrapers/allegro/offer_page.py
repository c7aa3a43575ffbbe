"""An Allegro offer's page into one listing.

Belongs here: which of the page's amounts is the price. Does not: lists of offers, walls (``reading``).

The price stands in microdata inside ``[itemprop=offers]`` (there is no JSON-LD) and again in the JSON of the price box:
``schema.price`` in zloty, ``transactionSection.precartData.price`` in grosz. Class names are hashed per build and mean
nothing. Delivery, the lowest price of 30 days, bundles, coupons and other sellers' offers are not the price (capture of
2025-12). Whatever stands in a carousel's card belongs to another offer, a struck 30-day price there, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from domain.condition import Condition
from domain.listing import Availability, Listing, UnpricedOffer
from domain.price_kind import PriceKind
from scrapers.allegro import values
from scrapers.allegro.addresses import SOURCE_NAME, base_of, product_of
from scrapers.page_values import (
    RecordError,
    attribute,
    gtin,
    schema_availability,
    schema_condition,
    tidy,
    web_addresses,
)

_BOXES = "script[data-serialize-box-id]"
_PRODUCT = '[itemtype$="schema.org/Product"]'


class OfferPage(msgspec.Struct, frozen=True):
    """What a page's structures say, side by side.

    Attributes:
        product: the node of the product's microdata, None where the page has none.
        price_box: the JSON of the price box, empty where there is none.
        boxes: the JSON of every box.
    """

    product: LexborNode | None
    price_box: Mapping[str, Any]
    boxes: tuple[Any, ...]


def open_page(tree: LexborHTMLParser) -> OfferPage:
    """Collect the structures of a page."""
    boxes = tuple(box for node in tree.css(_BOXES) if isinstance(box := values.load_json(node.text(deep=True)), dict))
    prices = [box for box in boxes if isinstance(box.get("transactionSection"), dict)]
    products = [node for node in tree.css(_PRODUCT) if node.css_first('meta[itemprop="sku"]') is not None]
    return OfferPage(products[0] if products else None, prices[0] if prices else {}, boxes)


def offer_id(page: OfferPage) -> str | None:
    """Return the id of the offer that the page shows."""
    found = _micro(page, "sku") or values.text_at(page.price_box, "schema", "sku")
    return found or values.text_at(page.price_box, "transactionSection", "offerId")


def is_offer_page(page: OfferPage) -> bool:
    """Tell whether the page shows an offer at all."""
    return page.product is not None or bool(page.price_box)


def read_offer(page: OfferPage, url: str) -> Listing | UnpricedOffer:
    """Return the page's offer.

    Raises:
        RecordError: where it has no id, no title, or a price that is none.
    """
    external_id = offer_id(page)
    if external_id is None or not external_id.isdigit():
        raise RecordError("sku: missing" if external_id is None else f"sku: not an offer's id: {external_id[:40]!r}")
    box = page.price_box
    title = _micro(page, "name") or values.text_at(box, "schema", "name")
    if title is None:
        raise RecordError("name: missing")
    shared: dict[str, Any] = {
        "source": SOURCE_NAME,
        "external_id": external_id,
        "url": f"{base_of(url)}/oferta/{external_id}",
        "title": title,
        "brand": _micro(page, "brand") or values.text_at(box, "schema", "brand"),
        "sku": external_id,
        "gtin": gtin(_micro(page, "gtin") or values.text_at(box, "schema", "gtin")),
    }
    price = _price(page)
    quantity = _quantity(box)
    availability = _availability(page, quantity)
    if price is None or availability is Availability.GONE:
        return UnpricedOffer(
            **shared,
            reason="The offer has ended." if availability is Availability.GONE else "The page shows no price of it.",
            availability=availability,
            price_kind=PriceKind.NONE if price is None else PriceKind.OLD,
            shown_price=price,
            currency=None if price is None else _currency(page),
        )
    label = _condition_label(page)
    return Listing(
        **shared,
        price=price,
        currency=_currency(page),
        price_kind=PriceKind.CURRENT_BID if _is_auction(box) else PriceKind.PRICE,
        condition=_condition(page, label),
        condition_label=label,
        availability=availability,
        category=_category(box),
        image_urls=_images(page),
        seller=_seller(page),
        list_price=_list_price(box, price),
        shipping_price=_shipping(page, external_id),
        quantity=quantity,
        group_id=values.text_at(box, "otherProductOffers", "productId") or product_of(url),
        ends_at=_ends_at(box),
        country="PL" if not values.at(box, "transactionSection", "isVerifiedInternationalSeller") else None,
        attributes=_attributes(box),
    )


# ---------------------------------------------------------------- the price


def _price(page: OfferPage) -> Decimal | None:
    offer = None if page.product is None else page.product.css_first('[itemprop="offers"] [itemprop="price"]')
    written = None if offer is None else tidy(offer.attributes.get("content"), 40)
    written = written or values.text_at(page.price_box, "schema", "price")
    if written:
        price = values.amount(written, "offers.price")
    else:
        grosz = values.from_grosz(values.at(page.price_box, "transactionSection", "precartData", "price"))
        price = grosz if grosz is not None else Decimal(0)
    return price if price > 0 else None


def _currency(page: OfferPage) -> str:
    micro = None if page.product is None else page.product.css_first('[itemprop="offers"] [itemprop="priceCurrency"]')
    code = None if micro is None else micro.attributes.get("content")
    return values.currency(
        code
        or values.text_at(page.price_box, "schema", "priceCurrency")
        or values.at(page.price_box, "price", "currency"),
        "priceCurrency",
    )


def _list_price(box: Mapping[str, Any], price: Decimal) -> Decimal | None:
    old = values.visible_amount(values.at(box, "price", "originalPrice"))
    return old if old is not None and old > price else None


def _is_auction(box: Mapping[str, Any]) -> bool:
    layer = values.at(box, "metaData", "dataLayer")
    bids_only = values.at(layer, "isAuction") is True and values.at(layer, "isBuyNow") is not True
    return bids_only or (values.at(box, "biddingSection", "visible") is True and not _can_be_bought(box))


def _can_be_bought(box: Mapping[str, Any]) -> bool:
    return values.at(box, "transactionSection", "precartData", "initActionType") is not None


# ---------------------------------------------------------------- what stands around it


def _micro(page: OfferPage, name: str) -> str | None:
    if page.product is None:
        return None
    # The product's own properties; a review inside it has a name, too.
    for node in page.product.css(f'meta[itemprop="{name}"]'):
        above = node.parent
        while above is not None and "itemtype" not in above.attributes:
            above = above.parent
        if above is not None and above == page.product:
            return tidy(node.attributes.get("content"), 1000)
    return None


def _availability(page: OfferPage, quantity: int | None) -> Availability:
    if values.at(page.price_box, "metaData", "dataLayer", "active") == "no":
        return Availability.GONE
    if quantity == 0:
        return Availability.OUT_OF_STOCK
    said = None
    if page.product is not None:
        said = attribute(page.product, '[itemprop="offers"] [itemprop="availability"]', "href")
    return schema_availability(said or values.text_at(page.price_box, "schema", "stock"))


def _quantity(box: Mapping[str, Any]) -> int | None:
    value = values.at(box, "transactionSection", "availableQuantity", "value")
    return value if type(value) is int and 0 <= value < 2**31 else None


def _condition_label(page: OfferPage) -> str | None:
    for box in page.boxes:
        for key in ("keyParameters", "parameters", "generalParameters"):
            label = values.parameter(box.get(key), "Stan")
            if label:
                return label
    return None


def _condition(page: OfferPage, label: str | None) -> Condition:
    known = values.condition(label)
    if known is not Condition.UNKNOWN or page.product is None:
        return known
    return schema_condition(attribute(page.product, '[itemprop="offers"] [itemprop="itemCondition"]', "content"))


def _category(box: Mapping[str, Any]) -> str | None:
    path = values.text_at(box, "metaData", "dataLayer", "headNavigation")
    return " > ".join(path.split("|")) if path else None


def _images(page: OfferPage) -> tuple[str, ...]:
    found: list[str | None] = [_micro(page, "image")]
    for box in page.boxes:
        for image in values.rows_of(box.get("images")):
            found += [values.text_at(image, "original"), values.text_at(image, "url")]
    return web_addresses(found, limit=10)


def _seller(page: OfferPage) -> Any:
    about: Mapping[str, Any] = next((box for box in page.boxes if "sellerName" in box and "isPrivateSeller" in box), {})
    layer = values.at(page.price_box, "metaData", "dataLayer")
    is_private = about.get("isPrivateSeller")
    return values.seller(
        values.at(page.price_box, "transactionSection", "precartData", "sellerId") or values.at(layer, "sellerId"),
        values.text_at(about, "sellerName") or values.text_at(layer, "sellerName"),
        is_business=not is_private if isinstance(is_private, bool) else None,
    )


def _shipping(page: OfferPage, external_id: str) -> Decimal | None:
    for box in page.boxes:
        if box.get("offerId") == external_id and "deliveryCost" in box:
            said = values.text_at(box, "deliveryCost") or ""
            if any(word in said.casefold() for word in ("darmow", "bezpłat", "gratis")):
                return Decimal(0)
            return values.visible_amount(said)
    return None


def _ends_at(box: Mapping[str, Any]) -> datetime | None:
    for written in (
        values.text_at(box, "biddingSection", "endingDate"),
        values.text_at(box, "transactionSection", "endingTime"),
    ):
        try:
            moment = datetime.fromisoformat(written) if written else None
        except ValueError:
            continue
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    return None


def _attributes(box: Mapping[str, Any]) -> dict[str, str]:
    active = values.text_at(box, "coupon", "activeVariant", "id")
    for variant in values.rows_of(values.at(box, "coupon", "variants")):
        text = values.text_at(variant, "text")
        if text and active and values.text_at(variant, "id") == active:
            return {"coupon": text[:120]}
    return {}
