"""The demo's watches on Reddit."""

from __future__ import annotations

from sandbox.demo_watch import DemoWatch

_WATCHES = (
    ("Reddit: new in hardwareswap", "https://www.reddit.com/r/hardwareswap/new/", "USD"),
    (
        "Reddit: RTX 3090 in the UK",
        "https://www.reddit.com/r/HardwareSwapUK/search/?q=rtx+3090&restrict_sr=1&sort=new",
        "GBP",
    ),
    ("Reddit: malefashionmarket", "https://www.reddit.com/r/malefashionmarket/new/", "USD"),
)


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches, with the real site's addresses."""
    return [
        DemoWatch(
            name=name,
            url=url,
            sandbox_page=f"{sandbox_url.rstrip('/')}/mailbox",
            source="reddit",
            country="any",
            currency=currency,
            # Everything new in a subreddit: only a price by what the title says is any use.
            rules=("absolute", "model") if "/new/" in url else ("absolute", "robust", "model"),
        )
        for name, url, currency in _WATCHES
    ]
