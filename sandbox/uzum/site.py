"""Uzum's look-alike: the product service, the refused search service, and plain pages for a person.

Paths under ``/uzum``: ``/api/v2/product/{id}`` is api.uzum.uz, ``/graphql/`` is graphql.uzum.uz, the rest is uzum.uz.
The service is cheap on purpose: a range scan asks it a hundred thousand times.

Seen at the real service: shapes and missing ids (one recorded card of 2025-12 and public clients), 401 of the search
service since 2026-05, 403 without Origin and Referer (one author's report). Invented: the bodies of 403 and 429, and
the markup of the wall.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from sandbox.clock import MarketClock
from sandbox.control_error import ControlError, number_of
from sandbox.faults import FaultBook, FaultName
from sandbox.market import Market
from sandbox.site import LookAlike, Visit, json_response
from sandbox.uzum.cards import body, card, changed, poison, timestamp
from sandbox.uzum.goods import DEFAULT_LAST_ID, Missing, missing, product

_TRUTH_IDS = 300
_PAGE_IDS = 100
_JSON = "application/json"
_CAPTCHA = (
    "<!DOCTYPE html><html><head><title>Robot emasligingizni tasdiqlang</title>"
    '<script src="https://smartcaptcha.yandexcloud.net/captcha.js" defer></script></head><body>'
    '<form id="checkbox-captcha-form" action="/checkcaptcha" method="post">'
    '<div class="smart-captcha" data-sitekey="sandbox"></div></form></body></html>'
)


class UzumSite(LookAlike):
    """The look-alike; `control` takes ``last_id``, the highest id that may exist."""

    name = "uzum"

    def __init__(self, market: Market, clock: MarketClock, faults: FaultBook) -> None:
        super().__init__(market, clock, faults)
        self.last_id = DEFAULT_LAST_ID
        self._poisons = 0

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/api/v2/product/{product_id:int}", self._product),
            self.route("/graphql/", self._graphql, "POST"),
            self.route("/product/{ids}", self._page_of_ids),
            self.route("/{language}/product/{slug}", self._page),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return the variants of the first products; all of them would be millions."""
        del country
        return [
            {
                "external_id": f"{product_id}-{sku.sku_id}",
                "kind": "normal",
                "planted": False,
                "price": str(sku.price),
                "currency": "UZS",
                "quantity": sku.amount,
            }
            for product_id in range(1, _TRUTH_IDS + 1)
            if missing(product_id, self.last_id) is None
            for sku in product(self.market.seed, product_id, at).skus
        ]

    def control(self, wish: Mapping[str, object]) -> dict[str, object]:
        """Set the highest id.

        Raises:
            ControlError: for anything else.
        """
        if set(wish) - {"last_id"}:
            raise ControlError("uzum knows last_id only")
        if "last_id" in wish:
            self.last_id = int(number_of(wish["last_id"], "last_id"))
        return {"last_id": self.last_id}

    # ------------------------------------------------------------------ the services

    def _product(self, visit: Visit) -> Response:
        headers = visit.request.headers
        if not headers.get("origin") and not headers.get("referer"):
            return json_response({"code": 403, "message": "Forbidden"}, 403)
        product_id = int(visit.request.path_params["product_id"])
        if visit.meets(FaultName.CHALLENGE_200):
            return HTMLResponse(_CAPTCHA)
        way = missing(product_id, self.last_id)
        if way is Missing.NOT_FOUND:
            return json_response({"payload": None, "errors": [{"detailMessage": "Product not found"}]}, 404)
        if way is Missing.PAYLOAD_NULL:
            return Response(body(None, visit.at), media_type=_JSON)
        russian = headers.get("accept-language", "").lower().startswith("ru")
        data = card(product(self.market.seed, product_id, visit.at), visit.at, russian=russian, without=way)
        if visit.meets(FaultName.CHANGED):
            return Response(changed(data, visit.at), media_type=_JSON)
        if visit.fault is not None and visit.meets(FaultName.POISON):
            self._poisons += 1
            poison(data, visit.fault.record or ("nan_price", "missing_id", "wrong_type")[self._poisons % 3])
        return Response(body(data, visit.at), media_type=_JSON)

    def _graphql(self, visit: Visit) -> Response:
        return self.unauthorised(visit)

    # ------------------------------------------------------------------ pages for a person

    def _page(self, visit: Visit) -> Response:
        tail = str(visit.request.path_params["slug"]).rpartition("-")[2]
        return self._shown([int(tail)] if tail.isascii() and tail.isdigit() else [], visit)

    def _page_of_ids(self, visit: Visit) -> Response:
        first, _, last = str(visit.request.path_params["ids"]).partition("-")
        bounds = [int(part) if part.isascii() and part.isdigit() else 0 for part in (first, last or first)]
        return self._shown(range(bounds[0], min(bounds[1], bounds[0] + _PAGE_IDS - 1) + 1), visit)

    def _shown(self, ids: list[int] | range, visit: Visit) -> Response:
        rows = []
        for product_id in ids:
            if missing(product_id, self.last_id) is not None:
                continue
            shown = product(self.market.seed, product_id, visit.at)
            prices = ", ".join(f"{sku.price:,} so'm ({sku.amount} in stock)" for sku in shown.skus)
            name = html.escape(f"{product_id}: {shown.kind.ru} {shown.brand} {shown.model}")
            rows.append(f"<li><b>{name}</b>: {html.escape(prices)}</li>")
        listed = "".join(rows) or "<li>nothing is sold under this number</li>"
        return HTMLResponse(f"<!DOCTYPE html><html><body><h1>Uzum (sandbox)</h1><ul>{listed}</ul></body></html>")

    # ------------------------------------------------------------------ how it refuses

    def unauthorised(self, visit: Visit) -> Response:
        """Answer as the search service does without a token."""
        del visit
        return Response(b"", 401, headers={"x-ext-authz-check-result": "denied"})

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer a caller that asks too often; the real body is not known."""
        value = {"payload": None, "errors": [{"detailMessage": "Too many requests"}], "timestamp": timestamp(visit.at)}
        return json_response(value, 429, {"Retry-After": f"{seconds:g}"})

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with Yandex SmartCaptcha."""
        del visit
        return HTMLResponse(_CAPTCHA, status)
