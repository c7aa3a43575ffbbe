"""The static sites as assets, each with a job: rebuilt nightly, and on demand by ``pricescope docs``."""

import dagster as dg

from orchestration.resources import SettingsResource
from orchestration.statistics.assets import dbt_models
from orchestration.statistics.sites import build_data_docs, build_dbt_docs

_TAGS = {"dagster/max_runtime": str(20 * 60)}
_GROUP = "documentation"


@dg.asset(
    deps=[dbt_models],
    group_name=_GROUP,
    kinds={"dbt", "html"},
    owners=["team:pricescope"],
    # dbt reads the catalogue while it writes: not while models are being replaced.
    pool="dbt",
)
def dbt_docs_site(app_settings: SettingsResource) -> dg.MaterializeResult[None]:
    """Models, columns, tests and the lineage from source tables to exposures, as one page that needs no network."""
    page = build_dbt_docs(app_settings.get())
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(page), "bytes": page.stat().st_size})


@dg.asset(
    deps=["pages_batch", "items_batch", "history_batch", dbt_models],
    group_name=_GROUP,
    kinds={"greatexpectations", "html"},
    owners=["team:pricescope"],
)
def data_docs_site(app_settings: SettingsResource) -> dg.MaterializeResult[None]:
    """What Great Expectations finds in every layer, as static pages: counts and shares, never a value of a row."""
    page, counts = build_data_docs(app_settings.get())
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(page), **counts})


dbt_docs = dg.define_asset_job(
    "dbt_docs",
    selection=dg.AssetSelection.assets(dbt_docs_site).without_checks(),
    tags=_TAGS,
    description="Write dbt's documentation with the catalogue of the live database.",
)
data_docs = dg.define_asset_job(
    "data_docs",
    selection=dg.AssetSelection.assets(data_docs_site).without_checks(),
    tags=_TAGS,
    description="Hold every layer against its Great Expectations suite and write the pages about it.",
)
