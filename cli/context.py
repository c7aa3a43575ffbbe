"""What most commands need: the settings and an open warehouse, the embedded server started where none is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from rich.console import Console
from warehouse.connect import connect, resolve_database, start_embedded
from warehouse.migrate import upgrade_if_needed

from domain.settings import Settings, settings

# Results go to stdout; progress and notes to stderr, so that output can be piped.
out = Console(highlight=False, soft_wrap=True)
note = Console(stderr=True, highlight=False)


@contextmanager
def warehouse(application: str) -> Iterator[tuple[psycopg.Connection, Settings]]:
    """Yield a connection to a migrated warehouse and the settings."""
    configured = settings()
    start_embedded(configured)
    url = resolve_database(configured).warehouse
    upgrade_if_needed(url)
    with connect(url, application=application) as conn:
        yield conn, configured
