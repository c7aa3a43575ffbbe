"""The seasons of prices against an oracle, and that they are made once a month."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from psycopg.rows import dict_row

from tests.integration.statistics.catalogue import Catalogue, Observation, category_of, of_fraction, sku_of, store
from tests.integration.statistics.market import dbt
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration


def a_year_and_more(seed: int) -> Catalogue:
    """Twelve products over up to 31 months, in some of which they are hardly or not to be had."""
    rng, made = random.Random(seed), Catalogue(datetime.now(UTC).date())  # a catalogue, not a secret
    for product in range(1, 13):
        made.links[product].append(product)
        made.sources[product] = "shop"
        first = made.today - timedelta(days=rng.choice((120, 200, 400, 940)))
        missing = {rng.randrange(1, 13) for _ in range(rng.randrange(3))}
        for back in range((made.today - first).days, 0, -1):
            day = made.today - timedelta(days=back)
            if rng.random() < (0.02 if day.month in missing else 0.3):
                cents = round(10_000 * (1 + (day.month - 6) / 20) * rng.uniform(0.9, 1.1))
                made.observations.append(
                    Observation(product, datetime.combine(day, time(12), UTC), cents, "EUR", "available")
                )
    return made


def by_oracle(made: Catalogue) -> dict[tuple[str, str, int], tuple[Fraction, Fraction | None, int, int]]:
    """Return index, mean price, products and years by scope, subject and month of the year."""
    days: dict[int, dict[int, dict[date, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for (product, day), stats in made.days().items():
        ago = 12 * (made.today.year - day.year) + made.today.month - day.month
        if stats.min_price is not None and ago >= 1:
            days[product][ago][day] = stats.min_price
    indexes: dict[tuple[int, int], list[tuple[Fraction, Fraction]]] = defaultdict(list)
    for product, months in days.items():
        for year in range(5):
            means = {
                min(prices).month: sum(map(Fraction, prices.values()), Fraction(0)) / len(prices)
                for ago, prices in months.items()
                if (ago - 1) // 12 == year and len(prices) >= 5
            }
            if len(means) >= 6:
                of_year = sum(means.values(), Fraction(0)) / len(means)
                for month, mean in means.items():
                    indexes[product, month].append((mean / of_year, mean))
    found: dict[tuple[str, str, int], tuple[Fraction, Fraction | None, int, int]] = {}
    of_category: dict[tuple[str, int], list[tuple[Fraction, int]]] = defaultdict(list)
    for (product, month), years in indexes.items():
        index = sum((one for one, _ in years), Fraction(0)) / len(years)
        mean = sum((one for _, one in years), Fraction(0)) / len(years)
        found["product", sku_of(product), month] = (index, mean, 1, len(years))
        category = category_of(product)
        if category is not None:
            of_category[category, month].append((index, len(years)))
    for (category, month), products in of_category.items():
        index = Fraction(median([index for index, _ in products]))
        found["category", category, month] = (index, None, len(products), max(years for _, years in products))
    return found


def test_seasons_equal_the_oracle_s_and_are_made_once_a_month(database: DatabaseUrl, tmp_path: Path) -> None:
    made = a_year_and_more(5)
    with connect(database) as conn, conn.transaction():
        store(conn, made)
    dbt(database, tmp_path, "run", "-s", "+price_seasons")

    def stored() -> dict[tuple[str, str, int], dict[str, Any]]:
        with connect(database) as conn:
            rows = conn.cursor(row_factory=dict_row).execute("select * from marts.price_seasons").fetchall()
        return {(row["scope"], row["subject"], row["month_of_year"]): row for row in rows}

    found, wanted = stored(), by_oracle(made)
    assert len(wanted) > 60
    assert {years for _, _, _, years in wanted.values()} == {1, 2, 3}
    assert found.keys() == wanted.keys()
    for key, (index, mean, products, years) in wanted.items():
        row = found[key]
        assert abs(row["price_index"] - of_fraction(index, 4)) <= Decimal("0.0001"), key
        assert (row["mean_price"] is None) == (mean is None)
        assert mean is None or abs(row["mean_price"] - of_fraction(mean, 4)) <= Decimal("0.0001"), key
        assert (row["products"], row["years"]) == (products, years)
    for scope, subject, _ in found:
        of_subject = [row for key, row in found.items() if key[:2] == (scope, subject)]
        (cheapest, *_) = sorted(of_subject, key=lambda row: row["price_index"])
        assert cheapest["price_rank"] == 1
        assert {row["is_low_confidence"] for row in of_subject} == {max(row["years"] for row in of_subject) < 2}

    # Made already: what is there stays, also where the days say something else by now.
    with connect(database) as conn:
        conn.execute(
            "update marts.daily_price_stats set min_price = min_price * 2 where price_date > current_date - 90"
        )
        before = conn.execute("select array_agg(xmin::text order by xmin::text) from marts.price_seasons").fetchone()
        dbt(database, tmp_path, "run", "-s", "price_seasons")
        after = conn.execute("select array_agg(xmin::text order by xmin::text) from marts.price_seasons").fetchone()
        assert before == after
        # As if it were a month later: all of it is made anew.
        conn.execute("update marts.price_seasons set until_month = until_month - interval '1 month'")
    dbt(database, tmp_path, "run", "-s", "price_seasons")
    again = stored()
    assert again.keys() == found.keys()
    assert any(again[key]["price_index"] != found[key]["price_index"] for key in found)
    assert {row["until_month"] for row in again.values()} == {row["until_month"] for row in found.values()}
