"""`pricescope fair-price`: what the listings of one's own CSV file should cost, without a database."""

from __future__ import annotations

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.context import note, out
from cli.errors import UserError
from domain.money import MoneyError, minor_exponent, parse_currency
from pipeline.csv_file import NO_LINES, CsvFileError
from pipeline.own_listings import OwnTable, Reject, read_listings

if TYPE_CHECKING:
    from pipeline.fair_price import PricedListing, Pricing

_COLUMNS = (
    "id", "title", "price", "currency", "expected", "low", "high", "discount", "p_value", "score", "tier", "n_eff",
    "verdict", "kind", "reason", "comparables", "model",
)  # fmt: skip
_SHOWN_REASONS, _SHOWN_LINES = 15, 8


def fair_price(
    source: Annotated[Path, typer.Option("--input", help="CSV: id, title, price and what else is known; see below")],
    output: Annotated[Path, typer.Option("--output", help="CSV that is written, one line a listing of the input")],
    history: Annotated[
        Path | None, typer.Option(help="CSV of the past, same columns; without it each is priced from the others")
    ] = None,
    budget: Annotated[float, typer.Option(min=0.1, max=200, help="false alarms accepted per 1,000 listings")] = 5.0,
    rates: Annotated[
        str | None, typer.Option(metavar="EUR=1.16,GBP=1.34,USD=1", help="worth of one unit, to compare currencies")
    ] = None,
) -> None:
    """Write what each listing should cost, its 90 % interval, how rare so low a price is, and a verdict.

    Optional columns: watch (what is compared first), brand, condition, description, currency, first_seen (ISO 8601,
    UTC); every other column of numbers (year, mileage, ...) is used too. Nothing is priced by itself, nor by anything
    first seen later. Lines that cannot be used go to OUTPUT.rejects.csv with their line number and the reason.
    """
    from pipeline.fair_price import price_own  # noqa: PLC0415 - numpy and the word lists take a moment

    worth = _rates(rates)
    for file in (source, history):
        if file is not None and output.exists() and file.exists() and output.samefile(file):
            raise UserError(f"--output is {file}: name another file, so that your rows are not lost")
    table = _read(source)
    past = None if history is None else _read(history)
    rejected = _write_rejects(
        output, [(source, table), *([] if history is None or past is None else [(history, past)])]
    )
    if not table.listings:
        why = f"no line can be used; see {rejected}" if table.rejects else NO_LINES
        raise UserError(f"{source}: {why}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=note, transient=True) as progress:
        tasks = {stage: progress.add_task(stage, total=len(table.listings)) for stage in ("kinds", "prices")}
        pricing = price_own(
            table, past, budget=budget, rates=worth, tell=lambda stage, rows: progress.advance(tasks[stage], rows)
        )
    _write(output, pricing.rows)
    _tell(table, pricing, output)


def _read(path: Path) -> OwnTable:
    try:
        table = read_listings(path)
    except CsvFileError as error:
        raise UserError(str(error)) from None
    if table.unused:
        note.print(f"{path}: not used: {', '.join(table.unused)}")
    if table.attributes:
        note.print(f"{path}: attributes: {', '.join(table.attributes)}")
    return table


def _rates(text: str | None) -> dict[str, float]:
    rates: dict[str, float] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, _, value = part.partition("=")
        try:
            rate = float(value)
            currency = parse_currency(name)
        except (ValueError, MoneyError):
            rate, currency = math.nan, ""
        if not (math.isfinite(rate) and rate > 0):
            raise UserError(f"--rates: {part.strip()!r} is not like EUR=1.16")
        rates[currency] = rate
    return rates


# ---------------------------------------------------------------- writing


def _write(path: Path, rows: Sequence[PricedListing]) -> None:
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for row in rows:
            digits = minor_exponent(row.listing.currency)
            writer.writerow(
                (
                    row.listing.id,
                    row.listing.title,
                    row.listing.price,
                    row.listing.currency,
                    *(_number(value, digits) for value in (row.expected, row.low, row.high)),
                    _number(row.discount, 4),
                    _number(row.p_value, 6),
                    _number(row.score, 4),
                    row.tier,
                    row.n_eff,
                    row.verdict,
                    row.kind,
                    row.reason,
                    _comparables(row),
                    row.model,
                )
            )


def _comparables(row: PricedListing) -> str:
    found = [
        {
            "id": other.id,
            "similarity": round(other.similarity, 3),
            "price": other.price,
            "currency": other.currency,
            "first_seen": None if other.first_seen is None else other.first_seen.isoformat(),
        }
        for other in row.comparables
    ]
    return json.dumps(found, ensure_ascii=False) if found else ""


def _number(value: float, digits: int) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _write_rejects(output: Path, tables: Sequence[tuple[Path, OwnTable]]) -> Path:
    """Write the rejects of all files and show the first; remove those of an earlier run where there are none."""
    path = output.with_name(output.name + ".rejects.csv")
    rejects: list[tuple[Path, Reject]] = [(source, reject) for source, table in tables for reject in table.rejects]
    _show_rejects(rejects, path)
    if not rejects:
        path.unlink(missing_ok=True)
        return path
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "id", "reason", "text"))
        writer.writerows((source, reject.line, reject.id, reject.reason, reject.text) for source, reject in rejects)
    return path


def _show_rejects(rejects: Sequence[tuple[Path, Reject]], path: Path) -> None:
    """Print each reason once with its first lines: hundreds of rows without a price are one thing to be told."""
    by_reason: dict[tuple[Path, str], list[Reject]] = {}
    for source, reject in rejects:
        # What differs from line to line stands in quotes or is a number.
        by_reason.setdefault((source, re.sub(r"'.*?'|[0-9]+", "", reject.reason)), []).append(reject)
    for (source, _), alike in list(by_reason.items())[:_SHOWN_REASONS]:
        lines = [reject.line for reject in alike]
        reason = alike[0].reason if len({reject.reason for reject in alike}) == 1 else f"as {alike[0].reason}"
        more = f" and {len(lines) - _SHOWN_LINES} more" if len(lines) > _SHOWN_LINES else ""
        numbers = ", ".join(map(str, lines[:_SHOWN_LINES]))
        word = "line" if len(lines) == 1 else "lines"
        note.print(f"{source}: {word} {numbers}{more}: {reason}", style="yellow", markup=False)
    if len(by_reason) > _SHOWN_REASONS:
        note.print(f"and {len(by_reason) - _SHOWN_REASONS} more reasons, all in {path}", style="yellow", markup=False)


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None


def _tell(table: OwnTable, pricing: Pricing, output: Path) -> None:
    for line in pricing.notes:
        note.print(line, style="yellow", markup=False)
    counts = Counter(str(row.verdict) for row in pricing.rows)
    tiers = Counter(row.tier for row in pricing.rows)
    out.print(
        f"{output}: {len(pricing.rows)} listings; " + ", ".join(f"{n} {name}" for name, n in counts.most_common())
    )
    out.print("tiers: " + ", ".join(f"{n} {name}" for name, n in tiers.most_common()))
    if table.rejects:
        out.print(f"{len(table.rejects)} lines could not be used: {output}.rejects.csv")
    rows, held = sum(c.rows for c in pricing.coverage), sum(c.covered for c in pricing.coverage)
    if rows:
        out.print(f"the 90 % intervals held {held / rows:.1%} of {rows} prices")
