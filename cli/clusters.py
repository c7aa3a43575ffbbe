"""`pricescope clusters`: which listings of a watch are the same product, as stored; and a run by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

import psycopg
import typer
from rich.table import Table

from cli.context import note, out, warehouse
from cli.deals import find_listing
from cli.errors import UserError
from cli.printing import AsJson, print_json, print_rows
from domain.money import format_money
from domain.watch import Watch
from warehouse.cluster_runs import DEFAULT_METHOD, ClusterRun, Level, current_run, list_runs
from warehouse.cluster_views import (
    ClusterLine,
    MemberLine,
    cluster_line,
    cluster_members,
    cluster_overview,
    find_clusters,
    places_of_listing,
    resolve_cluster,
    run_of_cluster,
    transitions_of_run,
    unique_listings,
)
from warehouse.watches import get_watch

if TYPE_CHECKING:
    from ml.photos.reuse import PhotoNote

app = typer.Typer(no_args_is_help=True, help="Listings that are the same product: overview, one cluster, a new run.")

WatchKey = Annotated[str, typer.Argument(help="a watch's id or name")]
Limit = Annotated[int, typer.Option(min=1, help="rows to show")]
MethodName = Annotated[Literal["products", "dbscan"], typer.Option(help="whose clusters")]


@app.command("list")
def list_clusters(
    watch: WatchKey,
    level: Annotated[Level, typer.Option(help="product: the same thing; theme: things alike")] = "product",
    method: MethodName = "products",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the clusters of a watch, the largest first, as its last run and the listings since have them."""
    with warehouse("clusters") as (conn, _):
        found = get_watch(conn, watch)
        run = _run(conn, found, method)
        lines = cluster_overview(conn, run.cluster_run_id, level=level, limit=limit)
    if as_json:
        print_json(lines)
        return
    table = Table("cluster", "name", "kind", "listings", "for sale", "lowest", "median", "highest", "cohesion")
    for line in lines:
        table.add_row(
            line.cluster_id[:8],
            line.label,
            line.kind,
            str(line.size),
            str(line.n_active),
            *(_money(price, line.currency) for price in (line.lowest_price, line.median_price, line.highest_price)),
            _share(line.cohesion),
        )
    out.print(table)
    more = f", the {limit} largest shown" if level == "product" and run.n_clusters > limit else ""
    out.print(
        f"{run.n_listings} listings: {run.n_clusters} clusters{more}, {run.n_unique} unique;"
        f" clustered {run.started_at:%Y-%m-%d %H:%M} UTC",
        markup=False,
    )


@app.command("show")
def show(
    watch: WatchKey,
    cluster: Annotated[
        str, typer.Argument(help="a cluster's id or how it begins; `unique` for the listings in none")
    ] = "unique",
    method: MethodName = "products",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show a cluster's listings, the surest first; or those in no cluster. An old id leads to what it went into."""
    with warehouse("clusters") as (conn, _):
        found = get_watch(conn, watch)
        line = None
        if cluster in {"unique", "noise"}:
            members = unique_listings(conn, _run(conn, found, method).cluster_run_id, limit=limit)
        else:
            line, run_id = _find(conn, found, cluster)
            members = cluster_members(conn, run_id, line.cluster_id, limit=limit)
        notes = _photo_notes(conn, members)
    if as_json:
        print_json(members)
        return
    if line is not None:
        out.print(f"{line.label}: {line.size} listings, {line.cluster_id}", markup=False, style="bold")
        out.print(f"told by: {', '.join(line.terms) or '-'}; {line.kind}", markup=False)
    table = Table("listing", "title", "price", "condition", "state", "sure", "distance", "photo")
    for member in members:
        table.add_row(
            f"{member.listing_id}{' *' if member.is_representative else ''}",
            member.title[:70],
            format_money(member.price, member.currency),
            member.condition,
            "for sale" if member.is_active else "gone",
            _share(member.probability),
            "-" if member.distance is None else f"{member.distance:.3f}",
            _photo(notes.get(member.listing_id)),
        )
    out.print(table)
    if line is not None:
        out.print("* stands for the others", markup=False)


@app.command("of")
def of_listing(
    listing: Annotated[str, typer.Argument(help="our listing number, or SOURCE:ID, or the listing's URL")],
    watch: Annotated[str | None, typer.Option(help="number or name; default: every watch that saw it")] = None,
    as_json: AsJson = False,
) -> None:
    """Say in which cluster of each watch a listing is; none: it is unique there."""
    with warehouse("clusters") as (conn, _):
        watch_id = None if watch is None else get_watch(conn, watch).watch_id
        rows = places_of_listing(conn, find_listing(conn, listing), watch_id=watch_id)
    print_rows(rows, as_json=as_json, none="No run has it: it is new, kept out by the watch, or no watch saw it.")


@app.command("changes")
def changes(watch: WatchKey, method: MethodName = "products", as_json: AsJson = False) -> None:
    """Say what became of a watch's clusters in its last run: born, dead, split, merged, survived."""
    with warehouse("clusters") as (conn, _):
        run = _run(conn, get_watch(conn, watch), method)
        rows = transitions_of_run(conn, run.cluster_run_id)
    print_rows(rows, as_json=as_json, none="Nothing became of any cluster: it has none, or what became was pruned.")


@app.command("runs")
def runs(watch: WatchKey, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the runs of a watch, the newest first: parameters, counts, time, state, error."""
    with warehouse("clusters") as (conn, _):
        found = list_runs(conn, get_watch(conn, watch).watch_id, limit=limit)
    if as_json:
        print_json(found)
        return
    if not found:
        note.print(f"No run yet. Start one with: pricescope clusters run {watch}", markup=False)
        return
    table = Table("run", "started (UTC)", "method", "listings", "clusters", "unique", "seconds", "state", "error")
    for run in found:
        table.add_row(
            str(run.cluster_run_id),
            f"{run.started_at:%Y-%m-%d %H:%M}",
            " ".join([run.method, *(f"{name}={value}" for name, value in run.params.items() if name != "pair_model")]),
            str(run.n_listings),
            str(run.n_clusters),
            str(run.n_unique),
            f"{(run.ended_at - run.started_at).total_seconds():.1f}" if run.ended_at else "-",
            run.state,
            (run.error or "-")[:80],
        )
    out.print(table)


@app.command("run")
def run_now(
    watch: WatchKey,
    method: Annotated[Literal["products", "dbscan"], typer.Option(help="the default, or the classic")] = "products",
    eps: Annotated[float | None, typer.Option(min=0.0001, help="dbscan: the distance of neighbours [0.5]")] = None,
    min_samples: Annotated[int | None, typer.Option(min=1, help="dbscan: neighbours that make a core [5]")] = None,
    metric: Annotated[Literal["cosine", "euclidean"] | None, typer.Option(help="dbscan: distance [cosine]")] = None,
) -> None:
    """Cluster a watch's listings now and store the run.

    A run with --method dbscan is kept beside those of the default: prices are compared in the default's clusters.
    """
    given = {"--eps": eps, "--min-samples": min_samples, "--metric": metric}
    used = [name for name, value in given.items() if value is not None]
    if method == "products" and used:
        raise UserError(f"{', '.join(used)} does not go with --method products")
    # scipy and the models' code, which no other command of this file needs.
    from pipeline.clusters import Method, cluster_watch  # noqa: PLC0415

    chosen = Method(name=method, eps=eps or 0.5, min_samples=min_samples or 5, metric=metric or "cosine")
    with warehouse("clusters") as (conn, configured):
        found = get_watch(conn, watch)
        with note.status(f"{found.name}: clustering"):
            try:
                done = cluster_watch(conn, configured, found, chosen)
            except ValueError as error:
                raise UserError(str(error)) from None
    if done.done == "busy":
        raise UserError(f"{found.name} is being clustered by another run; try again when it has ended")
    alone = "noise" if method == "dbscan" else "unique"
    out.print(
        f"{found.name}: {done.listings} listings, {done.clusters} clusters, {done.unique} {alone},"
        f" cohesion {_share(done.cohesion)}, {done.seconds:.1f} s",
        markup=False,
    )
    for name, size in done.names:
        out.print(f"  {size:>5}  {name}", markup=False)


def _run(conn: psycopg.Connection, watch: Watch, method: str) -> ClusterRun:
    run = current_run(conn, watch.watch_id, method)
    if run is None:
        option = "" if method == DEFAULT_METHOD else f" --method {method}"
        raise UserError(
            f"{watch.name} was not clustered yet; do it now: pricescope clusters run {watch.name!r}{option}"
        )
    return run


def _find(conn: psycopg.Connection, watch: Watch, start: str) -> tuple[ClusterLine, int]:
    ids = find_clusters(conn, watch.watch_id, start)
    if not ids:
        raise UserError(f"{watch.name} has no cluster {start!r}; `pricescope clusters list` shows them")
    if len(ids) > 1:
        raise UserError(f"{start!r} begins the id of more than one cluster; give more of it")
    living = resolve_cluster(conn, ids[0])
    run_id = None if living is None else run_of_cluster(conn, living)
    line = None if living is None or run_id is None else cluster_line(conn, run_id, living)
    if line is None or run_id is None:
        raise UserError(f"the cluster {ids[0]} is no more: its listings are gone or unique now")
    if line.cluster_id != ids[0]:
        note.print(f"{ids[0]} went into {line.cluster_id}", markup=False)
    return line, run_id


def _photo_notes(conn: psycopg.Connection, members: Sequence[MemberLine]) -> dict[int, PhotoNote]:
    # numpy and scipy, which the other commands of this file do without.
    from pipeline.clusters import photo_notes  # noqa: PLC0415

    return photo_notes(conn, members)


def _photo(told: PhotoNote | None) -> str:
    if told is None:
        return "-"
    others = ", ".join(map(str, told.others[:3]))
    return f"{told.use.value.replace('_', ' ')}: {others}"


def _money(value: Decimal | None, currency: str | None) -> str:
    return "-" if value is None or currency is None else format_money(value, currency)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
