"""Claim: our manners cost at most a quarter more CPU than the bare client, and we beat Scrapy end to end.

Run: ``python -m benchmarks.fetch [--repeats 5] [--requests 200] [--concurrency 8]``; Scrapy and aiohttp come with
``pip install -e '.[bench]'``. Prints CPU milliseconds a request and ratios, all measured in one run on loopback, gzip
on: the server is a process of its own, each client is one, clients take turns, medians of the repeats.

- *bare*: httpx2, the client under ours, as its documentation uses it.
- *ours*: `scrapers.http.PoliteClient` with rate, concurrency, retries, deadline, body bound, cookies and bookkeeping.
- *guard*: the same as a shop's page is fetched: robots.txt asked first, the address checked before and the peer after
  connecting. Rules and names looked up are kept, as in a poll. Not for the marketplaces' own services.
- *items*: fetched and made into checked items: ours as hashed `Listing`s, Scrapy's as plain dicts out of
  ``response.json()``, unchecked.

httpx itself is not installed and not measured here. Elsewhere (a 107 KB page of 96 items, one core of an Intel Xeon,
November 2026) httpx 0.28.1 took 1,949 us of CPU a request where httpx2 2.16.2 took 683, aiohttp 3.14.5 108 and raw
asyncio streams 82.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fetch_pages import PER_PAGE, write_pages

BARE, OURS, GUARDED, AIOHTTP, SCRAPY = "httpx2", "ours", "ours + guard", "aiohttp", "scrapy"
OURS_ITEMS, SCRAPY_ITEMS = "ours + items", "scrapy + items"
_OPTIONAL = {AIOHTTP: "aiohttp", SCRAPY: "scrapy", SCRAPY_ITEMS: "scrapy"}
_LAYERS_LIMIT, _SCRAPY_AIM = 1.25, 1.5


def measure(name: str, url: str, requests: int, concurrency: int) -> tuple[float, int]:
    """Return CPU seconds a request and bytes a request of one client in its own process."""
    argv = [sys.executable, "-m", "benchmarks.fetch_clients", name, url, str(requests), str(concurrency)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - our own module
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    result = json.loads(done.stdout.splitlines()[-1])
    if name.endswith("items") and result["items"] != requests * PER_PAGE:
        raise SystemExit(f"{name} made {result['items']} items of {requests} pages, not {PER_PAGE} of each")
    return result["cpu"] / requests, result["bytes"] // requests


def clients_of(page: str) -> list[str]:
    """Return who is measured on a page, in the order of their turns, leaving out what is not installed."""
    names = [BARE, OURS, GUARDED, AIOHTTP, SCRAPY] + ([OURS_ITEMS, SCRAPY_ITEMS] if page == "items.json" else [])
    return [name for name in names if name not in _OPTIONAL or importlib.util.find_spec(_OPTIONAL[name])]


def run(
    base: str, sizes: dict[str, int], repeats: int, requests: int, concurrency: int
) -> dict[tuple[str, str], float]:
    """Return the median CPU seconds a request by page and client."""
    samples: dict[tuple[str, str], list[float]] = {}
    for _ in range(repeats):
        for page, size in sizes.items():
            wanted = requests if size < 1_000_000 else max(20, requests // 4)
            for name in clients_of(page):
                cpu, received = measure(name, f"{base}/{page}", wanted, concurrency)
                if received != size:
                    raise SystemExit(f"{name} received {received:,} bytes of {page}, not {size:,}")
                samples.setdefault((page, name), []).append(cpu)
    return {key: statistics.median(values) for key, values in samples.items()}


def show(medians: dict[tuple[str, str], float], sizes: dict[str, int]) -> None:
    """Print the table and what became of the claims."""
    print(f"{'page':14}{'KiB':>7}  {'client':16}{'CPU ms':>9}{'/ bare':>9}")
    for page, size in sizes.items():
        for name in clients_of(page):
            cpu = medians[page, name]
            print(f"{page:14}{size / 1024:7.0f}  {name:16}{cpu * 1e3:9.3f}{cpu / medians[page, BARE]:8.2f}x")
    for name in (OURS, GUARDED):
        layers = [medians[page, name] / medians[page, BARE] for page in sizes]
        shown = ", ".join(f"{each - 1:+.0%}" for each in layers)
        verdict = "" if all(each <= _LAYERS_LIMIT for each in layers) else ": more than they may"
        print(f"layers of {name!r} over the bare client: {shown} (limit +25 %){verdict}")
    if SCRAPY_ITEMS in clients_of("items.json"):
        faster = medians["items.json", SCRAPY_ITEMS] / medians["items.json", OURS_ITEMS]
        print(f"end to end, fetched and made into items: {faster:.2f}x Scrapy's speed (aim {_SCRAPY_AIM}x)")


def start_server(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the page server; return its process and address."""
    argv = [sys.executable, "-m", "benchmarks.fetch_pages", str(folder)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    if process.stdout is None:
        raise RuntimeError("the server has no output")
    return process, f"http://127.0.0.1:{int(process.stdout.readline())}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200, help="a client and page, a quarter of it for the big page")
    parser.add_argument("--concurrency", type=int, default=8)
    options = parser.parse_args(arguments)
    missing = sorted({module for module in _OPTIONAL.values() if importlib.util.find_spec(module) is None})
    if missing:
        print(f"not installed, left out: {', '.join(missing)}. Install them: pip install -e '.[bench]'")
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as place:
        folder = Path(place)
        sizes = write_pages(folder)
        server, base = start_server(folder)
        try:
            show(run(base, sizes, options.repeats, options.requests, options.concurrency), sizes)
        finally:
            server.terminate()
            server.wait(timeout=10)


if __name__ == "__main__":
    main()
