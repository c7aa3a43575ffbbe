"""The demo's watch on Uzum: forty products by their ids, as a user would write them."""

from __future__ import annotations

from sandbox.demo_watch import DemoWatch


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the demo's watches; ``sandbox_url`` is where the sandbox listens."""
    return [
        DemoWatch(
            name="Uzum, products 1-40",
            url="https://uzum.uz/product/1-40",
            sandbox_page=f"{sandbox_url.rstrip('/')}/uzum/product/1-40",
            source="uzum",
            country="uz",
            currency="UZS",
        )
    ]
