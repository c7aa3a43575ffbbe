"""Reads the search parameters of Vinted's two front doors into one request.

The service (`svc-catalogue`) knows `attribute_ids[...]` and silently ignores the old names and all else it does not
know; the site's own address uses `brand_ids[]=` and the like. Both refuse an empty price, as the real service does.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from starlette.datastructures import QueryParams

from domain.money import to_minor
from sandbox.locales import EUR_PER_UNIT, Country
from sandbox.prices import convert
from sandbox.search import ORDERS, SearchRequest

MAX_PER_PAGE = 96
_SERVICE_FILTERS = {
    "catalogs": ("attribute_ids[catalog]",),
    "brands": ("attribute_ids[brand]",),
    "sizes": ("attribute_ids[size]",),
    "colours": ("attribute_ids[color]",),
    "materials": ("attribute_ids[material]",),
    "grades": ("attribute_ids[status]",),
}
_SITE_FILTERS = {
    "catalogs": ("catalog[]", "catalog_ids", "catalog_ids[]"),
    "brands": ("brand_ids[]", "brand_ids"),
    "sizes": ("size_ids[]", "size_ids"),
    "colours": ("color_ids[]", "color_ids"),
    "materials": ("material_ids[]", "material_ids"),
    "grades": ("status_ids[]", "status_ids"),
}


class InvalidRequestError(ValueError):
    """A parameter the service refuses (HTTP 400); the message names it."""


def _ids(query: QueryParams, names: tuple[str, ...]) -> frozenset[int]:
    """Read ids given as a comma list, as a repeated parameter, or with ``[]`` behind the name."""
    texts = [text for name in names for spelling in (name, f"{name}[]") for text in query.getlist(spelling)]
    parts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise InvalidRequestError(f"{names[0]} must hold ids")
    return frozenset(int(part) for part in parts)


def _whole(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise InvalidRequestError(f"{name} must be a positive number")
    return int(text)


def _price(query: QueryParams, name: str, country: Country) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise InvalidRequestError(f"{name} must be a number") from None
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise InvalidRequestError(f"{name} must be a number of at least 0")
    currency = query.get("currency") or country.currency
    if currency not in EUR_PER_UNIT:
        raise InvalidRequestError("currency is not known")
    return convert(to_minor(amount, currency), currency, country.currency)


def _read(query: QueryParams, country: Country, filters: Mapping[str, tuple[str, ...]], per_page: int) -> SearchRequest:
    order = query.get("order", "relevance")
    return SearchRequest(
        text=query.get("search_text", ""),
        page=_whole(query, "page", 1),
        per_page=per_page,
        order=order if order in ORDERS else "relevance",
        price_from=_price(query, "price_from", country),
        price_to=_price(query, "price_to", country),
        **{name: _ids(query, spellings) for name, spellings in filters.items()},
    )


def service_request(query: QueryParams, country: Country) -> SearchRequest:
    """Read the parameters of the search service.

    Raises:
        InvalidRequestError: for what the service answers with 400.
    """
    per_page = min(MAX_PER_PAGE, _whole(query, "per_page", MAX_PER_PAGE))
    return _read(query, country, _SERVICE_FILTERS, per_page)


def site_request(query: QueryParams, country: Country) -> SearchRequest:
    """Read the parameters of the site's own search address.

    Raises:
        InvalidRequestError: for what the site refuses.
    """
    return _read(query, country, _SITE_FILTERS, MAX_PER_PAGE)
