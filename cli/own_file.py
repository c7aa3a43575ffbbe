"""One's own files: a CSV with a head, row by row, what cannot be used told by its line.

Belongs here: reading and checking rows of text. Does not: what the columns mean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.errors import UserError

_DELIMITERS = (",", ";", "\t")
# Descriptions are long, but a field beyond this is a quote that was never closed.
_LONGEST_FIELD = 1_000_000


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
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        head = lines.readline()
        delimiter, names = _read_head(head, path, required)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        wanted = {name: names.index(name) for name in (*required, *optional) if name in names}
        line = 1
        while True:
            line = reader.line_num + 2
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(line, f"not CSV ({error}), read up to line {reader.line_num + 1}")
                continue
            if not any(map(str.strip, fields)):
                continue
            yield _read_row(line, fields, names, wanted, required)


def _read_head(head: str, path: Path, required: Sequence[str]) -> tuple[str, list[str]]:
    for delimiter in _DELIMITERS:
        names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
        if set(required) <= set(names):
            return delimiter, names
    raise UserError(f"{path}: the first line must name the columns {', '.join(required)}; it is {head.strip()[:200]!r}")


def _read_row(
    line: int, fields: list[str], names: list[str], wanted: dict[str, int], required: Sequence[str]
) -> Row | BadRow:
    if len(fields) != len(names):
        return BadRow(line, f"has {len(fields)} fields, the head {len(names)}: quote values that hold a comma")
    values = {name: fields[place].strip() for name, place in wanted.items()}
    missing = [name for name in required if not values[name]]
    if missing:
        return BadRow(line, f"without {' and '.join(missing)}")
    return Row(line, values)
