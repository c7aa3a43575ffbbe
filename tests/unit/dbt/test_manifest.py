"""What the dbt project and the rest of the house must agree on; its own rules are in ``rules.py``."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.money import minor_exponent, unusual_exponents
from domain.price_kind import COMPARABLE_KINDS, PriceKind
from domain.settings import settings
from orchestration.statistics import dbt_files
from tests.unit.dbt.conftest import PROJECT
from tests.unit.dbt.project import Node, Project


def test_every_column_a_staging_model_selects_is_documented(project: Project) -> None:
    """Staging models select plain names: what is written in the yml must be what comes out."""
    for model in project.models("staging"):
        selected = re.split(r"\nselect\n", model["raw_code"])[-1].split("\nfrom ")[0]
        names = [line.strip().rstrip(",").split(" as ")[-1] for line in selected.splitlines() if line.strip()]
        assert names == list(model["columns"]), model["name"]


def test_the_intermediate_models_with_arithmetic_have_a_unit_test(manifest: Node) -> None:
    tested = {node["model"] for node in manifest["unit_tests"].values()}
    assert {"int_fx_rates__crossed", "int_watch_listings__valued", "int_listing_outcomes__dated"} <= tested


def test_minor_units_agree_with_the_domain_s() -> None:
    macro = (PROJECT / "macros" / "major_units.sql").read_text()
    lists = dict(re.findall(r'set (\w+) = "([^"]*)"', macro))
    stated = {
        code: exponent
        for name, exponent in (("without", 0), ("with_three", 3))
        for code in re.findall(r"[A-Z]{3}", lists[name])
    }
    assert stated == unusual_exponents()
    assert "not in ({{ without }}, {{ with_three }}) then 100.0000" in macro
    assert "in ({{ without }}) then 1.0000" in macro
    assert "else 1000.0000" in macro
    assert minor_exponent("EUR") == 2


def test_the_kinds_of_prices_agree_with_the_domain_s(manifest: Node) -> None:
    macro = (PROJECT / "macros" / "comparable_price_kinds.sql").read_text()
    assert set(re.findall(r"'([a-z_]+)'", macro.split("-%}")[-1])) == set(COMPARABLE_KINDS)
    accepted = next(
        test["test_metadata"]["kwargs"]["values"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and test["test_metadata"]["name"] == "accepted_values"
        and test["test_metadata"]["kwargs"].get("column_name") == "price_kind"
    )
    assert set(accepted) == set(PriceKind)


def test_two_that_need_the_manifest_at_once_both_get_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Parsing asks for no server, but the profile wants an address.
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    settings.cache_clear()
    monkeypatch.setattr(dbt_files, "MANIFEST", tmp_path / "target" / "manifest.json")
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda _: dbt_files.fresh_manifest(), range(2)))
    assert paths == [tmp_path / "target" / "manifest.json"] * 2
    assert json.loads(paths[0].read_bytes())["nodes"]
    settings.cache_clear()
    left = sorted(path.name for path in paths[0].parent.iterdir())
    assert left == [".parsing", "manifest.json"]
