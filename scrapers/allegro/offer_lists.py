"""Recorded lists of Allegro's offers: the website's own state, the closed REST search, and scrapfly's normalised file.

Belongs here: rows of a list into listings. Does not: an offer's page (``offer_page``).

Rows that are no offers (labels, banners, the assistant) are no records. An offer may stand in a list several times,
promoted and sponsored: it is one record. Lists are not sorted by price (capture of 2025-12).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from domain.listing import Availability, Listing, UnpricedOffer
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.allegro import values
from scrapers.allegro.addresses import SOURCE_NAME
from scrapers.page_values import RecordError, reject, web_addresses

STATE = "__listing_StoreState"


class OfferRows(NamedTuple):
    """What a list holds."""

    listings: tuple[Listing, ...]
    unpriced: tuple[UnpricedOffer, ...]
    rejected: tuple[RejectedRecord, ...]
    total_entries: int | None
    total_pages: int | None = None


_Row = Callable[[Any, str, int], Listing | UnpricedOffer]


def read_state(state: Any, base: str) -> OfferRows | None:
    """Read ``__listing_StoreState``; None where it holds no list."""
    elements = values.at(state, "items", "elements")
    if not isinstance(elements, list):
        return None
    offers = [row for row in elements if isinstance(row, dict) and row.get("type") not in {"label", "banner"}]
    offers = [row for row in offers if "price" in row or "offerId" in row]
    return _rows(offers, _state_row, base, _count(values.at(state, "searchMeta", "totalCount")))


def read_rest(document: Any, base: str) -> OfferRows | None:
    """Read an answer of the closed REST search (shape of 2020); None where it is none."""
    items = values.at(document, "items")
    if not isinstance(items, dict) or not ({"promoted", "regular"} & items.keys()):
        return None
    offers = [
        row for part in ("promoted", "regular") for row in values.rows_of(items.get(part)) if isinstance(row, dict)
    ]
    return _rows(offers, _rest_row, base, _count(values.at(document, "searchMeta", "totalCount")))


def read_normalised(document: Any, base: str) -> OfferRows | None:
    """Read scrapfly's file of a search (field names theirs, values from real pages); None where it is none."""
    products = values.at(document, "products")
    if not isinstance(products, list):
        return None
    offers = [row for row in products if isinstance(row, dict) and (row.get("offer_id") or row.get("price"))]
    found = _rows(offers, _normalised_row, base, _count(values.at(document, "total_count")))
    return found._replace(total_pages=_count(values.at(document, "total_pages")))


def _rows(rows: Iterable[Any], read: _Row, base: str, total: int | None) -> OfferRows:
    records: dict[str, Listing | UnpricedOffer] = {}
    rejected = []
    for index, row in enumerate(rows):
        try:
            record = read(row, base, len(records) + 1)
        except RecordError as error:
            rejected.append(reject(index, str(error), json.dumps(row, default=str, ensure_ascii=False)))
            continue
        records.setdefault(record.external_id, record)
    every = tuple(records.values())
    return OfferRows(
        tuple(record for record in every if isinstance(record, Listing)),
        tuple(record for record in every if isinstance(record, UnpricedOffer)),
        tuple(rejected),
        total,
    )


def _state_row(row: Any, base: str, position: int) -> Listing | UnpricedOffer:
    external_id = _offer_id(row.get("offerId") or row.get("id"), "offerId")
    title = values.text_at(row, "title", "text") or values.text_at(row, "title") or values.text_at(row, "alt")
    if title is None:
        raise RecordError("title: missing")
    url = f"{base}/oferta/{external_id}"
    price, currency = values.money(values.at(row, "price", "mainPrice"), "price.mainPrice")
    if row.get("isEnded") is True:
        return UnpricedOffer(
            source=SOURCE_NAME,
            external_id=external_id,
            url=url,
            title=title,
            reason="The offer has ended.",
            availability=Availability.GONE,
            price_kind=PriceKind.OLD,
            shown_price=price,
            currency=currency,
        )
    label = values.parameter(row.get("parameters"), "Stan")
    kind = values.text_at(row, "type") or ""
    return Listing(
        source=SOURCE_NAME,
        external_id=external_id,
        url=url,
        title=title,
        price=price,
        currency=currency,
        price_kind=PriceKind.CURRENT_BID if kind.lower() in {"auction", "bidding"} else PriceKind.PRICE,
        condition=values.condition(label),
        condition_label=label,
        availability=Availability.OUT_OF_STOCK if row.get("quantity") == 0 else Availability.AVAILABLE,
        image_urls=_state_images(row),
        seller=_seller(row.get("seller")),
        shipping_price=_money_or_none(values.at(row, "shipping", "lowest")),
        quantity=_count(row.get("quantity")),
        group_id=values.text_at(row, "productDetails", "productId") or values.text_at(row, "eventData", "product_id"),
        sku=external_id,
        position=position,
    )


def _rest_row(row: Any, base: str, position: int) -> Listing:
    external_id = _offer_id(row.get("id"), "id")
    title = values.text_at(row, "name")
    if title is None:
        raise RecordError("name: missing")
    price, currency = values.money(values.at(row, "sellingMode", "price"), "sellingMode.price")
    stock = _count(values.at(row, "stock", "available"))
    seller = values.at(row, "seller")
    return Listing(
        source=SOURCE_NAME,
        external_id=external_id,
        url=f"{base}/oferta/{external_id}",
        title=title,
        price=price,
        currency=currency,
        price_kind=PriceKind.CURRENT_BID if values.at(row, "sellingMode", "format") == "AUCTION" else PriceKind.PRICE,
        availability=Availability.OUT_OF_STOCK if stock == 0 else Availability.AVAILABLE,
        image_urls=web_addresses(values.text_at(image, "url") for image in values.rows_of(row.get("images"))),
        seller=_seller(seller),
        shipping_price=_money_or_none(values.at(row, "delivery", "lowestPrice")),
        quantity=stock,
        category=values.text_at(row, "category", "id"),
        ends_at=_moment(values.text_at(row, "publication", "endingAt")),
        sku=external_id,
        position=position,
    )


def _normalised_row(row: Any, base: str, position: int) -> Listing:
    external_id = _offer_id(row.get("offer_id"), "offer_id")
    title = values.text_at(row, "title")
    if title is None:
        raise RecordError("title: missing")
    product = values.text_at(row, "product_id")
    return Listing(
        source=SOURCE_NAME,
        external_id=external_id,
        url=f"{base}/oferta/{external_id}",
        title=title,
        price=values.amount(row.get("price"), "price"),
        currency=values.currency(row.get("currency"), "currency"),
        image_urls=web_addresses([values.text_at(row, "image")]),
        seller=values.seller(None, values.text_at(row, "seller"), is_business=None),
        group_id=product if product != external_id else None,
        sku=external_id,
        position=position,
    )


def _offer_id(value: Any, field: str) -> str:
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise RecordError(f"{field}: {'missing' if value in (None, '') else 'not an offer id'}")
    return text


def _seller(value: Any) -> Any:
    return values.seller(
        values.at(value, "id"), values.text_at(value, "login"), is_business=values.at(value, "company")
    )


def _money_or_none(value: Any) -> Any:
    try:
        return values.money(value, "")[0]
    except RecordError:
        return None


def _state_images(row: Any) -> tuple[str, ...]:
    photos = values.rows_of(row.get("photos"))
    large = values.text_at(row, "mainThumbnailSizes", "large", "url")
    return web_addresses([large, *(values.text_at(photo, "medium") for photo in photos)], limit=5)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None
