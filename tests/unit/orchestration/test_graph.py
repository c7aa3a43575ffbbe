"""Snapshots of both code locations: an unplanned change of keys, deps, groups, jobs or crons shows up in review.

To accept a planned change: ``pytest tests/unit/orchestration --snapshot-update``.
"""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from tests.unit.orchestration.graph import describe


def test_the_polling_location_is_as_reviewed(snapshot: SnapshotAssertion) -> None:
    from orchestration.definitions import defs

    assert describe(defs) == snapshot


def test_the_statistics_location_is_as_reviewed(snapshot: SnapshotAssertion) -> None:
    from orchestration.statistics.definitions import defs

    assert describe(defs) == snapshot
