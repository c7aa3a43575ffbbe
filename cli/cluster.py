"""`pricescope cluster`: which rows of one's own file are the same product, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cli.context import note
from cli.errors import UserError
from pipeline.csv_file import NO_LINES, CsvFileError, read_csv

_REQUIRED = ("id", "title")
_OPTIONAL = ("description", "brand", "group", "price")
_SHOWN_BAD_ROWS = 50
# DBSCAN compares every pair: beyond this many rows a word about the time is due.
_MANY_FOR_DBSCAN = 20_000


@dataclass(frozen=True, slots=True)
class File:
    """The columns of a file that can be used, "" where a value is absent, and the rows that cannot."""

    ids: list[str]
    titles: list[str]
    descriptions: list[str]
    brands: list[str]
    groups: list[str]
    prices: list[str]
    bad: list[str]


@dataclass(frozen=True, slots=True)
class Density:
    """Parameters of DBSCAN."""

    eps: float
    min_samples: int
    metric: Literal["cosine", "euclidean"]


def cluster(
    given: Annotated[
        Path, typer.Option("--input", help="CSV with id, title; optional description, brand, group, price")
    ],
    output: Annotated[Path, typer.Option("--output", help="CSV to write: a row an id, in the order of the input")],
    method: Annotated[Literal["products", "dbscan"], typer.Option(help="the default, or the classic")] = "products",
    themes: Annotated[bool, typer.Option("--themes", help="add the looser level: columns theme, theme_label")] = False,
    cut: Annotated[
        float | None, typer.Option(min=0.01, max=1, help="products: least mean probability inside a cluster [0.3]")
    ] = None,
    eps: Annotated[float | None, typer.Option(min=0.0001, help="dbscan: the distance of neighbours [0.5]")] = None,
    min_samples: Annotated[int | None, typer.Option(min=1, help="dbscan: neighbours that make a core [5]")] = None,
    metric: Annotated[Literal["cosine", "euclidean"] | None, typer.Option(help="dbscan: distance [cosine]")] = None,
) -> None:
    """Find the rows that are the same product, inside each group.

    Writes cluster (a number), label (its name), probability (mean probability that the row is the same product as the
    other members; empty for a row without mates), representative (true for one row a cluster) and members (how many).
    A row without mates is a cluster of its own. With --method dbscan noise is cluster -1, named "noise", and the
    probability is a closeness: one minus the distance to the cluster's centre.

    Exits with 1 if a row cannot be used; the others are clustered all the same.
    """
    _check_options(method, cut=cut, eps=eps, min_samples=min_samples, metric=metric)
    if output.exists() and given.exists() and output.samefile(given):
        raise UserError("--output is the input: name another file, so that your rows are not lost")
    if not output.absolute().parent.is_dir():
        raise UserError(f"{output}: no such folder")
    file = _read(given)
    for bad in file.bad[:_SHOWN_BAD_ROWS]:
        _say(f"{given}: {bad}")
    if len(file.bad) > _SHOWN_BAD_ROWS:
        _say(f"{given}: and {len(file.bad) - _SHOWN_BAD_ROWS} more rows that cannot be used")
    if method == "dbscan" and len(file.ids) > _MANY_FOR_DBSCAN:
        _say(f"DBSCAN compares every pair of {len(file.ids)} rows: this can take hours; the default does not")
    from cli.cluster_file import cluster_file  # noqa: PLC0415 - scipy, which no other command needs

    chosen = Density(eps or 0.5, min_samples or 5, metric or "cosine") if method == "dbscan" else None
    with _progress() as told:
        count, alone = cluster_file(file, output, cut=cut, density=chosen, themes=themes, progress=told)
    _say(f"{len(file.ids)} rows: {count} clusters, {alone} {'noise' if chosen else 'unique'}")
    if file.bad:
        _say(f"{len(file.bad)} rows left out")
        raise typer.Exit(1)


def _say(line: str) -> None:
    # Not the console's markup: file names and reasons may hold brackets.
    note.print(line, markup=False, highlight=False, soft_wrap=True)


def _check_options(method: str, **given: object) -> None:
    wrong = ["cut"] if method == "dbscan" else ["eps", "min_samples", "metric"]
    used = [f"--{name.replace('_', '-')}" for name in wrong if given[name] is not None]
    if used:
        raise UserError(f"{', '.join(used)} does not go with --method {method}")


def _read(path: Path) -> File:
    try:
        # What is not UTF-8 is written as it was read: ids must come back the same.
        table = read_csv(path.read_bytes(), required=_REQUIRED, optional=_OPTIONAL, foreign="keep")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None
    except CsvFileError as error:
        raise UserError(f"{path}: {error}") from None
    file = File([], [], [], [], [], [], [])
    lines: dict[str, int] = {}
    for record in table.records():
        values = {name: record.fields.get(name, "").strip() for name in (*_REQUIRED, *_OPTIONAL)}
        problem = record.problem or _problem(values, lines)
        if problem:
            file.bad.append(f"line {record.line}: {problem}")
            continue
        lines[values["id"]] = record.line
        file.ids.append(values["id"])
        file.titles.append(values["title"])
        file.descriptions.append(values["description"])
        file.brands.append(values["brand"])
        file.groups.append(values["group"])
        file.prices.append(values["price"])
    if not file.ids and not file.bad:
        raise UserError(f"{path}: {NO_LINES}")
    return file


def _problem(values: Mapping[str, str], lines: Mapping[str, int]) -> str:
    """Return why a row cannot be used, given the lines of the ids before it; "" where it can."""
    missing = [name for name in _REQUIRED if not values[name]]
    if missing:
        return f"without {' and '.join(missing)}"
    if values["id"] in lines:
        return f"its id {values['id'][:80]!r} is that of line {lines[values['id']]}"
    return ""


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=note, transient=True) as bar:
        task = bar.add_task("reading", total=1.0)
        yield lambda step, share: bar.update(task, description=step, completed=share)
