"""One's own files: a CSV with a head, row by row, what cannot be used told by its line.

Belongs here: checking rows of text. Does not: reading records (``pipeline.own_listings``), what the columns mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.errors import UserError
from pipeline.own_listings import Reject, read_records

_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be used: the line it begins on (the head is line 1) and the columns asked for, "" if absent."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


def read_rows(path: Path, *, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row | BadRow]:
    """Yield the rows of a CSV (UTF-8; comma, semicolon or tab) in order; other columns are ignored.

    Values are stripped. Bytes that are not UTF-8 come back as they were when written with ``surrogateescape``.

    Raises:
        UserError: no such file, or the head lacks a required column.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    text = path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    lines = io.StringIO(text.replace("\0", " "), newline="").readlines()
    delimiter, names = _read_head(lines[0] if lines else "", path, required)
    wanted = {name: names.index(name) for name in (*required, *optional) if name in names}
    rejects: list[Reject] = []
    for line, fields, _ in read_records(lines, delimiter, len(names), rejects):
        yield from _told(rejects)
        if any(map(str.strip, fields)):
            yield _read_row(line, fields, wanted, required)
    yield from _told(rejects)


def _told(rejects: list[Reject]) -> Iterator[BadRow]:
    found = [BadRow(reject.line, reject.reason) for reject in rejects]
    rejects.clear()
    return iter(found)


def _read_head(head: str, path: Path, required: Sequence[str]) -> tuple[str, list[str]]:
    for delimiter in _DELIMITERS:
        names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
        if set(required) <= set(names):
            return delimiter, names
    raise UserError(f"{path}: the first line must name the columns {', '.join(required)}; it is {head.strip()[:200]!r}")


def _read_row(line: int, fields: list[str], wanted: dict[str, int], required: Sequence[str]) -> Row | BadRow:
    values = {name: fields[place].strip() for name, place in wanted.items()}
    missing = [name for name in required if not values[name]]
    if missing:
        return BadRow(line, f"without {' and '.join(missing)}")
    return Row(line, values)
