"""A range scan is killed at random points: no id is skipped, none is stored twice. In full: benchmarks/scan.py."""

from __future__ import annotations

import functools
import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import httpx2
import psycopg
import pytest

from domain.settings import Settings
from pipeline.poll import utc_now
from pipeline.scan import ensure_scans
from pipeline.scan_progress import ScanProgress, ScanState, from_value
from sandbox.uzum.goods import missing, product
from scrapers.bundle import pages_of
from tests.integration.crash.kill import KILLS, PYTHON, run_and_kill_when, timed_run
from tests.sandbox import running_sandbox, sandbox_settings, set_clock
from warehouse.checkpoints import load_checkpoint
from warehouse.connect import DatabaseUrl
from warehouse.pages import pages_of_day

pytestmark = [pytest.mark.integration, pytest.mark.crash]
IDS, CHUNK = 4_000, 40
SCANNER = f"""
from domain.settings import load_settings
from pipeline.scan import Scanning, scan_range
from pipeline.scan import ensure_scans
from pipeline.scan_progress import ScanRange
from warehouse.connect import connect, resolve_database
settings = load_settings()
with connect(resolve_database(settings).warehouse) as conn:
    scan_range(conn, settings, ScanRange("uzum", 1, {IDS}), Scanning(chunk_ids={CHUNK}))
"""
# What a killed process may have been given and not yet stored: the chunk being stored, those under way, the queue.
LOST_A_KILL = 6 * CHUNK + 2 * 20


def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.sandbox_url is not None
    return {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "PRICESCOPE_SANDBOX_URL": settings.sandbox_url,
        "PRICESCOPE_HOME": str(settings.home),
    }


def kept_progress(conn: psycopg.Connection) -> ScanProgress | None:
    kept = load_checkpoint(conn, f"uzum:range:1-{IDS}")
    return None if kept is None else from_value(kept.value)


def next_id(conn: psycopg.Connection) -> int:
    progress = kept_progress(conn)
    return 1 if progress is None else progress.next_id


def has_reached(conn: psycopg.Connection, target: int) -> bool:
    return next_id(conn) >= target


def test_a_scan_killed_twenty_times_skips_no_id_and_stores_none_twice(
    conn: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    rng = random.Random(23)
    with running_sandbox(tmp_path / "mail") as market:
        now = utc_now()
        set_clock(market, now)
        env = environment(sandbox_settings(market, database, tmp_path))
        argv = [PYTHON, "-c", SCANNER]
        kills, working = 0, 0
        for number in range(KILLS):
            before = next_id(conn)
            # How far it gets decides, not how fast the machine is; every fifth is killed before it gets anywhere.
            target = before + (rng.randrange(IDS * 8 // 10 // KILLS) if number % 5 else 0)
            later = rng.uniform(0.0, 0.05 if number % 5 else 0.8)
            kills += run_and_kill_when(argv, env, functools.partial(has_reached, conn, target), later=later)
            working += next_id(conn) > before
        assert kills == KILLS, "it was never through before it was killed"
        assert working >= KILLS // 2, "most of them were killed in the midst of storing"
        timed_run(argv, env)
        paths: dict[str, int] = httpx2.get(f"{market.url}/control/requests").json()["paths"]
        seed = market.market.seed
    asked = Counter({int(path.rpartition("/")[2]): n for path, n in paths.items() if path.startswith("/uzum/api/")})
    assert set(asked) == set(range(1, IDS + 1)), "no id is skipped"
    assert sum(asked.values()) <= IDS + kills * LOST_A_KILL, "nothing that is stored is asked again"
    days = conn.execute("select distinct day from raw.pages").fetchall()
    stored = Counter(
        int(answer.url.rpartition("/")[2])
        for (day,) in days
        for _, page in pages_of_day(conn, "uzum", day)
        for answer in pages_of(page)
    )
    assert stored == Counter(dict.fromkeys(range(1, IDS + 1), 1)), "each answer is stored once"
    found = [number for number in range(1, IDS + 1) if missing(number) is None]
    sold = {f"{number}-{sku.sku_id}" for number in found for sku in product(seed, number, now).skus}
    rows = conn.execute("select external_id, checks from core.listings join core.listing_state using (listing_id)")
    assert dict(rows.fetchall()) == dict.fromkeys(sold, 1), "each variant is there and was counted once"
    progress = kept_progress(conn)
    assert progress is not None
    assert (progress.state, progress.pending, progress.counts.asked) == (ScanState.DONE, (), IDS)
    assert (progress.counts.found, progress.counts.listings) == (len(found), len(sold))


def test_a_scan_that_is_interrupted_says_so_and_goes_on_when_asked_to(
    conn: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    with running_sandbox(tmp_path / "mail") as market:
        env = environment(sandbox_settings(market, database, tmp_path))
        process = subprocess.Popen(
            [PYTHON, "-c", SCANNER], env={**os.environ, **env}, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while not has_reached(conn, IDS // 20) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) != 0
        stopped = kept_progress(conn)
        assert stopped is not None
        assert (stopped.state, stopped.next_id < IDS) == (ScanState.STOPPED, True)
        assert ensure_scans(conn, utc_now()) == [], "its owner stopped it"
        timed_run([PYTHON, "-c", SCANNER], env)
    done = kept_progress(conn)
    assert done is not None
    assert (done.state, done.counts.asked) == (ScanState.DONE, IDS)
