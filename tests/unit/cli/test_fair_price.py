from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.errors import UserError
from cli.main import app
from pipeline.csv_file import CsvFileError
from pipeline.own_listings import read_listings
from tests.unit.ml.pricing.made import made


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _rows(n: int, **more: object) -> list[dict[str, object]]:
    items = made(n, seed=3, watches=1)
    return [
        {"id": items.ids[row], "title": items.titles[row], "price": f"{items.prices[row]:.2f}", "watch": "w",
         "year": int(items.attributes["year"][row]), "seller": "someone", **more}
        for row in range(n)
    ]  # fmt: skip


def _run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, ["fair-price", *map(str, arguments)])
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_line_is_priced_or_rejected_by_its_line_number(tmp_path: Path) -> None:
    rows = _rows(80)
    rows[4]["price"], rows[5]["id"], rows[6]["title"] = "about 5 EUR", rows[0]["id"], " "
    source, output = _write(tmp_path / "in.csv", rows), tmp_path / "out.csv"
    with source.open("a", encoding="utf-8") as file:
        file.write('x1,"never closed,3,w,2001,s\nx2,fine,20.5,w,2001,s\nx3,too few\n')
    _run("--input", source, "--output", output)
    priced, rejects = _read(output), _read(tmp_path / "out.csv.rejects.csv")
    assert [row["id"] for row in priced] == [str(row["id"]) for n, row in enumerate(rows) if n not in {4, 5, 6}] + [
        "x2"
    ]
    assert [int(row["line"]) for row in rejects] == [6, 7, 8, 82, 84]
    assert all(row["reason"] for row in rejects)
    assert "about 5 EUR" in rejects[0]["text"]


def test_a_cheap_listing_is_a_deal_with_its_comparables_and_traps_are_not(tmp_path: Path) -> None:
    rows = _rows(300)
    usual = float(str(rows[0]["price"]))
    title = str(rows[0]["title"])
    extra = {"watch": "w", "year": rows[0]["year"], "seller": "x"}
    rows += [
        {"id": "deal", "title": title, "price": f"{usual * 0.3:.2f}", **extra},
        {"id": "tiny", "title": title, "price": f"{usual * 0.02:.2f}", **extra},
        {"id": "one", "title": title, "price": "1", **extra},
        {"id": "parts", "title": f"{title} broken, for parts", "price": f"{usual * 0.25:.2f}", **extra},
    ]
    output = tmp_path / "out.csv"
    _run("--input", _write(tmp_path / "in.csv", rows), "--output", output, "--budget", 10)
    found = {row["id"]: row for row in _read(output)}
    assert found["deal"]["verdict"] == "deal"
    assert float(found["deal"]["low"]) <= float(found["deal"]["expected"]) <= float(found["deal"]["high"])
    comparables = json.loads(found["deal"]["comparables"])
    assert len(comparables) == 5
    assert "deal" not in {other["id"] for other in comparables}
    assert found["tiny"]["verdict"] == found["one"]["verdict"] == "check_first"
    assert (found["parts"]["verdict"], found["parts"]["kind"]) == ("excluded", "damaged_or_parts")
    assert sum(row["verdict"] == "deal" for row in found.values()) <= 5


def test_currencies_are_kept_apart_unless_rates_are_given(tmp_path: Path) -> None:
    rows = _rows(120)
    for row in rows[::2]:
        row["price"] = f"{float(str(row['price'])) * 100:.2f}"
    mixed = [{**row, "currency": "JPY" if n % 2 == 0 else "EUR"} for n, row in enumerate(rows)]
    source, output = _write(tmp_path / "in.csv", mixed), tmp_path / "out.csv"
    _run("--input", source, "--output", output)
    apart = _read(output)
    assert all({c["currency"] for c in json.loads(row["comparables"])} == {row["currency"]} for row in apart)
    _run("--input", source, "--output", output, "--rates", "EUR=1,JPY=0.01")
    together = _read(output)
    assert any({c["currency"] for c in json.loads(row["comparables"])} != {row["currency"]} for row in together)
    for row in together:
        assert 0.2 < float(row["expected"]) / float(row["price"]) < 5


def test_a_history_prices_new_listings_by_itself_alone(tmp_path: Path) -> None:
    rows = _rows(260)
    past, new, output = (
        _write(tmp_path / "h.csv", rows[:240]),
        _write(tmp_path / "n.csv", rows[240:]),
        tmp_path / "o.csv",
    )
    _run("--input", new, "--output", output, "--history", past)
    found = _read(output)
    known = {str(row["id"]) for row in rows[:240]}
    assert len(found) == 20
    assert all({c["id"] for c in json.loads(row["comparables"])} <= known for row in found)
    assert {len(row["model"]) for row in found} == {64}


def test_a_reason_that_many_lines_share_is_told_once_and_the_input_is_never_written_over(tmp_path: Path) -> None:
    rows = _rows(60)
    for row in rows[10:30]:
        row["price"] = ""
    source, output = _write(tmp_path / "in.csv", rows), tmp_path / "out.csv"
    told = _run("--input", source, "--output", output)
    assert "lines 12, 13, 14, 15, 16, 17, 18, 19 and 12 more: no price" in told.replace("\n", "")
    before = source.read_bytes()
    with pytest.raises(UserError, match="so that your rows are not lost"):
        _run("--input", source, "--output", source)
    assert source.read_bytes() == before


def test_a_file_of_nothing_but_placeholders_is_answered_line_by_line(tmp_path: Path) -> None:
    rows = [{**row, "price": "1"} for row in _rows(12)]
    output = tmp_path / "out.csv"
    _run("--input", _write(tmp_path / "in.csv", rows), "--output", output)
    assert [row["verdict"] for row in _read(output)] == ["check_first"] * 12


def test_files_that_are_no_tables_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("name;price\nx;1\n")
    with pytest.raises(CsvFileError, match="no column id, title in the head line; it has: name, price"):
        read_listings(path)
    with pytest.raises(UserError, match=r"'EUR=x' is not like EUR=1\.16"):
        _run("--input", path, "--output", tmp_path / "o.csv", "--rates", "EUR=x")


def test_only_columns_of_numbers_are_attributes(tmp_path: Path) -> None:
    rows = _rows(20)
    rows[3]["year"] = "n/a"
    table = read_listings(_write(tmp_path / "in.csv", rows))
    assert table.attributes == ("year",)
    assert table.unused == ("seller",)
    assert not table.rejects
