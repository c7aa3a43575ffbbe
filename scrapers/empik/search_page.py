"""Empik's search results, tile by tile.

Belongs here: what a tile says. Does not: product pages. The markup is after public client code of 2019-2023
(``.ta-product-tile`` with ``data-product-id``, ``-name``, ``-price``) and may be gone.
"""

from __future__ import annotations

from decimal import Decimal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from domain.listing import Listing, UnpricedOffer
from domain.money import MoneyError, parse_amount
from domain.page import RejectedRecord
from domain.written_amount import read_amount
from scrapers.empik.addresses import CURRENCY, SOURCE_NAME, base_of, product_of
from scrapers.page_values import RecordError, first_text, reject, tidy, web_addresses
from scrapers.visible_price import find_prices

_TILE_CLASSES = {"ta-product-tile", "js-reco-product", "search-list-item"}

Records = tuple[tuple[Listing, ...], tuple[UnpricedOffer, ...], tuple[RejectedRecord, ...]]


def tiles_of(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the page's tiles, each once (a list of selectors would give a node once for each that it matches)."""
    nodes = tree.css("[data-product-id]")
    return [node for node in nodes if _TILE_CLASSES & set((node.attributes.get("class") or "").split())]


def read_tiles(tree: LexborHTMLParser, url: str) -> Records:
    """Read every tile; a product that stands twice is one record."""
    listings: dict[str, Listing] = {}
    unpriced: dict[str, UnpricedOffer] = {}
    rejected = []
    for index, node in enumerate(tiles_of(tree)):
        try:
            record = _tile(node, base_of(url), len(listings) + len(unpriced) + 1)
        except RecordError as error:
            rejected.append(reject(index, str(error), node.html or ""))
            continue
        if isinstance(record, Listing):
            listings.setdefault(record.external_id, record)
            unpriced.pop(record.external_id, None)
        elif record.external_id not in listings:
            unpriced.setdefault(record.external_id, record)
    return tuple(listings.values()), tuple(unpriced.values()), tuple(rejected)


def _tile(node: LexborNode, base: str, position: int) -> Listing | UnpricedOffer:
    external_id = tidy(node.attributes.get("data-product-id"), 40) or ""
    if external_id.isascii() and external_id.isdigit():
        external_id = f"p{external_id}"
    if not external_id.removeprefix("p").isdigit():
        raise RecordError("data-product-id: missing or not a product's number")
    title = tidy(node.attributes.get("data-product-name"), 1000) or first_text(node, ".ta-product-title", "h2", "h3")
    if title is None:
        raise RecordError("data-product-name: missing")
    links = [link.attributes.get("href") or "" for link in node.css("a[href]")]
    path = next((link for link in links if product_of(link) == external_id), None)
    url = f"{base}/{path.rpartition('/')[2].partition('?')[0]}" if path else f"{base}/produkt,{external_id},p"
    price = _price(node)
    if price is None:
        return UnpricedOffer(
            source=SOURCE_NAME, external_id=external_id, url=url, title=title, reason="The tile shows no price."
        )
    return Listing(
        source=SOURCE_NAME,
        external_id=external_id,
        url=url,
        title=title,
        price=price,
        currency=CURRENCY,
        brand=tidy(node.attributes.get("data-product-brand"), 200),
        category=tidy(node.attributes.get("data-product-category"), 300),
        image_urls=web_addresses(image.attributes.get("src") for image in node.css("img"))[:1],
        sku=external_id,
        position=position,
    )


def _price(node: LexborNode) -> Decimal | None:
    written = tidy(node.attributes.get("data-product-price"), 40)
    if written:
        try:
            amount = parse_amount(written)
        except MoneyError:
            prices = find_prices(written, decimal_sign=",", site_currency=CURRENCY)
            found = prices[0].amount if prices else read_amount(written, decimal_sign=",")
            if found is None:
                raise RecordError(f"data-product-price: not an amount: {written!r}") from None
            amount = found
        if amount > 0:
            return amount
    shown = first_text(node, ".ta-price-tile", ".price", limit=100)
    prices = find_prices(shown or "", decimal_sign=",", site_currency=CURRENCY)
    return prices[0].amount if prices and prices[0].amount > 0 else None
