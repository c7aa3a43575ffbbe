"""Every source by its name. A new source is one line here.

Belongs here: names, where the factories are, when a source is polled. Does not: anything about one marketplace.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast
from urllib.parse import quote_plus, urlsplit

from domain.settings import Settings
from scrapers.contract import Clock, Source, SourceFactory


class Entry(NamedTuple):
    """One source.

    Attributes:
        module, factory: imported when the source is first asked for, so that a poll pays for its own source only.
        tick: cron (UTC) at which the watches that are due are polled; minutes differ so that sources do not start
            together.
        sync: cron (UTC) at which all its watches are polled, due or not; empty for none.
        hosts: names of its sites as regular expressions, matched whole; an address there is this source's to read.
        daily_requests: what it may be sent in a UTC day where the settings say nothing.
        search: address of a search for words, with ``{text}`` and ``{site}`` (``de``, ``co.uk``); empty where there is
            no search by words.
    """

    module: str
    factory: str
    tick: str
    hosts: str = r"(?!)"
    sync: str = ""
    daily_requests: int = 10_000
    search: str = ""


_SOURCES: dict[str, Entry] = {
    "allegro": Entry(
        "scrapers.allegro.client",
        "create_allegro",
        tick="1-59/10 * * * *",
        sync="10 2 * * *",
        hosts=r"(www\.)?allegro\.pl",
        daily_requests=2_000,
    ),
    "amazon": Entry(
        "scrapers.amazon.client",
        "create_amazon",
        tick="5-59/10 * * * *",
        sync="20 2 * * *",
        hosts=r"((www|m|smile)\.)?amazon\.[a-z.]+|a\.co|amzn\.[a-z]+",
        daily_requests=2_000,
        search="https://www.amazon.{site}/s?k={text}",
    ),
    "ebay": Entry(
        "scrapers.ebay.client",
        "create_ebay",
        tick="3-59/10 * * * *",
        sync="0 0,6,12,18 * * *",
        hosts=r"(www\.|m\.|befr\.|benl\.)?ebay\.[a-z.]+",
        daily_requests=5_000,
        search="https://www.ebay.{site}/sch/i.html?_nkw={text}&_sop=10",
    ),
    "empik": Entry(
        "scrapers.empik.client",
        "create_empik",
        tick="7-59/10 * * * *",
        sync="30 2 * * *",
        hosts=r"(www\.)?empik\.com",
        daily_requests=2_000,
        search="https://www.empik.com/szukaj/produkt?q={text}",
    ),
    "etsy": Entry(
        "scrapers.etsy.client",
        "create_etsy",
        tick="4-59/10 * * * *",
        sync="0 2,8,14,20 * * *",
        hosts=r"(www\.)?etsy\.com",
        daily_requests=5_000,
        search="https://www.etsy.com/search?q={text}&order=date_desc",
    ),
    "kleinanzeigen": Entry(
        "scrapers.kleinanzeigen.client",
        "create_kleinanzeigen",
        tick="0-59/10 * * * *",
        hosts=r"(www\.)?kleinanzeigen\.(example|sandbox)",
    ),
    "reddit": Entry(
        "scrapers.reddit.client",
        "create_reddit",
        tick="6-59/10 * * * *",
        sync="0 4,10,16,22 * * *",
        hosts=r"([a-z]+\.)?reddit\.com",
        search="https://www.reddit.com/search?q={text}&sort=new",
    ),
    "shop": Entry("scrapers.shop.client", "create_shop", tick="2-59/10 * * * *", sync="0 2 * * *"),
    "uzex": Entry(
        "scrapers.uzex.client",
        "create_uzex",
        tick="9-59/10 * * * *",
        sync="30 1 * * *",
        hosts=r"(www\.)?(xarid|etender)\.uzex\.uz|xarid-api-[a-z]+\.uzex\.uz|apietender\.uzex\.uz",
    ),
    "uzum": Entry(
        "scrapers.uzum.client",
        "create_uzum",
        tick="8-59/10 * * * *",
        sync="0 1 * * *",
        hosts=r"((www|m|api)\.)?uzum\.uz",
        daily_requests=50_000,
    ),
    "vinted": Entry(
        "scrapers.vinted.client",
        "create_vinted",
        tick="*/5 * * * *",
        hosts=r"(www\.|api\.)?vinted\.[a-z.]+",
        daily_requests=20_000,
        search="https://www.vinted.{site}/catalog?search_text={text}&order=newest_first",
    ),
}


# Reads product pages of hosts that no other source claims.
ANY_SHOP = "shop"


class UnknownSourceError(ValueError):
    """There is no source of that name; the message lists those known."""


def source_names() -> tuple[str, ...]:
    """Return the names of all sources, in order."""
    return tuple(sorted(_SOURCES))


def source_entry(name: str) -> Entry:
    """Return a source's line.

    Raises:
        UnknownSourceError: listing the known names.
    """
    if name not in _SOURCES:
        raise UnknownSourceError(f"no source {name[:40]!r} is known; known: {', '.join(source_names())}")
    return _SOURCES[name]


def source_of_url(url: str, sandbox_url: str | None = None) -> str:
    """Return which source an address belongs to: by its host, or by its path where it lies in the sandbox.

    Raises:
        UnknownSourceError: for what is no address, or no source's.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        raise UnknownSourceError(f"{url[:80]!r} is not an address; paste it whole, with https:// at the start")
    first = parts.path.split("/")[1] if parts.path.startswith("/") else ""
    if sandbox_url and url.strip().startswith(sandbox_url.rstrip("/") + "/") and first in _SOURCES:
        return first
    claimed = [name for name, entry in _SOURCES.items() if re.fullmatch(entry.hosts, host)]
    if claimed:
        return claimed[0]
    if ANY_SHOP in _SOURCES:
        return ANY_SHOP
    raise UnknownSourceError(f"no source reads {host[:60]}; known: {', '.join(source_names())}")


def search_addresses(text: str, site: str, names: Sequence[str] = ()) -> dict[str, str]:
    """Return the address of a search for words at each source that has one, as a user would paste it.

    Args:
        text: the words.
        site: ending of the country's sites, e.g. ``de`` or ``co.uk``; sources with one site for all take no notice.
        names: only these; all that search by words where empty.

    Raises:
        UnknownSourceError: for a name that is unknown or cannot be searched by words.
    """
    able = {name: entry.search for name, entry in _SOURCES.items() if entry.search}
    unable = [name for name in names if name not in able]
    if unable:
        raise UnknownSourceError(f"{', '.join(unable)}: no search by words; these have one: {', '.join(sorted(able))}")
    return {name: able[name].format(text=quote_plus(text), site=site) for name in sorted(names or able)}


def daily_requests(name: str, settings: Settings) -> int:
    """Return how many requests a source may be sent in one UTC day."""
    return settings.source_daily_requests.get(name, source_entry(name).daily_requests)


def create_source(
    name: str, settings: Settings, clock: Clock | None = None, market_time: datetime | None = None
) -> Source:
    """Make a source by its name.

    Args:
        name: e.g. ``vinted``.
        settings: read by the source (rate, proxy, credentials, sandbox).
        clock: tells when pages were fetched; the real time by default.
        market_time: asks a sandbox for its state at that time (UTC).

    Raises:
        UnknownSourceError: listing the known names.
    """
    entry = source_entry(name)
    factory = cast("SourceFactory", getattr(importlib.import_module(entry.module), entry.factory))
    return factory(settings, clock=clock, market_time=market_time)
