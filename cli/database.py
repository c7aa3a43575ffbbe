"""`pricescope database`: how large it is, which indexes serve, what is slow; vacuum and compaction by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from cli.context import note, out, warehouse
from cli.errors import UserError
from cli.printing import AsJson, print_rows, print_whole
from scrapers.registry import source_names
from warehouse.compaction import compact_month
from warehouse.months import MonthError
from warehouse.orphans import delete_orphans, orphans
from warehouse.retention import delete_orphan_sellers
from warehouse.upkeep import Report, index_use, slow_statements, table_sizes, vacuum


class VectorsOfModel(msgspec.Struct, frozen=True):
    """How many vectors a model has made of one kind of content."""

    model: str
    kind: str
    vectors: int


app = typer.Typer(no_args_is_help=True, help="Reviews of the database: sizes, index use, slow statements; its care.")


@app.command("sizes")
def sizes() -> None:
    """Tables by size, with rows, dead rows and the last vacuum."""
    with warehouse("database") as (conn, _):
        _print(table_sizes(conn))


@app.command("indexes")
def indexes() -> None:
    """Indexes by use: the first are those that nothing reads."""
    with warehouse("database") as (conn, _):
        _print(index_use(conn))


@app.command("statements")
def statements() -> None:
    """Statements that cost most (pg_stat_statements), or those running now where the server does not count them."""
    with warehouse("database") as (conn, _):
        _print(slow_statements(conn))


@app.command("vacuum")
def vacuum_now(*, everything: Annotated[bool, typer.Option("--all")] = False) -> None:
    """Vacuum and analyse the tables that changed, or all."""
    with warehouse("database") as (conn, _):
        conn.execute("set statement_timeout = 0")
        done = vacuum(conn, everything=everything)
    out.print(f"{done.tables} tables vacuumed, {done.dead_rows:,} dead rows; {done.total_bytes / 2**20:,.1f} MB in all")


@app.command("compact")
def compact(month: Annotated[str, typer.Argument(help="closed month, e.g. 2026-03")]) -> None:
    """Rewrite a closed month of the price history without the rows that only repeat the one before."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise UserError(f"{month!r} is not a month; write it as 2026-03") from error
    with warehouse("database") as (conn, _):
        conn.execute("set statement_timeout = 0")
        try:
            done = compact_month(conn, first, today=datetime.now(UTC).date())
        except MonthError as error:
            raise UserError(str(error)) from error
    out.print(
        f"{done.month:%Y-%m}: {done.rows_before:,} rows became {done.rows_after:,},"
        f" {done.bytes_before / 2**20:,.1f} MB became {done.bytes_after / 2**20:,.1f} MB"
    )


@app.command("orphans")
def show_orphans(
    delete: Annotated[str | None, typer.Option(help="slug of the source whose orphans go, with their history")] = None,
    as_json: AsJson = False,
) -> None:
    """Listings that no watch and no product holds, by source; imports and range scans leave such on purpose."""
    with warehouse("database") as (conn, _):
        if delete is None:
            print_rows(orphans(conn), as_json=as_json, none="Every listing is a watch's or a product's.")
            return
        if delete not in source_names():
            raise UserError(f"there is no source {delete!r}; known: {', '.join(source_names())}")
        conn.execute("set statement_timeout = 0")
        done = delete_orphans(conn, delete)
        sellers = delete_orphan_sellers(conn)
    out.print(f"{done:,} listings of {delete} deleted, and {sellers:,} sellers that had no other")


@app.command("vectors")
def show_vectors(
    forget: Annotated[str | None, typer.Option(help="model whose vectors and indexes go, as listed")] = None,
    as_json: AsJson = False,
) -> None:
    """Vectors by model; those of models that were set before stay until they are forgotten."""
    # numpy and the models' code, which the other commands of this file do without.
    from pipeline.embeddings import forget_model  # noqa: PLC0415
    from warehouse.embeddings import count_spaces  # noqa: PLC0415

    with warehouse("database") as (conn, _):
        spaces = count_spaces(conn)
        if forget is None:
            rows = [VectorsOfModel(space.model_id, space.kind, count) for space, count in spaces.items()]
            print_rows(rows, as_json=as_json, none="No vector yet: the job `embed` makes them.")
            return
        if all(space.model_id != forget for space in spaces):
            raise UserError(f"there is no vector by {forget!r}; `pricescope database vectors` lists the models")
        conn.execute("set statement_timeout = 0")
        done = forget_model(conn, forget)
    out.print(f"{done:,} vectors by {forget} deleted", markup=False)


def _print(report: Report) -> None:
    if report.missing is not None:
        note.print(report.missing)
    if not report.rows:
        out.print("Nothing to show now.")
        return
    table = Table(*report.columns, box=box.SIMPLE)
    for row in report.rows:
        table.add_row(*("" if value is None else escape(" ".join(str(value).split())) for value in row))
    print_whole(table)
