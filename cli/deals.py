"""`pricescope deals`, `explain`, `hide`: what was found, and why or why not."""

from __future__ import annotations

from typing import Annotated

import msgspec
import orjson
import typer
from rich.table import Table

from cli.context import note, out, warehouse
from cli.errors import UserError
from cli.watch import find
from domain.money import format_money
from pipeline import judge
from warehouse import deals as deal_rows
from warehouse import watches


def deals(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON array on stdout")] = False,
    watch: Annotated[str | None, typer.Option(help="number or name of a watch")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10000)] = 50,
    hidden: Annotated[bool, typer.Option("--hidden", help="show hidden listings too")] = False,
) -> None:
    """List deals, the most underpriced first."""
    with warehouse("deals") as (conn, _):
        watch_id = None if watch is None else find(conn, watch).watch_id
        rows = deal_rows.list_deals(conn, watch_id=watch_id, limit=limit, with_hidden=hidden)
    if as_json:
        out.print(orjson.dumps(msgspec.to_builtins(rows), option=orjson.OPT_INDENT_2).decode(), markup=False)
        return
    if not rows:
        note.print("No deal yet. See the verdict on a listing with: pricescope explain LISTING --watch W")
        return
    table = Table("listing", "to pay", "expected", "under", "n", "rule", "watch", "title")
    for row in rows:
        table.add_row(
            str(row.listing_id),
            format_money(row.price, row.currency),
            "-" if row.expected is None else format_money(row.expected, row.watch_currency),
            "-" if row.discount_percent is None else f"{row.discount_percent:.0f} %",
            str(row.n_comparables),
            row.rule,
            row.watch_name,
            row.title[:60],
        )
    out.print(table)


def explain(
    listing: Annotated[str, typer.Argument(help="our listing number, or source:external_id, or the listing's URL")],
    watch: Annotated[str | None, typer.Option(help="number or name; default: every watch that saw it")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print each rule with the numbers it saw, for alerted and not alerted listings alike."""
    with warehouse("explain") as (conn, _):
        listing_id = deal_rows.find_listing(conn, listing)
        if listing_id is None:
            raise UserError(f"no listing {listing!r} is stored; give our number, SOURCE:ID or the listing's URL")
        chosen = [find(conn, watch)] if watch is not None else watches.of_listing(conn, listing_id)
        if not chosen:
            raise UserError("no watch has seen this listing")
        explained = [(one, judge.explain(conn, one, listing_id)) for one in chosen]
        history = deal_rows.told(conn, listing_id)
    if as_json:
        found = [
            {"watch_id": one.watch_id, "watch": one.name, "verdicts": msgspec.to_builtins(result[0].verdicts)}
            for one, result in explained
            if result is not None
        ]
        out.print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode(), markup=False)
        return
    for one, result in explained:
        if result is None:
            out.print(f"watch {one.watch_id} ({one.name}) has not seen this listing")
            continue
        judged, details = result
        row = details[listing_id]
        out.print(f"[bold]{row.title}[/bold]\n{row.url}", markup=True)
        out.print(
            f"to pay {format_money(row.payable, row.currency)}, {row.condition}, first seen "
            f"{row.first_seen_at:%Y-%m-%d %H:%M} UTC, raw page {row.last_page_id}"
        )
        out.print(f"watch {one.watch_id}: {one.name}")
        for verdict in judged.verdicts:
            out.print(f"  {verdict.rule}: {verdict.kind}: {verdict.reason}")
            evidence = verdict.evidence
            if evidence.n:
                out.print(
                    f"    n {evidence.n} ({evidence.level}), {evidence.window_days} days, "
                    f"expected {_money(evidence.expected, evidence.currency)}, "
                    f"median {_money(evidence.median, evidence.currency)}, "
                    f"threshold {_money(evidence.threshold, evidence.currency)}, spread {evidence.spread}, "
                    f"sigma below {evidence.sigma_below}, difference {_money(evidence.difference, evidence.currency)}"
                )
                for key in evidence.comparable_ids[:10]:
                    if key in details:
                        other = details[key]
                        out.print(f"      {key}: {format_money(other.payable, other.currency)}  {other.title[:60]}")
    for line in history:
        out.print(line)


def _money(amount: object, currency: str) -> str:
    from decimal import Decimal  # noqa: PLC0415

    return format_money(amount, currency) if isinstance(amount, Decimal) else "-"


def hide(
    listing: Annotated[str, typer.Argument(help="our listing number, or source:external_id, or the listing's URL")],
    show: Annotated[bool, typer.Option("--show", help="show it again")] = False,
) -> None:
    """Hide a listing for good: no alert, not in the list of deals."""
    with warehouse("hide") as (conn, _):
        listing_id = deal_rows.find_listing(conn, listing)
        if listing_id is None:
            raise UserError(f"no listing {listing!r} is stored; give our number, SOURCE:ID or the listing's URL")
        deal_rows.set_hidden(conn, listing_id, hidden=not show)
    out.print(f"listing {listing_id}: {'shown' if show else 'hidden'}")
