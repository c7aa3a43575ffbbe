"""schema.org markup of a page, JSON-LD and microdata, as one list of product blocks.

extruct does the reading; JSON-LD that is not JSON (comments, raw newlines, trailing commas) is mended first, block by
block, since one broken block must not cost the others.

Belongs here: markup to plain dictionaries and from them to candidates. Does not: which candidate wins (``arbiter``).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml.html import HtmlElement

from domain.gtin import valid_gtin
from domain.listing import Availability
from domain.price_kind import PriceKind
from scrapers.shop.availability import best, schema_availability
from scrapers.shop.candidates import Candidate, Origin, ProductFacts
from scrapers.shop.currencies import iso_of
from scrapers.shop.prices import read_price

Node = Mapping[str, Any]
_PRODUCTS = frozenset(
    {
        "product",
        "productgroup",
        "productmodel",
        "individualproduct",
        "someproducts",
        "vehicle",
        "car",
        "book",
        "softwareapplication",
    }
)
_OFFERS = frozenset({"offer", "aggregateoffer", "demand"})
_GTINS = ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "ean", "isbn")
_JSON_LD = "//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]"
_COMMENT = re.compile(r"(?:^|(?<=[\s,{\[]))//[^\n\"]*$|/\*.*?\*/", re.MULTILINE | re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def json_ld_nodes(tree: HtmlElement) -> list[Node]:
    """Return every JSON-LD object of the page, those inside ``@graph`` and lists included, in page order."""
    nodes: list[Node] = []
    for script in tree.xpath(_JSON_LD):
        value = _json(str(script.text or ""))
        nodes += _flat(value)
    return nodes


def _json(text: str) -> object:
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    text = re.sub(r"^\s*(?://\s*)?<!\[CDATA\[|(?://\s*)?\]\]>\s*$", "", text)
    bare = _TRAILING_COMMA.sub(r"\1", _COMMENT.sub("", text))
    for attempt in (text, bare, html.unescape(bare)):
        try:
            value: object = json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
        return value
    return None


def _flat(value: object, depth: int = 0) -> Iterator[Node]:
    if depth > 8:
        return
    if isinstance(value, list):
        for one in value:
            yield from _flat(one, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemOffered", "hasVariant"):
            yield from _flat(value.get(key), depth + 1)


def microdata_nodes(tree: HtmlElement, url: str | None) -> list[Node]:
    """Return the page's microdata items in the shape of JSON-LD nodes, in page order."""
    from extruct.w3cmicrodata import MicrodataExtractor  # noqa: PLC0415 - only pages of shops pay for it

    try:
        # extruct has no type hints.
        extractor: Any = MicrodataExtractor
        items = extractor(strict=False, add_text_content=False).extract_items(tree, url or "")
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        # extruct raises these on broken addresses and nesting; the page's other evidence is left.
        return []
    return [node for item in items for node in _as_node(item)]


def _as_node(item: object, depth: int = 0) -> Iterator[Node]:
    if isinstance(item, dict):
        yield _converted(item, depth)


def _converted(value: Any, depth: int = 0) -> Any:
    if depth > 12:
        return None
    if isinstance(value, list):
        return [_converted(one, depth + 1) for one in value]
    if isinstance(value, dict) and "properties" in value:
        node = {key: _converted(one, depth + 1) for key, one in value["properties"].items()}
        return {"@type": value.get("type", ""), **node}
    return value


def types_of(node: Node) -> frozenset[str]:
    """Return the schema.org types of a node, in lower case, without their address."""
    given = node.get("@type")
    words = given if isinstance(given, list) else [given]
    return frozenset(str(word).rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1].lower() for word in words if word)


def is_product(node: Node) -> bool:
    """Tell whether a node describes a thing for sale."""
    return bool(types_of(node) & _PRODUCTS)


def is_offer(node: Node) -> bool:
    """Tell whether a node is an offer that may stand outside any product."""
    return bool(types_of(node) & _OFFERS)


def text_of(value: object) -> str | None:
    """Return a value's text: of a string, a number, the first of a list, or a node's name."""
    if isinstance(value, list):
        return next((text for one in value if (text := text_of(one)) is not None), None)
    if isinstance(value, dict):
        return text_of(value.get("name") or value.get("@value") or value.get("@id"))
    if isinstance(value, bool) or value is None:
        return None
    text = re.sub(r"\s+", " ", html.unescape(str(value))).strip()
    return text or None


def offers_of(product: Node) -> list[Node]:
    """Return a product's offers, those of its variants and those inside an AggregateOffer included."""
    offers: list[Node] = []
    for key in ("offers", "offer"):
        offers += [one for one in _listed(product.get(key)) if isinstance(one, dict)]
    for variant in _listed(product.get("hasVariant")) + _listed(product.get("model")):
        if isinstance(variant, dict):
            offers += offers_of(variant)
    inner = [one for offer in offers for one in _listed(offer.get("offers")) if isinstance(one, dict)]
    return offers + inner


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def candidates_of(
    node: Node, origin: Origin, number: int, country_currency: str | None
) -> tuple[list[Candidate], ProductFacts]:
    """Return the candidates and facts of one product node (or of an offer that stands alone)."""
    offers = [node] if is_offer(node) and not is_product(node) else offers_of(node)
    found = [
        one for place, offer in enumerate(offers) for one in _offer(offer, origin, number, place, country_currency)
    ]
    if not offers and node.get("price") is not None:
        found = list(_offer(node, origin, number, 0, country_currency))
    states = [state for offer in offers if (state := schema_availability(offer.get("availability"))) is not None]
    state = best(states) or schema_availability(node.get("availability"))
    return found, _facts(node, offers, state)


def _offer(offer: Node, origin: Origin, number: int, place: int, country_currency: str | None) -> Iterator[Candidate]:
    state = schema_availability(offer.get("availability"))
    currency = _currency(offer)
    specifications = [one for one in _listed(offer.get("priceSpecification")) if isinstance(one, dict)]
    prices: list[tuple[str, object, PriceKind, str | None]] = []
    name = "AggregateOffer" if "aggregateoffer" in types_of(offer) else "Offer"
    low, high = offer.get("lowPrice"), offer.get("highPrice")
    if offer.get("price") not in (None, ""):
        prices.append(("price", offer.get("price"), PriceKind.PRICE, currency))
    elif low not in (None, "") and text_of(low) is not None:
        kind = PriceKind.PRICE if text_of(low) == text_of(high) else PriceKind.FROM
        prices.append(("lowPrice", low, kind, currency))
    prices += [
        ("priceSpecification.price", one.get("price"), _specified(one), _currency(one) or currency)
        for one in specifications
    ]
    list_prices = [value for _, value, kind, _ in prices if kind is PriceKind.OLD]
    for key, value, kind, written in prices:
        if kind is PriceKind.OLD:
            continue
        yield from _priced(
            value, written, kind, origin, f"{name} {place + 1}: {key}", number, state,
            country_currency, list_prices,
        )  # fmt: skip


def _priced(
    value: object,
    currency: str | None,
    kind: PriceKind,
    origin: Origin,
    where: str,
    number: int,
    state: Availability | None,
    country_currency: str | None,
    list_prices: list[object],
) -> Iterator[Candidate]:
    text = _first_text(value)
    if text is None:
        return
    reading = read_price(
        text, currency_hint=currency, country_currency=country_currency, decimal_separator=_machine(text)
    )
    known = currency or (reading.currency if reading.currency_text else None)
    old = [read_price(old_text).amount for one in list_prices if (old_text := _first_text(one))]
    if kind is PriceKind.PRICE and reading.kind is not PriceKind.NONE:
        kind = reading.kind
    yield Candidate(
        origin=origin,
        where=where,
        text=text[:120],
        amount=reading.amount,
        currency=known or country_currency,
        kind=kind,
        availability=state,
        list_price=old[0] if old else reading.old_amount,
        product=number,
        is_currency_certain=known is not None,
    )


def _first_text(value: object) -> str | None:
    if isinstance(value, list):
        return next((text for one in value if (text := _first_text(one)) is not None), None)
    return text_of(value)


def _machine(text: str) -> str | None:
    """Return ``.`` for a plain machine-written number (``1299.000``, ``24.99``), whose comma could be no decimal."""
    return "." if re.fullmatch(r"\d+\.\d{1,2}|\d+\.\d{4,}|\d{4,}\.\d+|\d+\.\d*0{3,}", text.strip()) else None


def _currency(node: Node) -> str | None:
    text = text_of(node.get("priceCurrency") or node.get("currency"))
    if text is None:
        return None
    iso = iso_of(text)
    return iso or (text.upper() if re.fullmatch(r"[A-Za-z]{3}", text) else None)


def _specified(node: Node) -> PriceKind:
    """Return what a PriceSpecification speaks of: list price, unit price, delivery or the price itself."""
    kind = str(text_of(node.get("priceType")) or "").lower()
    types = types_of(node)
    if "listprice" in kind or "strikethrough" in kind or "msrp" in kind or "srp" in kind or "regular" in kind:
        return PriceKind.OLD
    if "deliverychargespecification" in types:
        return PriceKind.SHIPPING
    if "unitpricespecification" in types and (node.get("referenceQuantity") or node.get("unitText")):
        return PriceKind.UNIT
    if str(node.get("valueAddedTaxIncluded")).lower() == "false":
        return PriceKind.NET
    return PriceKind.PRICE


def _facts(node: Node, offers: list[Node], state: Availability | None) -> ProductFacts:
    gtin = next(
        (good for key in _GTINS for one in (node, *offers) if (good := valid_gtin(text_of(one.get(key))))), None
    )
    sku = next((text for one in (node, *offers) if (text := text_of(one.get("sku") or one.get("productID")))), None)
    images = tuple(
        text
        for one in _listed(node.get("image"))
        if (text := text_of(one.get("url") or one.get("contentUrl") if isinstance(one, dict) else one))
    )
    condition = text_of(node.get("itemCondition")) or next((text_of(one.get("itemCondition")) for one in offers), None)
    seller = next((text for one in offers if (text := text_of(one.get("seller")))), None)
    return ProductFacts(
        name=text_of(node.get("name")),
        sku=sku,
        gtin=gtin,
        brand=text_of(node.get("brand")) or text_of(node.get("manufacturer")),
        category=text_of(node.get("category")),
        description=text_of(node.get("description")),
        url=text_of(node.get("url")) or text_of(node.get("@id")),
        images=images[:8],
        condition=condition,
        availability=state,
        seller=seller,
    )
