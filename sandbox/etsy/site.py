"""Etsy's API. Any keystring and secret are taken, but both are wanted, with a colon between them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from sandbox.clock import MarketClock
from sandbox.control_error import number_of as number_wish
from sandbox.etsy.query import Search, SearchError, read_search
from sandbox.etsy.shapes import COUNTRIES, Json, listing, number_of, usd, with_associations
from sandbox.faults import FaultBook, FaultName
from sandbox.items import Item
from sandbox.market import Market
from sandbox.pictures import picture
from sandbox.site import LookAlike, Visit, json_response
from sandbox.truth import truth

_DAILY = 10_000
_MAX_OFFSET = 12_000
_MAX_BATCH = 100
_POISONS = ("nan_price", "missing_id", "wrong_type")


class EtsySite(LookAlike):
    """The look-alike of ``openapi.etsy.com``."""

    name = "etsy"

    def __init__(self, market: Market, clock: MarketClock, faults: FaultBook) -> None:
        super().__init__(market, clock, faults)
        self.calls_left = _DAILY
        self.order_broken = False
        self._poisoned = 0

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/v3/application/listings/active", self._active),
            self.route("/v3/application/listings/batch", self._batch),
            self.route("/v3/application/listings/{listing_id:int}", self._one),
            self.route("/images/{item_id:int}.png", self._picture),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return the truth about every listing, in the sellers' currencies, under Etsy's numbers."""
        del country
        return [
            row | {"external_id": str(number_of(item))}
            for row in truth(self.market, at)
            if (item := self.market.known(int(str(row["external_id"])))) is not None
        ]

    def control(self, wish: Mapping[str, object]) -> dict[str, object]:
        """Set ``calls_left`` of the day, and whether a search with ``sort_on`` fails (``order_broken``)."""
        if "calls_left" in wish:
            self.calls_left = int(number_wish(wish["calls_left"], "calls_left"))
        if "order_broken" in wish:
            self.order_broken = bool(wish["order_broken"])
        return {"calls_left": self.calls_left, "order_broken": self.order_broken}

    # ------------------------------------------------------------------ refusals

    def unauthorised(self, visit: Visit) -> Response:
        """Answer a key that is not accepted."""
        del visit
        return json_response({"error": "Shared secret is required in x-api-key header."}, 403)

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer a caller that asks too often."""
        del visit
        headers = {"Retry-After": f"{seconds:g}", "x-limit-per-second": "10", "x-remaining-this-second": "0"}
        return json_response({"error": "Exceeded per second rate limit"}, 429, headers)

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with a bot wall's page in place of JSON."""
        del visit
        script = "<script>var dd={'rt':'c','cid':'x','hsh':'x','host':'geo.captcha-delivery.com'}</script>"
        return HTMLResponse(f"<html><head><title>etsy.com</title></head><body>{script}</body></html>", status)

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for what is not there."""
        del visit
        return json_response({"error": "Resource not found"}, 404)

    # ------------------------------------------------------------------ answers

    def _refused(self, visit: Visit) -> Response | None:
        key, _, secret = visit.request.headers.get("x-api-key", "").partition(":")
        if not key or not secret:
            return self.unauthorised(visit)
        if self.calls_left <= 0:
            answer = self.throttled(visit, 86400)
            answer.headers["x-remaining-today"] = "0"
            return answer
        self.calls_left -= 1
        return None

    def _answer(self, body: Json) -> Response:
        headers = {
            "x-limit-per-second": "10",
            "x-remaining-this-second": "9",
            "x-limit-per-day": str(_DAILY),
            "x-remaining-today": str(self.calls_left),
        }
        return json_response(body, 200, headers)

    def _active(self, visit: Visit) -> Response:
        refused = self._refused(visit)
        if refused is not None:
            return refused
        try:
            search = read_search(visit.request.query_params)
        except SearchError as error:
            return json_response({"error": str(error)}, 400)
        if search.offset > _MAX_OFFSET:
            return json_response({"error": "Offset provided is greater than the maximum offset allowed."}, 400)
        if self.order_broken and "sort_on" in visit.request.query_params:
            return json_response({"error": "sort_on is not available"}, 500)
        found = self._found(search, visit)
        at = int(visit.at.timestamp())
        results = [listing(item, at) for item in found[search.offset : search.offset + search.limit]]
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": {"listings": [{"id": row["listing_id"]} for row in results]}})
        if visit.meets(FaultName.POISON) and results:
            self._poison(visit, results)
        return self._answer({"count": len(found), "results": results})

    def _found(self, search: Search, visit: Visit) -> list[Item]:
        at = int(visit.at.timestamp())
        found = [
            item
            for item in self.market.matching(search.keywords, visit.at)
            if search.low <= usd(item, at) <= search.high
            and search.taxonomy in {None, item.family.catalog_id}
            and search.country in {None, COUNTRIES[item.seller.home.domain]}
        ]
        if search.is_ordered and search.sort_on == "price":
            found.sort(key=lambda item: usd(item, at), reverse=not search.ascending)
        elif search.is_ordered and search.sort_on != "score" and search.ascending:
            found.reverse()
        return found

    def _poison(self, visit: Visit, results: list[Json]) -> None:
        self._poisoned += 1
        record = (visit.fault.record if visit.fault else None) or _POISONS[self._poisoned % len(_POISONS)]
        victim = results[len(results) // 2]
        if record == "missing_id":
            del victim["listing_id"]
        elif record == "nan_price":
            victim["price"] = {"amount": None, "divisor": 0, "currency_code": "EUR"}
        else:
            victim["price"], victim["title"] = ["not", "a", "price"], 12

    def _batch(self, visit: Visit) -> Response:
        refused = self._refused(visit)
        if refused is not None:
            return refused
        query = visit.request.query_params
        wanted = [int(one) for one in query.get("listing_ids", "").split(",") if one.isdecimal()]
        if not 0 < len(wanted) <= _MAX_BATCH:
            return json_response({"error": f"listing_ids must be 1 to {_MAX_BATCH} numbers."}, 400)
        at = int(visit.at.timestamp())
        by_number = {number_of(item): item for item in self.market.items(visit.at) if item.is_live(at)}
        asked = query.get("includes", "").split(",")
        results = [with_associations(by_number[one], at, visit.base, asked) for one in wanted if one in by_number]
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": {"listings": []}})
        return self._answer({"count": len(results), "results": results})

    def _one(self, visit: Visit) -> Response:
        refused = self._refused(visit)
        if refused is not None:
            return refused
        number, at = int(visit.request.path_params["listing_id"]), int(visit.at.timestamp())
        item = next((one for one in self.market.items(visit.at) if number_of(one) == number), None)
        if item is None or (item.end == "removed" and not item.is_live(at)):
            return json_response({"error": f"Could not find a Listing with listing_id = {number}"}, 404)
        asked = visit.request.query_params.get("includes", "").split(",")
        return self._answer(with_associations(item, at, visit.base, asked))

    def _picture(self, visit: Visit) -> Response:
        item = self.market.known(int(visit.request.path_params["item_id"]))
        if item is None:
            return Response(status_code=404)
        return Response(picture(item.family.shape, item.colour.hex, 0, item.scene), media_type="image/png")
