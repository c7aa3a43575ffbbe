"""Prices of products that move: from the history and dbt's statistics to a message, once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from alerts.channels import configured_channels
from domain.price_rule import PriceRuleKind
from domain.settings import Settings
from pipeline.deliver import deliver_due
from pipeline.price_alerts import PriceAlertOutcome, check_prices
from sandbox.server import SandboxServer
from tests.integration.statistics.catalogue import Catalogue, Observation, sku_of, store
from tests.integration.statistics.market import dbt
from warehouse.connect import DatabaseUrl, connect
from warehouse.price_rules import NewPriceRule, add_price_rule, list_events, list_price_rules, remove_price_rule
from warehouse.products import ProductError

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)
PAST = (10_000, 9_000, 9_500, 10_000, 10_000)


def a_shop() -> Catalogue:
    """Two products with five days behind them, one of them in pounds, and one never seen."""
    made = Catalogue(NOW.date())
    made.rates["GBP"] = {made.today - timedelta(days=30): Decimal("1.2"), made.today: Decimal("1.25")}
    for product, currency in ((1, "EUR"), (2, "GBP")):
        made.links[product].append(product)
        made.sources[product] = "shop"
        made.observations += [
            Observation(
                product,
                datetime.combine(made.today - timedelta(days=back), time(12), UTC),
                minor,
                currency,
                "available",
            )
            for back, minor in zip(range(5, 0, -1), PAST, strict=True)
        ]
    made.links[3] = []
    return made


def ask(conn: psycopg.Connection, kind: PriceRuleKind, product: int | None = None, **fields: Any) -> int:
    return add_price_rule(conn, NewPriceRule(owner="owner", kind=kind, product_id=product, **fields)).price_rule_id


def ask_all(conn: psycopg.Connection) -> dict[int, PriceRuleKind]:
    """One rule of each kind, over every product."""
    wishes: Mapping[PriceRuleKind, dict[str, Any]] = {
        PriceRuleKind.LOWEST: {"days": 30},
        PriceRuleKind.DROP: {"days": 1, "amount": Decimal(10)},
        PriceRuleKind.BELOW_AVERAGE: {"days": 30, "amount": Decimal(5)},
        PriceRuleKind.RISE_ABOVE: {"amount": Decimal(130), "currency": "EUR"},
        PriceRuleKind.CHANGE: {},
        PriceRuleKind.BACK_IN_STOCK: {},
    }
    return {ask(conn, kind, **fields): kind for kind, fields in wishes.items()}


def set_price(conn: psycopg.Connection, listing: int, minor: int, availability: str = "available") -> None:
    conn.execute(
        "update core.listing_state set price_minor = %s, availability = %s where listing_id = %s",
        (minor, availability, listing),
    )


def look(conn: psycopg.Connection, settings: Settings, at: datetime = NOW) -> PriceAlertOutcome:
    return check_prices(conn, settings, run_id="run", now=at)


def news_of(conn: psycopg.Connection, outcome: PriceAlertOutcome) -> set[tuple[str, PriceRuleKind]]:
    return {(event.sku, event.kind) for event in list_events(conn, limit=outcome.news)} if outcome.news else set()


def test_what_moved_is_told_once_by_every_rule_and_arrives_as_one_message(
    conn: psycopg.Connection, database: DatabaseUrl, settings: Settings, market: SandboxServer, tmp_path: Path
) -> None:
    with conn.transaction():
        store(conn, a_shop())
    dbt(database, tmp_path, "run", "-s", "+daily_price_stats")
    ask_all(conn)
    first = look(conn, settings)
    assert (first.rules, first.looked, first.news) == (6, 12, 0), "the product never seen is left out"
    assert look(conn, settings).changed == 0, "nothing moved, nothing is written"

    set_price(conn, 1, 8_000)
    kinds = {PriceRuleKind.LOWEST, PriceRuleKind.DROP, PriceRuleKind.BELOW_AVERAGE, PriceRuleKind.CHANGE}
    told = look(conn, settings)
    assert news_of(conn, told) == {(sku_of(1), kind) for kind in kinds}
    assert told.notifications == 2, "one a channel"
    reasons = {event.kind: event.reason for event in list_events(conn, limit=4)}
    assert reasons[PriceRuleKind.LOWEST] == (
        "80.00 EUR is the lowest price of the last 30 days; before it was 90.00 EUR at the least, "
        "of 5 days with a price"
    )
    assert reasons[PriceRuleKind.BELOW_AVERAGE].startswith("80.00 EUR is 17.5 % under the 97.00 EUR")
    assert reasons[PriceRuleKind.DROP].startswith("80.00 EUR is 20.0 % less than 100.00 EUR on ")
    assert look(conn, settings).news == 0, "told once"

    set_price(conn, 1, 7_990)
    assert news_of(conn, look(conn, settings)) == {(sku_of(1), PriceRuleKind.CHANGE)}
    set_price(conn, 1, 7_000, "sold")
    assert look(conn, settings).news == 0
    set_price(conn, 1, 14_000)
    back = {PriceRuleKind.BACK_IN_STOCK, PriceRuleKind.RISE_ABOVE, PriceRuleKind.CHANGE}
    assert news_of(conn, look(conn, settings)) == {(sku_of(1), kind) for kind in back}

    outcome = deliver_due(conn, configured_channels(settings), now=lambda: NOW + timedelta(hours=1))
    assert (outcome.sent, outcome.retried, outcome.dead) == (6, 0, 0)
    arrived = httpx2.get(f"{market.url}/mailbox.json").json()
    subjects = [one["subject"] for one in (arrived["messages"] if isinstance(arrived, dict) else arrived)]
    assert any(subject.startswith("4 prices moved") for subject in subjects)

    # From what was told to the page it was read from.
    linked = conn.execute(
        "select count(*) from app.price_events e join app.notifications n"
        " on n.notification_id = any(e.notification_ids) and n.kind = 'prices'"
        " join core.listing_state s on s.listing_id = e.listing_id and s.last_page_id = e.page_id"
    ).fetchone()
    assert linked == (16,)


def test_pounds_are_held_against_euros_of_their_days_and_a_rate_alone_is_no_change(
    conn: psycopg.Connection, database: DatabaseUrl, settings: Settings, tmp_path: Path
) -> None:
    """Past days at 1.2, today at 1.25: 91 pounds are 113.75 euros, 90 pounds were 108."""
    with conn.transaction():
        store(conn, a_shop())
    ask_all(conn)
    early = look(conn, settings)
    assert (early.looked, early.news) == (12, 0), "before dbt ever ran there is no past"
    dbt(database, tmp_path, "run", "-s", "+daily_price_stats")
    assert look(conn, settings).news == 0
    conn.execute("update core.fx_rates set rate = 1.3 where day = %s", (NOW.date(),))
    assert look(conn, settings).news == 0
    conn.execute("update core.fx_rates set rate = 1.25 where day = %s", (NOW.date(),))
    set_price(conn, 2, 9_100)
    assert news_of(conn, look(conn, settings)) == {(sku_of(2), PriceRuleKind.CHANGE)}
    set_price(conn, 2, 8_500)  # 106.25 EUR
    assert news_of(conn, look(conn, settings)) == {
        (sku_of(2), kind)
        for kind in (PriceRuleKind.LOWEST, PriceRuleKind.DROP, PriceRuleKind.BELOW_AVERAGE, PriceRuleKind.CHANGE)
    }


def test_a_look_that_is_killed_tells_nothing_and_the_next_tells_it_all(
    conn: psycopg.Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with conn.transaction():
        store(conn, a_shop())
    ask(conn, PriceRuleKind.CHANGE, 1)
    look(conn, settings)
    set_price(conn, 1, 8_000)

    def killed(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.price_alerts.record_events", killed)
        with pytest.raises(KeyboardInterrupt):
            look(conn, settings)
    assert conn.execute("select count(*) from app.notifications").fetchone() == (0,)
    outcome = look(conn, settings)
    assert (outcome.news, outcome.notifications) == (1, 2)


def test_two_looks_at_once_tell_it_once(conn: psycopg.Connection, database: DatabaseUrl, settings: Settings) -> None:
    with conn.transaction():
        store(conn, a_shop())
    ask(conn, PriceRuleKind.CHANGE, 1)
    look(conn, settings)
    set_price(conn, 1, 8_000)

    def look_alone(number: int) -> int:
        with connect(database) as own:
            return look(own, settings, NOW + timedelta(seconds=number)).news

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(look_alone, range(4))) == [0, 0, 0, 1]


def test_rules_are_kept_once_listed_and_removed(conn: psycopg.Connection, settings: Settings) -> None:
    with conn.transaction():
        store(conn, a_shop())
    number = ask(conn, PriceRuleKind.LOWEST, 1, days=90)
    assert ask(conn, PriceRuleKind.LOWEST, 1, days=90, channels=("slack",)) == number
    every = ask(conn, PriceRuleKind.LOWEST, days=90)
    assert ask(conn, PriceRuleKind.LOWEST, days=90) == every
    assert [(rule.sku, rule.channels) for rule in list_price_rules(conn)] == [(sku_of(1), ("slack",)), (None, ())]
    change = ask(conn, PriceRuleKind.CHANGE, 1, channels=("slack",))
    look(conn, settings)
    set_price(conn, 1, 8_000)
    assert look(conn, settings).notifications == 1, "only the channel it names"
    remove_price_rule(conn, change)
    assert len(list_events(conn)) == 1, "what was told stays"
    with pytest.raises(ProductError, match="no rule"):
        remove_price_rule(conn, change)
