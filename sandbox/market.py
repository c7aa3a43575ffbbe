"""The market: every listing there was and will be, as a pure function of (seed, start, time).

Days are generated once, in order, on first need, and never depend on what was asked before; so any time may be asked
for, in any order. Searching is in `search`, the shapes of a marketplace's answers elsewhere.
"""

from __future__ import annotations

import bisect
import functools
import math
import random
from collections.abc import Sequence
from datetime import datetime

from sandbox import prices, traps, wording
from sandbox.catalogue import COLOURS, FAMILIES, Family
from sandbox.items import Item, Seller
from sandbox.locales import COUNTRIES, Grade
from sandbox.search import SearchIndex
from sandbox.traps import Kind

DAY = 86400
# A wrong clock must not make the sandbox generate for minutes; three years of 14 families take some seconds.
MAX_DAYS = 1100
_FIRST_ITEM_ID = 10_000_000_000
_FIRST_USER_ID = 3_000_000_000
# How many sellers list in an hour of the day, UTC.
_HOURS = (2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 10, 9, 9, 8, 8, 8, 9, 11, 14, 17, 18, 15, 9, 4)
_GRADES = (
    (Grade.VERY_GOOD, 40),
    (Grade.GOOD, 27),
    (Grade.NEW_WITHOUT_TAGS, 13),
    (Grade.NEW_WITH_TAGS, 10),
    (Grade.SATISFACTORY, 10),
)


class MarketTimeError(ValueError):
    """A time the market cannot tell about; the message gives its limits."""


def _random(*parts: object) -> random.Random:
    return random.Random("|".join(str(part) for part in parts))  # noqa: S311 - a reproducible market, not a secret


def _poisson(rng: random.Random, mean: float) -> int:
    """Draw how many arrive, in steps so that exp() does not vanish for large means."""
    count = 0
    while mean > 0:
        step = min(mean, 300.0)
        mean -= step
        limit, product = math.exp(-step), rng.random()
        while product > limit:
            count += 1
            product *= rng.random()
    return count


class Market:
    """A seeded market that opens empty at ``start`` and fills.

    Args:
        seed: another seed, another market.
        start: opening time, timezone-aware.
        arrivals_per_day: listings published per family and day, on average.
        families: what is sold.

    Raises:
        MarketTimeError: when ``start`` has no time zone.
    """

    def __init__(
        self,
        *,
        seed: int,
        start: datetime,
        arrivals_per_day: float = 8.0,
        families: Sequence[Family] = FAMILIES,
    ) -> None:
        if start.tzinfo is None:
            raise MarketTimeError("the market's start needs a time zone, e.g. 2026-10-01T00:00:00+00:00")
        self.seed = seed
        self.start = start
        self.arrivals_per_day = arrivals_per_day
        self.families = tuple(families)
        self._opening = int(start.timestamp())
        self._days = 0
        self._items: list[Item] = []
        self._published: list[int] = []
        self._by_id: dict[int, Item] = {}
        self._by_seller: dict[int, list[Item]] = {}
        self._ordinals = {family.key: 0 for family in self.families}
        self._index = SearchIndex()
        self._kinds = functools.cache(functools.partial(traps.kinds_of_block, seed))

    def items(self, at: datetime) -> Sequence[Item]:
        """Return every listing published until then, ended ones included, in order of publication.

        Raises:
            MarketTimeError: for a time without zone or too far past the start.
        """
        return self._items[: self._until(at)]

    def item(self, item_id: int, at: datetime) -> Item | None:
        """Return a listing published until then; None where there is none (yet).

        Raises:
            MarketTimeError: as `items`.
        """
        self._until(at)
        found = self._by_id.get(item_id)
        return found if found is not None and found.published_at <= at.timestamp() else None

    def known(self, item_id: int) -> Item | None:
        """Return a listing of the days made so far, whatever the time; pictures carry no time."""
        return self._by_id.get(item_id)

    def items_of_seller(self, user_id: int, at: datetime) -> list[Item]:
        """Return what a seller has published until then.

        Raises:
            MarketTimeError: as `items`.
        """
        self._until(at)
        moment = at.timestamp()
        return [item for item in self._by_seller.get(user_id, ()) if item.published_at <= moment]

    def matching(self, text: str, at: datetime) -> list[Item]:
        """Return the live listings whose title or brand holds every word of ``text``, newest first.

        Raises:
            MarketTimeError: as `items`.
        """
        count = self._until(at)
        moment = int(at.timestamp())
        return [
            item
            for position in self._index.newest_first(text, count)
            if (item := self._items[position]).is_live(moment)
        ]

    def _until(self, at: datetime) -> int:
        if at.tzinfo is None:
            raise MarketTimeError("a market time needs a time zone, e.g. 2026-10-01T00:00:00Z")
        seconds = int(at.timestamp()) - self._opening
        if seconds >= MAX_DAYS * DAY:
            raise MarketTimeError(
                f"{at.isoformat()} is more than {MAX_DAYS} days after the market's start {self.start.isoformat()}"
            )
        while self._days * DAY <= seconds:
            self._add_day()
        return bisect.bisect_right(self._published, int(at.timestamp()))

    def _add_day(self) -> None:
        day, self._days = self._days, self._days + 1
        arrivals: list[Item] = []
        for family in self.families:
            rng = _random("day", self.seed, family.key, day)
            arrivals += [self._arrival(rng, family, day) for _ in range(_poisson(rng, self.arrivals_per_day))]
        for item in sorted(arrivals, key=lambda item: (item.published_at, item.item_id)):
            self._index.add(item.title, item.brand)
            self._items.append(item)
            self._published.append(item.published_at)
            self._by_seller.setdefault(item.seller.user_id, []).append(item)

    def _arrival(self, rng: random.Random, family: Family, day: int) -> Item:
        ordinal = self._ordinals[family.key]
        self._ordinals[family.key] = ordinal + 1
        kind = self._kinds(family, ordinal // traps.BLOCK)[ordinal % traps.BLOCK]
        published = self._opening + day * DAY + self._second_of_day(rng)
        item = make_item(rng, family, kind, item_id=self._new_id(rng, published), published=published)
        self._by_id[item.item_id] = item
        return item

    def _second_of_day(self, rng: random.Random) -> int:
        hour = rng.choices(range(24), weights=_HOURS)[0]
        return (hour * 3600 + rng.randrange(3600) - self._opening) % DAY

    def _new_id(self, rng: random.Random, published: int) -> int:
        # Ids are given when a draft is made, so a listing published late carries a lower id than its neighbours.
        draft = rng.expovariate(1 / (0.8 * DAY)) if rng.random() < 0.2 else rng.uniform(30, 900)
        created = published - self._opening + 20 * DAY - min(draft, 10 * DAY)
        item_id = _FIRST_ITEM_ID + int(created * 100) * 16 + rng.randrange(16)
        while item_id in self._by_id:
            item_id += 16
        return item_id


def make_item(rng: random.Random, family: Family, kind: Kind, *, item_id: int, published: int) -> Item:
    """Make one listing with its whole life ahead of it. All randomness comes from ``rng``."""
    seller = _seller(rng)
    currency, language = seller.home.currency, seller.home.language
    grade = rng.choices([grade for grade, _ in _GRADES], weights=[weight for _, weight in _GRADES])[0]
    if kind is Kind.FOR_PARTS:
        grade = rng.choice((Grade.SATISFACTORY, Grade.GOOD))
    colour = COLOURS[rng.choice(family.colours)]
    size = rng.choice(list(family.sizes)) if family.sizes and rng.random() < 0.97 else None
    has_brand = rng.random() < 0.93
    title = traps.trap_title(rng, family, kind, language) or wording.ordinary_title(
        rng, family, language=language, colour=colour, size=size, has_brand=has_brand
    )
    log_price = prices.draw_log_price(rng, median_eur=family.median_eur, sigma=family.sigma, grade=grade)
    reference = prices.seller_price(math.exp(log_price), currency, rng)
    asked = _asked(rng, kind, reference)
    usual = math.log(family.median_eur * prices.GRADE_FACTOR[grade])
    # Empty boxes and the like are cheap for a reason: buyers do not hurry for them.
    cheapness = usual - log_price if kind in {Kind.NORMAL, Kind.PLANTED} else 0.0
    if kind is Kind.PLANTED:
        cheapness += math.log(reference / asked)
    ended = published + _lifetime(rng, kind, cheapness)
    return Item(
        item_id=item_id,
        family=family,
        kind=kind,
        title=title,
        brand=family.brand if has_brand else None,
        size=size,
        colour=colour,
        grade=grade,
        shows_condition=rng.random() < 0.98,
        seller=seller,
        currency=currency,
        reference_minor=reference,
        steps=_steps(rng, kind, asked, published, ended),
        published_at=published,
        ended_at=ended,
        end="sold" if rng.random() < 0.85 else "removed",
        favourite_rate=math.exp(rng.gauss(0.0, 0.9) + 0.9 * cheapness),
        photo_count=rng.choice((1, 2, 2, 3, 4)),
        promoted=rng.random() < 0.04,
    )


def _seller(rng: random.Random) -> Seller:
    home = rng.choices(list(COUNTRIES.values()), weights=[country.sellers for country in COUNTRIES.values()])[0]
    # A seller's number fixes the home, so that one seller never lives in two countries.
    number = rng.randrange(5000) * 32 + home.country_id
    return Seller(
        user_id=_FIRST_USER_ID + 100_000_000 + number * 17,
        login=f"seller_{10_000 + number}",
        home=home,
        is_business=number // 32 % 25 == 0,
    )


def _asked(rng: random.Random, kind: Kind, reference: int) -> int:
    if kind is Kind.NORMAL:
        return reference
    factor = traps.price_factor(rng, kind)
    if factor is None:
        return 100
    asked = int(reference * factor)
    if kind is Kind.PLANTED:
        # Whole units, but never rounded out of the 0.3-0.6 promised.
        rounded = round(asked / 100) * 100
        return rounded if 0.3 <= rounded / reference <= 0.6 else asked
    return max(1, asked)


def _lifetime(rng: random.Random, kind: Kind, cheapness: float) -> int:
    """Draw how long a listing lives, in seconds: about 16 days at the usual price, less when cheaper."""
    # Somebody soon sees a mistyped price: the buyer or the seller.
    mean = 2.0 if kind is Kind.TYPO_PRICE else 16.0 * math.exp(-max(-1.0, min(2.0, cheapness)))
    return int((0.4 + rng.expovariate(1 / mean)) * DAY)


def _steps(rng: random.Random, kind: Kind, asked: int, published: int, ended: int) -> tuple[tuple[int, int], ...]:
    steps = [(published, asked)]
    chance = 0.0 if kind in {Kind.TYPO_PRICE, Kind.BAIT, Kind.PLANTED} else 0.35
    moment = published
    while rng.random() < chance and len(steps) < 4:
        moment += int((1.0 + rng.expovariate(1 / 4.0)) * DAY)
        lower = int(steps[-1][1] * rng.uniform(0.7, 0.9)) // 50 * 50
        # Dropping to the half unit may leave the 10-30 % on cheap things; those sellers leave the price alone.
        if moment >= ended or not 0.7 <= lower / steps[-1][1] <= 0.9:
            break
        steps.append((moment, lower))
    return tuple(steps)
