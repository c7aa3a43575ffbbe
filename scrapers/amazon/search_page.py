"""Amazon's search results, tile by tile, in the layouts of 2019 and of 2023.

Belongs here: what a tile says. Does not: product pages (``product_page``).

One ASIN may stand on a page several times, sponsored and found: it is one record, and the tile with a price counts.
Tiles with an empty ASIN are advertisements' frames, not records. Where only other sellers offer it ("1 neuer Artikel"),
the amount links to /gp/offer-listing/ or carries no `.s-price`: it is no price of the thing.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from domain.listing import Availability, Listing, UnpricedOffer
from domain.page import RejectedRecord
from domain.price_kind import PriceKind
from scrapers.amazon.domains import SOURCE_NAME, Place
from scrapers.amazon.product_page import price_of_node
from scrapers.amazon.search_url import ASIN
from scrapers.page_values import RecordError, attribute, first_text, reject, shown_text, tidy, web_addresses
from scrapers.visible_price import VisiblePrice, find_prices

_TILES = 'li.s-result-item[data-asin], div[data-component-type="s-search-result"][data-asin]'
_CARDS = '[data-csa-c-item-id^="amzn1.asin"]'
_TITLE = ("h2[data-attribute]", "h2 a span", "h2 span", "h2")
_OFFERS_OF_OTHERS = (
    'a[href*="/gp/offer-listing/"] .a-color-price',
    '[data-cy="secondary-offer-recipe"]',
)
_COUNT = re.compile(r"(\d+)\s*[-\u2013]\s*(\d+)\D{1,30}?(\d[\d.,\u00a0\u202f ]*)")

Records = tuple[tuple[Listing, ...], tuple[UnpricedOffer, ...], tuple[RejectedRecord, ...]]


def tiles_of(tree: LexborHTMLParser) -> list[tuple[str, LexborNode]]:
    """Return ASIN and node of every result on the page, frames without ASIN left out."""
    found = [((node.attributes.get("data-asin") or "").strip(), node) for node in tree.css(_TILES)]
    if not found:
        # A fragment of one card, as recorded: only its own id names the product.
        found = [
            ((node.attributes.get("data-csa-c-item-id") or "").rpartition(".")[2], node) for node in tree.css(_CARDS)
        ]
    return [(asin, node) for asin, node in found if asin]


def read_tiles(tree: LexborHTMLParser, place: Place) -> Records:
    """Read every tile; an ASIN's further tiles only replace one without a price."""
    language = (tree.root.attributes.get("lang") or "") if tree.root else ""
    sign = "." if language.lower().startswith("en") else place.site.decimal_sign
    records: dict[str, Listing | UnpricedOffer | RejectedRecord] = {}
    for index, (asin, node) in enumerate(tiles_of(tree)):
        known = records.get(asin)
        if isinstance(known, Listing):
            continue
        record: Listing | UnpricedOffer | RejectedRecord
        try:
            record = _tile(node, asin, place, sign, len(records) + 1 if known is None else None)
        except RecordError as error:
            record = reject(index, str(error), node.html or "")
        if known is None or _rank(record) > _rank(known):
            records[asin] = record
    every = tuple(records.values())
    return (
        tuple(record for record in every if isinstance(record, Listing)),
        tuple(record for record in every if isinstance(record, UnpricedOffer)),
        tuple(record for record in every if isinstance(record, RejectedRecord)),
    )


def total_entries(tree: LexborHTMLParser) -> int | None:
    """Return how many results the page says the search has ("1-16 von 139"); None where it does not say."""
    text = first_text(tree, "#s-result-count", '[data-component-type="s-result-info-bar"] h1', limit=200)
    match = _COUNT.search(text or "")
    digits = re.sub(r"\D", "", match.group(3)) if match else ""
    return int(digits) if digits and len(digits) < 10 else None


def total_pages(tree: LexborHTMLParser) -> int | None:
    """Return the number of the last page that the pagination shows; None without pagination."""
    numbers = [
        int(text)
        for node in tree.css(".s-pagination-item, #pagn .pagnLink, #pagn .pagnDisabled, #pagn .pagnCur")
        if (text := node.text(strip=True)).isascii() and text.isdigit() and len(text) < 5
    ]
    return max(numbers, default=None)


def _rank(record: Listing | UnpricedOffer | RejectedRecord) -> int:
    if isinstance(record, Listing):
        return 3
    if isinstance(record, UnpricedOffer):
        return 2 if record.shown_price is not None else 1
    return 0


def _tile(node: LexborNode, asin: str, place: Place, sign: str, position: int | None) -> Listing | UnpricedOffer:
    if not ASIN.fullmatch(asin):
        raise RecordError(f"asin: not an ASIN: {asin[:40]!r}")
    title = attribute(node, "h2[data-attribute]", "data-attribute") or first_text(node, *_TITLE, limit=1000)
    if title is None:
        raise RecordError("title: missing")
    external_id, url = f"{asin}@{place.site.country}", f"{place.base}/dp/{asin}"
    price = _price(node, place, sign)
    if price is None:
        shown = _price_of_others(node, place, sign)
        return UnpricedOffer(
            source=SOURCE_NAME,
            external_id=external_id,
            url=url,
            title=title,
            reason="The tile shows only an offer of other sellers." if shown else "The tile shows no price.",
            availability=Availability.AVAILABLE if shown else Availability.UNKNOWN,
            price_kind=PriceKind.FROM_OTHER_SELLERS if shown else PriceKind.NONE,
            shown_price=shown.amount if shown else None,
            currency=shown.currency if shown else None,
            sku=asin,
        )
    if price.currency is None:
        raise RecordError("currency: the price's sign belongs to several currencies and the site's is none of them")
    old = _list_price(node, place, sign)
    return Listing(
        source=SOURCE_NAME,
        external_id=external_id,
        url=url,
        title=title,
        price=price.amount,
        currency=price.currency,
        list_price=old.amount if old is not None and old.amount > price.amount else None,
        image_urls=web_addresses(image.attributes.get("src") for image in node.css("img.s-image, img.s-access-image"))[
            :1
        ],
        position=position,
        sku=asin,
    )


def _price(node: LexborNode, place: Place, sign: str) -> VisiblePrice | None:
    currency = place.site.currency
    for old in node.css(".s-price, .sx-price"):
        found = find_prices(_old_text(old, sign) or "", decimal_sign=sign, site_currency=currency)
        if found:
            return found[0]
    for price_node in node.css(".a-price:not([data-a-strike]):not(.a-text-price)"):
        if _is_of_others(price_node, node):
            continue
        price = price_of_node(price_node, decimal_sign=sign, site_currency=currency)
        if price is not None:
            return price
    return None


def _old_text(node: LexborNode, sign: str) -> str | None:
    """Return an old tile's price, with cents that are only written small put behind their sign."""
    whole, cents = first_text(node, ".sx-price-whole", limit=20), first_text(node, ".sx-price-fractional", limit=4)
    if whole is None or cents is None:
        return shown_text(node, 80)
    return f"{first_text(node, '.sx-price-currency', limit=10) or ''}{whole}{sign}{cents}"


def _is_of_others(price: LexborNode, tile: LexborNode) -> bool:
    above = price.parent
    while above is not None and above != tile:
        if (above.attributes.get("data-cy") or "") == "secondary-offer-recipe":
            return True
        if "/gp/offer-listing/" in (above.attributes.get("href") or ""):
            return True
        above = above.parent
    return False


def _price_of_others(node: LexborNode, place: Place, sign: str) -> VisiblePrice | None:
    for selector in _OFFERS_OF_OTHERS:
        for found_node in node.css(selector):
            text = tidy(shown_text(found_node, 200))
            found = find_prices(text or "", decimal_sign=sign, site_currency=place.site.currency)
            if found:
                return found[0]
    return None


def _list_price(node: LexborNode, place: Place, sign: str) -> VisiblePrice | None:
    for struck in node.css('.a-price[data-a-strike="true"], span.a-text-strike'):
        text = first_text(struck, ".a-offscreen", limit=60) or shown_text(struck, 60)
        found = find_prices(text or "", decimal_sign=sign, site_currency=place.site.currency)
        if found:
            return found[0]
    return None
