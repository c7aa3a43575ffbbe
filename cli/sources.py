"""`pricescope sources`: every source with its state, what it was asked today, and what it needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from cli.context import out, warehouse
from cli.printing import AsJson, print_json, print_rows
from pipeline.overview import source_overview
from warehouse.figures import source_days


def sources(
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="how they did over so many days instead")] = None,
    as_json: AsJson = False,
) -> None:
    """List all sources: state and since when, watches, requests of today against the budget, what is missing."""
    if days is not None:
        _performance(days, as_json=as_json)
        return
    with warehouse("sources") as (conn, configured):
        rows = source_overview(conn, configured, datetime.now(UTC))
    if as_json:
        print_json(rows)
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


def _performance(days: int, *, as_json: bool) -> None:
    """Success rate, response times and volume of each source, as dbt has computed them."""
    with warehouse("sources") as (conn, _):
        rows = source_days(conn, datetime.now(UTC).date() - timedelta(days=days - 1))
    print_rows(rows, as_json=as_json, none=f"No source was asked within {days} days.")
