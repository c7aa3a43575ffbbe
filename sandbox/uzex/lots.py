"""Every lot there was and will be, as a pure function of (seed, day).

Belongs here: what is bought when, by whom, and how it ends. Does not: the shapes of answers (``shapes``).

An auction and an e-shop request end in a deal or in nothing. The price of each position is scaled down by the same
ratio from its ceiling to the winning bid, as on the real site, and more bidders push it lower. Some deals are planted
far below what the goods usually cost. Prices drift over the weeks.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.uzex.goods import CUSTOMERS, GOODS, REGIONS, SOLE_TRADERS, SUPPLIERS, Good

DAY = 86400
# Lots published before the market opens, so that its first day has deals already.
DAYS_BEFORE = 20
# kind -> lots a day, days it is open, share that ends in a deal, first number
_KINDS = {
    "auction": (14, (1.0, 4.0), 0.82, 400_000),
    "shop": (16, (1.0, 2.0), 0.75, 4_600_000),
    "national": (7, (1.0, 2.0), 0.80, 4_600_050),
    "tender": (6, (4.0, 14.0), 0.70, 490_000),
}
KINDS = tuple(_KINDS)
# so'm for one, for tenders in another currency; near the look-alike of the Central Bank.
_SOM = {"UZS": Decimal(1), "USD": Decimal(12_400), "EUR": Decimal(14_100)}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Position:
    """One position of a lot; ``ceiling`` and ``price`` are for one unit, in the lot's currency."""

    number: int
    good: Good
    text: str
    amount: int
    ceiling: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class SandboxLot:
    """A lot with its whole life; times are Unix seconds.

    Attributes:
        is_won: whether it ends in a deal.
        provider: tax number (None for a sole trader) and name of who wins.
        is_planted: the winning bid is far below what the goods usually cost.
    """

    number: int
    kind: str
    opened_at: int
    ends_at: int
    is_won: bool
    region: tuple[int, str]
    customer: tuple[str, str]
    provider: tuple[str | None, str]
    is_budget: bool
    bidders: int
    currency: str
    positions: tuple[Position, ...]
    is_planted: bool

    @property
    def deal_at(self) -> int:
        """When the deal is made."""
        return self.ends_at + 1260

    def status(self, at: float) -> str:
        """Return ``future``, ``open``, ``completed`` or ``not_completed`` at a time."""
        if at < self.opened_at:
            return "future"
        if at < self.deal_at:
            return "open"
        return "completed" if self.is_won else "not_completed"

    def total(self, *, of_deal: bool) -> Decimal:
        """Return the sum over all positions, at the winning prices or at the ceilings."""
        return sum(((one.price if of_deal else one.ceiling) * one.amount for one in self.positions), Decimal(0))


@functools.lru_cache(maxsize=4096)
def lots_of_day(seed: int, opening: int, day: int) -> tuple[SandboxLot, ...]:
    """Return the lots published on a day, counted from the market's opening (Unix seconds); negative before it."""
    rng = random.Random(f"{seed}|uzex|{day}")  # noqa: S311 - a reproducible market, not a secret
    lots = []
    for kind, (a_day, length, share, first) in _KINDS.items():
        for place in range(a_day):
            opened = opening + day * DAY + rng.randrange(DAY)
            lots.append(
                _lot(
                    rng,
                    number=first + (day + DAYS_BEFORE) * 100 + place,
                    kind=kind,
                    opened=opened,
                    ends=opened + int(rng.uniform(*length) * DAY),
                    is_won=rng.random() < share,
                    day=day,
                )
            )
    return tuple(lots)


def lots_until(seed: int, opening: int, at: float) -> Iterator[SandboxLot]:
    """Return every lot published until a time (Unix seconds)."""
    for day in range(-DAYS_BEFORE, int((at - opening) // DAY) + 1):
        yield from (lot for lot in lots_of_day(seed, opening, day) if lot.opened_at <= at)


def _lot(rng: random.Random, *, number: int, kind: str, opened: int, ends: int, is_won: bool, day: int) -> SandboxLot:
    several = {"auction": (1, 1, 2, 3, 5), "tender": (1, 2, 4)}.get(kind, (1,))
    goods = rng.sample(GOODS, rng.choice(several))
    bidders = rng.randint(2, 18) if is_won else rng.randint(0, 1)
    is_planted = is_won and rng.random() < 0.05
    ratio = rng.uniform(0.42, 0.55) if is_planted else 1 - min(0.3, 0.02 + 0.008 * bidders * rng.random())
    currency = rng.choices(("UZS", "USD", "EUR"), (88, 9, 3))[0] if kind == "tender" else "UZS"
    positions = []
    for place, good in enumerate(goods, start=1):
        season = 1 + 0.05 * math.sin(day / 19 + len(good.key))
        usual = good.price * season * math.exp(rng.gauss(0, good.spread))
        ceiling = (Decimal(f"{usual * rng.uniform(1.05, 1.15):.2f}") / _SOM[currency]).quantize(_CENT, ROUND_HALF_UP)
        positions.append(
            Position(
                number=place,
                good=good,
                text=rng.choice(good.texts),
                amount=rng.randint(*good.amounts),
                ceiling=ceiling,
                price=max(_CENT, (ceiling * Decimal(f"{ratio:.6f}")).quantize(_CENT, ROUND_HALF_UP)),
            )
        )
    is_sole = rng.random() < 0.2
    return SandboxLot(
        number=number,
        kind=kind,
        opened_at=opened,
        ends_at=ends,
        is_won=is_won,
        region=rng.choice(REGIONS),
        customer=rng.choice(CUSTOMERS),
        provider=(None, rng.choice(SOLE_TRADERS)) if is_sole else rng.choice(SUPPLIERS),
        is_budget=rng.random() < 0.45,
        bidders=bidders,
        currency=currency,
        positions=tuple(positions),
        is_planted=is_planted,
    )
