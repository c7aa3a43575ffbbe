"""The dbt models as assets. One dbt process builds them all: its start costs more than the SQL."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from orchestration.statistics.checks import BATCHES
from orchestration.statistics.dbt_files import DBT, PROJECT_DIR, export_connection, fresh_manifest

# The tables that dbt reads, and the assets that write them.
SOURCE_ASSETS = {
    "raw.pages": "raw_listings",
    "core.listings": "items",
    "core.listing_state": "items",
    "core.sellers": "items",
    "core.price_history": "price_history",
    "core.price_history_months": "price_history",
    "core.listing_absences": "items",
    "core.stock_history": "items",
    "core.lots": "items",
    "core.lot_items": "items",
    "core.fx_rates": "fx_rates",
    "core.products": "products",
    "core.product_sources": "products",
    "app.watches": "watches",
    "app.watch_listings": "items",
    "app.deals": "deals",
    "app.notifications": "alerts",
    "ops.page_readings": "items",
    "ops.scrape_runs": "raw_listings",
    "ops.quarantine": "items",
    "ops.source_state": "raw_listings",
}
# dagster-dbt writes one target folder an invocation and never deletes it.
_KEPT_TARGETS = 20


class Translator(DagsterDbtTranslator):
    """Names dbt nodes as the house does: models by schema and table, sources by the asset that fills them."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return the key of a model (schema, name) or the asset behind a source table."""
        if dbt_resource_props["resource_type"] == "source":
            table = f"{dbt_resource_props['source_name']}.{dbt_resource_props['name']}"
            if table in SOURCE_ASSETS:
                return dg.AssetKey(SOURCE_ASSETS[table])
            return dg.AssetKey(table.split("."))
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Let what reads pages, listings or prices wait for their batch to pass its checks."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        read = {dep.asset_key.to_user_string() for dep in spec.deps}
        batches = [dg.AssetDep(f"{suite.name}_batch") for upstream, suite in BATCHES.items() if upstream in read]
        return spec.replace_attributes(deps=[*spec.deps, *batches]) if batches else spec

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Group models by their layer."""
        return str(dbt_resource_props.get("schema") or "dbt")


@dbt_assets(
    manifest=fresh_manifest(),
    # Several tables are filled by one asset, in one transaction.
    dagster_dbt_translator=Translator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
    pool="dbt",
    name="dbt_models",
)
def dbt_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Build and test the models. Unit tests are left to CI: they would rebuild nothing and cost each run."""
    export_connection()
    try:
        yield from dbt.cli(["build", "--exclude-resource-type", "unit_test"], context=context).stream()
    finally:
        prune_targets(PROJECT_DIR / "target")


def prune_targets(target: Path) -> int:
    """Delete all but the newest invocation folders under dbt's target; return how many."""
    folders = sorted(
        (path for path in target.glob("dbt_models-*") if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for folder in folders[_KEPT_TARGETS:]:
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders[_KEPT_TARGETS:])


def dbt_resource() -> DbtCliResource:
    """Return the dbt resource; the executable is the one beside this Python, whatever PATH says."""
    return DbtCliResource(project_dir=str(PROJECT_DIR), profiles_dir=str(PROJECT_DIR), dbt_executable=str(DBT))
