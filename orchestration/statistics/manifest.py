"""What Dagster takes from dbt's manifest beside the models themselves. Light: nothing of dbt is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from orchestration.statistics.dbt_files import fresh_manifest


def mart_columns() -> dict[str, dict[str, str]]:
    """Return the columns of each mart with their types, as the contracts in the project have them."""
    manifest: dict[str, Any] = msgspec.json.decode(fresh_manifest().read_bytes())
    return {
        node["name"]: _types(node["columns"])
        for node in sorted(manifest["nodes"].values(), key=lambda node: str(node["name"]))
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    }


def _types(columns: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(column["data_type"] or "").lower() for name, column in columns.items()}
