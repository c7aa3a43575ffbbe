"""How a schedule of ours is made: UTC, and running only where the settings say so.

Belongs here: that. Does not: what runs when (each job's own module, ``polling.schedules``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from domain.settings import load_settings


def schedule_status() -> dg.DefaultScheduleStatus:
    """Return the state in which schedules are registered."""
    return dg.DefaultScheduleStatus.RUNNING if load_settings().schedules_running else dg.DefaultScheduleStatus.STOPPED


def plain_schedule(
    name: str,
    job: dg.JobDefinition | dg.UnresolvedAssetJobDefinition,
    cron: str,
    *,
    run_config: dg.RunConfig | Mapping[str, Any] | None = None,
    description: str | None = None,
) -> dg.ScheduleDefinition:
    """Return a schedule that starts a job by the clock alone; ``cron`` is UTC."""
    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron,
        run_config=run_config,
        execution_timezone="UTC",
        default_status=schedule_status(),
        description=description,
    )
