"""Freshness and volume of a source as Dagster's asset checks, on planted readings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg
import msgspec
import psycopg
import pytest

from domain.settings import Settings
from domain.source_state import SourceState
from pipeline.poll import utc_now
from tests.integration.orchestration.jobs import URL
from tests.sandbox import add_watch
from warehouse.source_state import save_source_state

pytestmark = pytest.mark.integration


def plant_days(conn: psycopg.Connection, records: Sequence[int]) -> None:
    """Plant readings: so many records in the last 24 hours, in the 24 hours before, and so on."""
    for age, count in enumerate(records):
        conn.execute(
            """
            insert into ops.page_readings (page_id, fetched_at, source, day, parser_version, meaning, records,
              new_items, changed_items, unchanged_items, quarantined)
            values (%(page)s, %(at)s, 'vinted', %(at)s::date, 1, 'ok', %(n)s, %(n)s, 0, 0, 0)
            """,
            {"page": age + 1, "at": utc_now() - timedelta(days=age, hours=1), "n": count},
        )


def check_health(instance: dg.DagsterInstance) -> dict[str, dg.AssetCheckEvaluation]:
    from orchestration.definitions import defs

    result = defs.resolve_job_def("health").execute_in_process(instance=instance)
    assert result.success, "a sick source is a finding, not a failed run"
    return {found.check_name: found for found in result.get_asset_check_evaluations()}


@pytest.mark.parametrize(
    ("last_day", "passed", "severity"),
    [
        (100, True, dg.AssetCheckSeverity.WARN),
        (30, True, dg.AssetCheckSeverity.WARN),
        (29, False, dg.AssetCheckSeverity.WARN),
        (0, False, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_volume_is_a_warning_under_30_percent_of_the_median_and_an_error_at_nothing(
    conn: psycopg.Connection,
    settings: Settings,
    instance: dg.DagsterInstance,
    last_day: int,
    passed: bool,
    severity: dg.AssetCheckSeverity,
) -> None:
    add_watch(conn, settings, URL, "jeans")
    plant_days(conn, [last_day, 100, 90, 110, 100, 100, 100, 100])
    found = check_health(instance)["vinted_volume"]
    assert (found.passed, found.severity) == (passed, severity)
    numbers = {name: value.value for name, value in found.metadata.items()}
    assert numbers == {"last_24_hours": last_day, "median_of_7_days": 100}


@pytest.mark.parametrize(("hours", "passed"), [(1, True), (4, False)])
def test_a_source_that_stopped_answering_is_an_error(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance, hours: int, passed: bool
) -> None:
    add_watch(conn, settings, URL, "jeans")
    state = SourceState(source="vinted", since=utc_now())
    save_source_state(conn, msgspec.structs.replace(state, last_success_at=utc_now() - timedelta(hours=hours)))
    found = check_health(instance)["vinted_freshness"]
    assert found.passed == passed
    if not passed:
        assert found.severity == dg.AssetCheckSeverity.ERROR
        assert "Last good answer" in (found.description or "")


def test_a_source_that_nobody_watches_cannot_be_sick(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    plant_days(conn, [0, 100, 100, 100])
    assert all(found.passed for found in check_health(instance).values())
