"""Exchange rates as an asset: what each bank gave, and what still cannot be valued in the base currency."""

from collections.abc import Iterator

import dagster as dg

from orchestration.metadata import outcome_metadata
from orchestration.resources import SettingsResource, WarehouseResource
from pipeline.fx import default_providers, refresh_rates
from pipeline.poll import utc_now


@dg.asset(
    group_name="core",
    kinds={"python", "postgres"},
    owners=["team:pricescope"],
    check_specs=[
        dg.AssetCheckSpec(
            "convertible", asset="fx_rates", description="Listings on offer whose currency has no rate are none."
        )
    ],
)
def fx_rates(warehouse: WarehouseResource, app_settings: SettingsResource) -> Iterator[dg.MaterializeResult[None]]:
    """Exchange rates by day (core.fx_rates): the European Central Bank's, and for so'm the Bank of Uzbekistan's.

    A bank that does not answer costs its newest rates only: conversions take the last rate before a day.
    """
    settings = app_settings.get()
    with warehouse.connection("fx_rates") as conn:
        outcome = refresh_rates(conn, settings, default_providers(), today=utc_now().date())
    missing = ", ".join(f"{count} in {code}" for code, count in outcome.unconvertible.items())
    yield dg.MaterializeResult(
        metadata={**outcome_metadata([outcome], rows="rates"), "said": dg.MetadataValue.text("\n".join(outcome.said))},
        check_results=[
            dg.AssetCheckResult(
                check_name="convertible",
                passed=not outcome.unconvertible,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"left out of statistics for want of a rate to {settings.base_currency}: {missing}"
                if missing
                else f"every listing's currency has a rate to {settings.base_currency}",
                metadata={"unconvertible": sum(outcome.unconvertible.values())},
            )
        ],
    )
