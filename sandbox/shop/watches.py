"""The demo's watches of the shop: its own addresses, since there is no real shop behind them."""

from __future__ import annotations

from sandbox.demo_watch import DemoWatch
from sandbox.shop.products import Style, catalogue


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return one watch for each product whose price needs no browser."""
    base = f"{sandbox_url.rstrip('/')}/shop"
    products = [product for product in catalogue(0).values() if product.style is not Style.SCRIPTED][:12]
    return [
        DemoWatch(
            name=product.name,
            url=f"{base}{product.path}",
            sandbox_page=f"{base}{product.path}",
            source="shop",
            country="any",
            currency="EUR",
        )
        for product in products
    ]
