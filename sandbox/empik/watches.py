"""The demo's watches on Empik: a search, and one product that without a Chromium stays without a price, and says so."""

from __future__ import annotations

from sandbox.demo_watch import DemoWatch
from sandbox.empik.pages import path
from sandbox.goods import goods


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    one = next(good for good in goods() if "IPL" in good.name)
    base = sandbox_url.rstrip("/")
    return [
        DemoWatch(
            name="Empik: headphones",
            url="https://www.empik.com/szukaj/produkt?q=headphones",
            sandbox_page=f"{base}/empik/szukaj/produkt?q=headphones",
            source="empik",
            country="pl",
            currency="PLN",
        ),
        DemoWatch(
            name=f"Empik: {one.title}",
            url=f"https://www.empik.com{path(one)}",
            sandbox_page=f"{base}/empik{path(one)}",
            source="empik",
            country="pl",
            currency="PLN",
        ),
    ]
