"""Every source by its name. A new source is one line here.

Belongs here: names and factories. Does not: anything about a particular marketplace.
"""

from __future__ import annotations

from datetime import datetime

from domain.settings import Settings
from scrapers.contract import Clock, Source, SourceFactory
from scrapers.vinted.client import create_vinted

_FACTORIES: dict[str, SourceFactory] = {
    "vinted": create_vinted,
}


class UnknownSourceError(ValueError):
    """There is no source of that name; the message lists those known."""


def source_names() -> tuple[str, ...]:
    """Return the names of all sources, in order."""
    return tuple(sorted(_FACTORIES))


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
    return _FACTORIES[_known(name)](settings, clock=clock, market_time=market_time)


def _known(name: str) -> str:
    if name not in _FACTORIES:
        raise UnknownSourceError(f"no source {name[:40]!r} is known; known: {', '.join(source_names())}")
    return name
