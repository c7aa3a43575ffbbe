"""The Allegro look-alike: `/allegro/oferta/{...-id}` and `/allegro/produkt/{slug-uuid}`, from the sandbox's goods.

Belongs here: routes, redirects, faults. Shapes are in `pages`. An offer whose state is ``other_sellers`` has ended: its
address leads to the product, where another seller's offer is shown, as on the real site.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from sandbox.allegro import pages
from sandbox.faults import FaultName
from sandbox.goods import Good, Offer, State, good, goods, offer_of
from sandbox.site import LookAlike, Visit, json_response


class AllegroSite(LookAlike):
    """The look-alike of allegro.pl."""

    name = "allegro"

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/oferta/{ref}", self._offer_address),
            self.route("/produkt/{ref}", self._product_page),
            self.route("/offers/listing", lambda _: self._closed()),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return what is really for sale then; there is one country."""
        del country
        return [
            {
                "external_id": pages.offer_id(one),
                "kind": "ended" if offer.state is State.OTHER_SELLERS else str(offer.state),
                "planted": offer.is_planted,
                "price": format(offer.amount, "f"),
                "currency": "PLN",
            }
            for one in goods()
            for offer in [self._offer(one, at)]
        ]

    def _offer(self, one: Good, at: datetime) -> Offer:
        return offer_of(one, "allegro", at, seed=self.market.seed, currency="PLN")

    def _offer_address(self, visit: Visit) -> Response:
        asked = str(visit.request.path_params["ref"]).rpartition("-")[2]
        found = pages.number_of(asked)
        one = good(found[0]) if found else None
        if found is None or one is None:
            return HTMLResponse(pages.gone(), 404)
        address = f"/{self.name}{pages.product_path(one)}?offerId="
        if not found[1] and self._offer(one, visit.at).state is State.OTHER_SELLERS:
            return RedirectResponse(f"{address}{pages.other_offer_id(one)}&fromInactiveOffer=archived", 302)
        return RedirectResponse(f"{address}{asked}", 302)

    def _product_page(self, visit: Visit) -> Response:
        ref = str(visit.request.path_params["ref"])
        one = next((one for one in goods() if ref.endswith(pages.product_id(one))), None)
        if one is None:
            return HTMLResponse(pages.gone(), 404)
        offer = self._offer(one, visit.at)
        asked = visit.request.query_params.get("offerId", pages.offer_id(one))
        other = asked == pages.other_offer_id(one) or offer.state is State.OTHER_SELLERS
        page = pages.page(offer, visit.base, other=other)
        if visit.meets(FaultName.POISON):
            page = page.replace('itemprop="price" content="', 'itemprop="price" content="NaN')
        return HTMLResponse(pages.changed(page) if visit.meets(FaultName.CHANGED) else page)

    # ------------------------------------------------------------------ how it refuses

    @staticmethod
    def _closed() -> Response:
        error = {"code": "AccessDenied", "message": "Access is denied", "userMessage": "No access."}
        return json_response({"errors": [error]}, 403)

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with the bot wall."""
        del visit
        return HTMLResponse(pages.wall(secrets.token_hex(15).upper()), status)

    def unauthorised(self, visit: Visit) -> Response:
        """Answer as the service does to applications that are not verified."""
        del visit
        error = {"code": "VerificationRequired", "message": "Access is denied. Verification is required."}
        return json_response({"errors": [error]}, 403)

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer 429 with a wait."""
        del visit
        return HTMLResponse("<html><body>429</body></html>", 429, {"Retry-After": f"{seconds:g}"})

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for an offer that exists no more."""
        del visit
        return HTMLResponse(pages.gone(), 404)
