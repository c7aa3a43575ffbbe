"""raw_listings -> items, price_history -> deals -> alerts. Each body calls ``pipeline`` and reports its counts."""

from collections.abc import Iterator

import dagster as dg

from orchestration.metadata import outcome_metadata
from orchestration.partitions import in_day_order, source_days, sources_of
from orchestration.resources import ChannelsResource, SettingsResource, WarehouseResource
from orchestration.runs import recorded_step, task_of
from pipeline.deliver import deliver_due
from pipeline.fx import ensure_rates
from pipeline.judge import judge_pending
from pipeline.poll import Extent, PastDayError, poll_day, utc_now
from pipeline.read import read_day

# Fetching is retried below, page by page; a second attempt of the step covers a lost database connection.
_RETRY_ONCE = dg.RetryPolicy(max_retries=1, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
_OWNERS = ["team:pricescope"]

watches = dg.AssetSpec(
    "watches",
    description="Saved searches of the users (app.watches). Changed by `pricescope watch`, never by a run.",
    group_name="watches",
    kinds={"postgres"},
    owners=_OWNERS,
)

products = dg.AssetSpec(
    "products",
    description="Products followed over several sources (core.products, core.product_sources). Changed by "
    "`pricescope product`, never by a run.",
    group_name="watches",
    kinds={"postgres"},
    owners=_OWNERS,
)


class FetchConfig(dg.Config):
    """Run configuration of `raw_listings`.

    ``index`` reads ten pages a watch instead of five; ``only_due`` leaves out the watches whose interval has not
    passed; ``fetch`` False lets the stored pages stand (imports).
    """

    index: bool = False
    only_due: bool = False
    fetch: bool = True

    def extent(self) -> Extent:
        """Return the same for the pipeline."""
        return Extent(index=self.index, only_due=self.only_due, fetch=self.fetch)


class ReadConfig(dg.Config):
    """Run configuration of `items`."""

    again: bool = False


@dg.asset(
    partitions_def=source_days,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=[watches],
    group_name="raw",
    kinds={"python", "postgres"},
    owners=_OWNERS,
    retry_policy=_RETRY_ONCE,
)
def raw_listings(
    context: dg.AssetExecutionContext,
    config: FetchConfig,
    warehouse: WarehouseResource,
    app_settings: SettingsResource,
) -> dg.MaterializeResult[None]:
    """Pages as the marketplace sent them (raw.pages: zstd, by sha256), one partition a source and UTC day.

    Today is fetched, many times a day. A past day is never fetched from the web: its stored pages stand.
    """
    outcomes, task = [], task_of(context, index=config.index)
    for source, day in in_day_order(list(context.partition_keys)):
        try:
            with (
                warehouse.connection("raw_listings") as conn,
                recorded_step(conn, context.run_id, source, day, step="raw_listings", task=task) as counters,
            ):
                outcome = poll_day(conn, app_settings.get(), source, day, run_id=context.run_id, extent=config.extent())
                counters.add(pages=outcome.pages)
        except PastDayError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        outcomes.append(outcome)
        context.log.info("%s %s: %s, %d pages, state %s", source, day, outcome.decision, outcome.pages, outcome.state)
    return dg.MaterializeResult(metadata=outcome_metadata(outcomes, rows="pages"))


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            "items",
            deps=[raw_listings],
            description="Normalised listings (core.listings, core.listing_state) read from the stored pages of the "
            "day; records that fail go to ops.quarantine with their reason. Rebuilt from pages at any time.",
            group_name="core",
            kinds={"python", "postgres"},
            owners=_OWNERS,
        ),
        dg.AssetSpec(
            "price_history",
            deps=["items"],
            description="Every price seen (core.price_history, minor units, monthly partitions): a row on each change "
            "and one a day. Written in the same transaction as the items of its page.",
            group_name="core",
            kinds={"postgres"},
            owners=_OWNERS,
        ),
    ],
    partitions_def=source_days,
    backfill_policy=dg.BackfillPolicy.single_run(),
    retry_policy=_RETRY_ONCE,
)
def items_and_price_history(
    context: dg.AssetExecutionContext, config: ReadConfig, warehouse: WarehouseResource, app_settings: SettingsResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Read the day's stored pages; one transaction a page with its listings, history, checkpoint and quarantine."""
    outcomes, task = [], task_of(context)
    for source, day in in_day_order(list(context.partition_keys)):
        with (
            warehouse.connection("items") as conn,
            recorded_step(conn, context.run_id, source, day, step="items", task=task) as counters,
        ):
            outcome = read_day(conn, app_settings.get(), source, day, again=config.again)
            if config.again:
                counters.add(pages=outcome.pages)  # otherwise raw_listings counts them
            counters.add(
                items=outcome.records - outcome.quarantined - outcome.unpriced,
                new_items=outcome.new,
                changed_items=outcome.changed,
                quarantined=outcome.quarantined,
            )
        outcomes.append(outcome)
    yield dg.MaterializeResult(asset_key="items", metadata=outcome_metadata(outcomes, rows="records"))
    yield dg.MaterializeResult(asset_key="price_history", metadata=outcome_metadata(outcomes, rows="records"))


@dg.asset(
    deps=["price_history", "fx_rates", dg.AssetKey(["marts", "watch_condition_stats"]), "fair_prices", watches],
    partitions_def=source_days,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="deals",
    kinds={"python", "postgres"},
    owners=_OWNERS,
)
def deals(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, app_settings: SettingsResource
) -> dg.MaterializeResult[None]:
    """Verdicts on new and changed items (app.deals), with their evidence; outbox rows in the same transaction."""
    outcomes, task = [], task_of(context)
    for source in sources_of(list(context.partition_keys)):
        day = max(part.day for part in in_day_order(list(context.partition_keys)) if part.source == source)
        with (
            warehouse.connection("deals") as conn,
            recorded_step(conn, context.run_id, source, day, step="deals", task=task) as counters,
        ):
            ensure_rates(conn, app_settings.get())
            outcome = judge_pending(conn, app_settings.get(), source=source, run_id=context.run_id, now=utc_now)
            counters.add(deals=outcome.deals, alerts=outcome.notifications)
        outcomes.append(outcome)
    return dg.MaterializeResult(metadata=outcome_metadata(outcomes, rows="deals"))


@dg.asset(deps=[deals, "price_alerts"], group_name="deals", kinds={"python"}, owners=_OWNERS)
def alerts(warehouse: WarehouseResource, channels: ChannelsResource) -> dg.MaterializeResult[None]:
    """Notifications delivered from the outbox (app.notifications): each sent, then marked, never lost."""
    with warehouse.connection("alerts") as conn:
        outcome = deliver_due(conn, channels.get(), now=utc_now)
    return dg.MaterializeResult(metadata=outcome_metadata([outcome], rows="sent"))
