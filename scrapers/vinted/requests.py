"""Canonical parameters as each of Vinted's services wants them.

Belongs here: names and forms of query parameters. Does not: headers and sessions (``session``), fetching (``client``).

``svc-catalogue/items`` filters on ``attribute_ids[<facet>]`` with ids joined by commas: a repeated key is answered 400,
the old names are accepted and ignored, an empty ``price_from=`` is answered 400 (public clients' tests, 2026-09).
"""

from __future__ import annotations

from collections.abc import Mapping

from scrapers.vinted.search_url import site_params

PER_PAGE = 96
MAX_PAGES = 10
"""Vinted caps a search at 960 results (recorded ``total_entries``), ten pages of 96."""

_FACETS = {
    "catalog_ids": "catalog",
    "brand_ids": "brand",
    "size_ids": "size",
    "color_ids": "color",
    "material_ids": "material",
    "status_ids": "status",
    "patterns_ids": "patterns",
    "brand_collection_ids": "brand_collection",
    "video_game_platform_ids": "video_game_platform",
}
_PASSED_ON = ("search_text", "price_from", "price_to", "currency")
_DEFAULT_ORDER = "newest_first"


def service_params(
    params: Mapping[str, str | list[str]], *, page: int, per_page: int = PER_PAGE
) -> list[tuple[str, str]]:
    """Return the query of ``svc-catalogue/items``; nothing empty is ever sent."""
    pairs = [(name, str(params[name])) for name in _PASSED_ON if params.get(name)]
    for name, facet in _FACETS.items():
        ids = _joined(params.get(name))
        if ids:
            pairs.append((f"attribute_ids[{facet}]", ids))
    return [*pairs, *_paging(params, page, per_page)]


def page_params(params: Mapping[str, str | list[str]], *, page: int) -> list[tuple[str, str]]:
    """Return the query of the server-rendered catalogue page, with the site's own names."""
    pairs = site_params({"order": _DEFAULT_ORDER, **params})
    return [*pairs, ("page", str(page))]


def _joined(value: str | list[str] | None) -> str:
    if isinstance(value, str):
        return value
    return ",".join(one for one in value or () if one)


def _paging(params: Mapping[str, str | list[str]], page: int, per_page: int) -> list[tuple[str, str]]:
    return [("order", str(params.get("order") or _DEFAULT_ORDER)), ("page", str(page)), ("per_page", str(per_page))]
