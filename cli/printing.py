"""Rows as a table for people or as JSON lines for programs.

Belongs here: how any struct is shown. Does not: what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
import orjson
import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from cli.context import note, out

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


def print_rows(rows: Sequence[msgspec.Struct], *, as_json: bool, none: str, hide: Sequence[str] = ()) -> None:
    """Print structs of one kind, a column a field; ``none`` is said (to stderr) where there is no row."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        note.print(none, markup=False)
        return
    fields = [name for name in rows[0].__struct_fields__ if name not in hide]
    table = Table(*(name.removesuffix("_percent").replace("_", " ") for name in fields), box=box.SIMPLE)
    for row in rows:
        table.add_row(*(_shown(name, getattr(row, name)) for name in fields))
    print_whole(table)


def print_whole(table: Table) -> None:
    """Print a table as wide as it is: figures and names cut to the width of a window say nothing, so it may wrap."""
    whole = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    Console(width=max(whole, out.width), highlight=False).print(table)


def print_json(rows: Iterable[msgspec.Struct]) -> None:
    """Print structs as JSON, one object a line."""
    for row in rows:
        out.print(orjson.dumps(msgspec.to_builtins(row)).decode(), markup=False)


def _shown(name: str, value: object) -> str:
    match value:
        case None:
            shown = "-"
        case bool():
            shown = "yes" if value else "no"
        case datetime():
            shown = f"{value:%Y-%m-%d %H:%M}"
        case float():
            shown = f"{value:g}"
        case Decimal():
            shown = _number(name, value)
        case list():
            shown = ", ".join(_entry(one) for one in value)
        case _:
            shown = str(value)
    return shown.replace("[", r"\[")


def _number(name: str, value: Decimal) -> str:
    if name.endswith("_percent"):
        return f"{value:+.2f} %"
    if name.endswith("_share") or name.startswith("sell_through"):
        return f"{100 * value:.1f} %"
    exact = value.normalize()
    return f"{exact:,.2f}" if exact == exact.quantize(Decimal("0.01")) else f"{exact:,f}"


def _entry(value: object) -> str:
    return " ".join(str(part) for part in value.values()) if isinstance(value, dict) else str(value)
