"""Embeddings as an asset: what its run does and says, and when its schedule starts one."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import psycopg
import pytest
import yaml
from dagster._utils.tags import TagConcurrencyLimitsCounter

from domain.settings import Settings
from orchestration.models import embeddings
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from scrapers.registry import source_names
from tests.embedding_models import models_dir
from tests.environment import apply_settings
from tests.integration.orchestration.jobs import URL, metadata_of
from tests.integration.orchestration.test_one_run_a_source import DEPLOY
from tests.sandbox import add_watch
from warehouse.embeddings import Space, count_spaces

pytestmark = pytest.mark.integration
MODEL = "all-MiniLM-L6-v2@53aa5117/int8-ort"


@pytest.fixture
def filled(conn: psycopg.Connection, settings: Settings) -> psycopg.Connection:
    """A warehouse with today's listings of Vinted; the exported model is that of the other tests."""
    (settings.home / "models").symlink_to(models_dir())
    add_watch(conn, settings, URL, "jeans")
    day = utc_now().date()
    poll_day(conn, settings, "vinted", day, run_id="r")
    read_day(conn, settings, "vinted", day)
    return conn


def run(instance: dg.DagsterInstance, **arguments: object) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions(
        assets=[embeddings.embeddings], jobs=[embeddings.job], resources=_resources(), executor=dg.in_process_executor
    )
    return defs.resolve_job_def("embed").execute_in_process(instance=instance, **arguments)  # type: ignore[arg-type]


def _resources() -> dict[str, object]:
    from orchestration.resources import default_resources

    return default_resources()


def request(
    conn: psycopg.Connection, instance: dg.DagsterInstance, settings: Settings
) -> dg.RunRequest | dg.SkipReason:
    return embeddings.embeddings_request(conn, instance, settings, utc_now().date())


def test_the_scheduled_run_embeds_what_is_missing_over_all_sources_and_a_second_is_not_started(
    filled: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    asked = request(filled, instance, settings)
    assert isinstance(asked, dg.RunRequest)
    result = run(instance, tags=asked.tags)
    assert result.success
    (listings,) = filled.execute("select count(*) from core.listings").fetchone() or (0,)
    assert listings > 50
    assert count_spaces(filled)[Space("title", MODEL)] == listings
    done = {event.partition for event in result.get_asset_materialization_events()}
    assert {f"{utc_now().date()}|{source}" for source in source_names()} <= done
    told = result.get_asset_materialization_events()[0].materialization.metadata
    assert told["model_id"].value == MODEL
    assert told["embedded"].value + told["reused"].value == told["contents"].value >= listings
    assert told["items_per_second"].value > 0
    assert told["photos"].value == "Photos are off; PRICESCOPE_PHOTOS_ENABLED=true switches them on."
    again = request(filled, instance, settings)
    assert isinstance(again, dg.SkipReason)
    assert again.skip_message == "Every listing of the last days has its vectors."


def test_a_tick_of_the_schedule_asks_for_the_range_from_the_oldest_day_that_waits_to_today(
    filled: psycopg.Connection, settings: Settings, kept_instance: dg.DagsterInstance
) -> None:
    filled.execute(
        "update core.listing_state set last_changed_at = last_changed_at - interval '3 days'"
        " where listing_id = (select min(listing_id) from core.listings)"
    )
    context = dg.build_schedule_context(
        instance=kept_instance, resources=_resources(), scheduled_execution_time=utc_now()
    )
    (asked,) = embeddings.schedule.evaluate_tick(context).run_requests or ()
    sources, today = sorted(source_names()), utc_now().date()
    assert asked.tags["dagster/asset_partition_range_start"] == f"{today - timedelta(days=3)}|{sources[0]}"
    assert asked.tags["dagster/asset_partition_range_end"] == f"{today}|{sources[-1]}"


def test_one_partition_run_twice_computes_nothing_the_second_time(
    filled: psycopg.Connection, instance: dg.DagsterInstance
) -> None:
    key = f"{utc_now().date()}|vinted"
    first = metadata_of(run(instance, partition_key=key), "embeddings")
    second = metadata_of(run(instance, partition_key=key), "embeddings")
    assert first["embedded"] != 0
    assert (second["embedded"], second["reused"]) == (0, 0)
    assert second["unchanged"] == first["contents"]


def test_a_run_for_days_before_finds_nothing_of_today(filled: psycopg.Connection, instance: dg.DagsterInstance) -> None:
    key = f"{utc_now().date() - timedelta(days=1)}|vinted"
    assert metadata_of(run(instance, partition_key=key), "embeddings")["contents"] == 0
    assert count_spaces(filled) == {}


def test_the_scheduled_run_holds_up_no_poll(
    filled: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    asked = request(filled, instance, settings)
    assert isinstance(asked, dg.RunRequest)
    running = instance.get_run_by_id(run(instance, tags=asked.tags).run_id)
    assert running is not None
    limits = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())["concurrency"]["runs"]["tag_concurrency_limits"]
    poll = dg.DagsterRun(job_name="poll", tags={"dagster/partition/source": "vinted"})
    assert not TagConcurrencyLimitsCounter(limits, [running]).is_blocked(poll)
    assert TagConcurrencyLimitsCounter(limits, [poll]).is_blocked(poll)


def test_no_run_is_started_beside_one_that_is_under_way(
    filled: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    instance.add_run(dg.DagsterRun(job_name="embed", status=dg.DagsterRunStatus.STARTED))
    asked = request(filled, instance, settings)
    assert isinstance(asked, dg.SkipReason)
    assert "queued or running" in str(asked.skip_message)


def test_a_model_that_is_not_there_fails_with_what_to_do(
    filled: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_settings(monkeypatch, settings.model_copy(update={"embedding_model": "./no-such-model"}))
    result = run(instance, partition_key=f"{utc_now().date()}|vinted", raise_on_error=False)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "There is no folder ./no-such-model" in str(failure.step_failure_data.error)
