"""Claim: with a stored price model, 480 new listings of a poll are judged in under 1 s, the model's reading included.

Run: ``python -m benchmarks.fair_price_poll [--sizes 2000,20000] [--repeats 3]``. An embedded PostgreSQL (fsync on) with
watches of 2,000 generated listings each and a model trained on them by the product's own asset; then 480 listings that
a poll just found are judged as ``pipeline.judge`` does it after each poll. The peer is the same pass without the model
rule, on the same listings in the same run. The first pass of a process also pays for the imports, as every poll does.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from domain.settings import Settings
from pipeline.judge import judge_pending
from warehouse.connect import DatabaseUrl, connect, ensure_database
from warehouse.embedded import EmbeddedServer
from warehouse.migrate import upgrade

_NEW = 480
_PER_WATCH = 2000
_WORDS = ("black", "blue", "boxed", "worn", "2019", "2021", "strap", "rare", "small", "large", "gift", "set", "old")
_NAMES = ("kestrel", "osprey", "merlin", "harrier", "kite", "falcon", "buzzard", "goshawk", "hobby", "eagle")


def things(count: int, watches: int, first: int, *, new: bool) -> Iterator[tuple[int, int, str, int, datetime]]:
    """Yield (listing id, watch, title, minor units, first seen)."""
    rng = random.Random(first)  # noqa: S311 - a market, not a secret
    now = datetime.now(UTC)
    for place in range(count):
        watch = place % watches + 1
        model = rng.randrange(12)
        title = f"{_NAMES[watch % 10]} {watch} mark {model} {' '.join(rng.sample(_WORDS, 4))} {rng.randrange(1000)}"
        price = 5000 * (1 + watch % 7) * 1.3**model * math.exp(rng.gauss(0, 0.35))
        yield first + place, watch, title, round(price), now if new else now - timedelta(days=30 * (1 - place / count))


def fill(conn: psycopg.Connection, rows: list[tuple[int, int, str, int, datetime]]) -> None:
    """Write listings, their state and their places under their watches."""
    cursor, now = conn.cursor(), datetime.now(UTC)
    with conn.transaction():
        with cursor.copy(
            "copy core.listing_details (listing_id, source, external_id, url, title, condition, first_seen_at)"
            " from stdin"
        ) as copy:
            for number, _, title, _, seen in rows:
                copy.write_row((number, "vinted", str(number), "u", title, "good", seen))
        with cursor.copy(
            "copy core.listing_state (listing_id, content_hash, price_minor, currency, availability, last_seen_at,"
            " last_page_id, price_changed_at, price, last_changed_at, shown_page_id) from stdin"
        ) as copy:
            for number, _, _, minor, seen in rows:
                copy.write_row((number, b"0", minor, "EUR", "available", now, 1, seen, minor / 100, seen, 1))
        with cursor.copy(
            "copy app.watch_listings (watch_id, listing_id, first_seen_at, last_seen_at, is_initial) from stdin"
        ) as copy:
            for number, watch, _, _, seen in rows:
                copy.write_row((watch, number, seen, now, False))


def judged(address: DatabaseUrl) -> tuple[float, float]:
    """Judge what is pending; return wall and CPU seconds of this process."""
    with connect(address) as conn:
        began, cpu = time.perf_counter(), time.process_time()
        judge_pending(conn, Settings(), source="vinted", run_id="b", now=lambda: datetime.now(UTC))
        return time.perf_counter() - began, time.process_time() - cpu


def fresh_pass(address: DatabaseUrl) -> tuple[float, float]:
    """Judge in a process of its own, as a poll is; return wall and CPU seconds, imports of the rule included."""
    code = (
        "import sys; from benchmarks.fair_price_poll import judged, DatabaseUrl\n"
        "print(*judged(DatabaseUrl.parse(sys.argv[1])))"
    )
    done = subprocess.run([sys.executable, "-c", code, address.libpq], check=True, capture_output=True, text=True)  # noqa: S603 - our own module
    wall, cpu = done.stdout.splitlines()[-1].split()
    return float(wall), float(cpu)


def measure(address: DatabaseUrl, size: int, repeats: int) -> None:
    """Print the figures of one size."""
    from pipeline.price_models import train_markets  # noqa: PLC0415 - only training needs scikit-learn

    watches = max(1, size // _PER_WATCH)
    with connect(address, statement_timeout_ms=0) as conn:
        conn.cursor().executemany(
            "insert into app.watches (watch_id, name, source, url, country, currency, params, rules, first_judged_at,"
            " updated_at) overriding system value values (%s, %s, 'vinted', 'u', 'fr', 'EUR', '{}', %s, now(),"
            " now() - interval '1 day')",
            [(watch, f"w{watch}", ["model"]) for watch in range(1, watches + 1)],
        )
        fill(conn, list(things(size, watches, 1, new=False)))
        conn.execute("analyze")
        began = time.perf_counter()
        (trained,) = train_markets(conn)
        training = time.perf_counter() - began
        conn.execute(
            "update app.watch_listings set judged_at = now(), judged_total_minor = s.price_minor"
            " from core.listing_state s where s.listing_id = watch_listings.listing_id"
        )
        fill(conn, list(things(_NEW, watches, 10**9, new=True)))
        again = (
            "update app.watch_listings set judged_at = null, judged_total_minor = null where listing_id >= 1000000000"
        )
        seconds: dict[str, list[tuple[float, float]]] = {"model": [], "robust": []}
        for _ in range(repeats):
            for rule, found in seconds.items():
                conn.execute("update app.watches set rules = %s, updated_at = now() - interval '1 day'", ([rule],))
                conn.execute("delete from app.deals")
                conn.execute(again)
                found.append(fresh_pass(address))
        conn.execute(again)
        conn.execute("update app.watches set rules = '{model}', updated_at = now() - interval '1 day'")
        few = (
            "update app.watch_listings set judged_at = now(), judged_total_minor = s.price_minor"
            " from core.listing_state s where s.listing_id = watch_listings.listing_id and s.listing_id >= 1000000003"
        )
        conn.execute(few)
        three = fresh_pass(address)
    (wall, cpu), (peer, peer_cpu) = (
        tuple(statistics.median(values) for values in zip(*seconds[rule], strict=True)) for rule in ("model", "robust")
    )
    print(
        f"{size} listings in {watches} watches: trained and priced in {training:.1f} s, model of "
        f"{trained.artifact_bytes / 1e6:.1f} MB; {_NEW} new listings judged in {wall:.2f} s ({cpu:.2f} s CPU), without "
        f"the rule {peer:.2f} s ({peer_cpu:.2f} s CPU); 3 new listings {three[0]:.2f} s ({three[1]:.2f} s CPU)"
    )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="2000,20000")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder))
        server.start()
        try:
            for size in (int(text) for text in options.sizes.split(",")):
                address = DatabaseUrl.parse(server.url(f"poll{size}"))
                ensure_database(address)
                upgrade(address)
                measure(address, size, options.repeats)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
