"""eBay's API: tokens, search, one item, the quota. What it refuses, it refuses with the codes of the contract."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, unquote

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from domain.money import from_minor
from sandbox.clock import MarketClock
from sandbox.control_error import number_of as number_wish
from sandbox.ebay.filters import Filters, read_aspects, read_filters
from sandbox.ebay.shapes import (
    COUNTRIES,
    MARKETPLACES,
    Json,
    condition_id,
    details,
    is_auction,
    item_id,
    login,
    number_of,
    price_minor,
    ships_free,
    summary,
)
from sandbox.faults import FaultBook, FaultName
from sandbox.items import Item
from sandbox.market import Market
from sandbox.pictures import picture
from sandbox.site import LookAlike, Visit, json_response
from sandbox.truth import truth

_TOKEN_SECONDS = 7200.0
_DAILY_CALLS = 5000
_MAX_OFFSET = 10_000
_POISONS = ("nan_price", "missing_id", "wrong_type")


def _error(number: int, domain: str, message: str, status: int) -> Response:
    error = {"errorId": number, "domain": domain, "category": "REQUEST", "message": message}
    return json_response({"errors": [error]}, status)


def _is_wanted(item: Item, filters: Filters) -> bool:
    """Tell whether a listing passes the filters of who sells it, where it is, its make and its delivery."""
    return (
        (filters.sellers is None or login(item) in filters.sellers)
        and login(item) not in filters.not_sellers
        and filters.country in {None, COUNTRIES[item.seller.home.domain]}
        and (filters.brands is None or (item.brand or "").casefold() in filters.brands)
        and (not filters.free_only or ships_free(item))
    )


class EbaySite(LookAlike):
    """The look-alike of ``api.ebay.com``. Any client id and secret are taken."""

    name = "ebay"

    def __init__(self, market: Market, clock: MarketClock, faults: FaultBook) -> None:
        super().__init__(market, clock, faults)
        self.token_seconds = _TOKEN_SECONDS
        self.calls_left = _DAILY_CALLS
        self.issued = 0
        self._tokens: dict[str, float] = {}
        self._poisoned = 0

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/identity/v1/oauth2/token", self._token, "POST"),
            self.route("/buy/browse/v1/item_summary/search", self._search),
            self.route("/buy/browse/v1/item/{item_id:path}", self._item),
            self.route("/developer/analytics/v1_beta/rate_limit/", self._rate_limit),
            self.route("/images/{item_id:int}/{size}", self._picture),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return the truth about every listing, in the sellers' currencies, under eBay's numbers."""
        del country
        rows = truth(self.market, at)
        return [
            row | {"external_id": item_id(item), "auction": is_auction(item)}
            for row in rows
            if (item := self.market.known(int(str(row["external_id"])))) is not None
        ]

    def control(self, wish: Mapping[str, object]) -> dict[str, object]:
        """Set ``ttl_seconds`` of tokens to come and ``calls_left`` of the day; ``revoke`` ends the tokens issued."""
        if "ttl_seconds" in wish:
            self.token_seconds = number_wish(wish["ttl_seconds"], "ttl_seconds")
        if "calls_left" in wish:
            self.calls_left = int(number_wish(wish["calls_left"], "calls_left"))
        if wish.get("revoke"):
            self._tokens.clear()
        return {"ttl_seconds": self.token_seconds, "calls_left": self.calls_left, "issued": self.issued}

    # ------------------------------------------------------------------ refusals

    def unauthorised(self, visit: Visit) -> Response:
        """Answer a token that is not accepted; at the token endpoint, credentials that are not."""
        if visit.path.startswith("/identity/"):
            body = {"error": "invalid_client", "error_description": "client authentication failed"}
            return json_response(body, 401)
        return _error(1001, "OAuth", "Invalid access token", 401)

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer a caller whose calls are used up."""
        del visit
        answer = _error(2001, "ACCESS", "Too many requests. The request limit has been reached for the resource.", 429)
        answer.headers["Retry-After"] = f"{seconds:g}"
        return answer

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with an edge server's refusal: HTML in place of JSON."""
        del visit
        page = "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>Reference #18</BODY></HTML>"
        return HTMLResponse(page, status)

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for an item, or an endpoint, that is no more."""
        del visit
        return _error(11001, "API_BROWSE", "The specified item Id was not found.", 404)

    # ------------------------------------------------------------------ answers

    def _token(self, visit: Visit) -> Response:
        scheme, _, pair = visit.request.headers.get("Authorization", "").partition(" ")
        form = parse_qs(visit.body.decode("utf-8", "replace"))
        try:
            client, _, secret = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            client = secret = ""
        if scheme != "Basic" or not client or not secret:
            return self.unauthorised(visit)
        if form.get("grant_type") != ["client_credentials"] or not form.get("scope"):
            return json_response({"error": "invalid_request", "error_description": "grant_type or scope"}, 400)
        token = f"v^1.1#sandbox#{secrets.token_urlsafe(40)}"
        self._tokens[token] = time.monotonic() + self.token_seconds
        self.issued += 1
        body = {"access_token": token, "expires_in": int(self.token_seconds), "token_type": "Application Access Token"}
        return json_response(body)

    def _is_signed_in(self, visit: Visit) -> bool:
        _, _, token = visit.request.headers.get("Authorization", "").partition(" ")
        return self._tokens.get(token, 0.0) > time.monotonic()

    def _search(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        if self.calls_left <= 0:
            return self.throttled(visit, 3600)
        self.calls_left -= 1
        query = visit.request.query_params
        text, category = query.get("q"), query.get("category_ids")
        numbers = query.get("limit", "50"), query.get("offset", "0")
        if not all(re.fullmatch(r"-?[0-9]{1,9}", one) for one in numbers):
            return _error(12007, "API_BROWSE", "The 'limit' and 'offset' values must be integer values.", 400)
        limit, offset = map(int, numbers)
        marketplace = visit.request.headers.get("X-EBAY-C-MARKETPLACE-ID", "EBAY_US")
        for wrong, number, message in (
            (not text and not category, 12001, "The call must have a valid 'q' or 'category_ids' query parameter."),
            (not 1 <= limit <= 200, 12006, "The 'limit' value should be between 1 and 200 (inclusive)."),
            ("*" in (text or ""), 12001, "The 'q' value must not hold a wildcard."),
            (offset < 0 or bool(offset % max(limit, 1)), 12004, "The 'offset' should be 0 or a multiple of 'limit'."),
            (offset >= _MAX_OFFSET, 12029, "The 'offset' value should be less than 10,000."),
            (marketplace not in MARKETPLACES, 11011, "The marketplace is not supported."),
        ):
            if wrong:
                return _error(number, "API_BROWSE", message, 400)
        filters = read_filters(query.get("filter", ""))
        read_aspects(query.get("aspect_filter", ""), category, filters)
        found = self._found(visit, text or "", category, filters, marketplace, query.get("sort", ""))
        return self._page(visit, found, filters, marketplace, limit, offset)

    def _found(
        self, visit: Visit, text: str, category: str | None, filters: Filters, marketplace: str, sort: str
    ) -> list[Item]:
        at, currency = int(visit.at.timestamp()), MARKETPLACES[marketplace][1]

        def price(item: Item) -> Decimal:
            return from_minor(price_minor(item, currency, at), currency)

        found = [
            item
            for item in self.market.matching(text, visit.at)
            if (category is None or str(item.family.catalog_id) == category)
            and (filters.options & ({"AUCTION"} if is_auction(item) else {"FIXED_PRICE", "BEST_OFFER"}))
            and (filters.conditions is None or condition_id(item) in filters.conditions)
            and (filters.low is None or price(item) >= filters.low)
            and (filters.high is None or price(item) <= filters.high)
            and _is_wanted(item, filters)
        ]
        if sort in {"price", "-price"}:
            found.sort(key=price, reverse=sort == "-price")
        return found

    def _page(
        self, visit: Visit, found: list[Item], filters: Filters, marketplace: str, limit: int, offset: int
    ) -> Response:
        at = int(visit.at.timestamp())
        items = [summary(item, marketplace, visit.base, at) for item in found[offset : offset + limit]]
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": {"results": [{"ref": item["itemId"]} for item in items]}, "version": 2})
        if visit.meets(FaultName.POISON) and items:
            self._poison(visit, items)
        href = str(visit.request.url)
        body: Json = {"href": href, "total": len(found), "limit": limit, "offset": offset}
        if offset + limit < len(found):
            body["next"] = href.replace(f"offset={offset}", f"offset={offset + limit}")
        if items:
            # Left out, not empty, where the search has no results.
            body["itemSummaries"] = items
        if filters.unknown:
            body["warnings"] = [
                {"errorId": 12002, "domain": "API_BROWSE", "category": "REQUEST", "message": f"Invalid filter: {name}"}
                for name in filters.unknown
            ]
        return json_response(body)

    def _poison(self, visit: Visit, items: list[Json]) -> None:
        self._poisoned += 1
        record = (visit.fault.record if visit.fault else None) or _POISONS[self._poisoned % len(_POISONS)]
        victim = items[len(items) // 2]
        if record == "missing_id":
            del victim["itemId"]
        elif record == "nan_price":
            victim["price"] = victim["currentBidPrice"] = {"value": "NaN", "currency": "EUR"}
        else:
            victim["price"], victim["title"] = ["not", "a", "price"], 12

    def _item(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        wanted = unquote(str(visit.request.path_params["item_id"])).split("|")
        listed = {number_of(item): item for item in self.market.items(visit.at)}
        item = listed.get(wanted[1]) if len(wanted) == 3 else None
        at = int(visit.at.timestamp())
        if item is not None and item_id(item) != "|".join(wanted):
            message = "The legacy Id is invalid. Use itemGroupHref to get the item group details."
            return _error(11006, "API_BROWSE", message, 400)
        if item is None or (item.end == "removed" and at >= item.ended_at):
            return self.withdrawn(visit)
        marketplace = visit.request.headers.get("X-EBAY-C-MARKETPLACE-ID", "EBAY_US")
        return json_response(details(item, marketplace, visit.base, at))

    def _rate_limit(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        reset = (visit.at + timedelta(days=1)).replace(hour=7, minute=0, second=0, microsecond=0)
        rate = {
            "limit": _DAILY_CALLS,
            "remaining": self.calls_left,
            "reset": reset.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "timeWindow": 86400,
        }
        resource = {"name": "buy.browse", "rates": [rate]}
        api = {"apiContext": "buy", "apiName": "Browse", "apiVersion": "v1", "resources": [resource]}
        return json_response({"rateLimits": [api]})

    def _picture(self, visit: Visit) -> Response:
        item = self.market.known(int(visit.request.path_params["item_id"]))
        if item is None:
            return Response(status_code=404)
        return Response(picture(item.family.shape, item.colour.hex, 0, item.scene), media_type="image/png")
