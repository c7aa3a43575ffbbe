"""The project keeps the rules; and each rule is seen to fail on the project with one thing broken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.dbt.project import Node, Project
from tests.unit.dbt.rules import EVALUATOR, RULES, SELDOM_WRITTEN, Rule

# Rule and resource that may break it, with the reason. One that is no longer needed fails the test below.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("fct_model_fanout", "int_product_offers__linked"): "two small joins, of which each reader takes few rows; a table "
    "would be written whole in every run, also where no link changed",
}
BY_NAME = {rule.__name__: rule for rule in RULES}


def findings(rule: Rule, project: Project) -> list[str]:
    return [
        f"{resource}: {what}"
        for resource, what in rule(project)
        if (rule.__name__, resource.split(".")[0]) not in EXCEPTIONS
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
def test_the_project_keeps_the_rule(rule: Rule, project: Project) -> None:
    broken = findings(rule, project)
    assert broken == [], "\n".join(["", *broken])


def test_every_exception_is_still_needed(project: Project) -> None:
    broken = {(rule.__name__, resource.split(".")[0]) for rule in RULES for resource, _ in rule(project)}
    assert set(EXCEPTIONS) <= broken, "these exceptions can go"
    named = {f"{source['source_name']}.{source['name']}" for source in project.sources}
    assert set(SELDOM_WRITTEN) <= named, "these sources are gone"


def test_the_rules_of_the_package_are_all_there() -> None:
    """28 in its list of rules; those that read otherwise here say so where they are written."""
    assert len(EVALUATOR) == 28
    assert len({rule.__name__ for rule in RULES}) == len(RULES)


# ---------------------------------------------------------------- each rule broken

STAGING = "stg_core__listings"
INTERMEDIATE = "int_watch_comparables__priced"
MART = "watch_condition_stats"
TABLE = "core.listings"


def reads(node: Node, *ids: str) -> None:
    node["depends_on"]["nodes"] = [*node["depends_on"]["nodes"], *ids]


def id_of(project: Project, name: str) -> str:
    found = project.source(name) if "." in name else project.model(name)
    return str(found["unique_id"])


def a_model(project: Project, name: str, folder: str, *ids: str, materialized: str = "view") -> Node:
    """Add a model that keeps every rule its parents let it keep."""
    like = project.model(MART if folder == "marts" else STAGING).copy()
    like |= {
        "name": name,
        "unique_id": f"model.pricescope.{name}",
        "fqn": ["pricescope", *folder.split("/"), name],
        "original_file_path": f"models/{folder}/{name}.sql",
        "patch_path": f"pricescope://models/{folder}/{name}.yml",
        "schema": folder.split("/", maxsplit=1)[0],
        "depends_on": {"nodes": list(ids)},
        "config": like["config"] | {"materialized": materialized},
    }
    project.manifest["nodes"][like["unique_id"]] = like
    return like


def drop_tests(project: Project, name: str) -> None:
    for test in project.tests(project.model(name)):
        del project.manifest["nodes"][test["unique_id"]]


def views_in_a_row(project: Project) -> None:
    last = id_of(project, STAGING)
    for number in range(6):
        last = a_model(project, f"int_things__step_{number}", "intermediate", last)["unique_id"]


def three_readers_of_a_view(project: Project) -> None:
    view = a_model(project, "int_things__joined", "intermediate", id_of(project, STAGING))
    for number in range(3):
        a_model(project, f"things_{number}", "marts", view["unique_id"], materialized="table")


def an_only_child_read_twice(project: Project) -> None:
    between = a_model(project, "int_things__filtered", "intermediate", id_of(project, STAGING))
    a_model(project, "things", "marts", between["unique_id"], id_of(project, STAGING), materialized="table")


def an_incremental_mart(project: Project) -> None:
    project.model(MART)["config"] |= {
        "materialized": "incremental",
        "on_schema_change": "ignore",
        "incremental_strategy": "whole_days",
    }


def an_incremental_mart_as_dbt_does_it(project: Project) -> None:
    project.model(MART)["config"] |= {
        "materialized": "incremental",
        "on_schema_change": "fail",
        "incremental_strategy": "delete+insert",
    }


def a_name_in_a_model(project: Project) -> None:
    columns = project.model(STAGING)["columns"]
    columns["seller_login"] = first_column(project, STAGING) | {"name": "seller_login"}


def an_unused_source(project: Project) -> None:
    new = project.source(TABLE) | {"name": "spare", "identifier": "spare", "unique_id": "source.pricescope.core.spare"}
    project.manifest["sources"][new["unique_id"]] = new


def exposure(project: Project) -> Node:
    return next(node for node in project.exposures if node["name"] == "underprice_alerts")


def first_column(project: Project, name: str) -> Node:
    column: Node = next(iter(project.model(name)["columns"].values()))
    return column


def change(name: str, /, **fields: object) -> Callable[[Project], None]:
    return lambda project: project.model(name).update(fields)


def change_source(name: str, /, **fields: object) -> Callable[[Project], None]:
    return lambda project: project.source(name).update(fields)


def another_reader(reader: str, *read: str) -> Callable[[Project], None]:
    return lambda project: reads(project.model(reader), *(id_of(project, name) for name in read))


# The rule, what is done to the manifest, and what the finding is about and says.
BROKEN: list[tuple[str, Callable[[Project], None], str, str]] = [
    ("fct_direct_join_to_source", another_reader(INTERMEDIATE, TABLE), INTERMEDIATE, "staging model instead"),
    ("fct_marts_or_intermediate_dependent_on_source", another_reader(MART, TABLE), MART, TABLE),
    ("fct_duplicate_sources", change_source(TABLE, identifier="products"), "core.products", "core.products"),
    ("fct_hard_coded_references", change(STAGING, raw_code='select * from core."listings"'), STAGING, "listings"),
    ("fct_hard_coded_references", change(MART, raw_code="x\njoin raw.pages on true"), MART, "pages"),
    ("fct_model_fanout", three_readers_of_a_view, "int_things__joined", "materialized='table'"),
    ("fct_multiple_sources_joined", another_reader(STAGING, "core.products"), STAGING, "core.products"),
    ("fct_rejoining_of_upstream_concepts", an_only_child_read_twice, "things", "make int_things__filtered a CTE"),
    ("fct_root_models", lambda project: project.model(STAGING)["depends_on"].update(nodes=[]), STAGING, "source()"),
    ("fct_source_fanout", another_reader("stg_core__products", TABLE), TABLE, "stg_core__products"),
    ("fct_staging_dependent_on_marts_or_intermediate", another_reader(STAGING, MART), STAGING, MART),
    ("fct_staging_dependent_on_staging", another_reader(STAGING, "stg_core__products"), STAGING, "stg_core__products"),
    ("fct_unused_sources", an_unused_source, "core.spare", "read by nothing"),
    (
        "fct_too_many_joins",
        lambda project: reads(project.model(MART), *(model["unique_id"] for model in project.models("staging")[:7])),
        MART,
        "join some",
    ),
    ("fct_missing_primary_key_tests", lambda project: drop_tests(project, STAGING), STAGING, "data_tests"),
    ("fct_test_coverage", lambda project: drop_tests(project, STAGING), STAGING, "100 %"),
    ("fct_undocumented_models", change(INTERMEDIATE, description=" "), INTERMEDIATE, "description"),
    (
        "fct_documentation_coverage",
        lambda project: first_column(project, MART).update(description=""),
        f"{MART}.watch_id",
        "description",
    ),
    ("fct_documentation_coverage", change(MART, columns={}), MART, "no columns"),
    ("fct_undocumented_source_tables", change_source(TABLE, description=""), TABLE, "description"),
    ("fct_undocumented_sources", change_source(TABLE, source_description=""), "core", "description"),
    ("fct_model_naming_conventions", change(STAGING, name="stg_app__listings"), "stg_app__listings", "stg_<source>"),
    ("fct_model_naming_conventions", change(INTERMEDIATE, name="int_priced"), "int_priced", "int_<entities>"),
    ("fct_model_naming_conventions", change(MART, name="int_stats__x"), "int_stats__x", "is a mart"),
    (
        "fct_model_directories",
        change(STAGING, original_file_path=f"models/staging/app/{STAGING}.sql"),
        STAGING,
        "models/staging/core",
    ),
    ("fct_model_directories", change(MART, fqn=["pricescope", "reports", MART]), MART, "move it to"),
    ("fct_model_directories", change(MART, schema="staging"), MART, "belongs to marts"),
    (
        "fct_source_directories",
        change_source(TABLE, original_file_path="models/staging/app/_app__sources.yml"),
        TABLE,
        "models/staging/core",
    ),
    ("fct_test_directories", change(MART, patch_path="pricescope://models/staging/all.yml"), MART, f"marts/{MART}.yml"),
    (
        "fct_test_directories",
        lambda project: project.tests(project.model(MART))[0].update(original_file_path="models/staging/all.yml"),
        MART,
        "has a test in",
    ),
    ("fct_chained_views_dependencies", views_in_a_row, "int_things__step_5", "6 views"),
    (
        "fct_exposure_parents_materializations",
        lambda project: project.model("watch_comparables")["config"].update(materialized="view"),
        "underprice_alerts",
        "watch_comparables",
    ),
    (
        "fct_exposure_parents_materializations",
        lambda project: reads(exposure(project), id_of(project, TABLE)),
        "underprice_alerts",
        TABLE,
    ),
    ("fct_public_models_without_contracts", change(MART, contract={"enforced": False}), MART, "contract"),
    (
        "fct_exposures_dependent_on_private_models",
        change("watch_comparables", access="protected"),
        "underprice_alerts",
        "not public",
    ),
    (
        "fct_undocumented_public_models",
        lambda project: first_column(project, MART).update(description=""),
        MART,
        "fully documented",
    ),
    ("layers_point_down", another_reader(INTERMEDIATE, MART), INTERMEDIATE, MART),
    (
        "marts_are_public_tables_with_contracts",
        lambda project: project.model(MART)["config"].update(materialized="view"),
        MART,
        "tables or incremental",
    ),
    ("marts_are_public_tables_with_contracts", change(MART, contract={"enforced": False}), MART, "contract"),
    ("marts_are_public_tables_with_contracts", change(MART, access="protected"), MART, "public"),
    ("marts_are_public_tables_with_contracts", change(STAGING, access="public"), STAGING, "only marts"),
    (
        "marts_are_public_tables_with_contracts",
        lambda project: first_column(project, MART).update(data_type=None),
        f"{MART}.watch_id",
        "data_type",
    ),
    ("marts_have_a_tested_primary_key", change(MART, constraints=[]), MART, "primary_key"),
    (
        "marts_have_a_tested_primary_key",
        change(MART, constraints=[{"type": "primary_key", "columns": ["watch_id"]}]),
        MART,
        "test just these columns",
    ),
    ("incremental_models_say_how", an_incremental_mart, MART, "on_schema_change"),
    ("incremental_models_say_how", an_incremental_mart_as_dbt_does_it, MART, "whole days anew"),
    ("nobody_is_named", a_name_in_a_model, f"{STAGING}.seller_login", "our own id"),
    ("marts_have_a_unit_test", lambda project: project.manifest["unit_tests"].clear(), MART, "unit_tests"),
    (
        "nothing_ends_nowhere",
        lambda project: project.manifest["exposures"].clear(),
        "watch_comparables",
        "_exposures.yml",
    ),
    ("exposures_are_complete", lambda project: exposure(project).update(owner={}), "underprice_alerts", "owner"),
    (
        "exposures_are_complete",
        lambda project: exposure(project)["depends_on"].update(nodes=[]),
        "underprice_alerts",
        "list the marts",
    ),
    (
        "exposures_are_complete",
        lambda project: reads(exposure(project), id_of(project, STAGING)),
        "underprice_alerts",
        STAGING,
    ),
    ("sources_have_freshness", change_source("raw.pages", freshness=None), "raw.pages", "warn_after"),
    ("sources_have_freshness", change_source("raw.pages", loaded_at_field=None), "raw.pages", "loaded_at_field"),
]


@pytest.mark.parametrize(("name", "spoil", "resource", "says"), BROKEN, ids=[f"{case[0]}-{case[2]}" for case in BROKEN])
def test_a_broken_manifest_is_found_out(
    name: str, spoil: Callable[[Project], None], resource: str, says: str, project: Project
) -> None:
    broken = project.copy()
    spoil(broken)
    new = set(findings(BY_NAME[name], Project(broken.manifest))) - set(findings(BY_NAME[name], project))
    assert any(line.startswith(f"{resource}: ") and says in line for line in new), new


def test_every_rule_is_broken_once() -> None:
    assert {case[0] for case in BROKEN} == set(BY_NAME)
