"""Every look-alike by its source's name, and the watches that the demo registers. A new one is two lines here."""

from __future__ import annotations

from collections.abc import Callable

import sandbox.allegro.site
import sandbox.allegro.watches
import sandbox.amazon.site
import sandbox.amazon.watches
import sandbox.cbu.site
import sandbox.ebay.site
import sandbox.ebay.watches
import sandbox.empik.site
import sandbox.empik.watches
import sandbox.etsy.site
import sandbox.etsy.watches
import sandbox.kleinanzeigen.site
import sandbox.kleinanzeigen.watches
import sandbox.reddit.site
import sandbox.reddit.watches
import sandbox.shop.site
import sandbox.shop.watches
import sandbox.uzex.site
import sandbox.uzex.watches
import sandbox.uzum.site
import sandbox.uzum.watches
import sandbox.vinted.site
import sandbox.vinted.watches
from sandbox.clock import MarketClock
from sandbox.demo_watch import DemoWatch
from sandbox.faults import FaultBook
from sandbox.market import Market
from sandbox.site import Site

_SITES: dict[str, Callable[[Market, MarketClock, FaultBook], Site]] = {
    "allegro": sandbox.allegro.site.AllegroSite,
    "amazon": sandbox.amazon.site.AmazonSite,
    "cbu": sandbox.cbu.site.CbuSite,
    "ebay": sandbox.ebay.site.EbaySite,
    "empik": sandbox.empik.site.EmpikSite,
    "etsy": sandbox.etsy.site.EtsySite,
    "kleinanzeigen": sandbox.kleinanzeigen.site.KleinanzeigenSite,
    "reddit": sandbox.reddit.site.RedditSite,
    "shop": sandbox.shop.site.ShopSite,
    "uzex": sandbox.uzex.site.UzexSite,
    "uzum": sandbox.uzum.site.UzumSite,
    "vinted": sandbox.vinted.site.VintedSite,
}
_DEMO_WATCHES: dict[str, Callable[[str], list[DemoWatch]]] = {
    "allegro": sandbox.allegro.watches.demo_watches,
    "amazon": sandbox.amazon.watches.demo_watches,
    "ebay": sandbox.ebay.watches.demo_watches,
    "empik": sandbox.empik.watches.demo_watches,
    "etsy": sandbox.etsy.watches.demo_watches,
    "kleinanzeigen": sandbox.kleinanzeigen.watches.demo_watches,
    "reddit": sandbox.reddit.watches.demo_watches,
    "shop": sandbox.shop.watches.demo_watches,
    "uzex": sandbox.uzex.watches.demo_watches,
    "uzum": sandbox.uzum.watches.demo_watches,
    "vinted": sandbox.vinted.watches.demo_watches,
}


def open_sites(market: Market, clock: MarketClock, faults: FaultBook) -> dict[str, Site]:
    """Return a look-alike of every marketplace, all selling from one market."""
    return {name: make(market, clock, faults) for name, make in _SITES.items()}


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the demo's watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    return [watch for watches in _DEMO_WATCHES.values() for watch in watches(sandbox_url)]
