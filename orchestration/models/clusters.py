"""Clusters of every watch's listings: the asset, its job, its schedules."""

import time

import dagster as dg
import msgspec
import psycopg

from domain.settings import Settings
from domain.watch import Watch
from orchestration.metadata import outcome_metadata
from orchestration.resources import SettingsResource, WarehouseResource
from orchestration.runs import is_under_way
from orchestration.timetable import plain_schedule, schedule_status
from pipeline.clusters import ClusterOutcome, cluster_new_listings, cluster_watch
from warehouse.cluster_inputs import watches_with_new_listings
from warehouse.watches import list_watches

_NAMES = 15


class ClustersConfig(dg.Config):
    """How much a run does.

    Attributes:
        full: cluster every active watch anew; else only let new listings join, and cluster anew where that is due.
    """

    full: bool = True


class ClustersFailedError(Exception):
    """Watches that could not be clustered, each with the reason; the others were."""


@dg.asset(
    deps=["items", "embeddings"],
    group_name="models",
    kinds={"python", "postgres"},
    owners=["team:pricescope"],
    pool="models",
)
def clusters(
    context: dg.AssetExecutionContext,
    config: ClustersConfig,
    warehouse: WarehouseResource,
    app_settings: SettingsResource,
) -> dg.MaterializeResult[None]:
    """Which listings of a watch are the same product (ml.clustering), with ids that last from run to run.

    A watch that fails keeps its clusters of the run before; the others go on, and the asset fails at the end.
    """
    began, settings, outcomes, failed = time.monotonic(), app_settings.get(), [], []
    with warehouse.connection("clusters") as conn:
        for watch in _watches(conn, full=config.full):
            try:
                outcome = _cluster(conn, settings, watch, full=config.full)
            # Whatever is wrong with one watch's listings must not keep the others from their clusters.
            except Exception as error:
                context.log.exception("watch %s", watch.name)
                failed.append(f"{watch.name}: {type(error).__name__}: {error}")
                if conn.closed:
                    break
                continue
            context.log.info("%s: %s, %d clusters", watch.name, outcome.done, outcome.clusters)
            outcomes.append(outcome)
    if failed:
        raise ClustersFailedError("\n".join(failed))
    return dg.MaterializeResult(metadata=cluster_metadata(outcomes, time.monotonic() - began))


def _watches(conn: psycopg.Connection, *, full: bool) -> list[Watch]:
    watches = list_watches(conn, active_only=True)
    if full:
        return watches
    wanted = set(watches_with_new_listings(conn))
    return [watch for watch in watches if watch.watch_id in wanted]


def _cluster(conn: psycopg.Connection, settings: Settings, watch: Watch, *, full: bool) -> ClusterOutcome:
    return cluster_watch(conn, settings, watch) if full else cluster_new_listings(conn, settings, watch)


def cluster_metadata(outcomes: list[ClusterOutcome], seconds: float) -> dict[str, dg.MetadataValue]:
    """Return the counts of a run as metadata: clusters, unique listings, cohesion, the names of the largest."""
    cohesive = [(one.cohesion, one.listings - one.unique) for one in outcomes if one.cohesion is not None]
    inside = sum(weight for _, weight in cohesive)
    names = sorted(((size, name, one.watch) for one in outcomes for name, size in one.names), reverse=True)[:_NAMES]
    metadata = outcome_metadata(
        # Ids and names do not add up.
        [msgspec.structs.replace(one, watch_id=0, run_id=None) for one in outcomes],
        rows="listings",
    )
    for name in ("watch_id", "watch", "done"):
        metadata.pop(name, None)
    metadata["watches"] = dg.MetadataValue.int(len(outcomes))
    metadata["full_runs"] = dg.MetadataValue.int(sum(one.done == "full" for one in outcomes))
    busy = [one.watch for one in outcomes if one.done == "busy"]
    if busy:
        metadata["clustered_elsewhere"] = dg.MetadataValue.text(", ".join(busy))
    if inside:
        mean = sum(cohesion * weight for cohesion, weight in cohesive) / inside
        metadata["cohesion"] = dg.MetadataValue.float(round(mean, 4))
    metadata["seconds"] = dg.MetadataValue.float(round(seconds, 2))
    if names:
        metadata["largest"] = dg.MetadataValue.table(
            [dg.TableRecord({"listings": size, "cluster": name, "watch": watch}) for size, name, watch in names]
        )
    return metadata


job = dg.define_asset_job(
    "cluster",
    selection=dg.AssetSelection.assets(clusters),
    tags={"dagster/max_runtime": str(2 * 60 * 60)},
    description="Cluster every active watch anew; with full: false only what is new, and anew where that is due.",
)


def run_config(*, full: bool) -> dict[str, object]:
    """Return the run config of the job."""
    return {"ops": {"clusters": {"config": {"full": full}}}}


# Before the night's care, when the last vectors of the day are there.
nightly = plain_schedule(
    "cluster_nightly",
    job,
    "40 2 * * *",
    run_config=run_config(full=True),
    description="Cluster every active watch anew.",
)


def new_listings_request(conn: psycopg.Connection, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """Return the run to start for new listings, or why none is."""
    if is_under_way(instance, job.name):
        return dg.SkipReason("A run of clusters is queued or running.")
    if not watches_with_new_listings(conn):
        return dg.SkipReason("Every listing of the active watches has its place.")
    return dg.RunRequest(run_config=run_config(full=False))


@dg.schedule(
    name="cluster_hourly",
    job=job,
    # After a run of embeddings, at minute 28.
    cron_schedule="35 * * * *",
    execution_timezone="UTC",
    default_status=schedule_status(),
    description="Let new listings join their clusters; no run is started where nothing is new.",
)
def hourly(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Start a run where listings are new."""
    with warehouse.connection("schedule") as conn:
        return new_listings_request(conn, context.instance)
