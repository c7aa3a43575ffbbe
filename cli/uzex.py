"""`pricescope uzex`: what the addresses of UZEX's watches take."""

from __future__ import annotations

import asyncio

import msgspec
import typer

from cli.errors import UserError
from cli.printing import AsJson, print_rows
from domain.page import PageReading
from domain.settings import settings
from scrapers.uzex.client import UzexSource
from scrapers.uzex.dictionaries import read_dictionary

app = typer.Typer(no_args_is_help=True, help="UZEX: the regions that a watch can be of.")


class Region(msgspec.Struct, frozen=True):
    """A region by the number that ``region_ids`` takes."""

    region_id: str
    name: str


@app.command("regions")
def regions(as_json: AsJson = False) -> None:
    """List the regions, for `region_ids=` in a watch's address; asked of UZEX now, nothing is stored."""
    found, reading = asyncio.run(_fetch())
    if not found:
        raise UserError(f"UZEX told no regions ({reading.meaning}). {reading.detail}".strip())
    print_rows([Region(number, name) for number, name in found.items()], as_json=as_json, none="")


async def _fetch() -> tuple[dict[str, str], PageReading]:
    async with UzexSource(settings()) as source:
        page = await source.fetch_regions()
        return read_dictionary(page), source.read(page)
