"""Vinted's server-rendered pages: the catalogue and the item page.

Belongs here: where the values stand in the markup. Does not: telling refusals (``meaning``), JSON (``parse_json``).

Class names are hashed anew with each of the site's builds, so everything hangs on ``data-testid`` (2026-09-17).
The catalogue says nothing of seller, number of pictures, age or reserved state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from domain.condition import Condition
from domain.listing import Availability, Listing
from domain.page import RejectedRecord
from scrapers.vinted.conditions import condition_of_label
from scrapers.vinted.domains import SOURCE_NAME, Place
from scrapers.vinted.parse_json import brand_of_first_line
from scrapers.vinted.records import (
    Price,
    RecordError,
    absolute_url,
    amount,
    currency,
    external_id,
    optional_text,
    read_label,
    read_second_line,
    reject,
    web_address,
    written_price,
)

_ROW = re.compile(r"product-item-id-([^-]*)")
_ITEM_PATH = re.compile(r"/items/([0-9]{1,20})(?:[-/?#]|$)")
_AVAILABILITY = {
    "instock": Availability.AVAILABLE,
    "limitedavailability": Availability.AVAILABLE,
    "reserved": Availability.RESERVED,
    "soldout": Availability.SOLD,
    "outofstock": Availability.SOLD,
    "discontinued": Availability.GONE,
}

Reading = tuple[tuple[Listing, ...], tuple[RejectedRecord, ...]]


def result_rows(tree: LexborHTMLParser) -> list[tuple[str, LexborNode]]:
    """Return the catalogue's rows in order, each with its item's id as the markup has it."""
    rows = []
    for node in tree.css('[data-testid^="product-item-id-"]'):
        match = _ROW.fullmatch(node.attributes.get("data-testid") or "")
        if match:
            rows.append((match.group(1), node))
    return rows


def read_rows(rows: list[tuple[str, LexborNode]], place: Place) -> Reading:
    """Read the catalogue's rows in order; never raises for what a row holds."""
    listings: list[Listing] = []
    rejected: list[RejectedRecord] = []
    for index, (identity, node) in enumerate(rows):
        try:
            listings.append(_row_listing(identity, node, place, index + 1))
        except (RecordError, ValueError, OverflowError) as error:
            rejected.append(reject(index, str(error), (node.html or "").encode("utf-8", "replace")))
    return tuple(listings), tuple(rejected)


def _row_listing(raw_identity: str, node: LexborNode, place: Place, position: int) -> Listing:
    identity = external_id(raw_identity)
    if not identity.isdigit():
        raise RecordError(f"id: not a number: {identity[:40]!r}")
    stem = f"product-item-id-{identity}--"
    link = node.css_first(f'[data-testid="{stem}overlay-link"]')
    image = node.css_first(f'[data-testid="{stem}image--img"]')
    first = _text(node, f"{stem}description-title")
    second = _text(node, f"{stem}description-subtitle")
    written = _attribute(link, "title") or _attribute(image, "alt")
    if written is None:
        raise RecordError("title: the row has no label")
    parts = tuple(part.strip() for part in (second or "").split("·"))
    label = read_label(written, place.site.currency, (first or "", second or "", *parts))
    title = optional_text(label.title)
    if title is None:
        raise RecordError("title: missing or blank")
    price = label.price or _written(node, f"{stem}price-text", place)
    if price is None:
        raise RecordError("price: missing or not an amount")
    total = label.total or _written(node, "total-combined-price", place)
    if total is not None and total.currency != price.currency:
        raise RecordError(f"total: in {total.currency}, but the price is in {price.currency}")
    lines = read_second_line(second, label)
    source = web_address(_attribute(image, "src"))
    return Listing(
        source=SOURCE_NAME,
        external_id=identity,
        url=_without_referrer(
            absolute_url(_attribute(link, "href"), base=place.www, fallback=f"{place.www}/items/{identity}")
        ),
        title=title,
        price=price.amount,
        currency=price.currency,
        total_price=total.amount if total else None,
        brand=brand_of_first_line(first, title, label.brand),
        size=lines.size,
        condition=condition_of_label(lines.condition) if lines.condition else Condition.UNKNOWN,
        condition_label=lines.condition,
        image_urls=(source,) if source else (),
        favourite_count=_favourites(node),
        position=position,
    )


def _text(node: LexborNode, testid: str) -> str | None:
    found = node.css_first(f'[data-testid="{testid}"]')
    return optional_text(found.text(deep=True).strip()) if found is not None else None


def _attribute(node: LexborNode | None, name: str) -> str | None:
    return optional_text(node.attributes.get(name)) if node is not None else None


def _written(node: LexborNode, testid: str, place: Place) -> Price | None:
    text = _text(node, testid)
    return written_price(text, place.site.currency) if text else None


def _favourites(node: LexborNode) -> int | None:
    # The counter is left out of the markup where nobody has marked the item.
    text = _text(node, "favourite-count-text")
    if text is None:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _without_referrer(url: str) -> str:
    parts = urlsplit(url)
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name != "referrer"])
    return urlunsplit(parts._replace(query=query))


# ---------------------------------------------------------------- the item page


def product_blocks(tree: LexborHTMLParser) -> list[tuple[bytes, dict[str, Any] | None]]:
    """Return the page's schema.org products with their own bytes; None for a block that is not JSON."""
    blocks: list[tuple[bytes, dict[str, Any] | None]] = []
    for script in tree.css('script[type="application/ld+json"]'):
        text = script.text(deep=True)
        raw = text.encode("utf-8", "replace")
        try:
            parsed = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            blocks.append((raw, None))
            continue
        blocks += [(raw, product) for product in _products(parsed)]
    return blocks


def _products(parsed: object) -> Iterator[dict[str, Any]]:
    candidates = parsed if isinstance(parsed, list) else [parsed]
    for candidate in candidates:
        if not isinstance(candidate, dict):
            continue
        graph = candidate.get("@graph")
        inner = graph if isinstance(graph, list) else [candidate]
        for one in inner:
            kind = one.get("@type") if isinstance(one, dict) else None
            if kind == "Product" or (isinstance(kind, list) and "Product" in kind):
                yield one


def read_product(block: tuple[bytes, dict[str, Any] | None], place: Place, page_url: str) -> Reading:
    """Read one product block; never raises for what it holds."""
    raw, product = block
    if product is None:
        return (), (reject(0, "the product block is not JSON", raw),)
    try:
        return (_product_listing(product, place, page_url),), ()
    except (RecordError, ValueError, OverflowError) as error:
        return (), (reject(0, str(error), raw),)


def _product_listing(product: dict[str, Any], place: Place, page_url: str) -> Listing:
    offers = product.get("offers")
    offer = offers[0] if isinstance(offers, list) and offers else offers
    if not isinstance(offer, dict):
        raise RecordError("offers: missing")
    address = optional_text(offer.get("url")) or optional_text(product.get("url")) or page_url
    match = _ITEM_PATH.search(address) or _ITEM_PATH.search(page_url)
    if match is None:
        raise RecordError("id: neither the offer nor the page has an item's address")
    identity = external_id(match.group(1))
    title = optional_text(product.get("name"))
    if title is None:
        raise RecordError("title: missing or blank")
    brand = product.get("brand")
    image = product.get("image")
    images = image if isinstance(image, list) else [image]
    grade = _schema_word(offer.get("itemCondition"))
    return Listing(
        source=SOURCE_NAME,
        external_id=identity,
        url=absolute_url(address, base=place.www, fallback=f"{place.www}/items/{identity}"),
        title=title,
        price=amount(offer.get("price"), "price"),
        currency=currency(offer.get("priceCurrency"), "priceCurrency"),
        description=optional_text(product.get("description")),
        brand=optional_text(brand.get("name") if isinstance(brand, dict) else brand),
        color=optional_text(product.get("color")),
        category=optional_text(product.get("category")),
        # schema.org knows only new and used; used says nothing on our scale.
        condition=Condition.NEW if grade == "NewCondition" else Condition.UNKNOWN,
        condition_label=grade,
        availability=_AVAILABILITY.get(
            (_schema_word(offer.get("availability")) or "instock").lower(), Availability.UNKNOWN
        ),
        image_urls=tuple(one for candidate in images if (one := web_address(candidate))),
    )


def _schema_word(value: object) -> str | None:
    text = optional_text(value)
    return text.rsplit("/", 1)[-1] if text else None
