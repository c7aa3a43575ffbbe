"""The demo's watches on Allegro: offers, since searches cannot be watched."""

from __future__ import annotations

from sandbox.allegro.pages import offer_id
from sandbox.demo_watch import DemoWatch
from sandbox.goods import goods

_WATCHED = ("Dog Harness", "Noise Cancelling")


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    base = sandbox_url.rstrip("/")
    return [
        DemoWatch(
            name=f"Allegro: {good.title}",
            url=f"https://allegro.pl/oferta/{good.slug}-{offer_id(good)}",
            sandbox_page=f"{base}/allegro/oferta/{good.slug}-{offer_id(good)}",
            source="allegro",
            country="pl",
            currency="PLN",
        )
        for good in goods()
        if any(word in good.name for word in _WATCHED)
    ]
