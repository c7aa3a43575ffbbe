"""A random catalogue of products with a history of prices, and an oracle that computes its marts without SQL.

Belongs here: what is stored, and what should come of it in ``Decimal``. Does not: running dbt, comparing.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import psycopg

from domain.money import from_minor
from warehouse.partitions import ensure_partitions

SOURCES = ("allegro", "ebay", "shop", "uzum")
WINDOWS = (1, 7, 30)
_KNOWN_SINCE = timedelta(days=500)
_LAST_MOMENT = time(23, 59, 59, 999_999)
# The hours about which European clocks change, midnights of both sides, and the last microsecond of a day.
_MOMENTS = (time(0), time(0, 59, 59), time(1), time(2), time(22), time(23), _LAST_MOMENT)
_Key = tuple[int, date]


@dataclass(frozen=True)
class Observation:
    """A price as it was seen."""

    listing_id: int
    at: datetime
    minor: int
    currency: str
    availability: str

    @property
    def day(self) -> date:
        return self.at.astimezone(UTC).date()


@dataclass(frozen=True)
class Day:
    """A product's day as the mart should have it; prices in euros."""

    offers: int
    sources: int
    unconvertible: int
    min_price: Decimal | None = None
    median_price: Decimal | None = None
    mean_price: Decimal | None = None
    max_price: Decimal | None = None
    best_source: str | None = None
    changes: tuple[Decimal | None, ...] = (None, None, None)


@dataclass
class Catalogue:
    """Products with their listings, every price seen and the exchange rates to the euro."""

    today: date
    links: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[int, str] = field(default_factory=dict)
    bids: set[int] = field(default_factory=set)
    observations: list[Observation] = field(default_factory=list)
    rates: dict[str, dict[date, Decimal]] = field(default_factory=dict)

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Return the latest rate to the euro on or before a day."""
        if currency == "EUR":
            return Decimal(1)
        known = [when for when in self.rates.get(currency, {}) if when <= day]
        return self.rates[currency][max(known)] if known else None

    def prices(self) -> Iterator[tuple[int, date, int, Decimal | None]]:
        """Yield listing, day, and price in euros of each day on which a comparable listing was last seen on offer."""
        last: dict[tuple[int, date], Observation] = {}
        for seen in self.observations:
            key = (seen.listing_id, seen.day)
            if key not in last or seen.at > last[key].at:
                last[key] = seen
        for (listing_id, day), seen in last.items():
            if listing_id in self.bids or seen.minor <= 0 or seen.availability not in {"available", "unknown"}:
                continue
            rate = self.rate(seen.currency, day)
            amount = from_minor(seen.minor, seen.currency)
            yield listing_id, day, listing_id, None if rate is None else rounded(amount * rate, 4)

    def offered(self) -> dict[_Key, list[tuple[Decimal | None, int]]]:
        """Return what each product cost where on each day on which it was on offer: (price, listing)."""
        of_listing: dict[int, list[tuple[date, Decimal | None]]] = defaultdict(list)
        for listing_id, day, _, price in self.prices():
            of_listing[listing_id].append((day, price))
        found: dict[_Key, list[tuple[Decimal | None, int]]] = defaultdict(list)
        for product_id, listing_ids in self.links.items():
            for listing_id in listing_ids:
                for day, price in of_listing[listing_id]:
                    found[product_id, day].append((price, listing_id))
        return found

    def days(self) -> dict[_Key, Day]:
        """Return every product's days."""
        made: dict[_Key, Day] = {}
        for key, offers in self.offered().items():
            priced = sorted((price, listing_id) for price, listing_id in offers if price is not None)
            if not priced:
                made[key] = Day(0, 0, len(offers))
                continue
            prices = [price for price, _ in priced]
            made[key] = Day(
                offers=len(priced),
                sources=len({self.sources[listing_id] for _, listing_id in priced}),
                unconvertible=len(offers) - len(priced),
                min_price=prices[0],
                median_price=rounded(median(prices), 4),
                mean_price=mean(prices),
                max_price=prices[-1],
                best_source=self.sources[priced[0][1]],
            )
        return with_changes(made)

    def source_days(self) -> dict[tuple[int, str], dict[date, tuple[Decimal, int, int]]]:
        """Return the days of each product on each source: lowest price, its listing, number of offers."""
        found: dict[tuple[int, str], dict[date, list[tuple[Decimal, int]]]] = defaultdict(lambda: defaultdict(list))
        for (product_id, day), offers in self.offered().items():
            for price, listing_id in offers:
                if price is not None:
                    found[product_id, self.sources[listing_id]][day].append((price, listing_id))
        return {key: {day: (*min(offers), len(offers)) for day, offers in days.items()} for key, days in found.items()}


def rounded(value: Decimal, places: int) -> Decimal:
    """Round half away from zero, as PostgreSQL's numeric does."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def of_fraction(value: Fraction, places: int) -> Decimal:
    """Round a fraction exactly, half away from zero."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def median(ordered: list[Decimal]) -> Decimal:
    """Return the middle, or the mean of the two in the middle."""
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def mean(prices: Iterable[Decimal]) -> Decimal:
    """Return the mean to four places."""
    values = [Fraction(price) for price in prices]
    return of_fraction(sum(values, Fraction(0)) / len(values), 4)


def change(price: Decimal, against: Decimal | None) -> Decimal | None:
    """Return the change in per cent to two places."""
    if against is None or against == 0:
        return None
    return of_fraction(100 * (Fraction(price) - Fraction(against)) / Fraction(against), 2)


def last_before(prices: dict[date, Decimal], day: date, days: int) -> date | None:
    """Return the last day that lies at least so many days back."""
    return max((when for when in prices if when <= day - timedelta(days=days)), default=None)


def with_changes(made: dict[_Key, Day]) -> dict[_Key, Day]:
    """Fill in the changes of the lowest price."""
    lows: dict[int, dict[date, Decimal]] = defaultdict(dict)
    for (product_id, day), found in made.items():
        if found.min_price is not None:
            lows[product_id][day] = found.min_price
    filled = {}
    for (product_id, day), found in made.items():
        changes: list[Decimal | None] = []
        for days in WINDOWS:
            reference = last_before(lows[product_id], day, days)
            known = None if reference is None else lows[product_id][reference]
            changes.append(None if found.min_price is None else change(found.min_price, known))
        filled[product_id, day] = Day(**{**vars(found), "changes": tuple(changes)})
    return filled


def clock_changes(today: date) -> list[date]:
    """Return the last two days on which European clocks changed (last Sundays of March and October)."""
    found = []
    for year in (today.year - 1, today.year):
        for month in (3, 10):
            last = date(year, month, 31)
            found.append(last - timedelta(days=(last.weekday() + 1) % 7))
    return [day for day in found if day < today][-2:]


def random_catalogue(seed: int, today: date, products: int) -> Catalogue:
    """Make products of 1 to 5 listings, with ties, gaps, currencies that change, things sold, bids and free things."""
    rng = random.Random(seed)  # a catalogue, not a secret
    made = Catalogue(today)
    for currency, worth in (("GBP", "1.17"), ("USD", "0.9")):
        # None before day 300: what was priced so is in no figure then. Days between have the last one's.
        made.rates[currency] = {
            today - timedelta(days=back): rounded(Decimal(worth) * Decimal(rng.uniform(0.9, 1.1)), 6)
            for back in sorted(rng.sample(range(300), 60))
        }
    special = [*clock_changes(today), *(day + timedelta(days=1) for day in clock_changes(today))]
    special += [today.replace(day=1) - timedelta(days=1), today.replace(day=1)]
    listing_id = 0
    for product_id in range(1, products + 1):
        ties = [rng.randrange(500, 9000) for _ in range(3)]
        for _ in range(rng.choice((1, 1, 2, 3, 5))):
            listing_id += 1
            made.links[product_id].append(listing_id)
            made.sources[listing_id] = rng.choice(SOURCES)
            if rng.random() < 0.05:
                made.bids.add(listing_id)
            days = {today - timedelta(days=back) for back in range(45) if rng.random() < 0.6}
            days |= {today - timedelta(days=rng.randrange(45, 390)) for _ in range(12)}
            days |= {day for day in special if rng.random() < 0.7}
            currency = rng.choices(["EUR", "GBP", "USD", "JPY"], [0.7, 0.15, 0.1, 0.05])[0]
            for day in sorted(days):
                if rng.random() < 0.03:
                    currency = rng.choice(["EUR", "GBP", "USD"])
                for moment in sorted(rng.sample(_MOMENTS, rng.choice((1, 1, 1, 2, 3)))):
                    made.observations.append(an_observation(rng, listing_id, day, moment, currency, ties))
    # One product's listing is another's, too.
    made.links[products].append(1)
    return made


def an_observation(
    rng: random.Random, listing_id: int, day: date, moment: time, currency: str, ties: list[int]
) -> Observation:
    """Make one price seen at a moment of a day (UTC)."""
    minor = rng.choice([*ties, *ties, rng.randrange(100, 20_000), 0 if rng.random() < 0.1 else ties[0]])
    availability = rng.choices(["available", "unknown", "sold", "out_of_stock"], [0.8, 0.1, 0.05, 0.05])[0]
    return Observation(listing_id, datetime.combine(day, moment, UTC), minor, currency, availability)


def store(conn: psycopg.Connection[Any], made: Catalogue) -> None:
    """Write the catalogue: linked and known for longer than any look-back."""
    known = datetime.combine(made.today, time(0), UTC) - _KNOWN_SINCE
    days = [seen.day for seen in made.observations]
    ensure_partitions(conn, min(days), made.today)
    cursor = conn.cursor()
    cursor.executemany(
        "insert into core.products (product_id, sku, name, category, created_at) overriding system value"
        " values (%s, %s, %s, %s, %s)",
        [(p, sku_of(p), f"product {p}", category_of(p), known) for p in made.links],
    )
    cursor.executemany(
        """
        insert into core.listing_details (listing_id, source, external_id, url, title, condition, price_kind,
            first_seen_at)
        overriding system value values (%s, %s, %s, 'u', 't', 'new', %s, %s)
        """,
        [
            (listing_id, source, str(listing_id), "current_bid" if listing_id in made.bids else "price", known)
            for listing_id, source in made.sources.items()
        ],
    )
    last = {seen.listing_id: seen for seen in sorted(made.observations, key=lambda seen: seen.at)}
    cursor.executemany(
        """
        insert into core.listing_state (listing_id, content_hash, price_minor, currency, availability, last_seen_at,
            last_page_id, price_changed_at, price, last_changed_at, shown_page_id)
        values (%s, '\\x00', %s, %s, %s, %s, 1, %s, 1, %s, 1)
        """,
        [
            (seen.listing_id, seen.minor, seen.currency, seen.availability, seen.at, seen.at, known)
            for seen in last.values()
        ],
    )
    for product_id, listing_ids in made.links.items():
        for listing_id in listing_ids:
            link(conn, made, product_id, listing_id, known)
    cursor.executemany(
        "insert into core.fx_rates (day, currency, base_currency, rate, provider) values (%s, %s, 'EUR', %s, 't')",
        [(day, currency, rate) for currency, rates in made.rates.items() for day, rate in rates.items()],
    )
    observe(conn, made.observations)


def sku_of(product_id: int) -> str:
    """Return the SKU of a product of the catalogue."""
    return f"SKU{product_id}"


def category_of(product_id: int) -> str | None:
    """Return its category; some have none."""
    return None if product_id % 5 == 0 else f"category {product_id % 7}"


def link(
    conn: psycopg.Connection[Any], made: Catalogue, product_id: int, listing_id: int, at: datetime | None = None
) -> None:
    """Link a listing to a product, now unless a moment is given."""
    conn.execute(
        """
        insert into core.product_sources (product_id, source, url, listing_id, matched_by, created_at)
        values (%s, %s, %s, %s, 'gtin', coalesce(%s, now()))
        """,
        (product_id, made.sources[listing_id], f"u{listing_id}", listing_id, at),
    )


def observe(conn: psycopg.Connection[Any], seen: Iterable[Observation]) -> None:
    """Write prices into the history."""
    with conn.cursor().copy(
        "copy core.price_history (listing_id, observed_at, price_minor, currency, availability) from stdin"
    ) as copy:
        for one in seen:
            copy.write_row((one.listing_id, one.at, one.minor, one.currency, one.availability))
