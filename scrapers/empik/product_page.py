"""An Empik product page into one listing, or an offer without price.

Belongs here: which amount is the price, and when there is none. Does not: search tiles, walls (``reading``).

The page as it comes (head of 2026-09-30) has the metas ``product:price:amount``, ``product:sale_price:amount`` and
``product:premium_price:amount``, all empty: the price arrives by script, and an empty meta is no price, never zero.
Where the price stands after the scripts have run was never recorded, so every place that may hold it is looked at:
schema.org's JSON-LD, the metas once filled, and the elements that public client code names (``.ta-price``). Premium
prices are for subscribers and no price of everybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from selectolax.lexbor import LexborHTMLParser

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller, UnpricedOffer
from domain.money import MoneyError, parse_amount
from domain.price_kind import PriceKind
from domain.written_amount import read_amount
from scrapers.empik.addresses import CURRENCY, SOURCE_NAME, base_of, product_of
from scrapers.page_values import (
    RecordError,
    attribute,
    first_text,
    gtin,
    schema_availability,
    shown_text,
    tidy,
    web_addresses,
)
from scrapers.visible_price import find_prices

FILLED_PRICE = (
    'meta[property="product:price:amount"]:not([content=""]), meta[property="product:sale_price:amount"]'
    ':not([content=""]), .ta-price, [data-ta="price"], [itemprop="price"][content]:not([content=""])'
)
"""What the browser waits for: any of the places where the price may appear."""

_VISIBLE = ('[data-ta="price"]', ".ta-price", ".ta-product-price", ".productPriceInfo__price")
_VISIBLE_OLD = ('[data-ta="price-before"]', ".ta-price-before", ".ta-price-regular", ".price-previous")
_VISIBLE_PREMIUM = ('[data-ta="premium-price"]', ".ta-premium-price", ".ta-price-premium")
_STRUCK = {"del", "s", "strike"}


class _Prices(NamedTuple):
    """What a page says; each None where it does not."""

    price: Decimal | None = None
    regular: Decimal | None = None
    premium: Decimal | None = None
    currency: str | None = None


def is_product(tree: LexborHTMLParser, url: str) -> bool:
    """Tell whether a page is one of a product."""
    if _meta(tree, "product:retailer_part_no") is not None:
        return True
    return product_of(url) is not None and (_meta(tree, "og:type") == "product" or bool(_json_ld(tree)))


def read_product(tree: LexborHTMLParser, url: str) -> Listing | UnpricedOffer:
    """Return the page's product.

    Raises:
        RecordError: where it has no number, no title, or a price that is none.
    """
    data = _json_ld(tree)
    canonical = attribute(tree, 'link[rel="canonical"]', "href") or _meta(tree, "og:url") or ""
    external_id = _meta(tree, "product:retailer_part_no") or product_of(url) or product_of(canonical)
    if external_id is None or not external_id.removeprefix("p").isdigit():
        raise RecordError("product:retailer_part_no: missing or not a product's number")
    title = _meta(tree, "og:title") or _text(data.get("name")) or first_text(tree, "h1", limit=1000)
    if title is None:
        raise RecordError("og:title: missing")
    path = next((one for one in (canonical, url) if product_of(one) == external_id), None)
    shared: dict[str, Any] = {
        "source": SOURCE_NAME,
        "external_id": external_id,
        "url": f"{base_of(url)}/{path.rpartition('/')[2]}" if path else url,
        "title": title,
        "brand": _brand(data),
        "sku": external_id,
        "gtin": gtin(" ".join(_text(data.get(key)) or "" for key in ("gtin13", "gtin", "isbn", "gtin8", "gtin12"))),
    }
    prices = _prices(tree, data)
    availability = _availability(tree, data)
    if prices.price is None:
        return _unpriced(UnpricedOffer(**shared, reason="", availability=availability), prices)
    attributes = {"premium_price": format(prices.premium, "f")} if prices.premium is not None else {}
    if _meta(tree, "product:promo") == "true":
        attributes["promo"] = "yes"
    merchant = _meta(tree, "product:merchant_id")
    return Listing(
        **shared,
        price=prices.price,
        currency=prices.currency or CURRENCY,
        list_price=prices.regular if prices.regular is not None and prices.regular > prices.price else None,
        availability=availability,
        condition=Condition.NEW
        if "NewCondition" in (_text(_offers(data).get("itemCondition")) or "")
        else Condition.UNKNOWN,
        category=_meta(tree, "product:category_tree"),
        description=_text(data.get("description")) or _meta(tree, "og:description"),
        image_urls=web_addresses([_meta(tree, "og:image")]),
        seller=Seller(external_id=merchant, is_business=True) if merchant else None,
        attributes=attributes,
    )


def _unpriced(offer: UnpricedOffer, prices: _Prices) -> UnpricedOffer:
    if offer.availability is Availability.OUT_OF_STOCK:
        return msgspec.structs.replace(offer, reason="The page says that it is not available and shows no price.")
    if prices.premium is not None:
        return msgspec.structs.replace(
            offer,
            reason="The page shows a price for subscribers (Premium) only.",
            price_kind=PriceKind.CONDITIONAL,
            shown_price=prices.premium,
            currency=CURRENCY,
        )
    return msgspec.structs.replace(
        offer, reason="The page's price fields are empty: the price comes by script, after the page."
    )


# ---------------------------------------------------------------- the price


def _prices(tree: LexborHTMLParser, data: Mapping[str, Any]) -> _Prices:
    in_metas, visible, in_data = _of_metas(tree), _of_visible(tree), _of_json_ld(data)
    found = next((one for one in (in_data, in_metas, visible) if one.price is not None), _Prices())
    regular = found.regular or in_metas.regular or visible.regular
    return found._replace(regular=regular, premium=in_metas.premium or visible.premium)


def _of_metas(tree: LexborHTMLParser) -> _Prices:
    regular, sale, premium = (
        _positive(_meta(tree, f"product:{name}:amount")) for name in ("price", "sale_price", "premium_price")
    )
    regular = regular or _positive(attribute(tree, '[itemprop="price"]', "content"))
    code = _meta(tree, "product:price:currency") or ""
    return _Prices(sale or regular, regular, premium, code.upper() if len(code) == 3 and code.isalpha() else None)


def _of_visible(tree: LexborHTMLParser) -> _Prices:
    return _Prices(_shown(tree, _VISIBLE), _shown(tree, _VISIBLE_OLD), _shown(tree, _VISIBLE_PREMIUM))


def _shown(tree: LexborHTMLParser, selectors: tuple[str, ...]) -> Decimal | None:
    for selector in selectors:
        for node in tree.css(selector):
            if node.tag in _STRUCK and selectors is _VISIBLE:
                continue
            found = find_prices(shown_text(node, 100) or "", decimal_sign=",", site_currency=CURRENCY)
            if found and found[0].amount > 0:
                return found[0].amount
    return None


def _of_json_ld(data: Mapping[str, Any]) -> _Prices:
    offers = _offers(data)
    code = _text(offers.get("priceCurrency")) or ""
    price = _positive(_text(offers.get("price")) or _text(offers.get("lowPrice")))
    return _Prices(price, None, None, code.upper() if len(code) == 3 and code.isalpha() else None)


def _positive(text: str | None) -> Decimal | None:
    """Return an amount above zero; an empty or a zero field is no price."""
    if not text:
        return None
    try:
        amount = parse_amount(text)
    except MoneyError:
        amount = read_amount(text, decimal_sign=",") or Decimal(0)
    return amount if amount > 0 else None


# ---------------------------------------------------------------- what stands around it


def _availability(tree: LexborHTMLParser, data: Mapping[str, Any]) -> Availability:
    said = schema_availability(_text(_offers(data).get("availability")))
    if said is not Availability.UNKNOWN:
        return said
    meta = (_meta(tree, "product:availability") or "").lower()
    by_meta = {"true": Availability.AVAILABLE, "false": Availability.OUT_OF_STOCK, "available": Availability.AVAILABLE}
    return by_meta.get(meta, schema_availability(meta.replace(" ", "")))


def _meta(tree: LexborHTMLParser, name: str) -> str | None:
    return attribute(tree, f'meta[property="{name}"]', "content")


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    return tidy(str(value), 5000) if isinstance(value, (str, int, Decimal)) else None


def _brand(data: Mapping[str, Any]) -> str | None:
    brand = data.get("brand")
    return _text(brand.get("name")) if isinstance(brand, dict) else _text(brand)


def _offers(data: Mapping[str, Any]) -> Mapping[str, Any]:
    offers = data.get("offers")
    first = offers[0] if isinstance(offers, list) and offers else offers
    return first if isinstance(first, dict) else {}


def _json_ld(tree: LexborHTMLParser) -> Mapping[str, Any]:
    """Return the first schema.org product of the page's JSON-LD; empty where there is none."""
    for script in tree.css('script[type="application/ld+json"]'):
        for block in _blocks(script.text(deep=True)):
            kinds = block.get("@type")
            if kinds in {"Product", "Book"} or (isinstance(kinds, list) and "Product" in kinds):
                return block
    return {}


def _blocks(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        # Exact decimals: a price may be a JSON number. Descriptions hold raw line ends.
        loose = json.loads(text, parse_float=Decimal, strict=False)
    except (ValueError, RecursionError):
        return
    for block in loose if isinstance(loose, list) else [loose]:
        if isinstance(block, dict):
            yield block
            graph = block.get("@graph")
            yield from (one for one in graph if isinstance(one, dict)) if isinstance(graph, list) else ()
