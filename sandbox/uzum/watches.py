"""The demo's watch on Uzum: forty products by their ids, as a user would write them."""

from __future__ import annotations

from sandbox.demo_watch import DemoWatch
from sandbox.uzum.goods import missing

_IDS = [number for number in range(1, 60) if missing(number) is None][:40]


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the demo's watches; ``sandbox_url`` is where the sandbox listens."""
    return [
        DemoWatch(
            name="Uzum, forty products",
            url=f"https://uzum.uz/product/{','.join(map(str, _IDS))}",
            sandbox_page=f"{sandbox_url.rstrip('/')}/uzum/product/{_IDS[0]}-{_IDS[-1]}",
            source="uzum",
            country="uz",
            currency="UZS",
        )
    ]
