"""What the retail look-alikes sell: new goods of invented brands, as a pure function of (seed, time).

Belongs here: goods, their prices over days, and whether they can be bought. Does not: any shop's page. The market of
second-hand things is `market`; a shop has few goods, much stock, and one price at a time.
"""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

DAY = 86400
# A shop thinks about a price every so many days, and about its stock more seldom.
PRICE_DAYS = 2
STATE_DAYS = 5
# What the demo watches can always be bought, so that a demo has prices on any day.
_STEADY = ("Noise Cancelling", "IPL", "Dog Harness")
_RATES = {
    "EUR": Decimal(1), "USD": Decimal("1.10"), "GBP": Decimal("0.85"), "PLN": Decimal("4.30"), "AED": Decimal("4.04"),
}  # fmt: skip


class State(StrEnum):
    """How a thing stands in a shop."""

    IN_STOCK = "in_stock"
    FEW_LEFT = "few_left"
    COUPON = "coupon"
    OUT_OF_STOCK = "out_of_stock"
    OTHER_SELLERS = "other_sellers"


@dataclass(frozen=True, slots=True)
class Good:
    """A thing; ``base`` is its usual price in euro cents."""

    number: int
    brand: str
    name: str
    category: tuple[str, ...]
    base: int

    @property
    def title(self) -> str:
        """As shops head their pages."""
        return f"{self.brand} {self.name}"

    @property
    def is_steady(self) -> bool:
        """Tell whether it never runs out."""
        return any(word in self.name for word in _STEADY)

    @property
    def slug(self) -> str:
        """The readable part of an address."""
        words = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.title.lower())
        return "-".join(part for part in words.split("-") if part)

    @property
    def gtin(self) -> str:
        """An EAN of the range 952, which GS1 keeps for examples: no product in the world carries it."""
        digits = f"952{self.number:09d}"
        total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
        return f"{digits}{-total % 10}"


@dataclass(frozen=True, slots=True)
class Offer:
    """How a shop offers a thing at a time.

    Attributes:
        minor: price in minor units of ``currency``.
        usual: what it would cost on any other day, same units.
        stock: pieces; 0 where it cannot be bought.
        is_planted: the shop made a mistake, or wants to be rid of it.
    """

    good: Good
    minor: int
    usual: int
    currency: str
    state: State
    stock: int
    is_planted: bool

    @property
    def amount(self) -> Decimal:
        """The price in major units."""
        return Decimal(self.minor).scaleb(-2)

    @property
    def list_amount(self) -> Decimal:
        """The recommended price that shops strike through, in major units."""
        return Decimal(int(self.usual * 1.15) // 100 * 100 + 99).scaleb(-2)


_RANGES: tuple[tuple[tuple[str, ...], tuple[tuple[str, str, int], ...]], ...] = (
    (
        ("Home", "Kitchen", "Kettles"),
        (("Tarnwell", "Electric Kettle 1.7 l", 3999), ("Brisko", "Gooseneck Kettle 0.9 l", 6499)),
    ),
    (
        ("Home", "Kitchen", "Pans"),
        (("Oldenmoor", "Cast Iron Skillet 28 cm", 4599), ("Tarnwell", "Non-Stick Pan Set, 5 Pieces", 8999)),
    ),
    (
        ("Electronics", "Audio", "Headphones"),
        (
            ("Velarium", "Over-Ear Headphones V7, Noise Cancelling", 22999),
            ("Velarium", "In-Ear Headphones V2", 5999),
            ("Quillfen", "Studio Headphones SH-40", 14999),
        ),
    ),
    (
        ("Electronics", "Computers", "Laptops"),
        (
            ("Nordhaven", 'Laptop Fjell 14", 16 GB, 512 GB', 104999),
            ("Nordhaven", 'Laptop Vidda 16", 32 GB, 1 TB', 174999),
        ),
    ),
    (
        ("Toys", "Building Sets"),
        (("Klotzig", "Castle, 1254 Pieces", 9999), ("Klotzig", "Harbour Crane, 640 Pieces", 5499)),
    ),
    (
        ("Beauty", "Hair Removal"),
        (("Solaria", "IPL Device L9 with 3 Attachments", 39999), ("Solaria", "Trimmer T3", 2999)),
    ),
    (
        ("Pets", "Dogs", "Harnesses"),
        (("Fenrik", "Dog Harness Trail, Size L", 4999), ("Fenrik", "Dog Car Seat", 7999)),
    ),
    (
        ("Books", "Crime"),
        (("Ottila Brandt", "The Lighthouse Ledger", 1399), ("Marek Solny", "A Winter in Narva", 1199)),
    ),
)  # fmt: skip


@functools.cache
def goods() -> tuple[Good, ...]:
    """Return everything that is sold, numbered from 1."""
    rows = [(category, *row) for category, things in _RANGES for row in things]
    return tuple(
        Good(number, brand, name, category, base) for number, (category, brand, name, base) in enumerate(rows, 1)
    )


def good(number: int) -> Good | None:
    """Return a thing by its number."""
    return goods()[number - 1] if 0 < number <= len(goods()) else None


def matching(text: str) -> list[Good]:
    """Return the things whose title or category holds every word."""
    words = text.casefold().split()
    return [one for one in goods() if all(word in f"{one.title} {' '.join(one.category)}".casefold() for word in words)]


def offer_of(one: Good, shop: str, at: datetime, *, seed: int, currency: str) -> Offer:
    """Return how a shop offers a thing at a time.

    Args:
        shop: name of the look-alike, so that no two ask the same.
        currency: of EUR, USD, GBP, PLN, AED.
    """
    day = int(at.timestamp()) // DAY
    price_dice = _dice(seed, shop, one.number, "price", (day + one.number) // PRICE_DAYS)
    state_dice = _dice(seed, shop, one.number, "state", (day + 2 * one.number) // STATE_DAYS)
    weights = (75, 15, 10, 0, 0) if one.is_steady else (70, 10, 8, 7, 5)
    state = state_dice.choices(list(State), weights=weights)[0]
    is_planted = price_dice.random() < 0.06
    factor = price_dice.uniform(0.4, 0.55) if is_planted else price_dice.uniform(0.92, 1.05)
    usual = _in(one.base, currency)
    stock = {State.OUT_OF_STOCK: 0, State.OTHER_SELLERS: 0, State.FEW_LEFT: 1 + one.number % 4}.get(
        state, 40 + one.number
    )
    return Offer(one, _ending(int(usual * factor)), usual, currency, state, stock, is_planted)


def _in(euro_cents: int, currency: str) -> int:
    return int((euro_cents * _RATES[currency]).to_integral_value(rounding=ROUND_HALF_UP))


def _ending(minor: int) -> int:
    """Return a price as shops like them, ending in 9."""
    return max(99, minor // 10 * 10 + 9)


def _dice(*parts: object) -> random.Random:
    return random.Random("|".join(str(part) for part in parts))  # noqa: S311 - reproducible goods, not a secret
