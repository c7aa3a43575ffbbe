"""`pricescope parse` over files and lists of files, as a user calls it; no database, no network."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from cli.parse import BadLineError, listed_file, rows_of, summary
from domain.listing import Availability, UnpricedOffer
from domain.lot import Lot
from domain.page import PageMeaning, PageReading
from tests.unit.scrapers.pages import thin_item


def _page(*numbers: int) -> bytes:
    return orjson.dumps({"items": [thin_item(number) for number in numbers], "code": 0})


def _parse(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["parse", "vinted", *map(str, arguments)])


def _rows(result: Result) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_a_list_gives_each_file_its_own_address(tmp_path: Path):
    (tmp_path / "one.json").write_bytes(_page(1, 2))
    (tmp_path / "two.json.gz").write_bytes(gzip.compress(_page(3)))
    (tmp_path / "list.csv").write_text(
        "file,url\none.json,https://www.vinted.fr/catalog\n\ntwo.json.gz,https://www.vinted.de/catalog?a=1,2\n"
    )
    result = _parse("--urls", tmp_path / "list.csv")
    assert result.exit_code == 0, result.stderr
    rows = _rows(result)
    assert [(row["file"], str(row["url"])[:22]) for row in rows] == [
        ("one.json", "https://www.vinted.fr/"),
        ("one.json", "https://www.vinted.fr/"),
        ("two.json.gz", "https://www.vinted.de/"),
    ]
    assert {"availability", "list_price", "price_kind"} <= set(rows[0])
    assert (rows[0]["availability"], rows[0]["list_price"], rows[0]["price_kind"]) == ("available", None, "price")


def test_bad_lines_are_named_by_number_and_cost_only_themselves(tmp_path: Path):
    (tmp_path / "good.json").write_bytes(_page(1))
    address = "https://www.vinted.fr/catalog"
    lines = [
        f"good.json,{address}",
        "good.json",
        f"absent.json,{address}",
        "good.json,not an address",
        'good.json,"never closed',
        f",{address}",
        f'"good.json","{address}"',
        "good.json,file:///etc/passwd",
        f" good.json , {address} ",
    ]
    (tmp_path / "list.csv").write_text("\r\n".join(lines))
    result = _parse("--urls", tmp_path / "list.csv")
    assert result.exit_code == 1
    assert len(_rows(result)) == 3
    for number in (2, 4, 5, 6, 8):
        assert f"list.csv: line {number}: " in result.stderr
    assert "absent.json: cannot be read" in result.stderr
    assert "line 1:" not in result.stderr
    assert "line 7:" not in result.stderr


def test_files_of_a_list_are_looked_for_beside_it_and_then_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "a.json").write_bytes(_page(1))
    (here / "b.json").write_bytes(_page(2))
    (there / "b.json").write_bytes(_page(3))
    (there / "list.csv").write_text("a.json,https://www.vinted.fr/\nb.json,https://www.vinted.fr/\n")
    monkeypatch.chdir(here)
    ids = [row["external_id"] for row in _rows(_parse("--urls", there / "list.csv"))]
    assert ids == ["10000000001", "10000000003"]


def test_files_and_a_list_may_be_given_together_and_one_of_them_must(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(_page(1))
    (tmp_path / "list.csv").write_text("a.json,https://www.vinted.de/\n")
    both = _parse(tmp_path / "a.json", "--url", "https://www.vinted.fr/", "--urls", tmp_path / "list.csv")
    assert [str(row["url"])[:21] for row in _rows(both)] == ["https://www.vinted.fr", "https://www.vinted.de"]
    assert "--urls FILE" in str(_parse().exception)
    assert "no such file" in str(_parse("--urls", tmp_path / "none.csv").exception)


def test_a_file_that_cannot_be_read_is_said_and_the_rest_is_read(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(_page(1))
    result = _parse(tmp_path, tmp_path / "absent", tmp_path / "a.json")
    assert result.exit_code == 1
    assert len(_rows(result)) == 1
    assert f"{tmp_path}: cannot be read" in result.stderr


def test_names_that_are_not_utf8_or_look_like_markup_are_only_names(tmp_path: Path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9[red].json")
    Path(odd).write_bytes(_page(1))
    (tmp_path / "list.csv").write_bytes(b"caf\xe9[red].json,https://www.vinted.fr/\n")
    result = _parse("--urls", tmp_path / "list.csv")
    assert result.exit_code == 0, result.stderr
    assert _rows(result)[0]["file"] == "caf?[red].json"


def test_a_thing_without_a_price_is_printed_without_one_and_lots_are_only_counted():
    offer = UnpricedOffer(
        source="amazon", external_id="B1", url="https://x/", title="Kettle", reason="sold out",
        availability=Availability.OUT_OF_STOCK, list_price=Decimal("49.90"), currency="EUR",
    )  # fmt: skip
    lot = Lot(source="uzex", external_id="1", lot_type="auction", status="open", url="https://x/")
    reading = PageReading(meaning=PageMeaning.OK, unpriced=(offer,), lots=(lot, lot))
    (row,) = rows_of(reading, "page.html")
    assert (row["price"], row["availability"], row["list_price"], row["price_kind"], row["file"], row["reason"]) == (
        None, "out_of_stock", "49.90", "none", "page.html", "sold out",
    )  # fmt: skip
    assert summary(reading) == (
        "ok: 0 listings, 1 without a price, 0 rejected, 2 lots (not printed: a lot is not a listing)"
    )


@given(st.text(max_size=80).filter(lambda text: "\n" not in text))
def test_any_line_is_a_file_with_an_address_or_a_clear_mistake(line: str):
    try:
        given = listed_file(line, Path("folder"), is_first=False)
    except BadLineError:
        return
    assert given is None or (given.name and given.url and given.url.startswith(("http://", "https://")))
