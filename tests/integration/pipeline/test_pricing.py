"""What fair prices are learnt from: who is in a market and at what price."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from pipeline.pricing import markets, row_id
from tests.integration.pipeline.priced_market import FIRST_LISTING, Thing, ordinary, store

pytestmark = pytest.mark.integration


def test_a_market_holds_what_compares_and_nothing_else(conn: psycopg.Connection) -> None:
    kept = Thing(FIRST_LISTING, "Falco kestrel 100", 9000)
    others = [
        replace(kept, is_blacklisted=True),
        replace(kept, minor=0),
        replace(kept, minor=123_400),  # typed to fill the field
        replace(kept, kind="accessory"),
        replace(kept, price_kind="bid"),
        replace(kept, currency="JPY"),  # no rate is known
    ]
    store(conn, [kept, *[replace(thing, listing_id=FIRST_LISTING + n) for n, thing in enumerate(others, start=1)]])
    (market,) = markets(conn)
    assert market.items.ids == (row_id(FIRST_LISTING, 1),)
    assert (market.owner, market.currency, market.items.kinds) == ("owner", "EUR", ("normal",))


def test_prices_are_in_the_watch_s_currency_at_the_rate_of_the_day(conn: psycopg.Connection) -> None:
    store(conn, [Thing(FIRST_LISTING, "Falco kestrel 100", 10_000, currency="GBP")])
    conn.execute(
        "insert into core.fx_rates (day, currency, base_currency, rate, provider) values"
        " ((now() at time zone 'UTC')::date - 1, 'GBP', 'EUR', 1.17, 'test'),"
        " ((now() at time zone 'UTC')::date + 1, 'GBP', 'EUR', 9, 'test')"
    )
    (market,) = markets(conn)
    assert market.items.prices == pytest.approx([117.0])


def test_a_listing_of_two_watches_stands_under_both_in_the_order_of_time(conn: psycopg.Connection) -> None:
    things = [replace(thing, watches=(1, 2)) for thing in ordinary(5)]
    store(conn, things)
    (market,) = markets(conn)
    assert market.items.ids == tuple(row_id(thing.listing_id, watch) for thing in things for watch in (1, 2))
    assert len(markets(conn, watch_ids=[2])[0].items) == 5
    assert list(market.items.first_seen) == sorted(market.items.first_seen)


def test_only_a_statistical_rule_s_deals_are_past_deals(conn: psycopg.Connection) -> None:
    store(conn, ordinary(3))
    for place, rule in enumerate(("absolute", "model", "robust")):
        conn.execute(
            "insert into app.deals (watch_id, listing_id, rule, total_minor, price, currency, evidence, is_initial,"
            " page_id) values (1, %s, %s, 100, 1, 'EUR', '[]', false, 1)",
            (FIRST_LISTING + place, rule),
        )
    (market,) = markets(conn)
    assert market.past_deals == {row_id(FIRST_LISTING + 1, 1), row_id(FIRST_LISTING + 2, 1)}
