"""Clusters as an asset: what its runs do and say, what a failing watch does to the others, when a run is started."""

from __future__ import annotations

import dagster as dg
import psycopg
import pytest

from domain.settings import Settings
from orchestration.models import clusters
from orchestration.resources import default_resources
from pipeline.poll import poll_day, utc_now
from pipeline.read import read_day
from tests.integration.orchestration.jobs import URL, errors_of, metadata_of
from tests.sandbox import add_watch
from warehouse.cluster_runs import current_run, list_runs

pytestmark = pytest.mark.integration
OTHER = "https://www.vinted.fr/catalog?search_text=barbour&order=newest_first"


@pytest.fixture
def filled(conn: psycopg.Connection, settings: Settings) -> psycopg.Connection:
    """A warehouse with today's listings of two watches of Vinted."""
    add_watch(conn, settings, URL, "jeans")
    add_watch(conn, settings, OTHER, "jackets")
    _poll(conn, settings)
    return conn


def _poll(conn: psycopg.Connection, settings: Settings) -> None:
    day = utc_now().date()
    poll_day(conn, settings, "vinted", day, run_id="r")
    read_day(conn, settings, "vinted", day)


def run(instance: dg.DagsterInstance, *, full: bool = True) -> dg.ExecuteInProcessResult:
    defs = dg.Definitions(
        assets=[clusters.clusters], jobs=[clusters.job], resources=default_resources(), executor=dg.in_process_executor
    )
    return defs.resolve_job_def("cluster").execute_in_process(
        instance=instance, run_config=clusters.run_config(full=full), raise_on_error=False
    )


def _watch_ids(conn: psycopg.Connection) -> list[int]:
    return [row[0] for row in conn.execute("select watch_id from app.watches order by name").fetchall()]


def test_a_full_run_clusters_every_active_watch_and_says_what_it_found(
    filled: psycopg.Connection, instance: dg.DagsterInstance
) -> None:
    jackets, jeans = _watch_ids(filled)
    told = metadata_of(run(instance), "clusters")
    (listings,) = filled.execute("select count(*) from app.watch_listings where not is_blacklisted").fetchone() or (0,)
    runs = [current_run(filled, watch_id) for watch_id in (jackets, jeans)]
    assert told["listings"] == told["dagster/row_count"] == listings > 50
    assert told["clusters"] == sum(one.n_clusters for one in runs if one is not None) > 0
    assert told["unique"] == sum(one.n_unique for one in runs if one is not None)
    assert (told["watches"], told["full_runs"]) == (2, 2)
    assert 0.3 <= float(str(told["cohesion"])) <= 1
    largest = told["largest"]
    assert isinstance(largest, dg.TableMetadataValue)
    sizes = [record.data["listings"] for record in largest.records]
    assert sizes == sorted(sizes, reverse=True)
    assert {record.data["watch"] for record in largest.records} <= {"jeans", "jackets"}
    assert all(record.data["cluster"] for record in largest.records)
    filled.execute("update app.watches set is_active = false where watch_id = %s", (jackets,))
    assert metadata_of(run(instance), "clusters")["watches"] == 1


def test_the_hourly_run_is_started_for_new_listings_only_and_looks_only_at_their_watch(
    filled: psycopg.Connection, instance: dg.DagsterInstance
) -> None:
    jackets, jeans = _watch_ids(filled)
    asked = clusters.new_listings_request(filled, instance)
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_config == clusters.run_config(full=False)
    first = metadata_of(run(instance, full=False), "clusters")
    # A watch that was never clustered is clustered whole.
    assert (first["watches"], first["full_runs"]) == (2, 2)
    again = clusters.new_listings_request(filled, instance)
    assert isinstance(again, dg.SkipReason)
    assert again.skip_message == "Every listing of the active watches has its place."
    # As if one had come since.
    filled.execute(
        "delete from ml.cluster_members where listing_id = (select min(listing_id) from app.watch_listings"
        " where watch_id = %s and not is_blacklisted)",
        (jeans,),
    )
    assert isinstance(clusters.new_listings_request(filled, instance), dg.RunRequest)
    light = metadata_of(run(instance, full=False), "clusters")
    assert (light["watches"], light["full_runs"]) == (1, 0)
    assert int(str(light["joined"])) + int(str(light["waiting"])) == 1
    assert [len(list_runs(filled, watch_id)) for watch_id in (jackets, jeans)] == [1, 1]


def test_a_tick_of_the_hourly_schedule_asks_for_a_light_run(
    filled: psycopg.Connection, settings: Settings, kept_instance: dg.DagsterInstance
) -> None:
    context = dg.build_schedule_context(
        instance=kept_instance, resources=default_resources(), scheduled_execution_time=utc_now()
    )
    (asked,) = clusters.hourly.evaluate_tick(context).run_requests or ()
    assert asked.run_config == clusters.run_config(full=False)
    kept_instance.add_run(dg.DagsterRun(job_name="cluster", status=dg.DagsterRunStatus.STARTED))
    told = clusters.hourly.evaluate_tick(context)
    assert "queued or running" in (told.skip_message or "")


def test_a_watch_that_fails_keeps_its_clusters_and_holds_up_no_other(
    filled: psycopg.Connection, instance: dg.DagsterInstance
) -> None:
    jackets, jeans = _watch_ids(filled)
    run(instance)
    held = current_run(filled, jeans)
    filled.execute(
        f"create function fail() returns trigger language plpgsql as $$ begin"
        f" if new.watch_id = {jeans} and new.state = 'success' then raise 'the disk is full'; end if;"
        " return new; end $$"
    )
    filled.execute("create trigger fail before update on ml.cluster_runs for each row execute function fail()")
    result = run(instance)
    assert not result.success
    (message,) = [error for error in errors_of(result) if "ClustersFailedError" in error]
    assert "jeans: RaiseException: the disk is full" in message
    assert "jackets" not in message
    assert current_run(filled, jeans) == held
    assert [one.state for one in list_runs(filled, jeans)] == ["failure", "success"]
    assert [one.state for one in list_runs(filled, jackets)] == ["success", "success"]
