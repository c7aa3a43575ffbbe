"""Ask a running Dagster webserver through its GraphQL API: launch backfills and runs, and wait for them.

Belongs here: questions and answers over HTTP. Does not: starting the webserver (``stack``), what is run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx2

_LAUNCH_BACKFILL = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_BACKFILL = """
query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } runs(limit: 50) { id status } }
    ... on PythonError { message }
  }
}
"""
_LAUNCH_RUN = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { id } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
_RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_START_SCHEDULE = """
mutation ($selector: ScheduleSelector!) {
  startSchedule(scheduleSelector: $selector) { __typename ... on PythonError { message } }
}
"""
_START_SENSOR = """
mutation ($selector: SensorSelector!) {
  startSensor(sensorSelector: $selector) { __typename ... on PythonError { message } }
}
"""
_LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries {
  name locationOrLoadError { __typename ... on PythonError { message } } } } } }
"""


class DagsterApiError(Exception):
    """Dagster refused, or what it ran failed; the message is Dagster's."""


class DagsterApi:
    """A client of one webserver."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx2.Client(base_url=url, timeout=30)

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        try:
            answer = self._client.post("/graphql", json={"query": query, "variables": variables}).json()
        except (httpx2.HTTPError, ValueError) as error:
            raise DagsterApiError(f"Dagster's web server at {self.url} gives no answer: {error}") from None
        if answer.get("errors"):
            raise DagsterApiError(str(answer["errors"][0]["message"]))
        data: dict[str, Any] = answer["data"]
        return data

    def locations(self) -> dict[str, str | None]:
        """Return each code location with its load error, if any."""
        entries = self._ask(_LOCATIONS)["workspaceOrError"]["locationEntries"]
        return {entry["name"]: (entry["locationOrLoadError"] or {}).get("message") for entry in entries}

    def launch_backfill(self, assets: Sequence[str], partitions: Sequence[str], tags: dict[str, str]) -> str:
        """Launch one backfill of assets over partitions; return its id."""
        params = {
            "assetSelection": [{"path": name.split("/")} for name in assets],
            "partitionNames": list(partitions),
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        launched = self._ask(_LAUNCH_BACKFILL, params=params)["launchPartitionBackfill"]
        if launched["__typename"] != "LaunchBackfillSuccess":
            raise DagsterApiError(launched.get("message") or launched["__typename"])
        return str(launched["backfillId"])

    def await_backfill(self, backfill_id: str, *, seconds: float, tick: Callable[[str], None]) -> None:
        """Wait until a backfill's runs are over; ``tick`` hears its state every second.

        Raises:
            DagsterApiError: when it failed or the time is over.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self._ask(_BACKFILL, id=backfill_id)["partitionBackfillOrError"]
            if "status" not in found:
                raise DagsterApiError(f"backfill {backfill_id}: {found.get('message') or 'there is none of this id'}")
            runs = [run["status"] for run in found["runs"]]
            tick(", ".join(runs).lower() or "waiting for the daemon")
            if _has_failed([found["status"], *runs]):
                reason = (found["error"] or {}).get("message") or "a run failed"
                raise DagsterApiError(f"backfill {backfill_id} failed: {reason}; see {self.url}/runs/b/{backfill_id}")
            # The daemon notices the end of a run only at its next round; the runs themselves tell sooner.
            if runs and all(status == "SUCCESS" for status in runs):
                return
            time.sleep(1)
        raise DagsterApiError(f"backfill {backfill_id} is not over after {seconds:.0f} s")

    def start_schedule(self, location: str, name: str) -> None:
        """Switch a schedule on."""
        self._switch_on(_START_SCHEDULE, "startSchedule", "scheduleName", location, name)

    def start_sensor(self, location: str, name: str) -> None:
        """Switch a sensor on."""
        self._switch_on(_START_SENSOR, "startSensor", "sensorName", location, name)

    def _switch_on(self, mutation: str, field: str, kind: str, location: str, name: str) -> None:
        selector = {"repositoryLocationName": location, "repositoryName": "__repository__", kind: name}
        answer = self._ask(mutation, selector=selector)[field]
        if not answer["__typename"].endswith(("StateResult", "Sensor")):
            raise DagsterApiError(answer.get("message") or f"{name}: {answer['__typename']}")

    def run_job(self, location: str, job: str, *, seconds: float, tags: dict[str, str] | None = None) -> str:
        """Launch a job and wait for its end; return its run id.

        Raises:
            DagsterApiError: when it failed or the time is over.
        """
        params = {
            "selector": {"repositoryLocationName": location, "repositoryName": "__repository__", "jobName": job},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
        }
        launched = self._ask(_LAUNCH_RUN, params=params)["launchRun"]
        if launched["__typename"] != "LaunchRunSuccess":
            raise DagsterApiError(launched.get("message") or str(launched))
        run_id = str(launched["run"]["id"])
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self._ask(_RUN, id=run_id)["runOrError"].get("status", "")
            if _has_failed([status]):
                raise DagsterApiError(f"{job} ended with {status}: {self.url}/runs/{run_id}")
            if status == "SUCCESS":
                return run_id
            time.sleep(0.5)
        raise DagsterApiError(f"{job} is not over after {seconds:.0f} s: {self.url}/runs/{run_id}")


def _has_failed(statuses: Sequence[str]) -> bool:
    """Say whether one of these states of runs or backfills is a failure or a cancellation."""
    return any(status.startswith("CANCEL") or "FAIL" in status for status in statuses)
