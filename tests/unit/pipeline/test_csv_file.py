"""A user's CSV file is read whatever program wrote it, or the reason is told; no record is lost or swallowed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.csv_file import CsvFileError, Foreign, decoded, read_csv

# Python's own writer leaves a carriage return without quotes.
_values = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


def test_files_of_other_programs_are_read_in_their_own_letters() -> None:
    assert decoded("id;café\n".encode("cp1252"), "guess") == "id;café\n"
    for foreign in ("guess", "keep", "refuse"):
        assert decoded("id;café\n".encode("utf-16"), foreign) == "id;café\n"
        assert decoded("id;café\n".encode("utf-8-sig"), foreign) == "id;café\n"
    assert decoded("café;".encode() + b"\xff;ok", "guess") == "café;\ufffd;ok"
    assert decoded(b"\xff;" + "café".encode(), "guess") == "\ufffd;café"
    assert decoded(b"\xff", "keep").encode("utf-8", "surrogateescape") == b"\xff"


@pytest.mark.parametrize("foreign", ["guess", "keep", "refuse"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_told_from_what_is_read(encoding: str, foreign: Foreign) -> None:
    with pytest.raises(CsvFileError, match="UTF-16 without its mark; save the file as UTF-8"):
        read_csv("id,title\n1,Płaszcz\n".encode(encoding), required=("id",), foreign=foreign)


def test_a_quote_never_closed_costs_the_line_it_opens_on_alone() -> None:
    file = read_csv(b'id,title\n1,one\n2,"two\n3,three\n', required=("id", "title"), foreign="keep")
    one, two, three = file.records()
    assert (one.line, one.fields, one.problem, one.text) == (2, {"id": "1", "title": "one"}, "", "1,one")
    assert (two.line, two.fields, two.problem) == (3, {}, "not CSV: unexpected end of data")
    assert (three.line, three.fields) == (4, {"id": "3", "title": "three"}), "it costs its own line and none after it"


def test_the_separator_is_the_one_under_which_the_columns_are_there() -> None:
    file = read_csv(b"id;first seen, UTC;title, short\n1;2;3\n", required=("id",), foreign="keep")
    assert file.columns == ("id", "first_seen,_utc", "title,_short")
    with pytest.raises(CsvFileError, match="no column title in the head line; it has: id, first_seen"):
        read_csv(b"id;first seen\n1;2\n", required=("id", "title"), foreign="keep")


@given(
    rows=st.lists(st.tuples(_values, _values, _values), max_size=6),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_program_wrote_is_what_is_read(
    rows: list[tuple[str, str, str]], delimiter: str, end: str, encoding: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end)
    writer.writerows([("id", "title", "note"), *rows])
    file = read_csv(written.getvalue().encode(encoding), required=("id", "title"), foreign="refuse")
    records = list(file.records())
    assert [record.problem for record in records] == [""] * len(records)
    assert [tuple(record.fields.values()) for record in records] == [row for row in rows if any(map(str.strip, row))]


@given(content=st.binary(max_size=200), foreign=st.sampled_from(["guess", "keep", "refuse"]))
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes, foreign: Foreign) -> None:
    try:
        file = read_csv(b"id,title\n" + content, required=("id",), foreign=foreign)
    except CsvFileError:
        return
    lines = [record.line for record in file.records()]
    assert lines == sorted(set(lines))
