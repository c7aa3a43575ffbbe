"""The demo's watches of public procurement, as a user would paste them."""

# ruff: noqa: RUF001 - texts are Russian and Uzbek: their letters are meant

from __future__ import annotations

from urllib.parse import quote, urlencode

from sandbox.demo_watch import DemoWatch

# name, real site, its name in the sandbox, path, search text, family
_WATCHES = (
    ("E-shop deals", "https://xarid.uzex.uz", "site", "/completed-deals/shop/shop", "", None),
    ("Auctions: A4 paper", "https://xarid.uzex.uz", "site", "/completed-deals/auction", "бумага а4", "paper-a4"),
    ("Open tenders", "https://etender.uzex.uz", "etender", "/lots", "", None),
)


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the demo's watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    watches = []
    for name, site, place, path, text, family in _WATCHES:
        query = f"?{urlencode({'search_text': text}, quote_via=quote)}" if text else ""
        watches.append(
            DemoWatch(
                name=name,
                url=f"{site}{path}{query}",
                sandbox_page=f"{sandbox_url.rstrip('/')}/uzex/{place}{path}{query}",
                source="uzex",
                country="uz",
                currency="UZS",
                family=family,
            )
        )
    return watches
