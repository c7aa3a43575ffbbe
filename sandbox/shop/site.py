"""The shop: product pages, robots.txt, and a JSON endpoint of the kind that shops' own pages ask."""

from __future__ import annotations

import re
from datetime import datetime

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.clock import MarketClock
from sandbox.faults import FaultBook, FaultName
from sandbox.market import Market
from sandbox.shop.pages import changed_page, product_page
from sandbox.shop.products import Style, catalogue, offer_of
from sandbox.site import LookAlike, Visit, json_response


class ShopSite(LookAlike):
    """The look-alike of any shop."""

    name = "shop"

    def __init__(self, market: Market, clock: MarketClock, faults: FaultBook) -> None:
        super().__init__(market, clock, faults)
        self.products = catalogue(market.seed)

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/p/{ref}", self._product),
            self.route("/api/products/{number:int}", self._json),
            self.route("/private/{rest:path}", lambda _: HTMLResponse("<html><body>not for robots</body></html>")),
            Route("/robots.txt", self._robots),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return every product with its price of that time."""
        del country
        return [
            {
                "external_id": str(product.number),
                "kind": str(product.style),
                "planted": False,
                "price": f"{offer.cents / 100:.2f}",
                "in_stock": offer.in_stock,
            }
            for product in self.products.values()
            for offer in [offer_of(self.market.seed, product, at)]
        ]

    async def _robots(self, request: object) -> Response:
        del request
        return PlainTextResponse("User-agent: *\nDisallow: /shop/private/\n")

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with a bot wall's page."""
        del visit
        page = (
            "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
            '<div id="challenge-running"></div>'
            '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>'
            "</body></html>"
        )
        return HTMLResponse(page, status, headers={"cf-mitigated": "challenge"})

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for a product that is sold no more."""
        del visit
        return HTMLResponse("<!DOCTYPE html><html><head><title>404</title></head><body>404</body></html>", 404)

    def _product(self, visit: Visit) -> Response:
        number = re.match(r"\d+", str(visit.request.path_params["ref"]))
        product = self.products.get(int(number.group())) if number else None
        if product is None:
            return self.withdrawn(visit)
        offer = offer_of(self.market.seed, product, visit.at)
        others = [self.products[1001 + (product.number - 1001 + step) % len(self.products)] for step in (3, 7, 11)]
        related = [(other, offer_of(self.market.seed, other, visit.at)) for other in others]
        page = product_page(product, offer, f"{visit.base}{product.path}", related)
        if visit.meets(FaultName.POISON):
            page = re.sub(r"\d+[.,]\d\d", "NaN", page)
        return HTMLResponse(changed_page() if visit.meets(FaultName.CHANGED) else page)

    def _json(self, visit: Visit) -> Response:
        product = self.products.get(int(visit.request.path_params["number"]))
        if product is None:
            return json_response({"error": "not found"}, 404)
        offer = offer_of(self.market.seed, product, visit.at)
        if visit.meets(FaultName.CHANGED):
            return json_response({"v2": {"cost": offer.cents}})
        return json_response(
            {
                "product": {
                    "title": product.name,
                    "prices": [{"grosz": offer.cents, "currency": "EUR"}],
                    "stock": "in stock" if offer.in_stock else "out of stock",
                }
            }
        )

    def path_of(self, style: Style) -> str:
        """Return the path of the first product of a style, for tests."""
        return next(product.path for product in self.products.values() if product.style is style)
