"""A small random market in a migrated database, and an oracle that computes its statistics without SQL."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from domain.condition import Condition
from domain.money import from_minor
from warehouse.connect import DatabaseUrl

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
NOW = datetime.now(UTC)
# EUR for one GBP throughout the window; a rate of a day to come must not be used, and JPY has none.
GBP_RATE = Decimal("1.17")
FIRST_LISTING = 10**10


@dataclass(frozen=True)
class Thing:
    """One listing under one watch, as it was put into the database."""

    watch_id: int
    listing_id: int
    condition: Condition
    price_minor: int
    total_minor: int | None
    currency: str = "EUR"
    seen_days_ago: float = 0.0
    is_blacklisted: bool = False

    @property
    def payable(self) -> int:
        return self.price_minor if self.total_minor is None else self.total_minor

    @property
    def price(self) -> Decimal | None:
        """Payable price in EUR as the marts round it, None where no rate is known."""
        amount = from_minor(self.payable, self.currency)
        if self.currency == "EUR":
            return amount.quantize(Decimal("0.0001"))
        if self.currency == "GBP":
            return (amount * GBP_RATE).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
        return None

    @property
    def is_comparable(self) -> bool:
        return not self.is_blacklisted and self.seen_days_ago < 30 and self.payable > 0 and self.price is not None


def random_market(seed: int, sizes: Iterable[int]) -> list[Thing]:
    """Make watches of the given sizes: ties, old, blacklisted, foreign, unconvertible and free things among them."""
    rng = random.Random(seed)  # a market, not a secret
    things: list[Thing] = []
    for watch_id, size in enumerate(sizes, start=1):
        conditions = [*rng.sample(list(Condition), 3), Condition.GOOD, Condition.FOR_PARTS]
        for _ in range(size):
            minor = round(100 * math.exp(rng.gauss(3.5, 0.6)))
            minor = rng.choice([minor, minor, minor, round(minor, -3), 0 if rng.random() < 0.05 else minor])
            things.append(
                Thing(
                    watch_id=watch_id,
                    listing_id=FIRST_LISTING + len(things),
                    condition=rng.choice(conditions),
                    price_minor=minor,
                    total_minor=rng.choice([None, round(minor * 1.05) + 70]) if minor else None,
                    currency=rng.choices(["EUR", "GBP", "JPY"], [0.85, 0.1, 0.05])[0],
                    seen_days_ago=rng.choices([0.0, rng.uniform(0, 29), 31.0], [0.5, 0.4, 0.1])[0],
                    is_blacklisted=rng.random() < 0.05,
                )
            )
    return things


def store(conn: psycopg.Connection[Any], things: list[Thing], rules: Iterable[str] = ("robust", "mean_sigma")) -> None:
    """Write watches, listings, state and rates; nothing is judged yet."""
    watches = sorted({thing.watch_id for thing in things})
    cursor = conn.cursor()
    cursor.executemany(
        """
        insert into app.watches (watch_id, name, source, url, country, currency, params, rules, updated_at)
        overriding system value
        values (%s, %s, 'vinted', 'https://www.vinted.fr/catalog', 'fr', 'EUR', '{}', %s, now() - interval '1 day')
        """,
        [(watch, f"watch {watch}", list(rules)) for watch in watches],
    )
    cursor.executemany(
        """
        insert into core.fx_rates (day, currency, base_currency, rate, provider)
        values ((now() at time zone 'UTC')::date + %s, %s, 'EUR', %s, 'test')
        """,
        # The rate of a comparable is that of its own day, so the oracle needs one rate for all of the window.
        [(-40, "GBP", GBP_RATE), (-39, "USD", Decimal(2)), (2, "GBP", Decimal(9))],
    )
    for thing in things:
        store_listing(cursor, thing)


def store_listing(cursor: psycopg.Cursor[Any], thing: Thing) -> None:
    """Write one listing, its state and its place under its watch."""
    seen = NOW - timedelta(days=thing.seen_days_ago)
    total = None if thing.total_minor is None else from_minor(thing.total_minor, thing.currency)
    cursor.execute(
        """
        insert into core.listing_details (
            listing_id, source, external_id, url, title, condition, first_seen_at
        ) overriding system value
        values (%s, 'vinted', %s, 'https://www.vinted.fr/items/1', 'a thing', %s, %s)
        """,
        (thing.listing_id, str(thing.listing_id), str(thing.condition), seen),
    )
    cursor.execute(
        """
        insert into core.listing_state (
            listing_id, content_hash, price_minor, total_minor, currency, availability, last_seen_at, last_page_id,
            price_changed_at, price, total_price, last_changed_at, shown_page_id
        ) values (%s, '\\x00', %s, %s, %s, 'available', %s, 1, %s, %s, %s, %s, 1)
        """,
        (
            thing.listing_id,
            thing.price_minor,
            thing.total_minor,
            thing.currency,
            seen,
            seen,
            from_minor(thing.price_minor, thing.currency),
            total,
            seen,
        ),
    )
    cursor.execute(
        """
        insert into app.watch_listings (watch_id, listing_id, first_seen_at, last_seen_at, is_blacklisted, is_initial)
        values (%s, %s, %s, %s, %s, false)
        """,
        (thing.watch_id, thing.listing_id, seen, seen, thing.is_blacklisted),
    )


def dbt(address: DatabaseUrl, target: Path, *arguments: str) -> str:
    """Run dbt on the database and return what it printed; fails the test where dbt fails."""
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    command += ["--target-path", str(target), "--log-path", str(target)]
    environment = os.environ | address.dbt_environment() | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # our dbt
    assert done.returncode == 0, done.stdout
    return done.stdout


@dataclass(frozen=True)
class Oracle:
    """Statistics of a group computed from its prices by numpy and the decimal module."""

    prices: list[Decimal]

    @property
    def n(self) -> int:
        return len(self.prices)

    @property
    def logs(self) -> Any:
        return np.log(np.array([float(price) for price in self.prices]))

    @property
    def mean(self) -> Decimal | None:
        return sum(self.prices, Decimal(0)) / self.n if self.n else None

    @property
    def stddev(self) -> Decimal | None:
        if self.n < 2 or self.mean is None:
            return None
        return (sum(((p - self.mean) ** 2 for p in self.prices), Decimal(0)) / (self.n - 1)).sqrt()


def group_of(things: Iterable[Thing], watch_id: int, condition: str, without: int | None = None) -> list[Thing]:
    """Return the comparables of a group, the listing ``without`` left out; ``all`` holds everything but for_parts."""
    return [
        thing
        for thing in things
        if thing.watch_id == watch_id
        and thing.is_comparable
        and thing.listing_id != without
        and (str(thing.condition) == condition or (condition == "all" and thing.condition is not Condition.FOR_PARTS))
    ]


def oracle(things: Iterable[Thing]) -> Oracle:
    """Return the oracle of a group's prices."""
    return Oracle([thing.price for thing in things if thing.price is not None])
