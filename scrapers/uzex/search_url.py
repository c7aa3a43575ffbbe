"""Addresses of UZEX's lists, read into canonical parameters and written back.

Belongs here: what a user may paste. Does not: what the services are sent (``endpoints``).

The front end is a single-page application whose addresses carry no filters. The paths below are those that public
clients of 2025-26 name; which of them the site still has is not verified. What the address cannot say is written as
parameters of our own behind it: ``region_ids``, ``status``, ``search_text``, ``max_pages``, ``tender_kind``.

One search is of one lot type and one status: ceilings of open lots, prices of deals and prices of lots that nobody won
must not meet in one statistic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.pasted_address import pasted_address
from scrapers.uzex.endpoints import COUNTRY, CURRENCY, ENDPOINTS, ETENDER, SOURCE_NAME, TENDER_KINDS, XARID

Params = dict[str, str | list[str]]

PARAMETERS = ("search_text", "region_ids", "status", "tender_kind", "max_pages")
# Path on xarid.uzex.uz or etender.uzex.uz -> lot type, status, kind of tender.
_XARID_PATHS = {
    "/completed-deals/auction": ("auction", "completed"),
    "/auction/list": ("auction", "open"),
    "/completed-deals/shop/shop": ("shop", "completed"),
    "/completed-deals/shop": ("shop", "completed"),
    "/completed-deals/shop/national": ("national", "completed"),
    "/completed-deals/national": ("national", "completed"),
}
_ETENDER_PATHS = {
    "/lots/1/0": ("tender", "open", "selection"),
    "/lots/2/0": ("tender", "open", "tender"),
    "/lots": ("tender", "open", None),
    "/deals-list": ("tender", "completed", None),
}
_CANONICAL = {
    ("auction", "completed"): f"{XARID}/completed-deals/auction",
    ("auction", "not_completed"): f"{XARID}/completed-deals/auction",
    ("auction", "open"): f"{XARID}/auction/list",
    ("shop", "completed"): f"{XARID}/completed-deals/shop/shop",
    ("shop", "not_completed"): f"{XARID}/completed-deals/shop/shop",
    ("national", "completed"): f"{XARID}/completed-deals/shop/national",
    ("national", "not_completed"): f"{XARID}/completed-deals/shop/national",
    ("tender", "completed"): f"{ETENDER}/deals-list",
    ("tender", "not_completed"): f"{ETENDER}/deals-list",
    ("tender", "open"): f"{ETENDER}/lots",
}
_ALIASES = {
    "region_id": "region_ids",
    "region": "region_ids",
    "keyword": "search_text",
    "search": "search_text",
    "pages": "max_pages",
}
_DROPPED = frozenset({"page", "gclid", "fbclid", "from", "to", "lang"})
_ID = re.compile(r"[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_MAX_TEXT = 200
_MAX_REGIONS = 50
_MAX_PAGES = 50


def parse_search_url(url: str, *, sandbox_url: str | None = None) -> ParsedSearch:
    """Read the address of a list.

    Args:
        url: e.g. ``https://xarid.uzex.uz/completed-deals/auction?search_text=ноутбук&region_ids=2105``. The scheme may
            be missing.
        sandbox_url: a sandbox whose addresses (``/uzex/site/...``, ``/uzex/etender/...``) are accepted, too.

    Raises:
        SearchUrlError: naming each part that is not understood, and the addresses that are.
    """
    is_tender, path, query = _locate(url, sandbox_url)
    kind: str | None = None
    if is_tender:
        found = _ETENDER_PATHS.get(path)
        lot_type, status, kind = found or ("", "", None)
    else:
        lot_type, status = _XARID_PATHS.get(path, ("", ""))
    if not lot_type:
        raise SearchUrlError(f"the page {path[:80]!r} is not a list of lots that is known; {_known_addresses()}")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=300, errors="replace")
    except ValueError as error:
        raise SearchUrlError("the address has more than 300 parameters; a search has a few") from error
    mistakes: list[str] = []
    given = _gather(pairs, mistakes)
    status = given.pop("status", [status])[0]
    params: Params = {"lot_type": lot_type, "status": status}
    if (lot_type, status) not in ENDPOINTS:
        offered = ", ".join(one for of, one in ENDPOINTS if of == lot_type)
        mistakes.append(f"status {status[:30]!r} is not known for {lot_type}; known: {offered}")
    params |= _checked(given, lot_type, status, kind, mistakes)
    if mistakes:
        raise SearchUrlError("This search is not understood: " + "; ".join(mistakes) + ".")
    return ParsedSearch(
        source=SOURCE_NAME,
        country=COUNTRY,
        currency=CURRENCY,
        params=params,
        canonical_url=write_search_url(params),
    )


def write_search_url(params: Mapping[str, str | list[str]]) -> str:
    """Write canonical parameters as an address that `parse_search_url` reads the same.

    Raises:
        KeyError: where ``lot_type`` and ``status`` name no list.
    """
    lot_type, status = str(params["lot_type"]), str(params["status"])
    address, kind = _CANONICAL[lot_type, status], params.get("tender_kind")
    if isinstance(kind, str) and kind in TENDER_KINDS:
        address = f"{ETENDER}/lots/{TENDER_KINDS[kind]}/0"
    pairs: list[tuple[str, str]] = []
    if params.get("search_text"):
        pairs.append(("search_text", str(params["search_text"])))
    regions = params.get("region_ids", [])
    if regions:
        pairs.append(("region_ids", regions if isinstance(regions, str) else ",".join(regions)))
    if status == "not_completed":
        pairs.append(("status", status))
    if params.get("max_pages"):
        pairs.append(("max_pages", str(params["max_pages"])))
    return f"{address}?{urlencode(pairs, safe=',', quote_via=quote)}" if pairs else address


def _known_addresses() -> str:
    xarid = ", ".join(f"{XARID}{path}" for path in _XARID_PATHS)
    etender = ", ".join(f"{ETENDER}{path}" for path in _ETENDER_PATHS)
    return f"paste one of {xarid}, {etender}; behind it ?{'=&'.join(PARAMETERS)}= may select"


def _locate(url: str, sandbox_url: str | None) -> tuple[bool, str, str]:
    """Return whether it is the tender site, the path there without a slash at the end, and the query."""
    written, parts, host = pasted_address(url)
    for site, is_tender in ((XARID, False), (ETENDER, True)):
        if host.removeprefix("www.") == urlsplit(site).hostname:
            return is_tender, parts.path.rstrip("/"), parts.query
    if sandbox_url:
        for place, is_tender in (("site", False), ("etender", True)):
            base = f"{sandbox_url.rstrip('/')}/{SOURCE_NAME}/{place}"
            if written.startswith(f"{base}/"):
                return is_tender, parts.path[len(urlsplit(base).path) :].rstrip("/"), parts.query
    raise SearchUrlError(f"{host[:80]!r} is not a site of UZEX that is known; {_known_addresses()}")


def _gather(pairs: list[tuple[str, str]], mistakes: list[str]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    unknown: dict[str, None] = {}
    for raw_name, raw_value in pairs:
        name = raw_name.strip().removesuffix("[]")
        name, value = _ALIASES.get(name, name), " ".join(_CONTROL.sub(" ", raw_value).split())
        if not value or name in _DROPPED or name.startswith("utm_"):
            continue
        if name in PARAMETERS:
            given.setdefault(name, []).append(value)
        else:
            unknown[" ".join(_CONTROL.sub(" ", raw_name).split())[:60]] = None
    if unknown:
        mistakes.append(
            f"unknown parameter {', '.join(unknown)}, which the service would ignore; known: {', '.join(PARAMETERS)}"
        )
    mistakes += [
        f"{name} is given more than once with different values"
        for name in ("search_text", "status", "max_pages", "tender_kind")
        if len(set(given.get(name, []))) > 1
    ]
    return given


def _checked(
    given: Mapping[str, list[str]], lot_type: str, status: str, kind: str | None, mistakes: list[str]
) -> Params:
    params: Params = {}
    if words := given.get("search_text", [""])[0]:
        if len(words) > _MAX_TEXT:
            mistakes.append(f"search_text is longer than {_MAX_TEXT} characters")
        params["search_text"] = words
    regions = _regions(given.get("region_ids", []), mistakes)
    if regions and lot_type == "tender":
        mistakes.append("region_ids is not known to be a filter of the tender service; leave it out")
    elif regions:
        params["region_ids"] = regions
    wanted = given.get("tender_kind", [kind])[0] or kind
    if wanted is not None:
        if lot_type != "tender" or status != "open":
            mistakes.append("tender_kind selects among open tenders only")
        elif wanted not in TENDER_KINDS:
            mistakes.append(f"tender_kind {wanted[:30]!r} is not known; known: {', '.join(TENDER_KINDS)}")
        params["tender_kind"] = wanted
    if pages := given.get("max_pages", [""])[0]:
        if not _ID.fullmatch(pages) or not 1 <= int(pages) <= _MAX_PAGES:
            mistakes.append(f"max_pages must be a number from 1 to {_MAX_PAGES}, not {pages[:30]!r}")
        params["max_pages"] = pages.lstrip("0") or "0"
    return params


def _regions(values: list[str], mistakes: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for value in values:
        for one in value.split(","):
            number = one.strip()
            if _ID.fullmatch(number):
                found[number.lstrip("0") or "0"] = None
            elif number:
                mistakes.append(f"region_ids must be numbers of GetRegions, not {number[:40]!r}")
    if len(found) > _MAX_REGIONS:
        mistakes.append(f"more than {_MAX_REGIONS} region_ids")
    return list(found)
