"""`pricescope shop`: what is read from a product page of any shop, and why."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.context import note, out
from cli.errors import UserError
from domain.page import PageReading, RawPage
from domain.settings import settings
from scrapers.contract import Query
from scrapers.registry import source_of_url
from scrapers.shop.client import ShopSource
from scrapers.shop.extract import extract

app = typer.Typer(no_args_is_help=True, help="Shops: try out product pages.")


@app.command("test")
def try_out(
    url: Annotated[str, typer.Argument(help="address of a product page")],
    file: Annotated[Path | None, typer.Option(help="a recorded page to read in place of fetching")] = None,
) -> None:
    """Show every candidate price of a product page, which one wins, and why; nothing is stored.

    Exits with 1 where the page has no price.
    """
    owner = source_of_url(url, settings().sandbox_url)
    if owner != "shop":
        note.print(f"{url} belongs to the source {owner!r}; its own parser is used for watches of it.", style="yellow")
    page, reading = asyncio.run(_page(url, None if file is None else _body(file)))
    note.print(f"{reading.meaning} (status {page.status}). {reading.detail}".strip())
    found = extract(page.body, page.url)
    if found is not None and found.candidates:
        table = Table("", "price", "kind", "score", "where", "text", "why")
        for candidate in found.candidates[:15]:
            table.add_row(
                "[green]>[/green]" if candidate is found.decision.winner else "",
                f"{candidate.amount} {candidate.currency or '?'}",
                str(candidate.kind),
                f"{candidate.score:g}",
                f"{candidate.origin}: {candidate.where}",
                candidate.text[:40],
                "; ".join(candidate.reasons),
            )
        out.print(table)
    for listing in reading.listings:
        old = "" if listing.list_price is None else f", before {listing.list_price:f}"
        out.print(
            f"[bold]{listing.price:f} {listing.currency}[/bold] ({listing.price_kind}{old}), {listing.availability}"
        )
        out.print(f"{listing.title}; sku {listing.sku or '-'}; GTIN {listing.gtin or '-'}; id {listing.external_id}")
    for offer in reading.unpriced:
        out.print(f"[yellow]no price[/yellow]: {offer.reason}; {offer.availability}. {offer.title}")
    if not reading.listings:
        raise typer.Exit(1)


def _body(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


async def _page(url: str, recorded: bytes | None) -> tuple[RawPage, PageReading]:
    async with ShopSource(settings()) as source:
        if recorded is None:
            parsed = source.parse_search_url(url)
            query = Query(country=parsed.country, params=parsed.params)
            pages = [page async for page in source.fetch_search(query)]
            return pages[0], source.read(pages[0])
        page = source.recorded_page(recorded, url=url, fetched_at=datetime.now(UTC))
        return page, source.read(page)
