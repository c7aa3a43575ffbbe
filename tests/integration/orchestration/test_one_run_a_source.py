"""The queue lets one run a source through at a time: our limits, Dagster's own counter, the tags of a real run."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import psycopg
import pytest
import yaml
from dagster._utils.tags import TagConcurrencyLimitsCounter

from domain.settings import Settings
from pipeline.poll import utc_now
from tests.integration.orchestration.jobs import poll

pytestmark = pytest.mark.integration
DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.mark.parametrize("file", ["dagster.yaml", "dagster.local.yaml"])
def test_a_second_run_of_a_source_waits_in_the_queue_and_another_source_passes(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance, file: str
) -> None:
    limits = yaml.safe_load((DEPLOY / file).read_text())["concurrency"]["runs"]["tag_concurrency_limits"]
    running = instance.get_run_by_id(poll(instance, utc_now().date()).run_id)
    assert running is not None
    assert running.tags["dagster/max_runtime"] == "900", "a killed worker must not silence its source for long"
    counter = TagConcurrencyLimitsCounter(limits, [running])
    assert counter.is_blocked(running)
    other = dg.DagsterRun(job_name="poll", tags={**running.tags, "dagster/partition/source": "another"})
    assert not counter.is_blocked(other)
