"""Snapshots of both code locations: an unplanned change of keys, deps, groups, jobs or crons shows up in review.

To accept a planned change: ``pytest tests/unit/orchestration --snapshot-update``.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.unit.orchestration.graph import describe


@pytest.fixture(autouse=True)
def own_instance() -> Iterator[None]:
    """Resolving definitions asks the instance of the moment: not one that a test before this left behind, gone."""
    with dg.DagsterInstance.ephemeral():
        yield


def test_the_polling_location_is_as_reviewed(snapshot: SnapshotAssertion) -> None:
    from orchestration.definitions import defs

    assert describe(defs) == snapshot


def test_the_statistics_location_is_as_reviewed(snapshot: SnapshotAssertion) -> None:
    from orchestration.statistics.definitions import defs

    assert describe(defs) == snapshot


def test_the_lineage_of_every_table_that_dbt_reads_begins_at_an_asset() -> None:
    import msgspec

    from orchestration.definitions import defs
    from orchestration.statistics.assets import SOURCE_ASSETS
    from orchestration.statistics.dbt_files import fresh_manifest

    manifest = msgspec.json.decode(fresh_manifest().read_bytes())
    read = {f"{node['source_name']}.{node['name']}" for node in manifest["sources"].values()}
    assert read <= SOURCE_ASSETS.keys(), "say in orchestration/statistics/assets.py which asset writes these tables"
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert set(SOURCE_ASSETS.values()) <= keys
