"""The demo's watch on Empik: one product; without a Chromium it stays without a price, and says so."""

from __future__ import annotations

from sandbox.demo_watch import DemoWatch
from sandbox.empik.pages import path
from sandbox.goods import goods


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    one = next(good for good in goods() if "IPL" in good.name)
    return [
        DemoWatch(
            name=f"Empik: {one.title}",
            url=f"https://www.empik.com{path(one)}",
            sandbox_page=f"{sandbox_url.rstrip('/')}/empik{path(one)}",
            source="empik",
            country="pl",
            currency="PLN",
        )
    ]
