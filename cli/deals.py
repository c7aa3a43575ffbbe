"""`pricescope deals`, `underpriced` and `hide`: what was found, what is cheap now, what is not to be seen again."""

from __future__ import annotations

from typing import Annotated

import msgspec
import orjson
import psycopg
import typer
from rich.table import Table

from cli.context import note, out, warehouse
from cli.errors import UserError
from cli.printing import print_json
from domain.money import format_money
from warehouse import details
from warehouse.deals import list_deals
from warehouse.fair_prices import most_underpriced
from warehouse.watches import get_watch


def deals(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON array on stdout")] = False,
    watch: Annotated[str | None, typer.Option(help="number or name of a watch")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10000)] = 50,
    hidden: Annotated[bool, typer.Option("--hidden", help="show hidden listings too")] = False,
) -> None:
    """List deals, the most underpriced first."""
    with warehouse("deals") as (conn, _):
        watch_id = None if watch is None else get_watch(conn, watch).watch_id
        rows = list_deals(conn, watch_id=watch_id, limit=limit, with_hidden=hidden, order="discount")
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
            "-" if row.expected is None else format_money(row.expected, row.currency),
            "-" if row.discount_percent is None else f"{row.discount_percent:.0f} %",
            str(row.n_comparables),
            row.rule,
            row.watch_name,
            row.title[:60],
        )
    out.print(table)


def underpriced(
    watch: Annotated[str | None, typer.Option(help="number or name of a watch; default: all")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10000)] = 25,
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="also what is too cheap to be true, and other kinds than asked for")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line, with the comparables")] = False,
) -> None:
    """List what is on offer now and the cheapest for what it is, alerted or not, by the newest price model.

    "1 in" says of how many ordinary listings one is as cheap.
    """
    with warehouse("underpriced") as (conn, _):
        watch_id = None if watch is None else get_watch(conn, watch).watch_id
        rows = most_underpriced(conn, watch_id=watch_id, limit=limit, with_doubtful=doubtful)
    if as_json:
        print_json(rows)
        return
    if not rows:
        note.print("Nothing yet: the job `price` trains a price model once 30 listings of a currency are known.")
        return
    table = Table("listing", "to pay", "expected", "90 % between", "under", "1 in", "n", "verdict", "watch", "title")
    for row in rows:
        bounds = [format_money(one, row.currency) for one in (row.low, row.high) if one is not None]
        table.add_row(
            str(row.listing_id),
            format_money(row.price, row.currency),
            format_money(row.expected, row.currency),
            " and ".join(bounds) or "-",
            "-" if row.discount_percent is None else f"{row.discount_percent:.0f} %",
            "-" if not row.p_value else f"{1 / row.p_value:.0f}",
            "-" if row.n_effective is None else f"{row.n_effective:.0f}",
            row.verdict.replace("_", " "),
            row.watch_name,
            row.title[:50],
        )
    out.print(table)
    out.print(f"as of {min(row.estimated_at for row in rows):%Y-%m-%d %H:%M} UTC")


def find_listing(conn: psycopg.Connection, listing: str) -> int:
    """Return our number of a listing named by number, SOURCE:ID or URL.

    Raises:
        UserError: when it is not stored.
    """
    listing_id = details.find_listing(conn, listing)
    if listing_id is None:
        raise UserError(f"no listing {listing!r} is stored; give our number, SOURCE:ID or the listing's URL")
    return listing_id


def hide(
    listing: Annotated[str, typer.Argument(help="our listing number, or source:external_id, or the listing's URL")],
    show: Annotated[bool, typer.Option("--show", help="show it again")] = False,
) -> None:
    """Hide a listing for good: no alert, not in the list of deals."""
    with warehouse("hide") as (conn, _):
        listing_id = find_listing(conn, listing)
        details.set_hidden(conn, listing_id, hidden=not show)
    out.print(f"listing {listing_id}: {'shown' if show else 'hidden'}")
