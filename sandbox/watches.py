"""The demo's watches: eight narrow searches on four country sites, as a user would paste them from the address bar."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from sandbox.locales import COUNTRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWatch:
    """A watch to register.

    Attributes:
        url: the marketplace's own search address, which a user would paste.
        sandbox_page: the same search on the sandbox, for a person to open.
        family: key of the market's product family it looks for, for measuring.
        max_price: limit of the absolute rule on the total price, in ``currency``.
    """

    name: str
    url: str
    sandbox_page: str
    source: str
    country: str
    currency: str
    family: str
    blacklist: tuple[str, ...] = ()
    max_price: Decimal | None = None


_BROKEN = ("pour pièces", "defekt", "for parts", "na części", "non funzionante")
_EMPTY = ("boîte vide", "empty box", "box only", "scatola vuota", "lege doos")
# name, search text, country, family, blacklist, limit
_WATCHES = (
    ("Levi's 501", "levi's 501", "fr", "levis-501", ("lot de", "bundle"), None),
    ("Patagonia Synchilla", "patagonia synchilla", "de", "patagonia-synchilla", ("replika",), None),
    ("Nike Air Max 90", "nike air max 90", "it", "nike-air-max-90", ("replica", *_EMPTY), None),
    ("RTX 3090 under 450", "rtx 3090", "nl", "rtx-3090", ("waterblock", *_BROKEN), Decimal(450)),
    ("Sony WH-1000XM4", "sony wh-1000xm4", "co.uk", "sony-wh-1000xm4", (*_BROKEN, *_EMPTY), None),
    ("Barbour Bedale", "barbour bedale", "co.uk", "barbour-bedale", ("replica",), None),
    ("Dr. Martens 1460", "dr martens 1460", "pl", "dr-martens-1460", ("replika",), None),
    ("Nintendo Switch OLED", "nintendo switch oled", "fr", "nintendo-switch-oled", (*_BROKEN, *_EMPTY), None),
)


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the demo's watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    watches = []
    for name, text, country, family, blacklist, limit in _WATCHES:
        query = urlencode({"search_text": text, "order": "newest_first"})
        watches.append(
            DemoWatch(
                name=name,
                url=f"https://www.vinted.{country}/catalog?{query}",
                sandbox_page=f"{sandbox_url.rstrip('/')}/vinted/{country}/www/catalog?{query}",
                source="vinted",
                country=country,
                currency=COUNTRIES[country].currency,
                family=family,
                blacklist=blacklist,
                max_price=limit,
            )
        )
    return watches
