"""Price meta tags (OpenGraph, Facebook's product tags) as candidates.

Belongs here: those tags alone. Does not: schema.org markup (``markup``), prices as shown (``visible``).

The price meta is often another price than the one shown: the old one, or net of tax; a sale price beside it is right.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml.html import HtmlElement

from domain.gtin import valid_gtin
from scrapers.shop.availability import schema_availability
from scrapers.shop.candidates import Candidate, Origin, ProductFacts
from scrapers.shop.currencies import iso_of
from scrapers.shop.prices import read_price

_PRICE = ("product:price:amount", "og:price:amount", "og:product:price:amount", "product:price")
_CURRENCY = ("product:price:currency", "og:price:currency", "og:product:price:currency")
_OLD = ("product:original_price:amount", "og:price:standard_amount", "product:old_price:amount")


def metas_of(tree: HtmlElement) -> dict[str, list[str]]:
    """Return the page's meta tags: contents by property or name, in lower case."""
    found: dict[str, list[str]] = {}
    for element in tree.xpath("//meta[@content]"):
        name = element.get("property") or element.get("name")
        if name:
            found.setdefault(str(name).strip().lower(), []).append(str(element.get("content")).strip())
    return found


def meta_candidates(metas: dict[str, list[str]], country_currency: str | None) -> Iterator[Candidate]:
    """Yield the sale price and the price that the meta tags name; empty ones are none."""
    currency = _first(metas, ("product:sale_price:currency", *_CURRENCY))
    state = schema_availability(_first(metas, ("product:availability", "og:availability", "availability")))
    old = read_price(_first(metas, _OLD) or "").amount
    plain = read_price(_first(metas, _PRICE) or "").amount
    for origin, names in ((Origin.SALE_META, ("product:sale_price:amount",)), (Origin.PRICE_META, _PRICE)):
        text = _first(metas, names)
        if text is None:
            continue
        reading = read_price(text, currency_hint=currency, country_currency=country_currency)
        before = old if old is not None else plain if origin is Origin.SALE_META else None
        yield Candidate(
            origin=origin,
            where=next(name for name in names if metas.get(name)),
            text=text[:120],
            amount=reading.amount,
            currency=(iso_of(currency) if currency else None) or reading.currency,
            availability=state,
            list_price=before
            if before is not None and reading.amount is not None and before > reading.amount
            else None,
            is_currency_certain=currency is not None,
        )


def meta_facts(metas: dict[str, list[str]]) -> ProductFacts:
    """Return what the meta tags say of the product."""
    gtin = next((good for name in ("product:ean", "product:gtin", "product:isbn", "product:upc")
                 for text in metas.get(name, ()) if (good := valid_gtin(text))), None)  # fmt: skip
    return ProductFacts(
        name=_first(metas, ("og:title",)),
        sku=_first(metas, ("product:retailer_item_id", "product:retailer_part_no", "product:sku")),
        gtin=gtin,
        brand=_first(metas, ("product:brand", "og:brand")),
        category=_first(metas, ("product:category",)),
        description=_first(metas, ("og:description", "description")),
        images=tuple(metas.get("og:image", ()))[:1],
        availability=schema_availability(_first(metas, ("product:availability", "og:availability"))),
        condition=_first(metas, ("product:condition",)),
    )


def _first(metas: dict[str, list[str]], names: tuple[str, ...]) -> str | None:
    return next((text for name in names for text in metas.get(name, ()) if text), None)
