"""What the shop sells and for how much on which day: a pure function of the market's seed and the day."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DAY = 86400


class Style(StrEnum):
    """How a page says its price."""

    JSON_LD = "json-ld"
    GRAPH = "graph"
    MICRODATA = "microdata"
    META = "meta"
    PLAIN = "plain"
    NET_META = "net-meta"
    FROM = "from"
    SCRIPTED = "scripted"


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the shop; prices in cents of euros."""

    number: int
    name: str
    brand: str
    gtin: str
    style: Style
    base_cents: int

    @property
    def slug(self) -> str:
        """The readable part of its address."""
        return "-".join(
            part for part in "".join(c if c.isalnum() else "-" for c in self.name.lower()).split("-") if part
        )

    @property
    def path(self) -> str:
        """Its address below the shop."""
        return f"/p/{self.number}-{self.slug}"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a product costs on a day; ``old_cents`` where it is reduced, ``in_stock`` False where it is sold out."""

    cents: int
    old_cents: int | None
    in_stock: bool


_NAMES = (
    ("Kettle 1.7 l", "Brauna"),
    ("Espresso machine ES-300", "Brauna"),
    ("Cordless drill 18 V", "Werkon"),
    ("Jigsaw 650 W", "Werkon"),
    ("Office chair Ergo 5", "Sitwell"),
    ("Desk lamp Arc", "Lumeo"),
    ("Mouse M7 wireless", "Klik"),
    ("Mechanical keyboard K65", "Klik"),
    ("Monitor 27 inch QHD", "Visio"),
    ("Webcam 1080p", "Visio"),
    ("Backpack 28 l", "Trekka"),
    ("Tent for 3", "Trekka"),
    ("Sleeping bag -5", "Trekka"),
    ("Running shoes R2", "Fleet"),
    ("Rain jacket", "Fleet"),
    ("Frying pan 28 cm", "Gusto"),
    ("Knife set, 5 pieces", "Gusto"),
    ("Blender 1200 W", "Brauna"),
    ("Vacuum cleaner V9", "Brauna"),
    ("Air purifier AP 40", "Lumeo"),
    ("Bluetooth speaker", "Klangg"),
    ("Headphones ANC 700", "Klangg"),
    ("Turntable TT1", "Klangg"),
    ("Guitar strings .010", "Klangg"),
    ("Bicycle light set", "Velora"),
    ("Bicycle pump", "Velora"),
    ("Helmet M", "Velora"),
    ("Building blocks 500", "Brixi"),
    ("Board game Harbour", "Brixi"),
    ("Puzzle 1000", "Brixi"),
    ("Router AX3000", "Netto"),
    ("Network switch 8 port", "Netto"),
)


def _random(*parts: object) -> random.Random:
    return random.Random("|".join(str(part) for part in parts))  # noqa: S311 - a reproducible shop, not a secret


def _gtin(number: int) -> str:
    body = f"400{number:09d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return f"{body}{(10 - total % 10) % 10}"


def catalogue(seed: int) -> dict[int, Product]:
    """Return the shop's products by number."""
    rng = _random("shop", seed)
    styles = list(Style)
    products = [
        Product(
            number=1001 + place,
            name=f"{brand} {name}",
            brand=brand,
            gtin=_gtin(1001 + place),
            style=styles[place % len(styles)],
            base_cents=rng.choice((999, 1490, 2495, 3999, 5900, 8990, 12900, 24900, 39999)) + rng.randrange(0, 50) * 10,
        )
        for place, (name, brand) in enumerate(_NAMES)
    ]
    return {product.number: product for product in products}


def offer_of(seed: int, product: Product, at: datetime) -> Offer:
    """Return what a product costs at a time: reductions of some days, drifts of some percent, now and then sold out."""
    day = int(at.timestamp()) // DAY
    week = _random("shop", seed, product.number, day // 7)
    drift = 1 + week.uniform(-0.06, 0.06)
    reduced = week.random() < 0.3 and day % 7 >= 3
    sold_out = week.random() < 0.12 and day % 7 >= 5
    usual = round(product.base_cents * drift / 10) * 10 - 1
    cents = round(usual * week.uniform(0.6, 0.85)) if reduced else usual
    return Offer(cents=cents, old_cents=usual if reduced else None, in_stock=not sold_out)
