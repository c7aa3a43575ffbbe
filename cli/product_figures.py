"""`pricescope product history, stats, lows, histogram, seasons, stores`: figures of products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import msgspec
import orjson
import typer

from cli.context import out, warehouse
from cli.errors import UserError
from cli.printing import AsJson, print_rows
from domain.money import format_money
from domain.product import standing
from warehouse.figures import (
    category_histogram,
    low_products,
    price_seasons,
    product_days,
    product_histogram,
    product_overview,
    product_sources,
    product_stats,
    source_wins,
)
from warehouse.product_history import product_history
from warehouse.products import get_product

Sku = Annotated[str, typer.Argument(help="your own article number of the product")]
MaybeSku = Annotated[str | None, typer.Argument(help="a product; or name a --category")]
_SHOWN_MOVES = 3
Category = Annotated[str | None, typer.Option(help="in place of a product")]


def history(
    sku: Sku,
    days: Annotated[int, typer.Option(min=1, max=3650)] = 30,
    every: Annotated[bool, typer.Option("--every", help="every kept price of each of its listings instead")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a product's days: lowest, median, mean, highest price, the cheapest source, changes; the newest first.

    With --every: each price as it was kept, the oldest first, in its own currency, shipping added where it is known.
    """
    since = datetime.now(UTC).date() - timedelta(days=days - 1)
    rows: Sequence[msgspec.Struct]
    with warehouse("product") as (conn, _):
        product_id = get_product(conn, sku).product_id
        if every:
            rows = product_history(conn, product_id, datetime.combine(since, time(), UTC))
        else:
            rows = product_days(conn, product_id, since)
    print_rows(rows, as_json=as_json, none=f"{sku} was not on offer within {days} days.")


def stats(sku: Sku, as_json: AsJson = False) -> None:
    """Say how a product's price stands in its own history, and what it costs on each source."""
    with warehouse("product") as (conn, _):
        product = get_product(conn, sku)
        found, sources = product_stats(conn, product.product_id), product_sources(conn, product.product_id)
    if as_json:
        print_rows([] if found is None else [found], as_json=True, none="")
        print_rows(sources, as_json=True, none="")
        return
    out.print(f"{product.sku}: {product.name}", markup=False, style="bold")
    if found is not None and found.price is not None:
        out.print(
            f"{format_money(found.price, found.currency)} at {found.best_source}: {standing(found)}", markup=False
        )
        if found.min_price is not None and found.max_price is not None:
            low, high = format_money(found.min_price, found.currency), format_money(found.max_price, found.currency)
            out.print(f"between {low}, last on {found.low_date}, and {high}", markup=False)
    else:
        out.print("no price is known yet", markup=False)
    print_rows(sources, as_json=False, none="It was on offer nowhere within 31 days.")


def overview(as_json: AsJson = False) -> None:
    """Show all products at a glance: how many are on offer, how many moved, the biggest moves and the lows."""
    with warehouse("product") as (conn, _):
        found = product_overview(conn)
    if as_json:
        out.print(orjson.dumps(found, default=str).decode(), markup=False)
        return
    if found is None:
        out.print("no product is known yet")
        return
    currency = found["currency"]
    out.print(
        f"{found['products']} products, {found['products_on_offer']} on offer with {found['offers']} offers at"
        f" {found['sources']} sources, as of {found['price_date'] or 'no day yet'}; prices in {currency}"
    )
    for days in (1, 7, 30):
        out.print(f"{days} days: {found[f'drops_{days}d']} cheaper, {found[f'rises_{days}d']} dearer")
        for name in ("top_drops", "top_rises"):
            for move in (found[name].get(str(days)) or [])[:_SHOWN_MOVES]:
                said = f"  {move['change_percent']:+.2f} %  {move['sku']}  {move['name'][:50]}"
                out.print(f"{said}  {move['price']} at {move['source']}", markup=False)
    out.print(f"never cheaper: {found['all_time_lows']}")
    for low in found["top_lows"][:_SHOWN_MOVES]:
        out.print(f"  {low['sku']}  {low['name'][:50]}  {low['price']} at {low['source']}", markup=False)


def lows(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50, as_json: AsJson = False) -> None:
    """List the products on offer that never were cheaper, and were dearer once."""
    with warehouse("product") as (conn, _):
        rows = low_products(conn, limit)
    print_rows(rows, as_json=as_json, none="No product costs less than ever now.")


def histogram(sku: MaybeSku = None, category: Category = None, as_json: AsJson = False) -> None:
    """Show how the prices of the last 30 days are spread, of a product or a category."""
    with warehouse("product") as (conn, _):
        if _is_product(sku, category):
            rows = product_histogram(conn, get_product(conn, sku or "").sku)
        else:
            rows = category_histogram(conn, category or "")
    print_rows(rows, as_json=as_json, none="Nothing of it was on offer within 30 days.")


def seasons(sku: MaybeSku = None, category: Category = None, as_json: AsJson = False) -> None:
    """Show which months of the year are cheap, of a product or a category; 1 is the mean of the year."""
    with warehouse("product") as (conn, _):
        if _is_product(sku, category):
            rows = price_seasons(conn, "product", get_product(conn, sku or "").sku)
        else:
            rows = price_seasons(conn, "category", category or "")
    print_rows(rows, as_json=as_json, none="It is not known yet: a season needs six complete months of a year.")


def stores(
    days: Annotated[int, typer.Option(help="7 or 30")] = 30,
    category: Annotated[str, typer.Option(help="all: every product")] = "all",
    as_json: AsJson = False,
) -> None:
    """Show how often each source asks the least, of the days on which others had the same product."""
    if days not in {7, 30}:
        raise UserError(f"--days must be 7 or 30, not {days}")
    with warehouse("product") as (conn, _):
        rows = source_wins(conn, days, category)
    print_rows(rows, as_json=as_json, none=f"No product of {category!r} was on offer within {days} days.")


def _is_product(sku: str | None, category: str | None) -> bool:
    if (sku is None) == (category is None):
        raise UserError("name one product by its SKU, or a --category")
    return sku is not None


def register(app: typer.Typer) -> None:
    """Add the commands to `pricescope product`."""
    for name, command in (
        ("history", history),
        ("stats", stats),
        ("lows", lows),
        ("overview", overview),
        ("histogram", histogram),
        ("seasons", seasons),
        ("stores", stores),
    ):
        app.command(name)(command)
