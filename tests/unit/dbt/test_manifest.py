"""The rules of dbt-project-evaluator that apply here, over a fresh manifest (the package itself needs a hub)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.money import minor_exponent, unusual_exponents
from domain.price_kind import COMPARABLE_KINDS, PriceKind
from domain.settings import settings
from orchestration.statistics import dbt_files

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
Node = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Node:
    target = tmp_path_factory.mktemp("dbt")
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "parse", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    command += ["--target-path", str(target), "--log-path", str(target)]
    done = subprocess.run(  # our own dbt
        command,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout.upper(), done.stdout
    parsed: Node = msgspec.json.decode((target / "manifest.json").read_bytes())
    return parsed


def models(manifest: Node, layer: str | None = None) -> list[Node]:
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [node for node in nodes if layer is None or node["fqn"][1] == layer]


def checks_of(manifest: Node, model: Node) -> list[Node]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("attached_node") == model["unique_id"]
    ]


def parents(model: Node) -> list[str]:
    return [str(parent) for parent in model["depends_on"]["nodes"]]


def test_every_model_column_source_and_exposure_is_documented(manifest: Node) -> None:
    bare = [model["name"] for model in models(manifest) if not model["description"].strip()]
    bare += [
        f"{model['name']}.{column['name']}"
        for model in models(manifest)
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    bare += [
        f"{node['source_name']}.{node['name']}"
        for node in manifest["sources"].values()
        if not node["description"].strip() or not node["source_description"].strip()
    ]
    bare += [node["name"] for node in manifest["exposures"].values() if not node["description"].strip()]
    assert bare == []
    assert all(model["columns"] for model in models(manifest))


def test_every_column_a_model_selects_last_is_documented(manifest: Node) -> None:
    """Staging models select plain names: what is written in the yml must be what comes out."""
    for model in models(manifest, "staging"):
        selected = re.split(r"\nselect\n", model["raw_code"])[-1].split("\nfrom ")[0]
        names = [line.strip().rstrip(",").split(" as ")[-1] for line in selected.splitlines() if line.strip()]
        assert names == list(model["columns"]), model["name"]


def test_every_mart_has_an_enforced_contract_a_type_for_each_column_and_a_primary_key(manifest: Node) -> None:
    for mart in models(manifest, "marts"):
        assert mart["contract"]["enforced"], mart["name"]
        assert mart["config"]["materialized"] in {"table", "incremental"}, mart["name"]
        assert all(column["data_type"] for column in mart["columns"].values()), mart["name"]
        keys = [constraint["columns"] for constraint in mart["constraints"] if constraint["type"] == "primary_key"]
        # A covering one is made by a hook, after the rows.
        if any("covering_key" in hook["sql"] for hook in mart["config"]["post-hook"]):
            keys.append(mart["meta"]["primary_key"])
        assert len(keys) == 1, mart["name"]
        tested = [
            test["test_metadata"]["kwargs"]["columns"]
            for test in checks_of(manifest, mart)
            if test["test_metadata"]["name"] == "unique_combination"
        ]
        assert tested == keys, mart["name"]


def test_an_incremental_model_rebuilds_whole_windows_and_never_changes_its_columns_silently(manifest: Node) -> None:
    """dbt's own delete+insert leaves a day that lost all its rows as it was."""
    incremental = {
        model["name"]: model["config"]
        for model in models(manifest)
        if model["config"]["materialized"] == "incremental"
    }
    assert set(incremental) >= {"source_daily_stats", "watch_price_trends", "market_trends", "brand_trends"}
    assert set(incremental) >= {"daily_price_stats", "int_product_source_prices__daily"}
    for name, config in incremental.items():
        assert config["incremental_strategy"] not in {None, "append", "delete+insert", "merge", "microbatch"}, name
        assert config["on_schema_change"] == "fail", name


def test_no_name_or_login_of_a_seller_enters_the_statistics(manifest: Node) -> None:
    columns = {name for model in models(manifest) for name in model["columns"]}
    assert {"seller_id"} == {name for name in columns if "seller" in name}
    assert not {name for name in columns if "login" in name}


def test_every_model_has_a_test_of_its_key(manifest: Node) -> None:
    without = []
    for model in models(manifest):
        names = {test["test_metadata"]["name"] for test in checks_of(manifest, model)}
        # A price observation's or a view's grain is a combination of columns.
        if "unique" not in names and "unique_combination" not in names:
            without.append(model["name"])
    assert without == []


def test_staging_reads_one_source_each_and_nothing_else_reads_sources(manifest: Node) -> None:
    for model in models(manifest, "staging"):
        assert [parent.split(".")[0] for parent in parents(model)] == ["source"], model["name"]
    for layer in ("intermediate", "marts"):
        for model in models(manifest, layer):
            assert all(parent.startswith("model.") for parent in parents(model)), model["name"]


def test_arrows_run_from_staging_over_intermediate_to_marts(manifest: Node) -> None:
    layer = {model["unique_id"]: model["fqn"][1] for model in models(manifest)}
    for model in models(manifest, "intermediate"):
        assert {layer[parent] for parent in parents(model)} <= {"staging", "intermediate"}, model["name"]
    for model in models(manifest, "marts"):
        assert {layer[parent] for parent in parents(model)} <= {"staging", "intermediate", "marts"}, model["name"]


def test_every_source_table_is_used_once(manifest: Node) -> None:
    used = [parent for model in models(manifest) for parent in parents(model) if parent.startswith("source.")]
    assert sorted(used) == sorted(manifest["sources"])


def test_names_follow_the_grammar_of_their_layer_and_schemas_are_literal(manifest: Node) -> None:
    for model in models(manifest):
        layer, name = model["fqn"][1], model["name"]
        assert model["schema"] == layer
        if layer == "staging":
            source = next(node for key, node in manifest["sources"].items() if key in parents(model))
            assert re.fullmatch(rf"stg_{source['source_name']}__[a-z_]+s", name), name
            assert model["fqn"][2] == source["source_name"], name
        elif layer == "intermediate":
            assert re.fullmatch(r"int_[a-z_]+__[a-z]+", name), name
        else:
            assert not name.startswith(("stg_", "int_")), name


def test_every_model_has_its_yml_beside_it() -> None:
    for path in (PROJECT / "models").rglob("*.sql"):
        assert path.with_suffix(".yml").exists(), path.name


def test_no_relation_is_named_by_hand(manifest: Node) -> None:
    written = re.compile(r"\b(?:from|join)\s+(?:raw|core|app|ops|marts|staging|intermediate)\.", re.IGNORECASE)
    assert [model["name"] for model in models(manifest) if written.search(model["raw_code"])] == []


def test_chains_of_views_are_no_longer_than_five(manifest: Node) -> None:
    by_id = {model["unique_id"]: model for model in models(manifest)}

    def views_above(model: Node) -> int:
        above = [by_id[parent] for parent in parents(model) if parent in by_id]
        return max(
            (views_above(parent) + 1 for parent in above if parent["config"]["materialized"] == "view"), default=0
        )

    assert max(views_above(model) for model in by_id.values()) <= 5


def test_exposures_rest_on_contracted_tables_and_have_an_owner(manifest: Node) -> None:
    assert {node["name"] for node in manifest["exposures"].values()} == {
        "underprice_alerts",
        "dashboard",
        "product_prices",
    }
    for exposure in manifest["exposures"].values():
        assert exposure["owner"]["name"]
        for parent in exposure["depends_on"]["nodes"]:
            assert manifest["nodes"][parent]["contract"]["enforced"]


def test_sources_that_are_written_all_day_have_a_freshness(manifest: Node) -> None:
    without = {
        f"{node['source_name']}.{node['name']}"
        for node in manifest["sources"].values()
        if not (node.get("freshness") or {}).get("warn_after", {}).get("count")
    }
    # Neither a watch, a product, a listing's wide row nor a lot is written on every poll; nor is anything missing in each.
    assert without == {
        "app.watches",
        "core.listing_absences",
        "core.listings",
        "core.lot_items",
        "core.lots",
        "core.price_history_months",
        "core.product_sources",
        "core.products",
    }


def test_every_model_with_arithmetic_has_a_unit_test(manifest: Node) -> None:
    tested = {node["model"] for node in manifest["unit_tests"].values()}
    assert {model["name"] for model in models(manifest, "marts")} <= tested
    assert {"int_fx_rates__crossed", "int_watch_listings__valued", "int_listing_outcomes__dated"} <= tested


def test_minor_units_agree_with_the_domain_s() -> None:
    macro = (PROJECT / "macros" / "major_units.sql").read_text()
    stated = {
        code: len(divisor) - 1
        for codes, divisor in re.findall(r"in \(([^)]*)\) then (10*)\.0000", macro)
        for code in re.findall(r"[A-Z]{3}", codes)
    }
    assert stated == unusual_exponents()
    assert "else 100.0000" in macro
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
