"""The open data as an asset: Parquet files of what the warehouse holds, for other tools than ours."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from orchestration.metadata import outcome_metadata
from orchestration.resources import SettingsResource, WarehouseResource
from warehouse.open_data import MANIFEST, export


class OpenDataConfig(dg.Config):
    """Run configuration of `open_data`.

    ``tables`` names those to write, all when empty; ``directory`` replaces ``open-data`` under the home; ``resume``
    goes on with an export that was interrupted.
    """

    tables: list[str] = Field(default=[])
    directory: str = ""
    resume: bool = False


@dg.asset(
    deps=["items", "price_history", "deals", "price_alerts", "alerts", "fx_rates", "products"],
    group_name="open_data",
    kinds={"postgres", "parquet"},
    owners=["team:pricescope"],
)
def open_data(
    context: dg.AssetExecutionContext,
    config: OpenDataConfig,
    warehouse: WarehouseResource,
    app_settings: SettingsResource,
) -> dg.MaterializeResult[None]:
    """Tables and marts as Parquet by table, source and UTC month, without logins, addresses and free texts.

    In one snapshot; months that the database no longer has stay as they are. docs/open-data.md says how to read them.
    """
    directory = Path(config.directory) if config.directory else app_settings.get().home / "open-data"
    with warehouse.connection("open_data") as conn:
        result = export(
            conn,
            directory,
            tables=config.tables,
            resume=config.resume,
            on_unit=lambda name, done, total, rows: context.log.debug("%s: %d of %d, %d rows", name, done, total, rows),
        )
    return dg.MaterializeResult(
        metadata={
            **outcome_metadata([result], rows="rows"),
            "manifest": dg.MetadataValue.path(directory.absolute() / MANIFEST),
        }
    )
