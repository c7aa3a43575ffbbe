"""The Empik look-alike: `/empik/{slug},{id},{category}-p`, its price service, and the search page.

Belongs here: routes and faults. Shapes are in `pages`.
"""

from __future__ import annotations

from datetime import datetime

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from sandbox.empik import pages
from sandbox.faults import FaultName
from sandbox.goods import Good, Offer, good, goods, matching, offer_of
from sandbox.site import LookAlike, Visit, json_response


class EmpikSite(LookAlike):
    """The look-alike of empik.com."""

    name = "empik"

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/api/price/{product}", self._price),
            self.route("/szukaj/produkt", self._search),
            self.route("/{ref}", self._product),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return what is really for sale then; there is one country."""
        del country
        return [
            {
                "external_id": pages.product_number(one),
                "kind": str(offer.state),
                "planted": offer.is_planted,
                "price": format(offer.amount, "f"),
                "currency": "PLN",
            }
            for one in goods()
            for offer in [self._offer(one, at)]
        ]

    def _offer(self, one: Good, at: datetime) -> Offer:
        return offer_of(one, "empik", at, seed=self.market.seed, currency="PLN")

    def _product(self, visit: Visit) -> Response:
        parts = str(visit.request.path_params["ref"]).split(",")
        number = pages.number_of(parts[1]) if len(parts) == 3 else None
        one = good(number) if number is not None else None
        if one is None:
            return HTMLResponse(pages.gone(), 404)
        page = pages.product(self._offer(one, visit.at), visit.base)
        if visit.meets(FaultName.POISON):
            page = page.replace(f'content="{pages.product_number(one)}"', 'content="not a number"')
        return HTMLResponse(pages.changed(page) if visit.meets(FaultName.CHANGED) else page)

    def _price(self, visit: Visit) -> Response:
        number = pages.number_of(str(visit.request.path_params["product"]))
        one = good(number) if number is not None else None
        if one is None:
            return json_response({"available": False}, 404)
        return json_response(pages.price_fields(self._offer(one, visit.at)))

    def _search(self, visit: Visit) -> Response:
        found = [self._offer(one, visit.at) for one in matching(visit.request.query_params.get("q", ""))]
        page = pages.search(found, poisoned=visit.meets(FaultName.POISON))
        return HTMLResponse(pages.changed(page) if visit.meets(FaultName.CHANGED) else page)

    # ------------------------------------------------------------------ how it refuses

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with a bot wall."""
        del visit
        return HTMLResponse(pages.wall(), status)

    def unauthorised(self, visit: Visit) -> Response:
        """Answer 401; nothing here needs an account."""
        del visit
        return HTMLResponse(pages.gone(), 401)

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer 429 with a wait."""
        del visit
        return HTMLResponse("<html><body>429</body></html>", 429, {"Retry-After": f"{seconds:g}"})

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for a product that exists no more."""
        del visit
        return HTMLResponse(pages.gone(), 404)
