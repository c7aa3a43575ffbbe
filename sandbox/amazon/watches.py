"""The demo's watches on Amazon: one product, and one search."""

from __future__ import annotations

from sandbox.amazon.pages import asin
from sandbox.demo_watch import DemoWatch
from sandbox.goods import goods


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    base = f"{sandbox_url.rstrip('/')}/amazon"
    one = next(good for good in goods() if "Noise Cancelling" in good.name)
    return [
        DemoWatch(
            name=f"Amazon.de: {one.title}",
            url=f"https://www.amazon.de/dp/{asin(one)}",
            sandbox_page=f"{base}/de/dp/{asin(one)}",
            source="amazon",
            country="de",
            currency="EUR",
        ),
        DemoWatch(
            name="Amazon.co.uk: headphones",
            url="https://www.amazon.co.uk/s?k=headphones",
            sandbox_page=f"{base}/co.uk/s?k=headphones",
            source="amazon",
            country="co.uk",
            currency="GBP",
        ),
    ]
