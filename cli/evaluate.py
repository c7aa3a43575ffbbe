"""`pricescope evaluate`: how well deals would have been found among one's own newest listings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable
from rich.text import Text

from cli.context import note, out, warehouse
from warehouse.watches import get_watch

if TYPE_CHECKING:
    from pipeline.evaluate import Evaluation
    from pipeline.evaluation_report import Table


def evaluate(
    watch: Annotated[str | None, typer.Option(help="number or name: only this watch's newcomers are judged")] = None,
    seed: Annotated[int, typer.Option(min=0, help="the same seed plants the same deals")] = 0,
    repeats: Annotated[int, typer.Option(min=1, max=200, help="plantings that are averaged")] = 20,
    budget: Annotated[float, typer.Option(min=0.1, max=200, help="false alarms accepted per 1,000 listings")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
    plots: Annotated[bool, typer.Option("--plots/--no-plots", help="write PNG files to evaluation/ at home")] = True,
) -> None:
    """Plant deals in your newest listings, in order of time, and see which rule finds them.

    Prints the fair price beside the robust rule and mean - k*sigma, whether its intervals and p-values keep their word,
    how fast listings were gone by score, and cluster scores. Nothing is written to any table. See docs/evaluation.md.
    """
    from pipeline.evaluate import evaluate_streams, read_streams  # noqa: PLC0415 - numpy, scipy and scikit-learn
    from pipeline.evaluation_report import figures, market_plots, write_plots  # noqa: PLC0415 - the same

    with warehouse("evaluate") as (conn, settings):
        streams = read_streams(conn, None if watch is None else get_watch(conn, watch))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=note, transient=True) as progress:
        task = progress.add_task("newcomers priced: 0")

        def advance(rows: int) -> None:
            progress.advance(task, rows)
            progress.update(task, description=f"newcomers priced: {progress.tasks[task].completed:.0f}")

        done = evaluate_streams(streams, seed=seed, repeats=repeats, budget=budget, progress=advance)
    if as_json:
        out.print(orjson.dumps(figures(done), option=orjson.OPT_INDENT_2).decode(), markup=False)
    else:
        _print(done)
    for market in done.markets if plots else ():
        if market.backtest is not None:
            folder = next(iter(write_plots(settings.home, market.name, market_plots(market)).values())).parent
            note.print(f"plots: {folder}", markup=False)


def _print(done: Evaluation) -> None:
    from ml.backtest.stream import LEAST_ROWS  # noqa: PLC0415 - numpy
    from pipeline.evaluation_report import cluster_table, market_tables  # noqa: PLC0415 - numpy and scipy

    if not done.markets:
        note.print(f"not enough data: 0 of {LEAST_ROWS} listings are known; add a watch and let it poll")
    for market in done.markets:
        if market.backtest is None:
            note.print(f"{market.name}: {market.too_little}", markup=False)
        for table in market_tables(market):
            _print_table(table, market.name)
    _print_table(cluster_table(done), "")


def _print_table(table: Table, market: str) -> None:
    title = f"{market}: {table.title}" if market else table.title
    shown = RichTable(title=Text(title), title_justify="left")
    for place, name in enumerate(table.header):
        shown.add_column(Text(name), justify="left" if place == 0 else "right")
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    out.print(shown)
