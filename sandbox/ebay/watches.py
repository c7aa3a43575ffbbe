"""The demo's watches on eBay."""

from __future__ import annotations

from urllib.parse import urlencode

from sandbox.demo_watch import DemoWatch

_WATCHES = (("co.uk", "GBP", "sony wh-1000xm4"), ("de", "EUR", "rtx 3090"))


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches, with the real site's addresses."""
    return [
        DemoWatch(
            name=f"eBay {country}: {text}",
            url=f"https://www.ebay.{country}/sch/i.html?{urlencode({'_nkw': text, '_sop': '10'})}",
            sandbox_page=f"{sandbox_url.rstrip('/')}/mailbox",
            source="ebay",
            country=country,
            currency=currency,
        )
        for country, currency, text in _WATCHES
    ]
