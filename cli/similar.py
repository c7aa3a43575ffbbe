"""`pricescope similar`: what is like a text, a stored listing or a photo of one's own, over all watches and sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import psycopg
import typer
from rich.table import Table

from cli.context import note, out, warehouse
from cli.errors import UserError
from cli.printing import AsJson, print_json
from domain.money import format_money
from domain.settings import Settings
from scrapers.registry import source_names
from warehouse.details import find_listing, listing_details
from warehouse.watches import get_watch

if TYPE_CHECKING:
    from pipeline.similar import Alike, By, Where

_PHOTOS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"}
Meant = Literal["listing", "photo", "text"]


def similar(
    what: Annotated[str, typer.Argument(help="a listing (our number, SOURCE:ID or its URL), a photo's file, or words")],
    by: Annotated[Literal["title", "description", "photo"], typer.Option(help="what is to be alike")] = "title",
    meant: Annotated[
        Literal["listing", "photo", "text"] | None, typer.Option("--as", help="what WHAT is; default: found out")
    ] = None,
    watch: Annotated[str | None, typer.Option(help="only listings of this watch (number or name)")] = None,
    source: Annotated[str | None, typer.Option(help="only listings of this source")] = None,
    on_offer: Annotated[bool, typer.Option("--on-offer", help="leave out what is gone")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000)] = 15,
    as_json: AsJson = False,
) -> None:
    """List what is most alike, over all watches and sources, and where the same photo stands too.

    A repost has its seller's photo, a picture used again another's. Likeness is of words or pictures: the same product
    is what `pricescope clusters` tells.
    """
    # numpy and the models' code take a moment.
    from ml.embeddings.contract import ModelError  # noqa: PLC0415
    from pipeline.similar import SearchError, Where  # noqa: PLC0415

    with warehouse("similar") as (conn, settings):
        watch_id = None if watch is None else get_watch(conn, watch).watch_id
        where = Where(watch_id=watch_id, source=source, only_on_offer=on_offer, limit=limit)
        try:
            with note.status("searching"):
                found = _find(conn, settings, what, meant, by, where)
        except (SearchError, ModelError) as error:
            raise UserError(str(error)) from None
    if as_json:
        print_json(found)
        return
    table = Table("listing", "alike", "to pay", "condition", "source", "state", "title", "besides")
    for one in found:
        table.add_row(
            str(one.detail.listing_id),
            "-" if one.similarity is None else f"{one.similarity:.2f}",
            format_money(one.detail.payable, one.detail.currency),
            one.detail.condition,
            one.detail.source,
            one.detail.availability,
            one.detail.title[:60],
            ", ".join(one.notes) or "-",
        )
    out.print(table)


def _find(
    conn: psycopg.Connection, settings: Settings, what: str, meant: Meant | None, by: By, where: Where
) -> list[Alike]:
    from pipeline.similar import similar_to_listing, similar_to_photo, similar_to_text  # noqa: PLC0415 - as above

    listing_id = find_listing(conn, what) if meant in {None, "listing"} else None
    if listing_id is not None:
        title = next((one.title for one in listing_details(conn, [listing_id], "owner").values()), "")
        note.print(f"like listing {listing_id}: {title}", markup=False)
        return similar_to_listing(conn, settings, listing_id, where, by=by)
    if meant == "listing" or (meant is None and _names_a_listing(what)):
        raise UserError(f"no listing {what!r} is stored; give our number, SOURCE:ID or the listing's URL")
    if meant == "photo" or (meant is None and Path(what).suffix.lower() in _PHOTOS):
        note.print(f"like the photo {what}", markup=False)
        return similar_to_photo(conn, settings, Path(what), where)
    note.print(f"like the words {what!r}", markup=False)
    return similar_to_text(conn, settings, what, where, by=by)


def _names_a_listing(what: str) -> bool:
    """Tell an address or SOURCE:ID that is not stored from words."""
    return "://" in what or what.partition(":")[0] in source_names()
