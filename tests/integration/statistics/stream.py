"""A random stream of pages and prices in a migrated database, and an oracle of its days and periods without SQL.

Each source has habits of its own (how often it answers, what it sells, in which money), so that one run of dbt tries as
many cases as there are sources. Money is Decimal throughout; times lie close to midnights and month edges on purpose.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg

from warehouse.partitions import ensure_partitions

MEANINGS = ("ok", "ok", "ok", "empty", "gone", "blocked", "unauthorised", "throttled", "changed")
ANSWERS = {"ok", "empty", "gone"}
COUNTS = ("new_items", "changed_items", "unchanged_items", "quarantined", "unpriced")
# EUR for one unit, from the day so many days ago on; of a day to come too, and never any for JPY.
RATES = {
    "GBP": {90: Decimal("1.17"), 20: Decimal("1.21"), 3: Decimal("1.1501"), -2: Decimal(9)},
    "USD": {33: Decimal("0.9")},
}
BRANDS = ("Levi's", " LEVI'S ", "Nudie  Jeans", None, "", "all", "A.P.C.")
Row = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A stored page; its meaning is None while it was not read."""

    source: str
    at: datetime
    meaning: str | None
    counts: tuple[int, ...]
    duration_ms: int | None


@dataclass(frozen=True)
class Item:
    """A listing and its present state."""

    listing_id: int
    source: str
    brand: str | None
    kind: str
    first_seen: datetime
    last_seen: datetime
    availability: str
    favourites: int | None
    views: int | None
    listed_at: datetime | None = None
    seller_id: int | None = None
    gone_at: datetime | None = None

    @property
    def listing_kind(self) -> str:
        return "accessory" if self.listing_id % 9 == 0 else "normal"

    @property
    def outcome(self) -> str:
        if self.availability in {"sold", "gone"}:
            return self.availability
        return "gone" if self.gone_at is not None and self.gone_at > self.last_seen else "open"

    @property
    def ended_at(self) -> datetime | None:
        if self.availability in {"sold", "gone"}:
            return self.last_seen
        return self.gone_at if self.outcome == "gone" else None


@dataclass(frozen=True)
class Sight:
    """A row of the price history."""

    listing_id: int
    at: datetime
    minor: int
    currency: str
    availability: str


@dataclass
class Stream:
    """All that was stored, to compute from."""

    today: date
    pages: list[Page] = field(default_factory=list)
    runs: list[tuple[str, date, str]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    sights: list[Sight] = field(default_factory=list)

    def copy(self) -> Stream:
        return Stream(self.today, [*self.pages], [*self.runs], [*self.items], [*self.sights])


def moment(rng: random.Random, day: date) -> datetime:
    """Return a time of the day in UTC, often its first or its last microsecond."""
    inside = time(rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.randrange(10**6))
    at = rng.choices([time(0), time(23, 59, 59, 999999), inside], [0.1, 0.1, 0.8])[0]
    return datetime.combine(day, at, UTC)


def random_page(rng: random.Random, source: str, day: date) -> Page:
    meaning = rng.choice([*MEANINGS, None])
    counts = tuple(rng.choice([0, 0, 1, 5, rng.randrange(90)]) if meaning == "ok" else 0 for _ in COUNTS)
    return Page(source, moment(rng, day), meaning, counts, rng.choice([None, rng.randrange(3000), 250]))


def random_sight(rng: random.Random, listing_id: int, day: date, currency: str) -> Sight:
    minor = rng.choice([1999, 2500, rng.randrange(1, 10**6), rng.randrange(100, 9000), 0])
    return Sight(
        listing_id, moment(rng, day), minor, currency, rng.choice(["available"] * 5 + ["sold", "gone", "reserved"])
    )


def random_item(
    rng: random.Random, listing_id: int, source: str, today: date, days: int, *, is_daily: bool
) -> tuple[Item, list[Sight]]:
    """Make a listing and its sights; ``is_daily``: one a day at most, and most of them as the one before."""
    currencies = rng.sample(["EUR", "EUR", "GBP", "USD", "JPY"], 2)
    first = today - timedelta(days=rng.randrange(days))
    seen = [first + timedelta(days=rng.randrange((today - first).days + 1)) for _ in range(rng.randrange(1, 12))]
    sights: dict[datetime, Sight] = {}
    for day in sorted({first, *seen} if is_daily else [first, *seen]):
        sight = random_sight(rng, listing_id, day, rng.choice(currencies))
        if is_daily and sights and rng.random() < 0.7:
            sight = replace(sights[max(sights)], at=sight.at)
        sights[sight.at] = sight
    first_seen, last_seen = min(sights), max(sights)
    return Item(
        listing_id,
        source,
        rng.choice(BRANDS),
        rng.choice(["price", "price", "price", "procurement", "current_bid"]),
        first_seen,
        last_seen,
        sights[last_seen].availability,
        rng.choice([None, 0, rng.randrange(40)]),
        rng.choice([None, rng.randrange(900)]),
        listed_at=rng.choice([None, first_seen - timedelta(hours=rng.randrange(-9, 40))]),
        seller_id=rng.choice([None, rng.randrange(1, 9)]),
        gone_at=rng.choice([None, last_seen + timedelta(hours=rng.randrange(-30, 99))]),
    ), list(sights.values())


def random_stream(seed: int, *, today: date, sources: int = 14, days: int = 75, is_daily: bool = False) -> Stream:
    """Make the stream of so many sources over so many days up to today."""
    rng = random.Random(seed)  # a stream, not a secret
    stream = Stream(today)
    for index in range(sources):
        source, is_busy = f"s{index}", rng.choice([0.2, 0.7, 1.0])
        for back in range(days, -1, -1):
            day = today - timedelta(days=back)
            if rng.random() > is_busy:
                continue
            stream.pages += [random_page(rng, source, day) for _ in range(rng.choice([0, 1, 2, 4]))]
            states = [rng.choice(["success", "failure", "running"]) for _ in range(rng.randrange(3))]
            stream.runs += [(source, day, state) for state in states]
        for _ in range(rng.choice([0, 3, 12])):
            item, sights = random_item(rng, len(stream.items) + 1, source, today, days, is_daily=is_daily)
            stream.items.append(item)
            stream.sights += sights
    return stream


# ---------------------------------------------------------------- into the database


def store_stream(conn: psycopg.Connection[Any], stream: Stream) -> None:
    """Write the whole stream into an empty database, in the caller's transaction."""
    days = [page.at.date() for page in stream.pages] + [sight.at.date() for sight in stream.sights]
    ensure_partitions(conn, min(days), max(days))
    cursor = conn.cursor()
    cursor.executemany(
        "insert into core.fx_rates (day, currency, base_currency, rate, provider) values (%s, %s, 'EUR', %s, 'test')",
        [
            (stream.today - timedelta(days=ago), code, rate)
            for code, all_ in RATES.items()
            for ago, rate in all_.items()
        ],
    )
    cursor.executemany(
        "insert into core.sellers (seller_id, source, external_id, login, first_seen_at, last_seen_at)"
        " overriding system value values (%s, 's', %s, 'a login', now(), now())",
        [(seller, str(seller)) for seller in {item.seller_id for item in stream.items if item.seller_id}],
    )
    cursor.executemany(
        "insert into core.listing_details (listing_id, source, external_id, url, title, condition, brand,"
        " price_kind, kind, first_seen_at, listed_at, seller_id) overriding system value"
        " values (%s, %s, %s, 'u', 't', 'good', %s, %s, %s, %s, %s, %s)",
        [
            (
                i.listing_id,
                i.source,
                str(i.listing_id),
                i.brand,
                i.kind,
                i.listing_kind,
                i.first_seen,
                i.listed_at,
                i.seller_id,
            )
            for i in stream.items
        ],
    )
    cursor.execute(
        "insert into app.watches (watch_id, name, source, url, country, currency, params, rules)"
        " overriding system value values (1, 'w', 's', 'u', 'fr', 'EUR', '{}', '{}')"
    )
    cursor.executemany(
        "insert into core.listing_absences (watch_id, listing_id, missing_since, last_missed_at, missed, successors,"
        " gone_at, confidence) values (1, %(id)s, %(at)s, %(at)s, 3, '{}', %(at)s, 0.9)",
        [{"id": item.listing_id, "at": item.gone_at} for item in stream.items if item.gone_at],
    )
    newest = {sight.listing_id: sight for sight in sorted(stream.sights, key=lambda sight: sight.at)}
    cursor.executemany(
        "insert into core.listing_state (listing_id, content_hash, price_minor, currency, availability,"
        " last_seen_at, favourite_count, view_count, last_page_id, price_changed_at, price, last_changed_at,"
        " shown_page_id) values (%s, '', %s, %s, %s, %s, %s, %s, 1, now(), 1, now(), 1)",
        [
            (now.listing_id, now.minor, now.currency, i.availability, i.last_seen, i.favourites, i.views)
            for i in stream.items
            for now in [newest[i.listing_id]]
        ],
    )
    add_pages(cursor, stream.pages)
    add_runs(cursor, stream.runs)
    add_sights(cursor, stream.sights)


def add_pages(cursor: psycopg.Cursor[Any], pages: Iterable[Page]) -> None:
    for page in pages:
        cursor.execute(
            "insert into raw.pages (fetched_at, source, day, url, status, duration_ms, sha256, body_bytes, body)"
            " values (%s, %s, %s, gen_random_uuid()::text, 200, %s, '', 0, '') returning page_id",
            (page.at, page.source, page.at.date(), page.duration_ms),
        )
        (page_id,) = cursor.fetchone() or (0,)
        if page.meaning is not None:
            cursor.execute(
                "insert into ops.page_readings (page_id, fetched_at, source, day, parser_version, meaning, records, "
                f"{', '.join(COUNTS)}) values (%s, %s, %s, %s, 1, %s, %s, %s, %s, %s, %s, %s)",
                (page_id, page.at, page.source, page.at.date(), page.meaning, sum(page.counts), *page.counts),
            )


def add_runs(cursor: psycopg.Cursor[Any], runs: Iterable[tuple[str, date, str]]) -> None:
    cursor.executemany(
        "insert into ops.scrape_runs (run_id, task, source, day, state)"
        " values (gen_random_uuid()::text, 'poll', %s, %s, %s)",
        list(runs),
    )


def add_sights(cursor: psycopg.Cursor[Any], sights: Iterable[Sight]) -> None:
    cursor.executemany(
        "insert into core.price_history (listing_id, observed_at, price_minor, currency, availability)"
        " values (%s, %s, %s, %s, %s)",
        [(sight.listing_id, sight.at, sight.minor, sight.currency, sight.availability) for sight in sights],
    )


# ---------------------------------------------------------------- the oracle


def rounded(value: Decimal, digits: int = 4) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def percentile(values: Iterable[Decimal | int], share: str) -> Decimal | None:
    """Return the percentile by linear interpolation between the two nearest, None of nothing."""
    ordered = sorted(Decimal(value) for value in values)
    if not ordered:
        return None
    place = Decimal(share) * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def median(values: Iterable[Decimal | int], digits: int = 4) -> Decimal | None:
    middle = percentile(values, "0.5")
    return None if middle is None else rounded(middle, digits)


def brand_of(brand: str | None) -> str:
    key = " ".join((brand or "").lower().split())
    return "unknown" if key in {"", "all"} else key


def price_of(stream: Stream, item: Item, sight: Sight) -> tuple[Decimal | None, bool]:
    """Return the price in EUR or None, and whether only a rate was missing."""
    if item.kind == "current_bid" or item.listing_kind != "normal":
        return None, False
    per_unit = 1 if sight.currency == "JPY" else 100
    amount = Decimal(sight.minor) / per_unit
    if sight.currency == "EUR":
        return rounded(amount), False
    since = {stream.today - timedelta(days=ago): rate for ago, rate in RATES.get(sight.currency, {}).items()}
    known = [day for day in since if day <= sight.at.date()]
    return (rounded(amount * since[max(known)]), False) if known else (None, True)


def last_of(stream: Stream, begin: Callable[[date], date]) -> dict[tuple[int, date], Sight]:
    """Return the last sight on offer of each listing in each period; ``begin`` names the period of a day."""
    on_offer = (s for s in stream.sights if s.minor > 0 and s.availability not in {"sold", "gone"})
    return {(s.listing_id, begin(s.at.date())): s for s in sorted(on_offer, key=lambda s: s.at)}


def source_days(stream: Stream) -> dict[tuple[str, date], Row]:
    """Return the rows of marts.source_daily_stats by source and day."""
    items = {item.listing_id: item for item in stream.items}
    prices: dict[tuple[str, date], list[Decimal]] = {}
    for (listing_id, day), sight in last_of(stream, lambda day: day).items():
        price, _ = price_of(stream, items[listing_id], sight)
        if price is not None:
            prices.setdefault((items[listing_id].source, day), []).append(price)
    medians = {key: median(values) for key, values in prices.items()}
    pages: dict[tuple[str, date], list[Page]] = {}
    for page in stream.pages:
        pages.setdefault((page.source, page.at.date()), []).append(page)
    read = {key: [p for p in all_ if p.meaning] for key, all_ in pages.items()}
    items_of = {key: sum(sum(p.counts) for p in all_) for key, all_ in read.items() if all_}

    rows = {}
    for key in pages.keys() | {(source, day) for source, day, _ in stream.runs}:
        source, day = key
        week = [(source, day - timedelta(days=back)) for back in range(1, 8)]
        usual = median([items_of[d] for d in week if d in items_of], 1)
        price = medians.get(key)
        mine, count = read.get(key, []), items_of.get(key, 0)
        answered = [p.duration_ms for p in mine if p.meaning in ANSWERS and p.duration_ms is not None]
        timed = [p.duration_ms for p in pages.get(key, []) if p.duration_ms is not None]
        states = [state for s, d, state in stream.runs if (s, d) == key]
        rows[key] = {
            "pages": len(pages.get(key, [])),
            "unread_pages": len(pages.get(key, [])) - len(mine),
            **{f"{m}_pages": sum(p.meaning == m for p in mine) for m in set(MEANINGS)},
            "success_rate": rounded(Decimal(sum(p.meaning in ANSWERS for p in mine)) / len(mine), 6) if mine else None,
            "items": count,
            "new_items": sum(p.counts[0] for p in mine),
            "changed_items": sum(p.counts[1] for p in mine),
            "quarantined": sum(p.counts[3] for p in mine),
            "unpriced": sum(p.counts[4] for p in mine),
            "items_7d_median": usual,
            "items_share": rounded(count / usual) if usual else None,
            "items_level": "open"
            if day >= stream.today
            else "error"
            if count == 0
            else "warn"
            if usual is not None and count * 10 < usual * 3
            else "ok",
            "p50_duration_ms": percentile(timed, "0.5"),
            "p95_duration_ms": percentile(timed, "0.95"),
            "answered_p50_duration_ms": percentile(answered, "0.5"),
            "answered_p95_duration_ms": percentile(answered, "0.95"),
            "runs": len(states),
            "failed_runs": states.count("failure"),
            "currency": "EUR",
            "priced_listings": len(prices.get(key, [])),
            "median_price": price,
            **price_trend(price, [medians.get(one) for one in week]),
        }
    return rows


def price_trend(price: Decimal | None, week: Iterable[Decimal | None]) -> Row:
    """Return what a source's median price is compared with, the medians of the seven days before, and the change."""
    usual = median([known for known in week if known is not None])
    return {
        "price_7d_median": usual,
        "price_trend_percent": rounded(100 * (price - usual) / usual, 2) if price and usual else None,
    }


PERIODS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}


def following(period: str, start: date) -> date:
    return PERIODS[period](start + timedelta(days={"day": 1, "week": 7, "month": 31}[period]))


def market_periods(stream: Stream, *, platforms: bool) -> dict[tuple[str, str, str, date], Row]:
    """Return the rows of marts.market_trends (or brand_trends: source '') by source, brand, period and its start."""
    items = {item.listing_id: item for item in stream.items}
    groups: dict[tuple[str, str, str, date], Row] = {}

    def add(item: Item, period: str, start: date, what: str, value: object) -> None:
        for brand in (brand_of(item.brand), "all"):
            key = (item.source if platforms else "", brand, period, start)
            groups.setdefault(key, {"seen": [], "new": [], "ended": []})[what].append(value)

    for period, begin in PERIODS.items():
        for (listing_id, start), sight in last_of(stream, begin).items():
            add(
                items[listing_id],
                period,
                start,
                "seen",
                (items[listing_id], *price_of(stream, items[listing_id], sight)),
            )
        for item in stream.items:
            add(item, period, begin(item.first_seen.date()), "new", item)
            if item.ended_at is not None:
                add(item, period, begin(item.ended_at.date()), "ended", item.outcome)

    rows = {}
    for key, group in groups.items():
        *_, period, start = key
        before = next(
            (g for k, g in groups.items() if k[:3] == key[:3] and following(period, k[3]) == start), {"new": []}
        )
        seen, new, ended = group["seen"], len(group["new"]), len(group["ended"])
        prices = [price for _, price, _ in seen if price is not None]
        favourites = [item.favourites for item, *_ in seen if item.favourites is not None]
        views = [item.views for item, *_ in seen if item.views is not None]
        parts = [
            Decimal(new) / (new + len(before["new"])) if new + len(before["new"]) else None,
            Decimal(ended) / max(len(seen), ended) if seen or ended else None,
            Decimal(sum(favourites)) / (sum(favourites) + len(favourites)) if favourites else None,
        ]
        known = [part for part in parts if part is not None]
        rows[key] = {
            "is_complete": following(period, start) <= stream.today,
            "currency": "EUR",
            "listings": len(seen),
            "new_listings": new,
            "sold": group["ended"].count("sold"),
            "gone": group["ended"].count("gone"),
            "priced": len(prices),
            "unconvertible": sum(is_unconvertible for *_, is_unconvertible in seen),
            "mean_price": rounded(sum(prices, Decimal(0)) / len(prices)) if prices else None,
            "median_price": median(prices),
            "min_price": min(prices, default=None),
            "max_price": max(prices, default=None),
            "favourites": sum(favourites) if favourites else None,
            "favourite_listings": len(favourites),
            "views": sum(views) if views else None,
            "view_listings": len(views),
            "trend_score": rounded(100 * sum(known, Decimal(0)) / len(known), 2) if seen else None,
        }
    return rows


def days_on_market(item: Item) -> Decimal:
    """Return the days from a listing's start to its end, or until it was last seen."""
    start = min(item.listed_at or item.first_seen, item.first_seen)
    lasted = max((item.ended_at or item.last_seen) - start, timedelta(0))
    return rounded(Decimal(lasted // timedelta(microseconds=1)) / (86400 * 10**6))


def time_on_market(items: Sequence[Item], now: datetime) -> Row:
    """Return the figures of marts.time_on_market for listings that started within its window."""
    late = [i for i in items if i.listed_at and i.first_seen > i.listed_at + timedelta(days=1)]
    followed = [(days_on_market(item), item) for item in items if item not in late]
    share_open, median_days = Decimal(1), None
    for days in sorted({days for days, item in followed if item.outcome != "open"}):
        at_risk = sum(lasted >= days for lasted, _ in followed)
        share_open *= 1 - Decimal(sum(d == days and i.outcome != "open" for d, i in followed)) / at_risk
        if share_open <= Decimal("0.5") + Decimal(10) ** -20:
            median_days = days
            break
    row: Row = {
        "listings": len(followed),
        "ended": sum(item.outcome != "open" for _, item in followed),
        "sold": sum(item.outcome == "sold" for _, item in followed),
        "found_late": len(late),
        "median_days": median_days,
    }
    for horizon in (7, 30):
        old = [
            (days, item)
            for days, item in followed
            if now - min(item.listed_at or item.first_seen, item.first_seen) >= timedelta(days=horizon)
        ]
        in_time = sum(item.outcome != "open" and days <= horizon for days, item in old)
        row[f"listings_{horizon}d"] = len(old)
        row[f"sell_through_{horizon}d"] = rounded(Decimal(in_time) / len(old), 6) if old else None
    return row


def without_day(stream: Stream, source: str, day: date) -> Stream:
    """Return the stream after a source lost all that it had on a day."""
    of_source = {item.listing_id for item in stream.items if item.source == source}
    return replace(
        stream,
        pages=[p for p in stream.pages if (p.source, p.at.date()) != (source, day)],
        runs=[r for r in stream.runs if r[:2] != (source, day)],
        sights=[s for s in stream.sights if s.listing_id not in of_source or s.at.date() != day],
    )


def lose_day(conn: psycopg.Connection[Any], source: str, day: date) -> None:
    """Take the same from the database."""
    for table in ("raw.pages", "ops.page_readings", "ops.scrape_runs"):
        conn.execute(f"delete from {table} where source = %s and day = %s", (source, day))
    conn.execute(
        "delete from core.price_history where (observed_at at time zone 'UTC')::date = %s"
        " and listing_id in (select listing_id from core.listings where source = %s)",
        (day, source),
    )
