"""Dagster's own event log, pruned: it grows by about 15 kB a step and has no retention of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_BATCH = 200


def prune_instance(instance: dg.DagsterInstance, *, keep_days: int, now: datetime, keep_run_id: str) -> int:
    """Delete ended runs created more than ``keep_days`` ago, oldest first, at most 200 a call; return how many."""
    old = instance.get_run_records(
        filters=dg.RunsFilter(statuses=_ENDED, created_before=now - timedelta(days=keep_days)),
        limit=_BATCH,
        ascending=True,
    )
    doomed = [record.dagster_run.run_id for record in old if record.dagster_run.run_id != keep_run_id]
    for run_id in doomed:
        instance.delete_run(run_id)
    return len(doomed)
