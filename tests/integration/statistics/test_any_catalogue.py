"""The daily statistics of whatever catalogue hypothesis comes upon, against an oracle in ``Decimal``.

dbt compiles the models once; each example is stored, read by the compiled SQL and taken back. What an incremental run
adds to it is held by ``test_product_marts``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.integration.statistics.catalogue import WINDOWS, Catalogue, Day, Observation, clock_changes, store
from tests.integration.statistics.compiled import Compiled
from tests.integration.statistics.market import dbt
from tests.postgres import fresh_database
from warehouse.connect import DatabaseUrl, connect
from warehouse.partitions import ensure_partitions

pytestmark = pytest.mark.integration
TODAY = datetime.now(UTC).date()
OLDEST = TODAY - timedelta(days=250)
# Days that follow one another, both changes of clocks with the days beside them, and the ends of months and years.
_CLOCKS = [day for day in clock_changes(TODAY) if day > OLDEST]
_EDGES = [TODAY.replace(day=1) - timedelta(days=1), TODAY.replace(day=1)]
DAYS = st.one_of(
    st.integers(0, 9).map(lambda back: TODAY - timedelta(days=back)),
    st.integers(0, 240).map(lambda back: TODAY - timedelta(days=back)),
    st.tuples(st.sampled_from([*_CLOCKS, *_EDGES]), st.integers(-1, 1)).map(
        lambda pair: min(pair[0] + timedelta(days=pair[1]), TODAY)
    ),
)
MOMENTS = st.sampled_from([time(0), time(0, 59, 59), time(1), time(2), time(22), time(23), time(23, 59, 59, 999_999)])
# Few prices, so that many tie; one that stands for nothing.
PRICES = st.sampled_from([0, 1, 999, 1000, 1001, 3333, 10_000])


@st.composite
def observations(draw: st.DrawFn, listing_id: int) -> list[Observation]:
    """What is seen of one listing, each moment once, its currency changing in between."""
    moments = draw(st.lists(st.tuples(DAYS, MOMENTS), min_size=1, max_size=12, unique=True))
    return [
        Observation(
            listing_id,
            datetime.combine(day, moment, UTC),
            draw(PRICES),
            draw(st.sampled_from(["EUR", "EUR", "GBP", "USD", "JPY"])),
            draw(st.sampled_from(["available", "available", "unknown", "sold", "gone", "out_of_stock"])),
        )
        for day, moment in moments
    ]


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Up to three products of up to three listings, which they may share, and rates with gaps."""
    made = Catalogue(TODAY)
    listing_ids = range(1, draw(st.integers(1, 5)) + 1)
    for listing_id in listing_ids:
        made.sources[listing_id] = draw(st.sampled_from(["ebay", "shop"]))
        made.observations += draw(observations(listing_id))
        if draw(st.integers(0, 9)) == 0:
            made.bids.add(listing_id)
    for product_id in range(1, draw(st.integers(1, 3)) + 1):
        made.links[product_id] = draw(st.lists(st.sampled_from(listing_ids), min_size=1, max_size=3, unique=True))
    rates = st.dictionaries(
        DAYS, st.decimals(min_value="0.1", max_value="3", places=6, allow_nan=False, allow_infinity=False), max_size=4
    )
    made.rates = {"GBP": draw(rates), "USD": draw(rates)}
    return made


def days_of(compiled: Compiled, made: Catalogue) -> dict[tuple[int, date], Day]:
    """Return what the mart says of a catalogue's days."""
    (rows,) = compiled.compute(
        lambda conn: store(conn, made), "daily_price_stats", tables=("intermediate.int_fx_rates__crossed",)
    )
    return {
        (row["product_id"], row["price_date"]): Day(
            **{name: row[name] for name in Day.__dataclass_fields__ if name != "changes"},
            changes=tuple(row[f"change_{days}d_percent"] for days in WINDOWS),
        )
        for row in rows
    }


@pytest.fixture(scope="module")
def compiled(
    postgres_server: DatabaseUrl, database_template: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compiled]:
    """The models in a database of their own."""
    with fresh_database(postgres_server, database_template) as address:
        target = tmp_path_factory.mktemp("dbt")
        dbt(address, target, "run", "-s", "+daily_price_stats")
        with connect(address) as conn:
            ensure_partitions(conn, OLDEST, TODAY)
            yield Compiled(conn, address, target)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=catalogues(), zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland"]))
def test_the_days_of_any_catalogue_are_the_oracle_s(compiled: Compiled, made: Catalogue, zone: str) -> None:
    compiled.conn.execute(sql.SQL("set timezone = {}").format(sql.Literal(zone)))
    assert days_of(compiled, made) == made.days()


def test_a_tie_a_gap_a_change_of_currency_and_a_lost_hour_are_all_held(compiled: Compiled) -> None:
    """One of each by hand, so that the oracle itself is held against figures a person can check."""
    made = Catalogue(TODAY)
    clock = clock_changes(TODAY)[-1]
    made.links = {1: [1, 2]}  # type: ignore[assignment]  # a plain dict will do
    made.sources = {1: "shop", 2: "ebay"}
    made.rates = {"GBP": {clock: Decimal("1.2")}}
    late, early = time(23, 59, 59, 999_999), time(0)
    made.observations = [
        Observation(1, datetime.combine(clock, late, UTC), 1200, "EUR", "available"),
        Observation(2, datetime.combine(clock, early, UTC), 1000, "GBP", "available"),
        Observation(1, datetime.combine(clock + timedelta(days=2), early, UTC), 900, "EUR", "available"),
        Observation(2, datetime.combine(clock + timedelta(days=2), early, UTC), 900, "USD", "available"),
    ]
    twelve, nine = Decimal(12), Decimal(9)
    assert (
        days_of(compiled, made)
        == made.days()
        == {
            (1, clock): Day(2, 2, 0, twelve, twelve, twelve, twelve, "shop"),
            (1, clock + timedelta(days=2)): Day(1, 1, 1, nine, nine, nine, nine, "shop", (Decimal(-25), None, None)),
        }
    )


def test_a_currency_that_nothing_is_priced_in_any_more_keeps_its_rates(compiled: Compiled, tmp_path: Path) -> None:
    """Pounds were seen three days ago, dollars by an earlier run; both listings cost euros now. Yuan nobody saw."""
    day = TODAY - timedelta(days=3)
    made = Catalogue(TODAY)
    made.links[1], made.sources[1] = [1], "shop"
    made.rates = {code: {day: Decimal("1.2")} for code in ("GBP", "USD", "CNY")}
    made.observations = [
        Observation(1, datetime.combine(day, time(12), UTC), 1000, "GBP", "available"),
        Observation(1, datetime.combine(TODAY, time(0), UTC), 1000, "EUR", "available"),
    ]
    with compiled.conn.transaction():
        store(compiled.conn, made)
        compiled.conn.execute(
            "insert into intermediate.int_fx_rates__crossed (rate_date, from_currency_code, to_currency_code, rate)"
            " values (%s, 'USD', 'EUR', 1)",
            (day,),
        )
    dbt(compiled.address, tmp_path, "run", "-s", "int_fx_rates__crossed")
    crossed = compiled.conn.execute(
        "select from_currency_code, rate::float from intermediate.int_fx_rates__crossed where to_currency_code = 'EUR'"
    ).fetchall()
    assert sorted(crossed) == [("GBP", 1.2), ("USD", 1.2)]
