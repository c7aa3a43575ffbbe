"""The rules over prices of products: what is told, once, and told again only when there is more."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.price_rule import PriceMemory, PriceNews, PriceRule, PriceRuleKind, ProductMoment
from ml.price_rules import judge_price

PRICES = st.decimals(min_value="1", max_value="500", places=2)


def rule(kind: PriceRuleKind, amount: str | None = None, days: int | None = None) -> PriceRule:
    return PriceRule(
        price_rule_id=1,
        owner="owner",
        kind=kind,
        days=days,
        amount=None if amount is None else Decimal(amount),
        currency="EUR" if kind is PriceRuleKind.RISE_ABOVE else None,
    )


def now(worth: Decimal | str | None, /, **past: object) -> ProductMoment:
    """A product at a price in euros, or gone; its past by name."""
    value = None if worth is None else Decimal(worth)
    moment = ProductMoment(
        product_id=1,
        sku="S",
        name="a thing",
        base_currency="EUR",
        is_on_offer=worth is not None,
        value=value,
        price=value,
        currency=None if value is None else "EUR",
    )
    return msgspec.structs.replace(moment, **past)


@dataclass
class Follower:
    """Looks at a product again and again, as the hourly look does."""

    rule: PriceRule
    memory: PriceMemory | None = None

    def look(self, moment: ProductMoment) -> PriceNews | None:
        judged = judge_price(self.rule, moment, self.memory)
        self.memory = judged.memory
        return judged.news


def test_a_lowest_price_is_told_with_what_it_was_held_against() -> None:
    news = Follower(rule(PriceRuleKind.LOWEST, days=90)).look(now("79.90", n_days=41, lowest=Decimal("84.00")))
    assert news == PriceNews(
        reason="79.90 EUR is the lowest price of the last 90 days; before it was 84.00 EUR at the least, "
        "of 41 days with a price",
        against=Decimal("84.00"),
        percent=Decimal("-4.88"),
    )
    ever = Follower(rule(PriceRuleKind.LOWEST)).look(now("79.90", n_days=41, lowest=Decimal("84.00")))
    assert ever is not None
    assert "the lowest price ever known" in ever.reason


@pytest.mark.parametrize(("price", "n_days"), [("84.00", 41), ("84.01", 41), ("10.00", 2), ("10.00", 0), (None, 41)])
def test_no_lowest_price_at_the_same_price_or_with_hardly_a_past(price: str | None, n_days: int) -> None:
    lowest = Decimal(84) if n_days else None
    assert Follower(rule(PriceRuleKind.LOWEST, days=90)).look(now(price, n_days=n_days, lowest=lowest)) is None


@given(first=PRICES, share=st.integers(1, 99), price=PRICES)
def test_a_drop_is_told_exactly_from_its_share_on(first: Decimal, share: int, price: Decimal) -> None:
    news = Follower(rule(PriceRuleKind.DROP, str(share), days=1)).look(
        now(price, reference=first, reference_date=date(2026, 3, 28))
    )
    assert (news is not None) == (100 * price <= first * (100 - share))
    if news is not None:
        assert news.against == first
        assert news.percent is not None
        assert news.percent <= -share + Decimal("0.005")
        assert "on 2026-03-28" in news.reason


@given(mean=PRICES, share=st.integers(0, 99), price=PRICES)
def test_under_the_average_means_under_it(mean: Decimal, share: int, price: Decimal) -> None:
    news = Follower(rule(PriceRuleKind.BELOW_AVERAGE, str(share), days=30)).look(now(price, n_days=30, mean=mean))
    assert (news is not None) == (100 * price < mean * (100 - share))


@given(st.lists(PRICES, min_size=1, max_size=30))
def test_while_a_rule_holds_it_is_told_again_only_clearly_further_down(prices: list[Decimal]) -> None:
    """Against an oracle that keeps no state but the last price told."""
    lowest = Decimal(100)
    follower, told = Follower(rule(PriceRuleKind.LOWEST, days=30)), None
    for price in prices:
        news = follower.look(now(price, n_days=30, lowest=lowest))
        expected = price < lowest and (told is None or price < told * Decimal("0.995"))
        assert (news is not None) == expected
        told = price if expected else told if price < lowest else None


def test_a_rise_is_told_when_the_price_crosses_and_not_while_it_trembles_at_the_limit() -> None:
    follower = Follower(rule(PriceRuleKind.RISE_ABOVE, "100"))
    looks = ["120", "90", "100", "100.01", "130", "99.50", "100.01", "98", "101"]
    assert [price for price in looks if follower.look(now(price)) is not None] == ["100.01", "101"]
    again = Follower(rule(PriceRuleKind.RISE_ABOVE, "100"))
    again.look(now("90"))
    news = again.look(now("108"))
    assert news == PriceNews(
        reason="108.00 EUR is more than the 100.00 EUR you set", against=Decimal(90), percent=Decimal("20.00")
    )


def test_a_limit_in_another_base_currency_is_silent() -> None:
    follower = Follower(msgspec.structs.replace(rule(PriceRuleKind.RISE_ABOVE, "100"), currency="PLN"))
    follower.look(now("90"))
    assert follower.look(now("500")) is None


@given(st.lists(st.one_of(st.none(), PRICES), min_size=1, max_size=30))
def test_each_change_is_told_with_the_price_before_also_over_a_gap(prices: list[Decimal | None]) -> None:
    follower, last = Follower(rule(PriceRuleKind.CHANGE)), None
    for price in prices:
        news = follower.look(now(price))
        if price is None or last is None or price == last:
            assert news is None
        else:
            assert news is not None
            assert news.against == last
        last = price if price is not None else last


def test_a_moving_exchange_rate_is_no_change_of_price() -> None:
    follower = Follower(rule(PriceRuleKind.CHANGE))
    pounds = {"price": Decimal(50), "currency": "GBP"}
    assert follower.look(now("58.50", **pounds)) is None
    assert follower.look(now("59.10", **pounds)) is None
    assert follower.look(now("59.00")) is None, "the same worth from another shop"
    news = follower.look(now("58.00"))
    assert news is not None
    assert news.percent == Decimal("-1.69")
    dearer = follower.look(now("81.90", price=Decimal(70), currency="GBP"))
    assert dearer is not None
    assert dearer.reason.startswith("70.00 GBP (81.90 EUR) is 41.2 % more than the 58.00 EUR before")


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_back_in_stock_is_told_at_each_return_and_never_at_the_first_look(there: list[bool]) -> None:
    follower = Follower(rule(PriceRuleKind.BACK_IN_STOCK))
    told = [follower.look(now("20.00" if one else None)) is not None for one in there]
    assert told == [False, *(one and not before for before, one in itertools.pairwise(there))]


def test_back_in_stock_says_what_it_cost_before() -> None:
    follower = Follower(rule(PriceRuleKind.BACK_IN_STOCK))
    for price in ("20.00", None, None):
        assert follower.look(now(price)) is None
    news = follower.look(now("15.00"))
    assert news is not None
    assert news.reason == "it can be bought again, at 15.00 EUR; it was 20.00 EUR before it was gone"
    assert news.percent == Decimal("-25.00")


@pytest.mark.parametrize("kind", list(PriceRuleKind))
def test_a_new_base_currency_begins_anew(kind: PriceRuleKind) -> None:
    follower = Follower(rule(kind, "10", days=30))
    follower.look(now("20.00"))
    follower.look(now(None))
    moment = msgspec.structs.replace(now("90.00"), base_currency="PLN", currency="PLN")
    assert follower.look(moment) is None
    assert follower.memory is not None
    assert follower.memory.base_currency == "PLN"
