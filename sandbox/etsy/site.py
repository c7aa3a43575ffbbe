"""Etsy's API. Any keystring and secret are taken, but both are wanted, with a colon between them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from sandbox.clock import MarketClock
from sandbox.control_error import number_of as number_wish
from sandbox.etsy.shapes import Json, listing, number_of, usd, with_associations
from sandbox.faults import FaultBook, FaultName
from sandbox.market import Market
from sandbox.pictures import picture
from sandbox.site import LookAlike, Visit, json_response
from sandbox.truth import truth

_DAILY = 10_000
_MAX_OFFSET = 12_000
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
        query = visit.request.query_params
        limit, offset = min(int(query.get("limit", "25")), 100), int(query.get("offset", "0"))
        if offset > _MAX_OFFSET:
            return json_response({"error": "Offset provided is greater than the maximum offset allowed."}, 400)
        if self.order_broken and "sort_on" in query:
            return json_response({"error": "sort_on is not available"}, 500)
        at = int(visit.at.timestamp())
        low, high = float(query.get("min_price", "0")) * 100, float(query.get("max_price", "1e9")) * 100
        taxonomy = query.get("taxonomy_id")
        found = [
            item
            for item in self.market.matching(query.get("keywords", ""), visit.at)
            if low <= usd(item, at) <= high and taxonomy in {None, str(item.family.catalog_id)}
        ]
        if query.get("sort_on") == "price":
            found.sort(key=lambda item: usd(item, at), reverse=query.get("sort_order") == "down")
        results = [listing(item, at) for item in found[offset : offset + limit]]
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": {"listings": [{"id": row["listing_id"]} for row in results]}})
        if visit.meets(FaultName.POISON) and results:
            self._poison(visit, results)
        return self._answer({"count": len(found), "results": results})

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
        at = int(visit.at.timestamp())
        by_number = {number_of(item): item for item in self.market.items(visit.at) if item.is_live(at)}
        results = [with_associations(by_number[one], at, visit.base) for one in wanted if one in by_number]
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": {"listings": []}})
        return self._answer({"count": len(results), "results": results})

    def _picture(self, visit: Visit) -> Response:
        item = self.market.known(int(visit.request.path_params["item_id"]))
        if item is None:
            return Response(status_code=404)
        return Response(picture(item.family.shape, item.colour.hex, 0), media_type="image/png")
