"""The job that looks at prices of products, as Dagster runs it."""

from __future__ import annotations

import dagster as dg
import psycopg
import pytest

from domain.price_rule import PriceRuleKind
from domain.settings import Settings
from tests.integration.orchestration.jobs import metadata_of
from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.price_rules import NewPriceRule, add_price_rule

pytestmark = pytest.mark.integration


def test_the_prices_job_queues_what_moved_since_the_last_look_and_names_its_run(
    conn: psycopg.Connection, settings: Settings, instance: dg.DagsterInstance
) -> None:
    from orchestration.definitions import defs

    def look() -> dg.ExecuteInProcessResult:
        done = defs.resolve_job_def("prices").execute_in_process(instance=instance)
        assert done.success
        return done

    store_and_load(conn, page(), [listing(1, "20.00")])
    conn.execute("insert into core.products (sku, name) values ('S', 'thing')")
    conn.execute(
        "insert into core.product_sources (product_id, source, url, listing_id, matched_by)"
        " select product_id, 'vinted', 'u', listing_id, 'gtin' from core.products, core.listing_state"
    )
    add_price_rule(conn, NewPriceRule(owner="owner", kind=PriceRuleKind.CHANGE))
    assert metadata_of(look(), "price_alerts")["dagster/row_count"] == 0
    store_and_load(conn, page(60), [listing(1, "18.00")])
    result = look()
    told = metadata_of(result, "price_alerts")
    assert (told["rules"], told["news"], told["notifications"]) == (1, 1, 2)
    (event,) = conn.execute("select run_id, page_id, change_percent::float from app.price_events").fetchall()
    assert event[0] == result.run_id
    assert conn.execute("select count(*) from raw.pages where page_id = %s", (event[1],)).fetchone() == (1,)
    assert event[2] < 0
