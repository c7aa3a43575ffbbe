"""What most commands need: the settings and an open warehouse, the embedded server started where none is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from rich.console import Console

from domain.settings import Settings, settings
from warehouse.connect import connect, ensure_database, resolve_database
from warehouse.migrate import is_migrated, upgrade

# Results go to stdout; progress and notes to stderr, so that output can be piped.
out = Console(highlight=False, soft_wrap=True)
note = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def warehouse(application: str) -> Iterator[tuple[psycopg.Connection, Settings]]:
    """Yield a connection to a migrated warehouse and the settings."""
    configured = settings()
    url = resolve_database(configured).warehouse
    if ensure_database(url) or not is_migrated(url):
        upgrade(url)
    with connect(url, application_name=f"pricescope:{application}") as conn:
        yield conn, configured
