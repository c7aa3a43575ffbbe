"""Any source against the sandbox: fetch a search as a poll would, and read what came."""

from __future__ import annotations

import asyncio
from datetime import datetime

import httpx2
from pydantic import SecretStr

from domain.page import PageReading, RawPage
from domain.settings import Settings
from sandbox.demo_watch import DemoWatch
from sandbox.server import SandboxServer
from sandbox.sites import demo_watches
from scrapers.contract import Query
from scrapers.registry import create_source

NEED_CREDENTIALS = ("ebay", "etsy", "reddit")
CREDENTIALS = {
    "ebay_client_id": "sandbox",
    "ebay_client_secret": SecretStr("sandbox"),
    "etsy_keystring": "sandbox",
    "etsy_shared_secret": SecretStr("sandbox"),
    "reddit_client_id": "sandbox",
    "reddit_client_secret": SecretStr("sandbox"),
}


def with_credentials(settings: Settings) -> Settings:
    """Return settings with credentials for every source; one attempt a request, and no browser."""
    return settings.model_copy(
        update={**CREDENTIALS, "request_attempts": 1, "chromium_path": settings.home / "no-browser"}
    )


def demo_watch(source: str, market: SandboxServer) -> DemoWatch:
    """Return the first of the demo's watches of a source."""
    return next(watch for watch in demo_watches(market.url) if watch.source == source)


def fetch_search(
    source_name: str, settings: Settings, url: str, *, max_pages: int = 1, market_time: datetime | None = None
) -> list[tuple[RawPage, PageReading]]:
    """Fetch a search by its address and read each answer."""

    async def all_of_it() -> list[tuple[RawPage, PageReading]]:
        source = create_source(source_name, settings, market_time=market_time)
        try:
            parsed = source.parse_search_url(url)
            query = Query(country=parsed.country, params=parsed.params, watch_id=1, max_pages=max_pages)
            return [(page, source.read(page)) async for page in source.fetch_search(query)]
        finally:
            await source.aclose()

    return asyncio.run(all_of_it())


def set_fault(market: SandboxServer, source: str, fault: str, **more: object) -> None:
    """Make a look-alike misbehave until faults are cleared."""
    httpx2.post(f"{market.url}/control/faults", json={"source": source, "fault": fault, **more}).raise_for_status()


def control_site(market: SandboxServer, source: str, **wish: object) -> dict[str, object]:
    """Change how a look-alike behaves; return how it behaves now."""
    answer = httpx2.post(f"{market.url}/control/sessions", json={"source": source, **wish}).raise_for_status()
    behaviour: dict[str, object] = answer.json()
    return behaviour


def truth_of(market: SandboxServer, source: str) -> dict[str, dict[str, object]]:
    """Return what the sandbox really sells there now, by external id."""
    rows = httpx2.get(f"{market.url}/truth/{source}").raise_for_status().json()
    return {str(row["external_id"]): row for row in rows}
