"""`pricescope product`: products over several sources, one by one or a CSV file of thousands."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from rich.table import Table

from cli import price_rules, product_figures
from cli.context import note, out, warehouse
from cli.errors import UserError
from cli.printing import AsJson, print_json
from domain.money import format_money
from domain.product import ProductOffer
from pipeline.csv_file import NO_LINES, CsvFileError
from pipeline.products import COLUMNS, AddressBook, ProductRowError, import_products, read_row
from warehouse.products import (
    ProductRow,
    current_offers,
    get_product,
    list_products,
    match_by_gtin,
    price_changes,
    put_products,
)

app = typer.Typer(no_args_is_help=True, help="Products over several sources: add, link, import, compare.")
app.add_typer(price_rules.app, name="alert")
product_figures.register(app)

Sku = Annotated[str, typer.Argument(help="your own article number of the product")]


@app.command("add")
def add(
    sku: Sku,
    name: Annotated[str, typer.Option()],
    gtin: Annotated[str | None, typer.Option(help="EAN, UPC or ISBN-13")] = None,
    brand: Annotated[str | None, typer.Option()] = None,
    category: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Add a product, or change it where the SKU is known; what is not named stays."""
    fields = {"sku": sku, "name": name, "gtin": gtin or "", "brand": brand or "", "category": category or ""}
    with warehouse("product") as (conn, settings):
        try:
            row = read_row(fields, AddressBook(settings))
        except ProductRowError as error:
            raise UserError(str(error)) from None
        put = put_products(conn, [row])
    state = "added" if put.new else "changed" if put.changed else "known already, nothing changed"
    out.print(f"{sku}: {state}", markup=False)


@app.command("link")
def link(
    sku: Sku,
    url: Annotated[str, typer.Argument(help="the address of the product, or of a search for it, on a site")],
    source: Annotated[str | None, typer.Option(help="default: told by the address")] = None,
) -> None:
    """Link a product to an address: a watch polls it from now on."""
    with warehouse("product") as (conn, settings):
        product = get_product(conn, sku)
        try:
            found = AddressBook(settings).link(sku, url, source)
        except ProductRowError as error:
            raise UserError(str(error)) from None
        put = put_products(conn, [ProductRow(sku=sku, name=product.name, link=found)])
    made = f"; the watch {found.watch_name!r} polls it" if put.watches else ""
    out.print(f"{sku}: {'linked to' if put.links else 'known at'} {found.source} {found.url}{made}", markup=False)


@app.command("import")
def import_csv(
    file: Annotated[
        Path, typer.Argument(help=f"CSV (UTF-8) with the columns {', '.join(COLUMNS)}; sku and name needed")
    ],
) -> None:
    """Import products from a CSV file: good rows are kept, each bad one is told by its line. Again: no change."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}") from None
    with warehouse("product") as (conn, settings):
        try:
            done = import_products(conn, settings, content)
        except CsvFileError as error:
            raise UserError(f"{file}: {error}") from None
    if not done.rows:
        raise UserError(f"{file}: {NO_LINES}")
    for row in done.bad:
        note.print(f"{file}, line {row.line}: {row.reason}", style="red", markup=False)
    counts = done.counts
    out.print(
        f"{done.rows} rows: {counts.new} products new, {counts.changed} changed, {counts.links} links and"
        f" {counts.watches} watches new, {len(done.bad)} rows left out"
    )
    if done.bad:
        raise typer.Exit(1)


@app.command("match")
def match() -> None:
    """Link the listings whose GTIN is a product's to that product."""
    with warehouse("product") as (conn, _):
        out.print(f"{match_by_gtin(conn)} listings linked by their GTIN")


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all products with their cheapest offer."""
    with warehouse("product") as (conn, settings):
        base = settings.base_currency
        rows = list_products(conn, base_currency=base, today=datetime.now(UTC).date())
    if as_json:
        print_json(rows)
        return
    if not rows:
        note.print("No product yet. Add one with: pricescope product add SKU --name NAME")
        return
    table = Table("sku", "name", "gtin", "links", "offers", "cheapest", "at")
    for row in rows:
        table.add_row(
            row.sku,
            row.name[:50],
            row.gtin or "-",
            str(row.links),
            str(row.offers),
            _money(row.best_value, base),
            row.best_source or "-",
        )
    out.print(table)


@app.command("changes")
def changes(
    days: Annotated[int, typer.Option(help="1, 7 or 30")] = 7,
    as_json: AsJson = False,
) -> None:
    """List the products whose lowest price changed, the biggest drop first."""
    if days not in {1, 7, 30}:
        raise UserError(f"--days must be 1, 7 or 30, not {days}")
    with warehouse("product") as (conn, _):
        rows = price_changes(conn, cast("Literal[1, 7, 30]", days))
    if as_json:
        print_json(rows)
        return
    if not rows:
        note.print(f"No product's lowest price changed within {days} days.")
        return
    table = Table("sku", "name", "change", "now", "at", "day")
    for row in rows:
        change, price = f"{row.change_percent:+.2f} %", format_money(row.price, row.currency)
        table.add_row(row.sku, row.name[:50], change, price, row.best_source, f"{row.price_date}")
    out.print(table)


@app.command("show")
def show(sku: Sku, as_json: AsJson = False) -> None:
    """Compare a product's current prices over its sources, the cheapest first."""
    with warehouse("product") as (conn, settings):
        product, base = get_product(conn, sku), settings.base_currency
        offers = current_offers(conn, product.product_id, base_currency=base, today=datetime.now(UTC).date())
    if as_json:
        print_json(offers)
        return
    told = (product.gtin and f"GTIN {product.gtin}", product.brand, product.category)
    out.print(f"{product.sku}: {product.name}", markup=False, style="bold")
    out.print(", ".join(part for part in told if part) or "no GTIN, brand or category", markup=False)
    if not offers:
        note.print("No offer is known yet; link an address with: pricescope product link SKU URL")
        return
    table = Table(f"in {base}", "price", "source", "state", "last seen (UTC)", "title")
    for offer in offers:
        table.add_row(
            _money(offer.value, base),
            format_money(offer.price, offer.currency),
            offer.source,
            _state(offer),
            f"{offer.last_seen_at:%Y-%m-%d %H:%M}",
            offer.title[:50],
        )
    out.print(table)


def _state(offer: ProductOffer) -> str:
    return offer.availability if offer.price_kind == "price" else f"{offer.availability}, {offer.price_kind}"


def _money(value: Decimal | None, currency: str) -> str:
    return "-" if value is None else format_money(value, currency)
