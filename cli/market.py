"""`pricescope market`: what markets, brands and sellers do, as dbt has computed it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from cli.context import warehouse
from cli.errors import UserError
from cli.printing import AsJson, print_rows
from scrapers.registry import source_names
from warehouse.figures import (
    Period,
    SellerOrder,
    market_summary,
    market_trends,
    procurement_prices,
    seller_places,
    time_on_market,
    top_brands,
)
from warehouse.watches import get_watch

app = typer.Typer(no_args_is_help=True, help="What markets, brands and sellers do.")
_LOOK_BACKS = (7, 30, 90)


class _Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class _By(StrEnum):
    VOLUME = "volume"
    SELL_THROUGH = "sell-through"
    CHEAPNESS = "cheapness"


_PERIODS: dict[_Period, Period] = {_Period.DAY: "day", _Period.WEEK: "week", _Period.MONTH: "month"}
_ORDERS: dict[_By, SellerOrder] = {
    _By.VOLUME: "volume_rank",
    _By.SELL_THROUGH: "sell_through_rank",
    _By.CHEAPNESS: "cheapness_rank",
}
Days = Annotated[int, typer.Option(min=1, max=90, help="days back, today counted")]
Limit = Annotated[int, typer.Option(min=1, max=10_000)]


@app.command("summary")
def summary(
    days: Annotated[int, typer.Option(help="7, 30 or 90")] = 7,
    as_json: AsJson = False,
) -> None:
    """Show each source and all together: listings, price range, average, the five biggest brands."""
    if days not in _LOOK_BACKS:
        raise UserError(f"--days must be 7, 30 or 90, not {days}")
    with warehouse("market") as (conn, _):
        rows = market_summary(conn, days)
    print_rows(rows, as_json=as_json, none=f"Nothing was seen within {days} days.", hide=("lookback_days",))


@app.command("trends")
def trends(
    days: Days = 7,
    by: Annotated[_Period, typer.Option()] = _Period.DAY,
    source: Annotated[str | None, typer.Option(help="default: each")] = None,
    brand: Annotated[str, typer.Option(help="all: every brand together")] = "all",
    as_json: AsJson = False,
) -> None:
    """Show volume, prices and engagement by period, with the trend score; the newest period first."""
    with warehouse("market") as (conn, _):
        wanted = " ".join(brand.lower().split())
        rows = market_trends(conn, since=_since(days), period=_PERIODS[by], source=_source(source), brand=wanted)
    print_rows(rows, as_json=as_json, none=f"Nothing was seen of {brand} within {days} days.")


@app.command("brands")
def brands(
    days: Days = 30,
    by: Annotated[_Period, typer.Option()] = _Period.WEEK,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show the brands with the most listings in the newest period, over all sources."""
    with warehouse("market") as (conn, _):
        rows = top_brands(conn, since=_since(days), period=_PERIODS[by], limit=limit)
    print_rows(rows, as_json=as_json, none=f"No brand was seen within {days} days.")


@app.command("sellers")
def sellers(
    source: Annotated[str, typer.Argument(help="slug of the marketplace")],
    by: Annotated[_By, typer.Option()] = _By.VOLUME,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Rank a marketplace's sellers of three listings or more, by our ids: nobody is named."""
    with warehouse("market") as (conn, _):
        rows = seller_places(conn, _source(source) or "", _ORDERS[by], limit)
    print_rows(rows, as_json=as_json, none=f"No seller of {source} has three listings yet.")


@app.command("time")
def time(
    watch: Annotated[str | None, typer.Option(help="number or name of a watch")] = None,
    brand: Annotated[str | None, typer.Option()] = None,
    source: Annotated[str | None, typer.Option()] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show how long listings stay and what share is gone in a week and a month; by source where nothing is named."""
    if sum(one is not None for one in (watch, brand, source)) > 1:
        raise UserError("name one of --watch, --brand and --source")
    with warehouse("market") as (conn, _):
        scope, key = "source", _source(source)
        if watch is not None:
            scope, key = "watch", str(get_watch(conn, watch).watch_id)
        elif brand is not None:
            scope, key = "brand", " ".join(brand.lower().split())
        rows = time_on_market(conn, scope, key, limit)
    print_rows(rows, as_json=as_json, none="No listing was followed from its start yet.")


@app.command("procurement")
def procurement(
    text: Annotated[str, typer.Argument(help="part of a thing's or category's name")],
    region: Annotated[str, typer.Option(help="all: every region together")] = "all",
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show what public buyers paid for a unit, by month, the newest first."""
    with warehouse("market") as (conn, _):
        rows = procurement_prices(conn, text, region=region, limit=limit)
    print_rows(rows, as_json=as_json, none=f"No completed lot has {text!r} with a unit price in the region {region}.")


def _since(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days - 1)


def _source(name: str | None) -> str | None:
    if name is not None and name not in source_names():
        raise UserError(f"there is no source {name!r}; known: {', '.join(source_names())}")
    return name
