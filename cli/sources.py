"""`pricescope sources`: every source with its state, what it was asked today, and what it needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import orjson
import typer
from rich.table import Table

from cli.context import out, warehouse
from pipeline.overview import source_overview


def sources(as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False) -> None:
    """List all sources: state and since when, watches, requests of today against the budget, what is missing."""
    with warehouse("sources") as (conn, configured):
        rows = source_overview(conn, configured, datetime.now(UTC))
    if as_json:
        for row in rows:
            out.print(orjson.dumps(msgspec.to_builtins(row)).decode(), markup=False)
        return
    table = Table("source", "state", "watches", "listings", "requests today", "last good answer", "says")
    for row in rows:
        last = "-" if row.last_success_at is None else f"{row.last_success_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(
            row.source if row.is_enabled else f"{row.source} (off)",
            f"[red]{row.state}, blocked[/red]" if row.is_blocked else row.state,
            str(row.watches),
            str(row.listings),
            f"{row.requests_today} of {row.daily_requests}",
            last,
            row.detail or "-",
        )
    out.print(table)
