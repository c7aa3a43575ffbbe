"""Claim: a range scan over 100,000 ids survives 20 kills with no id skipped and none stored twice.

Run: ``python -m benchmarks.scan [--ids 100000] [--kills 20] [--slots 20]``. A sandbox process, an embedded PostgreSQL,
and ``pricescope scan uzum`` as a process of its own that is killed (SIGKILL, its whole group) at random points of the
first cycle and started again. Then a second cycle, undisturbed, for the rate. What was asked is counted by the sandbox,
what is stored is counted in the stored pages and in the tables.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2
import psycopg

from pipeline.scan_progress import ScanProgress, ScanRange, from_value
from scrapers.bundle import pages_of
from warehouse.checkpoints import load_checkpoint
from warehouse.connect import connect
from warehouse.pages import pages_of_day

_PRODUCTS = "/uzum/api/v2/product/"


def command(*arguments: str) -> list[str]:
    """Return the command line of ``pricescope``."""
    return [sys.executable, "-m", "cli.main", *arguments]


def run(argv: Sequence[str], env: Mapping[str, str]) -> float:
    """Run a command to its end; return its wall time in seconds."""
    began = time.monotonic()
    subprocess.run(argv, env=env, check=True, capture_output=True)  # noqa: S603 - our own module
    return time.monotonic() - began


def start_sandbox() -> tuple[subprocess.Popen[str], str]:
    """Start a sandbox; return its process and address."""
    process = subprocess.Popen([sys.executable, "-m", "sandbox"], stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise RuntimeError("the sandbox has no output")
    return process, str(json.loads(process.stdout.readline())["url"])


def progress_of(conn: psycopg.Connection, scan: ScanRange) -> ScanProgress | None:
    """Return how far the scan is."""
    kept = load_checkpoint(conn, scan.name)
    return None if kept is None else from_value(kept.value)


def run_and_kill(
    argv: Sequence[str], env: Mapping[str, str], conn: psycopg.Connection, scan: ScanRange, to: int
) -> bool:
    """Run until the scan has reached an id, kill the process group; say whether it was hit."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        argv, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        progress = progress_of(conn, scan)
        if progress is not None and progress.next_id >= to:
            break
        time.sleep(0.02)
    time.sleep(random.uniform(0.0, 0.4))  # noqa: S311 - no secret
    if process.poll() is not None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def stored_answers(conn: psycopg.Connection) -> Counter[int]:
    """Return how many stored answers each id has."""
    found: Counter[int] = Counter()
    for (day,) in conn.execute("select distinct day from raw.pages where source = 'uzum'").fetchall():
        for _, page in pages_of_day(conn, "uzum", day):
            found.update(int(answer.url.rpartition("/")[2]) for answer in pages_of(page))
    return found


def report_of_kills(conn: psycopg.Connection, scan: ScanRange, asked: Counter[int], kills: int, seconds: float) -> bool:
    """Print what the kills did; say whether nothing was skipped or doubled."""
    everything = set(range(scan.first, scan.last + 1))
    stored = stored_answers(conn)
    skipped, doubled = len(everything - set(stored)), sum(n > 1 for n in stored.values())
    recounted = conn.execute("select count(*) from core.listing_state where checks <> 1").fetchone()
    again = sum(asked.values()) - len(asked)
    print(
        f"{len(everything)} ids in {seconds:.0f} s with {kills} kills: {len(everything) / seconds:.0f} ids/s over all"
    )
    print(f"never asked: {len(everything - set(asked))}; asked again after a kill: {again}")
    print(f"skipped: {skipped}; stored twice: {doubled}; listings counted twice: {recounted[0] if recounted else '?'}")
    return skipped == doubled == 0 and recounted == (0,) and kills > 0


def report_of_rate(conn: psycopg.Connection, scan: ScanRange, seconds: float) -> None:
    """Print the rate of the undisturbed cycle and what a cycle costs in storage."""
    count = scan.last - scan.first + 1
    progress = progress_of(conn, scan)
    sizes = conn.execute(
        "select count(*), sum(body_bytes), sum(length(body)), (select count(*) from core.listings) from raw.pages"
    ).fetchone()
    print(
        f"undisturbed cycle, with the start of the process: {count} ids in {seconds:.1f} s: {count / seconds:.0f} ids/s"
    )
    if progress is not None and sizes is not None:
        counts = progress.counts
        print(
            f"products {counts.found}, missing {counts.missing}, listings {sizes[3]}, quarantined {counts.quarantined}"
        )
        print(f"both cycles' answers: {sizes[1] / 1e6:.0f} MB, stored in {sizes[0]} bundles of {sizes[2] / 1e6:.0f} MB")


def main() -> None:
    """Print the figures; exit with 1 where the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--slots", type=int, default=20)
    given = parser.parse_args()
    scan = ScanRange("uzum", 1, given.ids)
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as home:
        sandbox, url = start_sandbox()
        os.environ.update({
            "PRICESCOPE_HOME": str(Path(home)),
            "PRICESCOPE_SANDBOX_URL": url,
            "PRICESCOPE_SOURCE_CONCURRENCY": f"uzum={given.slots}",
        })  # fmt: skip
        os.environ.pop("DATABASE_URL", None)
        environment = dict(os.environ)
        run(command("migrate"), environment)
        from domain.settings import settings  # noqa: PLC0415 - after the environment is set
        from warehouse.connect import resolve_database  # noqa: PLC0415 - the same

        argv = command("scan", "uzum", "--from", str(scan.first), "--to", str(scan.last))
        try:
            with connect(resolve_database(settings()).warehouse) as conn:
                points = sorted(random.sample(range(1, given.ids * 97 // 100), given.kills))
                began = time.monotonic()
                kills = sum(run_and_kill(argv, environment, conn, scan, point) for point in points)
                run(argv, environment)
                seconds = time.monotonic() - began
                paths: dict[str, int] = httpx2.get(f"{url}/control/requests", timeout=60).json()["paths"]
                asked = Counter({
                    int(path.removeprefix(_PRODUCTS)): n for path, n in paths.items() if path.startswith(_PRODUCTS)
                })  # fmt: skip
                holds = report_of_kills(conn, scan, asked, kills, seconds)
                report_of_rate(conn, scan, run(argv, environment))
        finally:
            sandbox.terminate()
            run(command("stop"), environment)
    print("the claim holds" if holds else "THE CLAIM DOES NOT HOLD")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
