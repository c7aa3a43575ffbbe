"""The graph of a code location as plain text lines: what a reviewer wants to see change, and nothing else."""

from __future__ import annotations

import dagster as dg


def describe(defs: dg.Definitions) -> list[str]:
    """Return sorted lines: assets with group, partitions and dependencies; checks; jobs; schedules; sensors."""
    graph = defs.resolve_asset_graph()
    lines = []
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        if not node.is_executable and node.is_external and not node.child_keys:
            continue
        parts = "source x day" if node.is_partitioned else "-"
        parents = ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys)) or "-"
        lines.append(f"asset {key.to_user_string()} [{node.group_name}] partitions: {parts}; after: {parents}")
    lines += [
        f"check {key.asset_key.to_user_string()}: {key.name}{' (blocking)' if graph.get(key).blocking else ''}"
        for key in graph.asset_check_keys
    ]
    repository = defs.get_repository_def()
    lines += [f"job {job.name} tags: {dict(sorted(job.tags.items()))}" for job in repository.get_all_jobs()]
    lines += [
        f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone} -> {schedule.job_name}"
        for schedule in repository.schedule_defs
    ]
    lines += [f"sensor {sensor.name} -> {sensor.job_name}" for sensor in repository.sensor_defs]
    return sorted(lines)
