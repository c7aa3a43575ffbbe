"""The sandbox over HTTP, as the pipeline meets it, and settings that point at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import msgspec
import psycopg
from pydantic import SecretStr

from domain.settings import Settings
from domain.watch import Watch
from sandbox.server import SandboxServer
from scrapers.registry import create_source, source_of_url
from warehouse.connect import DatabaseUrl
from warehouse.watches import add_watch as keep_watch

SEED = 11
# The market of the tests opens sixty days before the day they run, so that it has a past to be asked for.
MARKET_DAYS = 60


@contextmanager
def running_sandbox(mail_dir: Path) -> Iterator[SandboxServer]:
    """Run a sandbox on free ports."""
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=MARKET_DAYS)
    with SandboxServer(seed=SEED, start=start, mail_dir=mail_dir) as server:
        yield server


def sandbox_settings(server: SandboxServer, database: DatabaseUrl, home: Path) -> Settings:
    """Return settings whose only marketplace and mail server are the sandbox's."""
    return Settings(
        home=home,
        DATABASE_URL=SecretStr(database.libpq),
        sandbox_url=server.url,
        smtp_host="127.0.0.1",
        smtp_port=server.smtp_port,
        smtp_starttls=False,
        email_from="pricescope@example.org",
        email_to=("owner@example.org",),
        slack_webhook_url=SecretStr(f"{server.url}/slack/services/T0/B0/test"),
    )


def set_fault(server: SandboxServer, fault: str, count: int = 1000, **extra: object) -> None:
    """Make the sandbox's Vinted misbehave for the next ``count`` requests."""
    body = {"source": "vinted", "fault": fault, "count": count, **extra}
    httpx2.post(f"{server.url}/control/faults", json=body).raise_for_status()


def clear_faults(server: SandboxServer) -> None:
    """Make it behave again."""
    httpx2.delete(f"{server.url}/control/faults").raise_for_status()


def set_clock(server: SandboxServer, moment: datetime) -> None:
    """Set the market's clock; it runs on at real pace."""
    httpx2.post(f"{server.url}/control/clock", json={"time": moment.isoformat()}).raise_for_status()


def add_watch(conn: psycopg.Connection, settings: Settings, url: str, name: str, **fields: object) -> Watch:
    """Add a watch from a site's own search URL, as the command line does."""
    parsed = create_source(source_of_url(url, settings.sandbox_url), settings).parse_search_url(url)
    wanted = Watch(
        watch_id=0,
        owner="owner",
        name=name,
        source=parsed.source,
        url=parsed.canonical_url,
        country=parsed.country,
        currency=parsed.currency,
        params=parsed.params,
    )
    return keep_watch(conn, msgspec.structs.replace(wanted, **fields))
