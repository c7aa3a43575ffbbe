"""The demo's watches on the classifieds site."""

from __future__ import annotations

from sandbox.demo_watch import DemoWatch


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the watches; the site exists in the sandbox only."""
    return [
        DemoWatch(
            name="Kleinanzeigen: RTX 3090",
            url="https://www.kleinanzeigen.example/s-rtx-3090/k0",
            sandbox_page=f"{sandbox_url.rstrip('/')}/kleinanzeigen/s-rtx-3090/k0",
            source="kleinanzeigen",
            country="de",
            currency="EUR",
        )
    ]
