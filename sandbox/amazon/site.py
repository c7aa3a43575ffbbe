"""The Amazon look-alike: `/amazon/{country}/dp/{asin}` and `/amazon/{country}/s`, from the sandbox's goods.

Belongs here: routes, faults, and which answer each gets. Shapes are in `pages`.
"""

from __future__ import annotations

from datetime import datetime

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from sandbox.amazon import pages
from sandbox.amazon.words import COUNTRIES, Country
from sandbox.faults import FaultName
from sandbox.goods import Good, Offer, good, goods, matching, offer_of
from sandbox.site import LookAlike, Visit

PER_PAGE = 6


class AmazonSite(LookAlike):
    """The look-alike of the country sites that pages were recorded of."""

    name = "amazon"

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/{country}/dp/{asin}", self._product),
            self.route("/{country}/{slug}/dp/{asin}", self._product),
            self.route("/{country}/s", self._search),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return what is really for sale then on one country's site, the German one where none is named."""
        shop = COUNTRIES.get(country or "de", COUNTRIES["de"])
        return [
            {
                "external_id": f"{pages.asin(one)}@{shop.domain}",
                "kind": str(offer.state),
                "planted": offer.is_planted,
                "price": format(offer.amount, "f"),
                "currency": offer.currency,
            }
            for one in goods()
            for offer in [self._offer(one, shop, at)]
        ]

    def _offer(self, one: Good, country: Country, at: datetime) -> Offer:
        return offer_of(one, f"amazon.{country.domain}", at, seed=self.market.seed, currency=country.currency)

    def _product(self, visit: Visit) -> Response:
        country = COUNTRIES.get(visit.request.path_params["country"])
        number = pages.number_of(visit.request.path_params["asin"])
        one = good(number) if number is not None else None
        if country is None or one is None:
            return HTMLResponse(pages.missing(), 404)
        page = pages.product(country, self._offer(one, country, visit.at), f"{visit.base}/{country.domain}")
        if visit.meets(FaultName.POISON):
            page = page.replace(f"> {one.title} <", "> <")
        return HTMLResponse(pages.changed(page) if visit.meets(FaultName.CHANGED) else page)

    def _search(self, visit: Visit) -> Response:
        country = COUNTRIES.get(visit.request.path_params["country"])
        if country is None:
            return HTMLResponse(pages.missing(), 404)
        query = visit.request.query_params
        found = matching(query.get("k", ""))
        page = int(query["page"]) if query.get("page", "1").isdigit() and "page" in query else 1
        shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
        text = pages.search(
            country,
            [self._offer(one, country, visit.at) for one in shown],
            found=len(found),
            page=page,
            pages=max(1, -(-len(found) // PER_PAGE)),
            poisoned=visit.meets(FaultName.POISON),
        )
        return HTMLResponse(pages.changed(text) if visit.meets(FaultName.CHANGED) else text)

    # ------------------------------------------------------------------ how it refuses

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with the captcha at status 200, else with the error page of 503 that automated visitors get."""
        del visit
        return HTMLResponse(pages.captcha(), 200) if status == 200 else HTMLResponse(pages.refused(), 503)

    def unauthorised(self, visit: Visit) -> Response:
        """Answer with the login page; the site has no other word for it."""
        del visit
        return HTMLResponse(pages.login(), 200)

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer 429 with a wait."""
        del visit
        return HTMLResponse("<html><body>429</body></html>", 429, {"Retry-After": f"{seconds:g}"})

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for a product that exists no more."""
        del visit
        return HTMLResponse(pages.missing(), 404)
