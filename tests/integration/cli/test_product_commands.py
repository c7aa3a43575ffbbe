"""`pricescope product` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Command

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501"


def test_products_are_added_linked_imported_and_compared(pricescope: Command, tmp_path: Path) -> None:
    assert "added" in pricescope("product", "add", "J1", "--name", "Jeans", "--gtin", "5901234123457").stdout
    assert "nothing changed" in pricescope("product", "add", "J1", "--name", "Jeans").stdout
    refused = pricescope("product", "add", "J2", "--name", "Jeans", "--gtin", "123")
    assert (refused.returncode, "gtin" in refused.stderr, "Traceback" in refused.stderr) == (2, True, False)

    linked = pricescope("product", "link", "J1", URL)
    assert "the watch 'J1 at www.vinted.fr' polls it" in linked.stdout, linked.stderr
    assert "known at" in pricescope("product", "link", "J1", URL).stdout
    assert pricescope("product", "link", "none", URL).returncode == 2

    file = tmp_path / "products.csv"
    file.write_text(f"sku,name,url\nJ1,Jeans,{URL}\nJ3,Hat,\n,Nameless,\n", encoding="utf-8")
    for said in ("3 rows: 1 products new, 0 changed, 0 links", "3 rows: 0 products new, 0 changed, 0 links"):
        imported = pricescope("product", "import", file)
        assert imported.returncode == 1
        assert said in imported.stdout
        assert "line 4: sku: empty" in imported.stderr
    assert pricescope("product", "import", tmp_path / "absent.csv").returncode == 2

    polled = pricescope("poll", "vinted")
    assert polled.returncode == 0, polled.stderr
    assert "0 listings" in pricescope("product", "match").stdout
    offers = [json.loads(line) for line in pricescope("product", "show", "J1", "--json").stdout.splitlines()]
    values = [float(offer["value"]) for offer in offers if offer["is_on_offer"]]
    assert values
    assert values == sorted(values)
    rows = {row["sku"]: row for row in map(json.loads, pricescope("product", "list", "--json").stdout.splitlines())}
    assert (rows["J1"]["links"], rows["J3"]["offers"]) == (1, 0)
    assert float(rows["J1"]["best_value"]) == values[0]
    assert "Jeans" in pricescope("product", "show", "J1").stdout
    assert pricescope("product", "changes", "--days", "2").returncode == 2
    early = pricescope("product", "changes")
    assert (early.returncode, "no statistics" in early.stderr) == (2, True)


def test_a_file_with_nothing_under_its_head_line_is_told(pricescope: Command, tmp_path: Path) -> None:
    file = tmp_path / "head.csv"
    file.write_text("sku;name\n\n;\n")
    told = pricescope("product", "import", file)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == f"pricescope: {file}: there are no lines under the head line\n"
