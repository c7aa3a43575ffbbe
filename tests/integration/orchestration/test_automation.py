"""When things run: schedules and the sensor, evaluated as the daemon evaluates them."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import msgspec
import psycopg
import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from alerts import message as messages
from domain.cadence import WatchLoad
from domain.page import PageMeaning
from domain.settings import Settings, SettingsError
from domain.source_state import SourceState, after_page
from orchestration.polling import jobs
from orchestration.polling.schedules import build_schedules
from orchestration.polling.sensors import TRY_AGAIN_AFTER, build_sensors, delivery_run_key
from orchestration.resources import default_resources
from pipeline.poll import utc_now
from tests.integration.orchestration.jobs import URL
from tests.sandbox import add_watch
from warehouse import outbox
from warehouse.cadence import save_plan
from warehouse.source_state import save_source_state

pytestmark = pytest.mark.integration


def evaluate_poll_schedule(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    (schedule,) = [schedule for schedule in build_schedules() if schedule.name == "poll_vinted"]
    context = dg.build_schedule_context(
        instance=instance, resources=default_resources(), scheduled_execution_time=utc_now()
    )
    return schedule(context)


def evaluate_sensor(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    (sensor,) = build_sensors()
    return sensor(dg.build_sensor_context(instance=instance, resources=default_resources()))


def blocked_state() -> SourceState:
    state = SourceState(source="vinted", since=utc_now())
    for _ in range(4):
        state = after_page(state, PageMeaning.BLOCKED, utc_now(), detail="A wall asks for a captcha.")
    assert state.is_blocked
    return state


def test_a_source_that_answers_is_polled_for_today(
    conn: psycopg.Connection, settings: Settings, kept_instance: dg.DagsterInstance
) -> None:
    add_watch(conn, settings, URL, "jeans")
    asked = evaluate_poll_schedule(kept_instance)
    assert isinstance(asked, dg.RunRequest)
    assert asked.partition_key == f"{utc_now().date()}|vinted"
    assert asked.tags["pricescope/decision"] == "poll"


def test_nothing_is_started_before_a_watch_is_due(
    conn: psycopg.Connection, settings: Settings, kept_instance: dg.DagsterInstance
) -> None:
    watch = add_watch(conn, settings, URL, "jeans")
    hour = timedelta(hours=1)
    load = WatchLoad(watch_id=watch.watch_id, arrivals_per_day=1, requests_per_check=1)
    save_plan(conn, [(load, utc_now())], {watch.watch_id: hour}, utc_now())
    skipped = evaluate_poll_schedule(kept_instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "due at" in str(skipped.skip_message)
    save_plan(conn, [(load, utc_now() - 2 * hour)], {watch.watch_id: hour}, utc_now())
    asked = evaluate_poll_schedule(kept_instance)
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_config["ops"]["raw_listings"]["config"]["only_due"] is True


def test_nothing_is_started_where_no_watch_asks(settings: Settings, kept_instance: dg.DagsterInstance) -> None:
    skipped = evaluate_poll_schedule(kept_instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "pricescope watch add" in str(skipped.skip_message)


def test_a_blocked_source_is_left_alone_until_its_probe_is_due(
    conn: psycopg.Connection, settings: Settings, kept_instance: dg.DagsterInstance
) -> None:
    add_watch(conn, settings, URL, "jeans")
    save_source_state(conn, blocked_state())
    skipped = evaluate_poll_schedule(kept_instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "A wall asks for a captcha." in str(skipped.skip_message)

    due = msgspec.structs.replace(blocked_state(), next_attempt_at=utc_now() - timedelta(seconds=1))
    save_source_state(conn, due)
    asked = evaluate_poll_schedule(kept_instance)
    assert isinstance(asked, dg.RunRequest)
    assert asked.tags["pricescope/decision"] == "probe"


@pytest.mark.parametrize(
    ("status", "source", "is_held_back"),
    [
        (dg.DagsterRunStatus.QUEUED, "vinted", True),
        (dg.DagsterRunStatus.STARTED, "vinted", True),
        (dg.DagsterRunStatus.SUCCESS, "vinted", False),
        (dg.DagsterRunStatus.FAILURE, "vinted", False),
        (dg.DagsterRunStatus.STARTED, "another", False),
    ],
)
def test_polls_of_a_source_do_not_queue_up_behind_a_long_one(
    conn: psycopg.Connection,
    settings: Settings,
    kept_instance: dg.DagsterInstance,
    status: dg.DagsterRunStatus,
    source: str,
    is_held_back: bool,
) -> None:
    add_watch(conn, settings, URL, "jeans")
    location = GrpcServerCodeLocationOrigin(host="127.0.0.1", port=4000, location_name="polling")
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), "poll")
    tags = {"dagster/partition/source": source}
    kept_instance.add_run(dg.DagsterRun(job_name="poll", status=status, tags=tags, remote_job_origin=origin))
    assert isinstance(evaluate_poll_schedule(kept_instance), dg.SkipReason) == is_held_back


def test_sources_that_are_not_enabled_have_no_schedule(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "poll_vinted" in {schedule.name for schedule in build_schedules()}
    monkeypatch.setenv("PRICESCOPE_ENABLED_SOURCES", "")
    assert {schedule.name for schedule in build_schedules()} == {
        "health_hourly",
        "care_daily",
        "compact_daily",
        "vacuum_daily",
        "vacuum_weekly",
        "prices_hourly",
        "rates_daily",
        "scans_two_hourly",
    }


def test_a_source_that_there_is_none_of_is_an_error_that_names_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRICESCOPE_ENABLED_SOURCES", "vinted,vintde")
    with pytest.raises(SettingsError, match=r"unknown source vintde; known: allegro, amazon, .*vinted"):
        build_schedules()


@pytest.mark.parametrize(("given", "status"), [("true", "RUNNING"), ("false", "STOPPED")])
def test_schedules_and_sensors_start_as_the_settings_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, given: str, status: str
) -> None:
    monkeypatch.setenv("PRICESCOPE_SCHEDULES_RUNNING", given)
    assert {schedule.default_status.name for schedule in build_schedules()} == {status}
    assert {sensor.default_status.name for sensor in build_sensors()} == {status}


def enqueue(conn: psycopg.Connection, key: str) -> int:
    payload = messages.encode(messages.TestMessage(channel="email", sent_at=utc_now()))
    number = outbox.enqueue(conn, kind="test", channel="email", idempotency_key=key, payload=payload)
    assert number is not None
    return number


def test_the_sensor_asks_for_a_delivery_only_while_something_is_due(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    assert isinstance(evaluate_sensor(instance), dg.SkipReason)
    number = enqueue(conn, "one")
    asked = evaluate_sensor(instance)
    assert isinstance(asked, dg.RunRequest)
    again = evaluate_sensor(instance)
    assert isinstance(again, dg.RunRequest)
    assert again.run_key == asked.run_key, "the same due set starts no second run"
    outbox.mark_sent(conn, number, utc_now())
    assert isinstance(evaluate_sensor(instance), dg.SkipReason)


def test_the_key_of_a_delivery_changes_with_the_due_set_its_attempts_and_after_a_while(
    conn: psycopg.Connection, settings: Settings
) -> None:
    now = utc_now()

    def key(later: timedelta = timedelta(0)) -> str:
        return delivery_run_key(outbox.due(conn, now + timedelta(hours=1)), now + later)

    number = enqueue(conn, "one")
    keys = [key()]
    enqueue(conn, "two")
    keys.append(key())
    outbox.mark_failed(conn, number, error="no route", retry_at=now)
    keys.append(key())
    keys.append(key(TRY_AGAIN_AFTER))
    assert len(set(keys)) == 4


def test_no_second_delivery_is_asked_for_while_one_runs(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    enqueue(conn, "one")
    instance.add_run(dg.DagsterRun(job_name=jobs.deliver.name, status=dg.DagsterRunStatus.STARTED))
    assert isinstance(evaluate_sensor(instance), dg.SkipReason)


def test_a_delivery_run_sends_what_is_due(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    from orchestration.definitions import defs

    enqueue(conn, "by-sensor")
    result = defs.resolve_job_def("deliver").execute_in_process(instance=instance)
    assert result.success
    assert outbox.count_by_state(conn) == {"pending": 0, "sent": 1, "dead": 0}
