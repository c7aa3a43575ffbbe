"""Every source by its name. A new source is one line here.

Belongs here: names, where the factories are, when a source is polled. Does not: anything about one marketplace.
"""

from __future__ import annotations

import importlib
from datetime import datetime
from typing import NamedTuple, cast

from domain.settings import Settings
from scrapers.contract import Clock, Source, SourceFactory


class Entry(NamedTuple):
    """One source.

    Attributes:
        module, factory: imported when the source is first asked for, so that a poll pays for its own source only.
        tick: cron (UTC) at which the watches that are due are polled; minutes differ so that sources do not start
            together.
        sync: cron (UTC) at which all its watches are polled, due or not; empty for none.
    """

    module: str
    factory: str
    tick: str
    sync: str = ""


_SOURCES: dict[str, Entry] = {
    "allegro": Entry("scrapers.allegro.client", "create_allegro", tick="1-59/10 * * * *", sync="10 2 * * *"),
    "amazon": Entry("scrapers.amazon.client", "create_amazon", tick="5-59/10 * * * *", sync="20 2 * * *"),
    "empik": Entry("scrapers.empik.client", "create_empik", tick="7-59/10 * * * *", sync="30 2 * * *"),
    "vinted": Entry("scrapers.vinted.client", "create_vinted", tick="*/5 * * * *"),
}


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
