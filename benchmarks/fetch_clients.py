"""One client of the fetch benchmark in a process of its own: fetches a page N times and prints CPU seconds.

Run by ``benchmarks.fetch``: ``python -m benchmarks.fetch_clients CLIENT URL REQUESTS CONCURRENCY``. Prints JSON with
``cpu`` (seconds of this process, user and system, all threads), ``bytes`` and ``items`` of the requests counted; the
first requests, which open the connections, are not counted.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

WARM_UP = 24
Fetch = Callable[[], Awaitable[tuple[int, int]]]


class Meter:
    """Counts what was fetched after the warm-up, and the CPU seconds it took."""

    def __init__(self, requests: int) -> None:
        self._left = WARM_UP + requests
        self._requests = requests
        self._started = 0.0
        self.sizes = self.items = 0
        self.cpu = 0.0

    def count(self, size: int, items: int) -> None:
        """Note one answer."""
        self._left -= 1
        if self._left == self._requests:
            self._started = cpu_seconds()
        elif self._left < self._requests:
            self.sizes += size
            self.items += items
        if self._left == 0:
            self.cpu = cpu_seconds() - self._started


def cpu_seconds() -> float:
    """Return the CPU time that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _drive(fetch: Fetch, meter: Meter, requests: int, concurrency: int) -> None:
    numbers = iter(range(WARM_UP + requests))

    async def worker() -> None:
        for _ in numbers:
            meter.count(*await fetch())

    await asyncio.gather(*(worker() for _ in range(concurrency)))


async def bare(url: str, meter: Meter, requests: int, concurrency: int) -> None:
    """Fetch by the client under ours, as its own documentation does it."""
    import httpx2  # noqa: PLC0415 - each process loads its own client only

    async with httpx2.AsyncClient() as client:

        async def fetch() -> tuple[int, int]:
            answer = await client.get(url)
            return len(answer.content), 0

        await _drive(fetch, meter, requests, concurrency)


async def ours(url: str, meter: Meter, requests: int, concurrency: int, *, read: bool = False) -> None:
    """Fetch by the polite client with all its layers, at a rate that never makes it wait."""
    from domain.settings import Settings  # noqa: PLC0415 - the same
    from scrapers.http import PoliteClient  # noqa: PLC0415 - the same

    settings = Settings(_env_file=None)
    async with PoliteClient(settings, concurrency=concurrency, requests_per_second=1e6) as client:

        async def fetch() -> tuple[int, int]:
            return len(_body(await client.get(url))), 0

        async def fetch_and_read() -> tuple[int, int]:
            return _read(await client.get(url))

        await _drive(fetch_and_read if read else fetch, meter, requests, concurrency)


async def ours_guarded(url: str, meter: Meter, requests: int, concurrency: int) -> None:
    """Fetch as a shop's page is: every layer, robots.txt asked before and the guard against inner addresses."""
    from domain.settings import Settings  # noqa: PLC0415 - the same
    from scrapers.http import PoliteClient  # noqa: PLC0415 - the same
    from scrapers.robots import Robots  # noqa: PLC0415 - the same
    from scrapers.ssrf import PublicOnly  # noqa: PLC0415 - the same

    class Watched(PublicOnly):
        """Does the whole work on a public address in the place of ours, and lets this machine through."""

        async def refuse(self, url: str) -> str | None:
            return await super().refuse(url.replace(here, "http://192.88.98.1", 1))

        def refuse_peer(self, url: str, address: str) -> str | None:
            return None if super().refuse_peer(url, address) else "the guard did not look at the peer"

    here = url.rpartition("/")[0]
    settings = Settings(_env_file=None)
    options = {"concurrency": concurrency, "requests_per_second": 1e6, "guard": Watched()}
    async with PoliteClient(settings, **options) as client:
        robots = Robots(client, settings.user_agent)

        async def fetch() -> tuple[int, int]:
            refused = await robots.refuse(url)
            if refused is not None:
                raise RuntimeError(refused)
            client.slow_down(url, await robots.delay(url))
            return len(_body(await client.get(url))), 0

        await _drive(fetch, meter, requests, concurrency)


def _body(answer: Any) -> bytes:
    if answer.status != 200:
        raise RuntimeError(answer.error or f"status {answer.status}")
    return bytes(answer.body)


def _read(answer: Any) -> tuple[int, int]:
    from scrapers.answers import page_of_answer  # noqa: PLC0415 - the same
    from scrapers.vinted.reading import read_page  # noqa: PLC0415 - the same

    reading = read_page(page_of_answer("vinted", answer, datetime.now(UTC)))
    hashes = {listing.content_hash() for listing in reading.listings}
    return len(answer.body), len(hashes)


async def ours_items(url: str, meter: Meter, requests: int, concurrency: int) -> None:
    """Fetch, read, check and hash."""
    await ours(url, meter, requests, concurrency, read=True)


async def aiohttp_client(url: str, meter: Meter, requests: int, concurrency: int) -> None:
    """Fetch by aiohttp."""
    import aiohttp  # noqa: PLC0415 - the same

    async with aiohttp.ClientSession() as session:

        async def fetch() -> tuple[int, int]:
            async with session.get(url) as answer:
                return len(await answer.read()), 0

        await _drive(fetch, meter, requests, concurrency)


def scrapy_client(url: str, meter: Meter, requests: int, concurrency: int, *, read: bool = False) -> None:
    """Fetch by Scrapy, with its default middlewares; with ``read`` its spider yields one item a listing."""
    import scrapy  # noqa: PLC0415 - the same
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 - the same

    class Pages(scrapy.Spider):
        name = "pages"

        async def start(self) -> Any:
            for _ in range(WARM_UP + requests):
                yield scrapy.Request(url, dont_filter=True)

        def parse(self, response: Any) -> Any:
            found = response.json()["items"] if read else []
            for item in found:
                yield _plain_item(item)
            meter.count(len(response.body), len(found))

    process = CrawlerProcess({
        "CONCURRENT_REQUESTS": concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        "DOWNLOAD_DELAY": 0,
        "LOG_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
    })  # fmt: skip
    process.crawl(Pages)
    process.start()


def _plain_item(item: dict[str, Any]) -> dict[str, Any]:
    photo, user, box = item.get("photo") or {}, item.get("user") or {}, item.get("item_box") or {}
    return {
        "external_id": str(item["id"]),
        "title": item["title"],
        "url": item["url"],
        "price": item["price"]["amount"],
        "currency": item["price"]["currency_code"],
        "total_price": (item.get("total_item_price") or {}).get("amount"),
        "fee": (item.get("service_fee") or {}).get("amount"),
        "brand": item.get("brand_title") or box.get("first_line"),
        "condition": item.get("status") or box.get("second_line"),
        "image": photo.get("url"),
        "seller": user.get("id"),
        "login": user.get("login"),
        "favourites": item.get("favourite_count"),
        "views": item.get("view_count"),
    }


_ASYNC = {
    "httpx2": bare,
    "ours": ours,
    "ours + guard": ours_guarded,
    "aiohttp": aiohttp_client,
    "ours + items": ours_items,
}


def main() -> None:
    """Measure one client and print."""
    name, url, requests, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    meter = Meter(requests)
    if name.startswith("scrapy"):
        scrapy_client(url, meter, requests, concurrency, read=name.endswith("items"))
    else:
        asyncio.run(_ASYNC[name](url, meter, requests, concurrency))
    print(json.dumps({"cpu": meter.cpu, "bytes": meter.sizes, "items": meter.items}))


if __name__ == "__main__":
    main()
