"""Runs a job of a code location in this process, as the tests of ``orchestration`` want it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg

URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"


def poll(
    instance: dg.DagsterInstance,
    day: date | None,
    *,
    tags: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run the poll job for Vinted and a day, or for what the tags say."""
    from orchestration.definitions import defs

    return defs.resolve_job_def("poll").execute_in_process(
        instance=instance,
        partition_key=None if day is None else f"{day}|vinted",
        tags=dict(tags or {}),
        run_config=dict(config or {}),
        raise_on_error=False,
    )


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    """Return the metadata of an asset's one materialisation in a run, as plain values."""
    (event,) = [
        event for event in result.get_asset_materialization_events() if event.asset_key == dg.AssetKey(asset.split("/"))
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def errors_of(result: dg.ExecuteInProcessResult) -> list[str]:
    """Return the messages of the steps that failed, with their causes."""
    found = []
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None:
                found.append(error.message)
                error = error.cause
    return found
