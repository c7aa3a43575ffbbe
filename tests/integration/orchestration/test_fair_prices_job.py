"""Fair prices as an asset: what its run does and says, and when its schedule starts one."""

from __future__ import annotations

import dagster as dg
import psycopg
import pytest

from domain.settings import Settings
from orchestration.models import fair_prices
from orchestration.resources import default_resources
from pipeline.poll import utc_now
from tests.integration.orchestration.jobs import metadata_of
from tests.integration.pipeline.priced_market import ordinary, store

pytestmark = pytest.mark.integration


def run(instance: dg.DagsterInstance) -> dict[str, object]:
    defs = dg.Definitions(
        assets=[fair_prices.fair_prices],
        jobs=[fair_prices.job],
        resources=default_resources(),
        executor=dg.in_process_executor,
    )
    return metadata_of(defs.resolve_job_def("price").execute_in_process(instance=instance), "fair_prices")


def test_a_run_is_asked_for_once_prices_those_on_offer_and_says_how_well_it_holds(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    store(conn, ordinary(300))
    assert isinstance(fair_prices.fair_prices_request(conn, instance, utc_now()), dg.RunRequest)
    told = run(instance)
    assert conn.execute("select count(*) from ml.fair_prices").fetchone() == (300,)
    assert told["dagster/row_count"] == told["priced"] == 300
    markets = told["markets"]
    assert isinstance(markets, dict)
    assert markets["EUR/owner"]["state"] == "success"
    assert 0.8 < markets["EUR/owner"]["coverage"] < 1
    coverage = told["coverage_by_watch"]
    assert isinstance(coverage, dict)
    assert list(coverage) == ["EUR/owner: watch 1"]
    again = fair_prices.fair_prices_request(conn, instance, utc_now())
    assert isinstance(again, dg.SkipReason)
    assert "nothing is new" in str(again.skip_message)


def test_no_run_is_started_beside_one_that_is_under_way(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    store(conn, ordinary(100))
    instance.add_run(dg.DagsterRun(job_name="price", status=dg.DagsterRunStatus.STARTED))
    asked = fair_prices.fair_prices_request(conn, instance, utc_now())
    assert isinstance(asked, dg.SkipReason)
    assert "queued or running" in str(asked.skip_message)


def test_an_empty_warehouse_starts_no_run_and_a_run_by_hand_does_nothing(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    assert isinstance(fair_prices.fair_prices_request(conn, instance, utc_now()), dg.SkipReason)
    assert run(instance)["markets"] == {}


def test_a_tick_of_the_schedule_asks_for_the_job(
    conn: psycopg.Connection, settings: Settings, kept_instance: dg.DagsterInstance
) -> None:
    store(conn, ordinary(100))
    context = dg.build_schedule_context(
        instance=kept_instance, resources=default_resources(), scheduled_execution_time=utc_now()
    )
    (asked,) = fair_prices.schedule.evaluate_tick(context).run_requests or ()
    assert asked.tags["pricescope/markets"] == "EUR/owner"
