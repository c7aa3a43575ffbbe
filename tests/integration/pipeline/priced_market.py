"""A market of watches whose prices follow from the model in the title, in a migrated database."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from domain.money import from_minor

NOW = datetime.now(UTC)
FIRST_LISTING = 20**10
# What each model costs on the middle; the words around it say nothing of the price.
_MODELS = {"kestrel 100": 90.0, "kestrel 200": 160.0, "osprey 7": 420.0, "osprey 9 pro": 640.0}
_WORDS = ("black", "blue", "as new", "boxed", "2019", "2021", "little used", "with strap", "from collection")


@dataclass(frozen=True)
class Thing:
    """One listing under one or more watches."""

    listing_id: int
    title: str
    minor: int
    watches: Sequence[int] = (1,)
    brand: str = "Falco"
    condition: str = "good"
    kind: str = "normal"
    currency: str = "EUR"
    seen_days_ago: float = 10.0
    price_kind: str = "price"
    is_blacklisted: bool = False


def ordinary(count: int, *, seed: int = 1, spread: float = 0.12) -> list[Thing]:
    """Return things at prices that scatter log-normally round their model's, seen over the last thirty days."""
    rng = random.Random(seed)  # a market, not a secret
    things = []
    for place in range(count):
        model = rng.choice(sorted(_MODELS))
        price = _MODELS[model] * math.exp(rng.gauss(0, spread))
        title = f"Falco {model} {' '.join(rng.sample(_WORDS, 3))} {rng.randrange(100)}"
        days = 30 - 29.5 * place / count
        things.append(Thing(FIRST_LISTING + place, title, round(100 * price), seen_days_ago=days))
    return things


def store(conn: psycopg.Connection, things: Iterable[Thing], *, rules: Iterable[str] = ("model",)) -> None:
    """Write watches 1 and 2, listings and their state; nothing is judged yet. Add to it by calling it again."""
    cursor = conn.cursor()
    cursor.executemany(
        """
        insert into app.watches (watch_id, name, source, url, country, currency, params, rules, updated_at)
        overriding system value
        values (%s, %s, 'vinted', 'https://www.vinted.fr/catalog', 'fr', 'EUR', '{}', %s, now() - interval '1 day')
        on conflict (watch_id) do nothing
        """,
        [(watch, f"watch {watch}", list(rules)) for watch in (1, 2)],
    )
    for thing in things:
        seen = NOW - timedelta(days=thing.seen_days_ago)
        cursor.execute(
            """
            insert into core.listing_details (
                listing_id, source, external_id, url, title, brand, condition, kind, price_kind, first_seen_at
            ) overriding system value
            values (%s, 'vinted', %s, 'https://www.vinted.fr/items/1', %s, %s, %s, %s, %s, %s)
            """,
            (
                thing.listing_id,
                str(thing.listing_id),
                thing.title,
                thing.brand,
                thing.condition,
                thing.kind,
                thing.price_kind,
                seen,
            ),
        )
        cursor.execute(
            """
            insert into core.listing_state (
                listing_id, content_hash, price_minor, currency, availability, last_seen_at, last_page_id,
                price_changed_at, price, last_changed_at, shown_page_id
            ) values (%s, '\\x00', %s, %s, 'available', %s, 1, %s, %s, %s, 1)
            """,
            (
                thing.listing_id,
                thing.minor,
                thing.currency,
                NOW,
                seen,
                from_minor(thing.minor, thing.currency),
                seen,
            ),
        )
        cursor.executemany(
            """
            insert into app.watch_listings
                (watch_id, listing_id, first_seen_at, last_seen_at, is_blacklisted, is_initial)
            values (%s, %s, %s, %s, %s, false)
            """,
            [(watch, thing.listing_id, seen, NOW, thing.is_blacklisted) for watch in thing.watches],
        )
