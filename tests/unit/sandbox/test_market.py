from __future__ import annotations

import itertools
import math
import random
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.catalogue import FAMILIES, Family
from sandbox.items import Item
from sandbox.locales import EUR_PER_UNIT, GRADE_LABELS, Grade
from sandbox.market import Market, MarketTimeError
from sandbox.traps import TRAPS, Kind, trap_title
from sandbox.truth import truth
from sandbox.vinted.watches import demo_watches

START = datetime(2026, 9, 1, tzinfo=UTC)
MONTH = START + timedelta(days=30)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(seed=11, start=START)


def _euros(minor: int, currency: str) -> float:
    return minor / 100 * float(EUR_PER_UNIT[currency])


def test_the_same_seed_and_start_give_the_same_market_and_another_seed_another() -> None:
    first, again, other = (Market(seed=seed, start=START) for seed in (3, 3, 4))
    assert truth(first, MONTH) == truth(again, MONTH)
    assert truth(first, MONTH) != truth(other, MONTH)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 40 * 86400), min_size=2, max_size=5))
def test_the_state_at_a_time_does_not_depend_on_the_order_times_are_asked(seconds: list[int]) -> None:
    travelled, straight = Market(seed=5, start=START), Market(seed=5, start=START)
    times = [START + timedelta(seconds=second) for second in seconds]
    asked = {at: truth(travelled, at) for at in times}
    assert asked == {at: truth(straight, at) for at in sorted(times, reverse=True)}


def test_a_later_state_only_adds_to_what_was_published(market: Market) -> None:
    early = [item.item_id for item in market.items(START + timedelta(days=10))]
    late = [item.item_id for item in market.items(MONTH)]
    assert late[: len(early)] == early


def test_prices_drop_by_ten_to_thirty_percent_and_only_while_the_listing_lives(market: Market) -> None:
    drops = 0
    for item in market.items(MONTH):
        for (_, before), (moment, after) in itertools.pairwise(item.steps):
            drops += 1
            assert 0.7 <= after / before <= 0.9
            assert item.published_at < moment < item.ended_at
            assert item.price_at(moment - 1) == before
            assert item.price_at(moment) == after
    assert drops > 100


def test_a_month_gives_about_240_listings_a_family(market: Market) -> None:
    counts = Counter(item.family.key for item in market.items(MONTH))
    assert len(counts) == len(FAMILIES) >= 10
    assert all(180 <= count <= 300 for count in counts.values()), counts


def test_log_prices_within_family_and_condition_spread_as_real_listings_do() -> None:
    # A long market, so that what is tested is the distribution and not the luck of one month.
    items = Market(seed=2, start=START).items(START + timedelta(days=200))
    groups = defaultdict(list)
    for item in items:
        if item.kind is Kind.NORMAL:
            groups[item.family.key, item.grade].append(math.log(_euros(item.steps[0][1], item.currency)))
    assert len(groups) == len(FAMILIES) * len(Grade)
    for key, logs in groups.items():
        assert len(logs) > 80
        # Sampling tolerance: four standard errors of a standard deviation.
        slack = 4 * 0.5 / math.sqrt(2 * len(logs))
        assert 0.35 - slack <= statistics.stdev(logs) <= 0.8 + slack, key


def test_better_conditions_cost_more() -> None:
    items = Market(seed=2, start=START).items(START + timedelta(days=120))
    medians = {
        grade: statistics.median(
            _euros(item.reference_minor, item.currency) / item.family.median_eur
            for item in items
            if item.grade is grade
        )
        for grade in (Grade.SATISFACTORY, Grade.GOOD, Grade.VERY_GOOD, Grade.NEW_WITH_TAGS)
    }
    assert list(medians.values()) == sorted(medians.values())


def test_three_percent_are_planted_at_three_to_six_tenths_of_their_price(market: Market) -> None:
    items = market.items(MONTH)
    planted = [item for item in items if item.kind is Kind.PLANTED]
    assert 0.025 <= len(planted) / len(items) <= 0.035
    ratios = [item.steps[0][1] / item.reference_minor for item in planted]
    assert all(0.3 <= ratio <= 0.6 for ratio in ratios)
    assert 0.4 <= statistics.mean(ratios) <= 0.5


def test_traps_of_every_kind_are_six_to_eight_percent(market: Market) -> None:
    items = market.items(MONTH)
    kinds = Counter(item.kind for item in items if item.kind in TRAPS)
    assert set(kinds) == set(TRAPS)
    assert 0.06 <= kinds.total() / len(items) <= 0.08


def test_mistyped_and_bait_prices_are_what_they_are_called(market: Market) -> None:
    for item in market.items(MONTH):
        if item.kind is Kind.BAIT:
            assert item.steps[0][1] == 100
        if item.kind is Kind.TYPO_PRICE:
            ratio = item.steps[0][1] / item.reference_minor
            assert min(abs(ratio / factor - 1) for factor in (10, 0.1, 0.01)) < 0.05


@pytest.mark.parametrize("language", sorted(GRADE_LABELS))
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.key)
def test_every_trap_can_be_worded_in_every_language(family: Family, language: str) -> None:
    for kind in TRAPS:
        title = trap_title(random.Random(1), family, kind, language)
        assert (title is None) == (kind in {Kind.TYPO_PRICE, Kind.BAIT})
        assert title is None or "{" not in title


def test_ids_are_past_ten_billion_unique_and_not_ordered_by_publication(market: Market) -> None:
    items = market.items(MONTH)
    ids = [item.item_id for item in items]
    assert min(ids) > 10**10
    assert len(set(ids)) == len(ids)
    inversions = sum(a > b for a, b in itertools.pairwise(ids))
    assert 0.05 < inversions / len(ids) < 0.5
    assert all(item.seller.user_id > 3 * 10**9 for item in items)
    assert all(item.seller.login.startswith("seller_") for item in items)


def test_cheaper_listings_sell_sooner() -> None:
    items = [i for i in Market(seed=2, start=START).items(START + timedelta(days=120)) if i.kind is Kind.NORMAL]
    relative = sorted(items, key=lambda i: _euros(i.steps[0][1], i.currency) / i.family.median_eur)
    quarter = len(relative) // 4

    def life(group: list[Item]) -> float:
        return statistics.mean(item.ended_at - item.published_at for item in group)

    assert life(relative[:quarter]) < 0.7 * life(relative[-quarter:])


def test_the_truth_does_not_tell_the_future(market: Market) -> None:
    at = START + timedelta(days=12)
    rows = truth(market, at)
    assert rows
    for row in rows:
        for name in ("published_at", "sold_at", "removed_at"):
            moment = row[name]
            assert moment is None or datetime.fromisoformat(str(moment)) <= at
    assert any(row["sold_at"] for row in rows)
    assert all(row["planted"] == (row["kind"] == "planted") for row in rows)


def test_a_time_without_zone_and_a_time_too_far_ahead_are_refused(market: Market) -> None:
    with pytest.raises(MarketTimeError, match="time zone"):
        market.items(datetime(2026, 9, 2))  # noqa: DTZ001 - the mistake under test
    with pytest.raises(MarketTimeError, match="after the market's start"):
        market.items(START + timedelta(days=5000))


def test_before_its_start_the_market_is_empty(market: Market) -> None:
    assert not market.items(START - timedelta(days=400))


def test_the_demo_watches_find_their_families_and_nothing_else(market: Market) -> None:
    watches = demo_watches("http://127.0.0.1:1")
    assert len(watches) == 8
    assert len({watch.country for watch in watches}) >= 3
    assert sum(watch.max_price is not None for watch in watches) == 1
    assert len({watch.family for watch in watches}) == 8
    for watch in watches:
        text = watch.url.split("search_text=")[1].split("&")[0].replace("+", " ").replace("%27", "'")
        found = market.matching(text, MONTH)
        live = [i for i in market.items(MONTH) if i.family.key == watch.family and i.is_live(int(MONTH.timestamp()))]
        assert {item.family.key for item in found} == {watch.family}
        assert len(found) > 0.85 * len(live), watch.name
