"""The rules that the dbt project is held to, each a function from a manifest to sentences that say what to do.

The first part are those of dbt-project-evaluator (https://dbt-labs.github.io/dbt-project-evaluator, all 28, under their
own names). The package itself needs the hub and builds its models into the warehouse; what it looks at is all in the
manifest. The second part are the house's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from tests.unit.dbt.project import Node, Project, folder_of, layer_of, parents, source_name

# Resource and what to do about it.
Finding = tuple[str, str]
Rule = Callable[[Project], Iterator[Finding]]

SCHEMAS = ("raw", "core", "app", "ops", "ml", "marts", "staging", "intermediate", "public", "information_schema")
FANOUT = 3
TOO_MANY_JOINS = 7
CHAINED_VIEWS = 5
PHYSICAL = ("table", "incremental")
# Source tables that are rightly not written all day.
SELDOM_WRITTEN = {
    "app.watches": "a watch is written when its owner changes it",
    "core.listings": "the wide row is written when something other than its price changed",
    "core.listing_absences": "a row is written when a complete run misses a listing",
    "core.price_history_months": "a month is written once, when it is compacted",
    "core.lot_items": "the positions of a lot are written with it; core.lots has the freshness",
    "core.products": "a product is written when its owner changes it",
    "core.product_sources": "a link is written when it is found",
}


# ---------------------------------------------------------------- modeling


def fct_direct_join_to_source(project: Project) -> Iterator[Finding]:
    for model in project.models():
        kinds = {layer for _, layer in project.layers_read(model)}
        if "source" in kinds and len(kinds) > 1:
            yield model["name"], "reads a source beside a model: read the source's staging model instead (add one)"


def fct_marts_or_intermediate_dependent_on_source(project: Project) -> Iterator[Finding]:
    for model in project.models("intermediate", "marts"):
        for name, layer in project.layers_read(model):
            if layer == "source":
                yield model["name"], f"reads the source {name}: read its staging model with ref() (add one if missing)"


def fct_duplicate_sources(project: Project) -> Iterator[Finding]:
    places = Counter(_place(source) for source in project.sources)
    for source in project.sources:
        if places[_place(source)] > 1:
            yield source_name(source), f"stands for {_place(source)} like another source: keep one of them"


def _place(source: Node) -> str:
    return f"{source['schema']}.{source['identifier']}"


def fct_hard_coded_references(project: Project) -> Iterator[Finding]:
    written = re.compile(rf"\b(?:from|join)\s+\"?(?:{'|'.join(SCHEMAS)})\"?\s*\.\s*\"?(\w+)", re.IGNORECASE)
    for model in project.models():
        for table in written.findall(_without_comments(model["raw_code"])):
            yield model["name"], f"names {table} by hand: write {{{{ ref() }}}} or {{{{ source() }}}}"


def _without_comments(code: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", "", code, flags=re.DOTALL)


def fct_model_fanout(project: Project) -> Iterator[Finding]:
    # As the package has it (three leaves below one parent) every hub of a warehouse that serves tables, not a BI tool,
    # is flagged. What costs is a view that is computed anew for each of its readers.
    for model in project.models("intermediate"):
        readers = [child for child in project.children.get(model["unique_id"], []) if child["resource_type"] == "model"]
        if len(readers) >= FANOUT and model["config"]["materialized"] not in PHYSICAL:
            names = ", ".join(sorted(reader["name"] for reader in readers))
            yield (
                model["name"],
                f"is a view computed {len(readers)} times ({names}): put {{{{ config(materialized='table') }}}} on top",
            )


def fct_multiple_sources_joined(project: Project) -> Iterator[Finding]:
    for model in project.models():
        sources = [name for name, layer in project.layers_read(model) if layer == "source"]
        if len(sources) > 1:
            yield model["name"], f"reads {' and '.join(sources)}: one staging model each, joined in an intermediate one"


def fct_rejoining_of_upstream_concepts(project: Project) -> Iterator[Finding]:
    for model in project.models():
        direct = set(parents(model))
        for between in direct:
            node = project.manifest["nodes"].get(between)
            if node is None or len(project.children.get(between, [])) != 1:
                continue
            for shared in sorted(direct & set(parents(node))):
                yield (
                    model["name"],
                    (
                        f"reads {project.name(shared)} itself and through {node['name']}, which nothing else reads: "
                        f"make {node['name']} a CTE of it, or take what is needed of {project.name(shared)} from there"
                    ),
                )


def fct_root_models(project: Project) -> Iterator[Finding]:
    for model in project.models():
        if not parents(model):
            yield model["name"], "reads nothing that dbt knows: use ref() or source()"


def fct_source_fanout(project: Project) -> Iterator[Finding]:
    for source in project.sources:
        readers = sorted(child["name"] for child in project.children.get(source["unique_id"], []))
        if len(readers) > 1:
            yield source_name(source), f"is read by {', '.join(readers)}: one staging model, which the others read"


def fct_staging_dependent_on_marts_or_intermediate(project: Project) -> Iterator[Finding]:
    for model in project.models("staging"):
        for name, layer in project.layers_read(model):
            if layer in {"intermediate", "marts"}:
                yield model["name"], f"is staging and reads {name}: it belongs into intermediate or marts"


def fct_staging_dependent_on_staging(project: Project) -> Iterator[Finding]:
    for model in project.models("staging"):
        for name, layer in project.layers_read(model):
            if layer == "staging":
                yield model["name"], f"is staging and reads {name}: it belongs into intermediate"


def fct_unused_sources(project: Project) -> Iterator[Finding]:
    for source in project.sources:
        if not project.children.get(source["unique_id"]):
            yield source_name(source), "is read by nothing: add its staging model, or take it out of its yml"


def fct_too_many_joins(project: Project) -> Iterator[Finding]:
    for model in project.models():
        if len(set(parents(model))) >= TOO_MANY_JOINS:
            yield model["name"], f"reads {len(set(parents(model)))} things: join some of them in an intermediate model"


# ---------------------------------------------------------------- testing


def fct_missing_primary_key_tests(project: Project) -> Iterator[Finding]:
    for model in project.models():
        if not _tested_keys(project, model):
            yield (
                model["name"],
                (
                    "has no test of its key: in its yml, data_tests: [unique, not_null] on the key's column, or "
                    "unique_combination with the columns of its grain"
                ),
            )


def _tested_keys(project: Project, model: Node) -> list[list[str]]:
    """Return the column lists that are tested to be unique and never null."""
    found: list[list[str]] = []
    single: dict[str, set[str]] = {}
    for test in project.tests(model):
        meta = test["test_metadata"]
        if meta["name"] == "unique_combination":
            found.append(list(meta["kwargs"]["columns"]))
        elif meta["name"] in {"unique", "not_null"}:
            single.setdefault(meta["kwargs"]["column_name"], set()).add(meta["name"])
    # A not-null constraint of a contract is enforced by PostgreSQL itself.
    for name, column in model["columns"].items():
        if any(constraint["type"] == "not_null" for constraint in column.get("constraints") or []):
            single.setdefault(name, set()).add("not_null")
    return [*found, *([name] for name, tests in single.items() if tests == {"unique", "not_null"})]


def fct_test_coverage(project: Project) -> Iterator[Finding]:
    for model in project.models():
        if not project.tests(model):
            yield model["name"], "has no data test at all: coverage is to be 100 %"


# ---------------------------------------------------------------- documentation


def fct_undocumented_models(project: Project) -> Iterator[Finding]:
    for model in project.models():
        if not model["description"].strip():
            yield model["name"], "has no description: say in its yml what a row is"


def fct_documentation_coverage(project: Project) -> Iterator[Finding]:
    # The package counts models with a description; here each column of each model has to have one too.
    for model in project.models():
        if not model["columns"]:
            yield model["name"], "has no columns in its yml: list them with a description each"
        for column in model["columns"].values():
            if not column["description"].strip():
                yield (
                    f"{model['name']}.{column['name']}",
                    "has no description: say in the yml what it holds, and its unit",
                )


def fct_undocumented_source_tables(project: Project) -> Iterator[Finding]:
    for source in project.sources:
        if not source["description"].strip():
            yield source_name(source), "has no description in its sources yml"


def fct_undocumented_sources(project: Project) -> Iterator[Finding]:
    for source in project.sources:
        if not source["source_description"].strip():
            yield source["source_name"], "is a source without a description in its yml"


# ---------------------------------------------------------------- structure


def fct_model_naming_conventions(project: Project) -> Iterator[Finding]:
    # The brief names the marts (daily_price_stats ...), so that theirs have no fct_ or dim_.
    for model in project.models():
        name, layer = model["name"], layer_of(model)
        if layer == "staging":
            source = next((name for name, kind in project.layers_read(model) if kind == "source"), ".")
            if not re.fullmatch(rf"stg_{source.split('.')[0]}__[a-z0-9_]+s", name):
                yield name, "is staging: call it stg_<source>__<entities>, the entities in the plural"
        elif layer == "intermediate":
            if not re.fullmatch(r"int_[a-z0-9_]+?__[a-z0-9_]+", name):
                yield name, "is intermediate: call it int_<entities>__<what was done to them>"
        elif re.match(r"(stg|int|base|tmp|fct|dim|rpt)_", name) or not re.fullmatch(r"[a-z][a-z0-9_]+", name):
            yield name, "is a mart: call it what a reader calls it, in snake_case, without a prefix of a layer"


def fct_model_directories(project: Project) -> Iterator[Finding]:
    for model in project.models():
        layer, folder = layer_of(model), folder_of(model).parts
        if layer not in {"staging", "intermediate", "marts"}:
            yield model["name"], f"lies in models/{layer}: move it to staging, intermediate or marts"
            continue
        if model["schema"] != layer:
            yield (
                model["name"],
                f"is built into the schema {model['schema']}: a model of models/{layer} belongs to {layer}",
            )
        source = next((name.split(".")[0] for name, kind in project.layers_read(model) if kind == "source"), None)
        if layer == "staging" and source is not None and folder[-1] != source:
            yield model["name"], f"lies in {'/'.join(folder)}: move it to models/staging/{source}"


def fct_source_directories(project: Project) -> Iterator[Finding]:
    for source in project.sources:
        expected = f"models/staging/{source['source_name']}"
        if str(folder_of(source)) != expected:
            yield source_name(source), f"is declared in {folder_of(source)}: move it to {expected}"


def fct_test_directories(project: Project) -> Iterator[Finding]:
    for model in project.models():
        beside = f"{model['original_file_path'].removesuffix('.sql')}.yml"
        if (model["patch_path"] or "").split("://")[-1] != beside:
            yield model["name"], f"is described in {model['patch_path'] or 'no yml'}: do it in {beside}"
        for test in project.tests(model):
            if folder_of(test) != folder_of(model):
                yield model["name"], f"has a test in {test['original_file_path']}: move it to {beside}"


# ---------------------------------------------------------------- performance


def fct_chained_views_dependencies(project: Project) -> Iterator[Finding]:
    by_id = {model["unique_id"]: model for model in project.models()}

    def views_above(model: Node) -> int:
        above = [by_id[parent] for parent in parents(model) if parent in by_id]
        views = [parent for parent in above if parent["config"]["materialized"] not in PHYSICAL]
        return max((views_above(parent) + 1 for parent in views), default=0)

    for model in by_id.values():
        if views_above(model) > CHAINED_VIEWS:
            yield model["name"], f"stands on {views_above(model)} views in a row: make one in the middle a table"


def fct_exposure_parents_materializations(project: Project) -> Iterator[Finding]:
    for exposure in project.exposures:
        for parent in parents(exposure):
            model = project.manifest["nodes"].get(parent)
            if model is None:
                yield exposure["name"], f"depends on the source {project.name(parent)}: put a mart between"
            elif model["config"]["materialized"] not in PHYSICAL:
                yield exposure["name"], f"depends on {model['name']}, which is a view: make that a table"


# ---------------------------------------------------------------- governance


def fct_public_models_without_contracts(project: Project) -> Iterator[Finding]:
    for model in project.models():
        if model["access"] == "public" and not model["contract"]["enforced"]:
            yield model["name"], "is public without an enforced contract: contract: {enforced: true}"


def fct_exposures_dependent_on_private_models(project: Project) -> Iterator[Finding]:
    for exposure in project.exposures:
        for parent in parents(exposure):
            model = project.manifest["nodes"].get(parent)
            if model is not None and model["access"] != "public":
                yield exposure["name"], f"depends on {model['name']}, which is not public: depend on a mart"


def fct_undocumented_public_models(project: Project) -> Iterator[Finding]:
    for model in project.models():
        columns = model["columns"].values()
        told = model["description"].strip() and columns and all(column["description"].strip() for column in columns)
        if model["access"] == "public" and not told:
            yield model["name"], "is public and not fully documented: describe it and each of its columns"


# ---------------------------------------------------------------- the house's own


def layers_point_down(project: Project) -> Iterator[Finding]:
    for model in project.models("intermediate"):
        for name, layer in project.layers_read(model):
            if layer == "marts":
                yield model["name"], f"is intermediate and reads the mart {name}: turn the arrow round"


def marts_are_public_tables_with_contracts(project: Project) -> Iterator[Finding]:
    for mart in project.models("marts"):
        if mart["config"]["materialized"] not in PHYSICAL:
            yield mart["name"], f"is a {mart['config']['materialized']}: marts are tables or incremental"
        if not mart["contract"]["enforced"]:
            yield mart["name"], "has no enforced contract: leave the default of models/marts on"
        if mart["access"] != "public":
            yield mart["name"], f"is {mart['access']}: marts are public, the layers below are not"
        for column in mart["columns"].values():
            if not column["data_type"]:
                yield f"{mart['name']}.{column['name']}", "has no data_type in its yml: a contract needs each"
    for model in project.models("staging", "intermediate"):
        if model["access"] == "public":
            yield model["name"], "is public: only marts are"


def marts_have_a_tested_primary_key(project: Project) -> Iterator[Finding]:
    for mart in project.models("marts"):
        keys = [
            list(constraint["columns"]) for constraint in mart["constraints"] if constraint["type"] == "primary_key"
        ]
        # A covering index made by a post-hook is no constraint that dbt knows.
        stated = mart["meta"].get("primary_key") or mart["config"].get("meta", {}).get("primary_key")
        keys += [list(stated)] if stated else []
        keys += [
            [column["name"]]
            for column in mart["columns"].values()
            if any(constraint["type"] == "primary_key" for constraint in column.get("constraints") or [])
        ]
        if len(keys) != 1:
            yield mart["name"], "needs one constraint of type primary_key in its yml (or meta: {primary_key: [...]})"
        elif keys[0] not in _tested_keys(project, mart):
            yield mart["name"], f"has the primary key {keys[0]}: test just these columns with unique_combination"


def incremental_models_say_how(project: Project) -> Iterator[Finding]:
    for model in project.models():
        config = model["config"]
        if config["materialized"] != "incremental":
            continue
        if config.get("on_schema_change") not in {"fail", "append_new_columns"}:
            yield model["name"], "is incremental with a contract: set on_schema_change to fail or append_new_columns"
        if config.get("incremental_strategy") in {None, "append", "delete+insert", "merge", "microbatch"}:
            yield (
                model["name"],
                "is incremental by dbt's own strategy, which keeps a day that lost all its rows: make whole days anew",
            )


def nobody_is_named(project: Project) -> Iterator[Finding]:
    named = re.compile(r"login|email|phone|(^|_)author(_|$)|username|nickname|seller|customer|provider|owner")
    for model in project.models():
        for column in model["columns"]:
            if named.search(column) and column != "seller_id":
                yield f"{model['name']}.{column}", "would name a person: statistics know sellers by our own id"


def marts_have_a_unit_test(project: Project) -> Iterator[Finding]:
    tested = {node["model"] for node in project.manifest["unit_tests"].values()}
    for mart in project.models("marts"):
        if mart["name"] not in tested:
            yield mart["name"], "has no unit test: add unit_tests with a small given and expect to its yml"


def nothing_ends_nowhere(project: Project) -> Iterator[Finding]:
    for model in project.models():
        if not project.children.get(model["unique_id"]):
            what = (
                "list it in an exposure of models/marts/_exposures.yml" if layer_of(model) == "marts" else "delete it"
            )
            yield model["name"], f"is read by no model and no exposure, so that its lineage ends there: {what}"


def exposures_are_complete(project: Project) -> Iterator[Finding]:
    for exposure in project.exposures:
        if not exposure["description"].strip() or not exposure["owner"].get("name"):
            yield exposure["name"], "needs a description and an owner's name"
        if not parents(exposure):
            yield exposure["name"], "depends on nothing: list the marts it reads"
        for parent in parents(exposure):
            model = project.manifest["nodes"].get(parent)
            if model is None or layer_of(model) != "marts":
                yield exposure["name"], f"depends on {project.name(parent)}: people read marts only"


def sources_have_freshness(project: Project) -> Iterator[Finding]:
    for source in project.sources:
        counted = (source.get("freshness") or {}).get("warn_after", {}) or {}
        if not counted.get("count") and source_name(source) not in SELDOM_WRITTEN:
            yield (
                source_name(source),
                "has no freshness: give it loaded_at_field and freshness.warn_after, or a reason in SELDOM_WRITTEN",
            )
        elif counted.get("count") and not source["loaded_at_field"]:
            yield source_name(source), "has a freshness and no loaded_at_field"


EVALUATOR: tuple[Rule, ...] = (
    fct_direct_join_to_source,
    fct_marts_or_intermediate_dependent_on_source,
    fct_duplicate_sources,
    fct_hard_coded_references,
    fct_model_fanout,
    fct_multiple_sources_joined,
    fct_rejoining_of_upstream_concepts,
    fct_root_models,
    fct_source_fanout,
    fct_staging_dependent_on_marts_or_intermediate,
    fct_staging_dependent_on_staging,
    fct_unused_sources,
    fct_too_many_joins,
    fct_missing_primary_key_tests,
    fct_test_coverage,
    fct_undocumented_models,
    fct_documentation_coverage,
    fct_undocumented_source_tables,
    fct_undocumented_sources,
    fct_model_naming_conventions,
    fct_model_directories,
    fct_source_directories,
    fct_test_directories,
    fct_chained_views_dependencies,
    fct_exposure_parents_materializations,
    fct_public_models_without_contracts,
    fct_exposures_dependent_on_private_models,
    fct_undocumented_public_models,
)
HOUSE: tuple[Rule, ...] = (
    layers_point_down,
    marts_are_public_tables_with_contracts,
    marts_have_a_tested_primary_key,
    incremental_models_say_how,
    nobody_is_named,
    marts_have_a_unit_test,
    nothing_ends_nowhere,
    exposures_are_complete,
    sources_have_freshness,
)
RULES = (*EVALUATOR, *HOUSE)
