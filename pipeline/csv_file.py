"""A user's own CSV file: its text whatever program wrote it, its head line, its records one by one.

Belongs here: encodings, separators, quotes, and what is wrong with a file or a line as CSV. Does not: what the columns
mean (``own_listings``, ``products``, the command `cluster`), writing files.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

# What becomes of bytes that are not UTF-8: guess Windows' letters, keep them as surrogates, or refuse the file.
Foreign = Literal["guess", "keep", "refuse"]
NO_LINES = "there are no lines under the head line"

_DELIMITERS = ",;\t"
_LONGEST_RECORD = 200
_LONGEST_FIELD = 1_000_000
_TO_UTF8 = "save the file as UTF-8 (CSV UTF-8 in a spreadsheet)"


class CsvFileError(ValueError):
    """A file that is no such table; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record under the head line.

    Attributes:
        line: where it begins in the file; the head is line 1.
        fields: its values by column, as they are in the file; empty where it cannot be used.
        problem: why it cannot be used; "" where it can.
        text: the record as it stands in the file; of one that cannot be used its first line.
    """

    line: int
    fields: Mapping[str, str]
    problem: str
    text: str


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file whose head line is right: its columns in small letters, words joined by ``_``, and its records."""

    columns: tuple[str, ...]
    _lines: Sequence[str] = field(repr=False)
    _delimiter: str

    def records(self) -> Iterator[Record]:
        """Yield each record in order, but those that hold nothing; one that is no CSV costs its first line only.

        A quote that is never closed would otherwise swallow the records after it.
        """
        csv.field_size_limit(_LONGEST_FIELD)
        lines, width = self._lines, len(self.columns)
        at = 1
        while at < len(lines):
            reader = csv.reader(
                (lines[place] for place in range(at, len(lines))), delimiter=self._delimiter, strict=True
            )
            begin = at
            while begin < len(lines):
                try:
                    values, problem = next(reader, None), ""
                except csv.Error as error:
                    values, problem = [], f"not CSV: {error}"
                if values is None:
                    return
                end = at + reader.line_num
                spans = end - begin
                if not problem and any(map(str.strip, values)):
                    if len(values) != width:
                        problem = f"{len(values)} fields where the head line has {width}"
                    elif spans > _LONGEST_RECORD:
                        problem = f"a quote is opened that is not closed within {_LONGEST_RECORD} lines"
                    else:
                        text = "".join(lines[begin:end]).rstrip("\r\n")
                        yield Record(begin + 1, dict(zip(self.columns, values, strict=True)), "", text)
                if problem:
                    yield Record(begin + 1, {}, problem, lines[begin].rstrip("\r\n"))
                    if spans > 1:
                        break
                begin = end
            at = begin + 1 if begin < len(lines) else len(lines)


def read_csv(
    content: bytes, *, required: Sequence[str], optional: Sequence[str] | None = None, foreign: Foreign
) -> CsvFile:
    """Read a CSV file (comma, semicolon or tab) as far as its head line.

    Args:
        content: UTF-8 with or without its mark, or UTF-16 with it (a spreadsheet's "Unicode text").
        required: columns that there must be.
        optional: the others that count: a column that counts must not stand twice. None: every other one counts.
        foreign: what becomes of bytes that are not UTF-8.

    Raises:
        CsvFileError: where the file cannot be read as such a table at all.
    """
    lines = io.StringIO(decoded(content, foreign).replace("\0", " "), newline="").readlines()
    if not lines:
        raise CsvFileError(f"the file is empty; its first line must name the columns {', '.join(required)}")
    delimiter, columns = _head(lines[0], required)
    missing = [name for name in required if name not in columns]
    if missing:
        shown = ", ".join(columns)[:200]
        raise CsvFileError(f"no column {', '.join(missing)} in the head line; it has: {shown}")
    counted = set(columns) if optional is None else {*required, *optional}
    twice = sorted({name for name in columns if name in counted - {""} and columns.count(name) > 1})
    if twice:
        raise CsvFileError(f"column {', '.join(twice)} stands twice in the head line")
    return CsvFile(tuple(columns), lines, delimiter)


def _head(line: str, required: Sequence[str]) -> tuple[str, list[str]]:
    """Return the separator under which the line has the columns, and them; else by the one that it has most."""
    found = []
    for delimiter in _DELIMITERS:
        names = [name.strip().lower().replace(" ", "_") for name in next(csv.reader([line], delimiter=delimiter), [])]
        found.append((set(required) <= set(names), len(names), delimiter, names))
    _, _, delimiter, names = max(found, key=lambda one: one[:2])
    return delimiter, names


def decoded(content: bytes, foreign: Foreign) -> str:
    """Return a file's text.

    Raises:
        CsvFileError: where it is UTF-16 and does not say so, or not UTF-8 and that is refused.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    # Every other byte of Latin letters in UTF-16 is 0; nothing else that is text has many.
    beginning = content[:1000]
    if beginning.count(0) > len(beginning) // 4:
        raise CsvFileError(f"it seems to be UTF-16 without its mark; {_TO_UTF8}")
    if foreign == "keep":
        return content.decode("utf-8-sig", errors="surrogateescape")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if foreign == "refuse":
            line = content[: error.start].count(b"\n") + 1
            raise CsvFileError(f"line {line} is not UTF-8; {_TO_UTF8}") from None
        # A stray byte in a file that is UTF-8 elsewhere is no reason to read all of it as something else.
        rest = content[error.end :].decode("utf-8", errors="replace")
        is_utf8 = any(ord(letter) > 127 and letter != "\ufffd" for letter in content[: error.start].decode() + rest)
        return content.decode("utf-8-sig" if is_utf8 else "cp1252", errors="replace")
