"""Claim: a warm poll of 5 pages x 96 items takes under 8 s as a whole process, and under 1 s of work of its own.

Run: ``python -m benchmarks.poll [--repeats 5]``. A sandbox process dense enough for five full pages, an embedded
PostgreSQL with history and statistics, then ``pricescope poll vinted`` as a process of its own: wall time of the whole
process, and the work of each step as ``ops.scrape_runs`` keeps it. The market moves on two hours before each poll.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from warehouse.connect import connect

_LIMIT_PROCESS, _LIMIT_WORK = 8.0, 1.0
_ARRIVALS_PER_DAY = 60
_SEARCH = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"


def pricescope(environment: Mapping[str, str], *arguments: str) -> float:
    """Run a command; return its wall time in seconds."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "cli.main", *arguments], env=environment, check=True, capture_output=True)  # noqa: S603 - our own module
    return time.monotonic() - began


def start_market() -> tuple[subprocess.Popen[str], str]:
    """Start a sandbox; return its process and address."""
    start = datetime.now(UTC) - timedelta(days=60)
    argv = [sys.executable, "-m", "sandbox", "--start", start.isoformat(), "--arrivals-per-day", str(_ARRIVALS_PER_DAY)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    if process.stdout is None:
        raise RuntimeError("the sandbox has no output")
    return process, str(json.loads(process.stdout.readline())["url"])


def statistics_of(environment: Mapping[str, str]) -> None:
    """Build the dbt models, so that polls judge against statistics."""
    code = "from orchestration.statistics.dbt_files import run_dbt; run_dbt('run')"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)  # noqa: S603 - the same


def measured(environment: Mapping[str, str], url: str, repeats: int) -> tuple[list[float], list[dict[str, float]]]:
    """Return the wall time of each poll and the milliseconds of its steps."""
    walls = []
    for number in range(repeats):
        moment = datetime.now(UTC) + timedelta(hours=2 * (number + 1))
        httpx2.post(f"{url}/control/clock", json={"time": moment.isoformat()}).raise_for_status()
        walls.append(pricescope(environment, "poll", "vinted"))
    from domain.settings import settings  # noqa: PLC0415 - after the environment is set
    from warehouse.connect import resolve_database  # noqa: PLC0415 - the same

    with connect(resolve_database(settings()).warehouse) as conn:
        rows = conn.execute(
            "select pages, items, durations_ms from ops.scrape_runs order by started_at desc limit %s", [repeats]
        ).fetchall()
    print(f"pages a poll: {[row[0] for row in rows]}, listings: {[row[1] for row in rows]}")
    return walls, [row[2] for row in rows]


def main() -> None:
    """Print the medians beside the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as home:
        market, url = start_market()
        os.environ.update({"PRICESCOPE_HOME": str(Path(home)), "PRICESCOPE_SANDBOX_URL": url})
        os.environ.pop("DATABASE_URL", None)
        environment = dict(os.environ)
        try:
            pricescope(environment, "watch", "add", _SEARCH, "--name", "bench")
            pricescope(environment, "poll", "vinted")
            statistics_of(environment)
            pricescope(environment, "poll", "vinted")
            walls, steps = measured(environment, url, repeats)
        finally:
            market.terminate()
            pricescope(environment, "stop")
    work = [sum(step.values()) / 1000 for step in steps]
    process = statistics.median(walls)
    print(f"whole process: {process:.2f} s (limit {_LIMIT_PROCESS:.0f} s, {process / _LIMIT_PROCESS:.0%} of it)")
    print(f"own work:      {statistics.median(work):.2f} s (limit {_LIMIT_WORK:.0f} s)")
    for name in steps[0]:
        print(f"  {name:<14}{statistics.median(step.get(name, 0.0) for step in steps):8.0f} ms")


if __name__ == "__main__":
    main()
