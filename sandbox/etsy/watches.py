"""The demo's watches on Etsy."""

from __future__ import annotations

from urllib.parse import urlencode

from sandbox.demo_watch import DemoWatch

_TEXTS = ("levi's 501", "barbour bedale")


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches, with the real site's addresses."""
    return [
        DemoWatch(
            name=f"Etsy: {text}",
            url=f"https://www.etsy.com/search?{urlencode({'q': text, 'order': 'date_desc'})}",
            sandbox_page=f"{sandbox_url.rstrip('/')}/mailbox",
            source="etsy",
            country="com",
            currency="USD",
        )
        for text in _TEXTS
    ]
