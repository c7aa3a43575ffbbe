"""`pricescope cluster` over a file, as a user calls it; no database, no network."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import USER_ERRORS, app
from ml.clustering.synthetic import generate

_HEAD = "id,title,brand,group\n"
_ROWS = (
    "1,Sony DSC-W120 silver,Sony,cameras\n2,sony dscw120 digital camera,Sony,cameras\n"
    "3,Canon EOS 450D,Canon,cameras\n4,Canon EOS450D body,,cameras\n5,Red dress,,clothes\n"
)


def _cluster(folder: Path, text: str | bytes, *options: str) -> Result:
    (folder / "in.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    paths = ("--input", str(folder / "in.csv"), "--output", str(folder / "out.csv"))
    return CliRunner().invoke(app, ["cluster", *paths, *options])


def _out(folder: Path) -> list[dict[str, str]]:
    with (folder / "out.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_row_comes_back_in_order_with_its_cluster(tmp_path: Path) -> None:
    result = _cluster(tmp_path, _HEAD + _ROWS)
    assert result.exit_code == 0, result.output
    rows = _out(tmp_path)
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert list(rows[0]) == ["id", "cluster", "label", "probability", "representative", "members"]
    clusters = [row["cluster"] for row in rows]
    assert clusters[0] == clusters[1] != clusters[2] == clusters[3]
    assert clusters[4] not in clusters[:4]
    assert rows[0]["label"].startswith("Sony")
    assert [row["members"] for row in rows] == ["2", "2", "2", "2", "1"]
    assert 0 < float(rows[0]["probability"]) <= 1
    assert rows[4] | {"cluster": ""} == {
        "id": "5", "cluster": "", "label": "Red dress", "probability": "", "representative": "true", "members": "1"
    }  # fmt: skip
    assert "5 rows: 2 clusters, 1 unique" in result.stderr


def test_rows_that_cannot_be_used_are_told_by_line_and_the_others_clustered(tmp_path: Path) -> None:
    text = _HEAD + "1,Sony DSC-W120,,\n,no id,,\n3,,,\n4,too,many,fields,here\n1,again,,\n\n7,Sony dscw120,,\n"
    result = _cluster(tmp_path, text)
    assert result.exit_code == 1
    for told in (
        "line 3: without id",
        "line 4: without title",
        "line 5: 5 fields where the head line has 4",
        "line 6: its id '1' is that of line 2",
    ):
        assert told in result.stderr
    assert "4 rows left out" in result.stderr
    assert [row["id"] for row in _out(tmp_path)] == ["1", "7"]


def test_other_encodings_separators_and_quoted_lines_are_read(tmp_path: Path) -> None:
    text = '\ufeffTitle;ID;description\n"A; long\ntitle";7;x\n'.encode() + b"caf\xe9;caf\xe9;y\n"
    result = _cluster(tmp_path, text)
    assert result.exit_code == 0, result.output
    assert [row["id"] for row in _out(tmp_path)] == ["7", "caf\udce9"]


def test_unicode_text_of_a_spreadsheet_is_read_and_a_column_of_no_use_may_stand_twice(tmp_path: Path) -> None:
    text = "id\ttitle\tnote\tnote\n1\tPłaszcz wełniany\tx\ty\n"
    result = _cluster(tmp_path, text.encode("utf-16"))
    assert result.exit_code == 0, result.output
    assert [(row["id"], row["label"]) for row in _out(tmp_path)] == [("1", "Płaszcz wełniany")]


def test_dbscan_is_selectable_with_its_parameters(tmp_path: Path) -> None:
    result = _cluster(tmp_path, _HEAD + _ROWS, "--method", "dbscan", "--eps", "0.8", "--min-samples", "2")
    assert result.exit_code == 0, result.output
    rows = _out(tmp_path)
    assert rows[4]["cluster"] == "-1"
    assert rows[4]["label"] == "noise"
    assert rows[0]["cluster"] == rows[1]["cluster"] != "-1"
    stricter = _cluster(tmp_path, _HEAD + _ROWS, "--method", "dbscan", "--eps", "0.001")
    assert {row["cluster"] for row in _out(tmp_path)} == {"-1"}, stricter.output


def test_themes_add_their_columns(tmp_path: Path) -> None:
    result = _cluster(tmp_path, _HEAD + _ROWS, "--themes")
    assert result.exit_code == 0, result.output
    rows = _out(tmp_path)
    assert list(rows[0])[-2:] == ["theme", "theme_label"]
    assert rows[0]["theme"] == rows[1]["theme"] != ""


@pytest.mark.parametrize(
    ("options", "text", "message"),
    [
        (("--eps", "0.5"), _HEAD, "--eps does not go with --method products"),
        (("--method", "dbscan", "--cut", "0.3"), _HEAD, "--cut does not go with --method dbscan"),
        ((), "name,title\nx,y\n", "in.csv: no column id in the head line; it has: name, title"),
        ((), "id,title,brand,title\n1,a,b,c\n", "column title stands twice"),
        ((), "", "its first line must name the columns id, title"),
        ((), _HEAD, "in.csv: there are no lines under the head line"),
        ((), _HEAD.encode("utf-16-le"), "seems to be UTF-16 without its mark; save the file as UTF-8"),
    ],
)
def test_a_mistake_ends_with_what_to_do(
    tmp_path: Path, options: tuple[str, ...], text: str | bytes, message: str
) -> None:
    result = _cluster(tmp_path, text, *options)
    assert isinstance(result.exception, USER_ERRORS)
    assert message in str(result.exception)


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(_HEAD + _ROWS)
    result = CliRunner().invoke(app, ["cluster", "--input", str(path), "--output", str(path)])
    assert isinstance(result.exception, USER_ERRORS)
    assert path.read_text() == _HEAD + _ROWS


def test_a_thousand_rows_in_many_groups_keep_to_their_groups(tmp_path: Path) -> None:
    made = generate(1000, seed=31)
    lines = [f"{row},{title},,{row % 200}\n" for row, title in enumerate(made.titles)]
    assert _cluster(tmp_path, _HEAD + "".join(lines)).exit_code == 0
    groups: dict[str, set[int]] = {}
    for row in _out(tmp_path):
        groups.setdefault(row["cluster"], set()).add(int(row["id"]) % 200)
    assert all(len(found) == 1 for found in groups.values())
