"""UZEX's services and pages: hosts, paths, what is asked of them, and where a person sees a lot.

Belongs here: addresses and request bodies. Does not: sending them (``client``), what a user pastes (``search_url``).

Sources: hosts, paths and bodies of recordings of 2025-12 (auction ``GetCompletedDeals`` and
``GetCompletedDealProducts``, shop ``GetNotCompletedDeals``) and of public clients of 2025-26 (the rest, not recorded:
``GetNotCompletedDeals`` of auctions, ``GetMinimizedLotsList``, ``GetLot``, shop ``GetCompletedDeals`` with
``year_id``, tender ``TradeList``, ``DealsList``, ``NotDealedList``, ``GetTrade``). Pages of a lot for people: links
written by those clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from scrapers.answers import base_url
from scrapers.uzex.values import TASHKENT

SOURCE_NAME = "uzex"
COUNTRY = "uz"
CURRENCY = "UZS"
LOT_TYPES = ("auction", "shop", "national", "tender")
STATUSES = ("open", "completed", "not_completed")
TENDER_KINDS = {"selection": 1, "tender": 2}

XARID = "https://xarid.uzex.uz"
ETENDER = "https://etender.uzex.uz"
# Service by its name here and in the sandbox's paths.
SERVICES = {
    "auction": "https://xarid-api-auction.uzex.uz",
    "shop": "https://xarid-api-shop.uzex.uz",
    "trade": "https://xarid-api-trade.uzex.uz",
    "tender": "https://apietender.uzex.uz",
}
# The front end's own window: 12 rows of auctions, 10 of the shop, in the recordings; 50 of tenders in public clients.
ROWS = {"auction": 12, "shop": 10, "national": 10, "tender": 50}


class Endpoint(NamedTuple):
    """One list of lots.

    Attributes:
        service: key of ``SERVICES``.
        detail: path of a lot's own answer, with ``{lot}``; empty where rows say all, or where the detail's prices are
            not the deal's (closed tenders: ``budget_products`` holds the budget).
    """

    service: str
    path: str
    detail: str = ""


ENDPOINTS: Mapping[tuple[str, str], Endpoint] = {
    ("auction", "completed"): Endpoint(
        "auction", "/Common/GetCompletedDeals", "/Common/GetCompletedDealProducts/{lot}"
    ),
    ("auction", "open"): Endpoint("auction", "/Common/GetMinimizedLotsList", "/Common/GetLot/{lot}"),
    ("auction", "not_completed"): Endpoint("auction", "/Common/GetNotCompletedDeals", "/Common/GetLot/{lot}"),
    ("shop", "completed"): Endpoint("shop", "/Common/GetCompletedDeals"),
    ("shop", "not_completed"): Endpoint("shop", "/Common/GetNotCompletedDeals"),
    ("national", "completed"): Endpoint("shop", "/Common/GetCompletedDeals"),
    ("national", "not_completed"): Endpoint("shop", "/Common/GetNotCompletedDeals"),
    ("tender", "open"): Endpoint("tender", "/api/common/TradeList", "/api/common/GetTrade/{lot}/0"),
    ("tender", "completed"): Endpoint("tender", "/api/common/DealsList"),
    ("tender", "not_completed"): Endpoint("tender", "/api/common/NotDealedList"),
}


def service_base(service: str, sandbox_url: str | None) -> str:
    """Return where a service is."""
    return base_url(SERVICES[service], sandbox_url, f"{SOURCE_NAME}/{service}")


def request_body(
    lot_type: str, status: str, params: Mapping[str, str | list[str]], *, first: int, last: int, at: datetime
) -> dict[str, object]:
    """Return the JSON body that asks for rows ``first`` to ``last`` (1-based).

    Args:
        params: canonical parameters; ``region_ids`` goes to the xarid services only.
        at: UTC; newer calls of the shops carry the year (``year_id``), in Tashkent's calendar.
    """
    if lot_type == "tender":
        body: dict[str, object] = {"From": first, "To": last, "System_Id": 0}
        kind = params.get("tender_kind")
        if status == "open" and isinstance(kind, str) and kind in TENDER_KINDS:
            body["TypeId"] = TENDER_KINDS[kind]
        return body
    regions = params.get("region_ids", [])
    body = {"region_ids": [int(one) for one in ([regions] if isinstance(regions, str) else regions)]}
    if lot_type in {"shop", "national"}:
        body |= {"display_on_shop": int(lot_type == "shop"), "display_on_national": int(lot_type == "national")}
        if status == "completed":
            body["year_id"] = at.astimezone(TASHKENT).year
    return {**body, "from": first, "to": last}


def site_origin(lot_type: str) -> str:
    """Return the front end whose pages ask the service: it is sent as Origin and Referer."""
    return ETENDER if lot_type == "tender" else XARID


def lot_page(lot_type: str, status: str, lot: str, *, xarid: str = XARID, etender: str = ETENDER) -> str:
    """Return the page on which a person sees a lot."""
    if lot_type == "tender":
        return f"{etender}/lot/{lot}"
    if lot_type == "auction":
        return f"{xarid}/auction/detail/{lot}" if status == "open" else f"{xarid}/completed-deals/auction?lot_id={lot}"
    return f"{xarid}/completed-deals/shop/{lot_type}?lot_id={lot}"
