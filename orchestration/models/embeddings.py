"""Vectors of the listings' words and photos: the asset, its job, its schedule."""

from datetime import date, timedelta

import dagster as dg
import psycopg

from domain.settings import Settings
from orchestration.metadata import outcome_metadata
from orchestration.partitions import SourceDay, rectangles, source_days
from orchestration.resources import SettingsResource, WarehouseResource
from orchestration.runs import is_under_way
from orchestration.timetable import schedule_status
from pipeline.embeddings import EmbeddingOutcome, embed_texts, first_day_to_embed, index_spaces
from pipeline.photos import PhotoOutcome, describe_photos, photos_wait
from pipeline.poll import utc_now
from scrapers.registry import source_names
from warehouse.embeddings import Scope

# What is missing from before, after a change of the model, is a backfill's.
_DAYS_BACK = 7


@dg.asset(
    deps=["items"],
    partitions_def=source_days,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="models",
    kinds={"python", "postgres", "onnx"},
    owners=["team:pricescope"],
    # Two models at once would take the cores from each other.
    pool="models",
)
def embeddings(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, app_settings: SettingsResource
) -> dg.MaterializeResult[None]:
    """Vectors of titles, descriptions and first photos (ml.embeddings), by the day of a listing's last change.

    Incremental by the content's hash: what has its vector is not computed again. One space a model id.
    """
    settings, outcomes, photos = app_settings.get(), [], []
    with warehouse.connection("embeddings") as conn:
        for part in rectangles(list(context.partition_keys)):
            scope = Scope(part.sources, part.first_day, part.last_day)
            outcome = embed_texts(
                conn, settings, scope, progress=lambda done, total: context.log.info("%d of %d texts", done, total)
            )
            outcomes.append(outcome)
            photos.append(describe_photos(conn, settings, scope))
        indexed = index_spaces(conn)
    metadata = {**embedding_metadata(outcomes), **photo_metadata(photos)}
    if indexed:
        metadata["indexed"] = dg.MetadataValue.text(", ".join(indexed))
    return dg.MaterializeResult(metadata=metadata)


def embedding_metadata(outcomes: list[EmbeddingOutcome]) -> dict[str, dg.MetadataValue]:
    """Return the counts of a run as metadata, with the model id and the pace over all of it."""
    total = EmbeddingOutcome(model_id="", embedded=sum(one.embedded for one in outcomes))
    total.encode_ms = sum(one.encode_ms for one in outcomes)
    return {
        **outcome_metadata(outcomes, rows="contents"),
        "model_id": dg.MetadataValue.text(", ".join(dict.fromkeys(one.model_id for one in outcomes))),
        "items_per_second": dg.MetadataValue.float(round(total.items_per_second, 1)),
    }


def photo_metadata(outcomes: list[PhotoOutcome]) -> dict[str, dg.MetadataValue]:
    """Return what was done about photos, or the sentence that says why nothing was."""
    said = dict.fromkeys(one.said for one in outcomes if one.said)
    if said:
        return {"photos": dg.MetadataValue.text(" ".join(said))}
    counts = {
        "fetched": sum(one.fetched for one in outcomes),
        "failed": sum(one.failed for one in outcomes),
        "waiting": sum(one.waiting for one in outcomes),
        "unkept": sum(one.unkept for one in outcomes),
        "listings": sum(one.vectors.contents for one in outcomes),
        "embedded": sum(one.vectors.embedded for one in outcomes),
        "reused": sum(one.vectors.reused for one in outcomes),
        "model_id": ", ".join(dict.fromkeys(one.vectors.model_id for one in outcomes)),
    }
    return {"photos": dg.MetadataValue.json(counts)}


job = dg.define_asset_job(
    "embed",
    selection=dg.AssetSelection.assets(embeddings),
    partitions_def=source_days,
    tags={"dagster/max_runtime": str(60 * 60)},
    description="Compute the vectors of new and changed listings. In one process over all sources.",
)


def embeddings_request(
    conn: psycopg.Connection, instance: dg.DagsterInstance, settings: Settings, today: date
) -> dg.RunRequest | dg.SkipReason:
    """Return the run to start, or why none is: one run over all sources and the days from the oldest that waits.

    A range of partitions rather than one: it loads the model once, and it does not carry the tag by which a source's
    runs wait for one another, so polls go on.
    """
    if is_under_way(instance, job.name):
        return dg.SkipReason("A run of embeddings is queued or running.")
    recent = Scope(None, today - timedelta(days=_DAYS_BACK), today)
    first = first_day_to_embed(conn, settings, recent)
    if first is None and photos_wait(conn, settings, recent):
        first = recent.first_day
    if first is None:
        return dg.SkipReason("Every listing of the last days has its vectors.")
    sources = sorted(source_names())
    return dg.RunRequest(
        tags={
            "dagster/asset_partition_range_start": SourceDay(sources[0], first).key,
            "dagster/asset_partition_range_end": SourceDay(sources[-1], today).key,
        }
    )


@dg.schedule(
    name="embed_quarter_hourly",
    job=job,
    cron_schedule="13-59/15 * * * *",
    execution_timezone="UTC",
    default_status=schedule_status(),
    description="Compute what is missing; no run is started where nothing is.",
)
def schedule(
    context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource, app_settings: SettingsResource
) -> dg.RunRequest | dg.SkipReason:
    """Start a run where vectors are missing."""
    with warehouse.connection("schedule") as conn:
        return embeddings_request(conn, context.instance, app_settings.get(), utc_now().date())
