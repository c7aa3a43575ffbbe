"""The sandbox's market as rows of a migrated database, with what became of each listing; no page is fetched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

from ml.kinds import kind_of
from sandbox.items import Item
from sandbox.locales import EUR_PER_UNIT
from sandbox.market import Market
from tests.integration.pipeline.priced_market import FIRST_LISTING, NOW, Thing, store

# Two things that cost about as much: one watch each.
_FAMILIES = 2


def store_sandbox(conn: psycopg.Connection, *, seed: int, days: int = 60, arrivals_per_day: float = 8.0) -> list[Item]:
    """Fill two watches with the market's first days, ending last midnight; what is sold then is sold, the rest not.

    From midnight to midnight, so that the same seed gives the same listings whatever the time of day.
    """
    end = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=days)
    whole = Market(seed=seed, start=start, arrivals_per_day=arrivals_per_day)
    families = whole.families[:_FAMILIES]
    market = Market(seed=seed, start=start, arrivals_per_day=arrivals_per_day, families=families)
    items = list(market.items(end))
    watch_of = {family.key: place for place, family in enumerate(families, start=1)}
    store(
        conn,
        [
            Thing(
                FIRST_LISTING + place,
                item.title,
                round(item.steps[0][1] * float(EUR_PER_UNIT[item.currency])),
                watches=(watch_of[item.family.key],),
                brand=item.family.brand,
                kind=str(kind_of(item.title).kind),
                seen_days_ago=(NOW - item.published).total_seconds() / 86_400,
            )
            for place, item in enumerate(items)
        ],
        rules=["robust"],
    )
    ended = [
        (datetime.fromtimestamp(item.ended_at, UTC), FIRST_LISTING + place)
        for place, item in enumerate(items)
        if item.ended_at <= end.timestamp()
    ]
    conn.execute("update core.listing_state set last_seen_at = %s", (end,))
    conn.cursor().executemany(
        "update core.listing_state set availability = 'sold', is_active = false, last_seen_at = %s"
        " where listing_id = %s",
        ended,
    )
    return items
