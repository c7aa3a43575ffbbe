"""What a price model's estimate means under a watch: the order in which things stop or make a deal."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.deal import Verdict, VerdictKind
from domain.fair_price import FairComparable, FairPrice
from domain.listing_kind import ListingKind
from domain.watch import RuleName, Watch
from ml.rules import decide, judge
from tests.unit.ml.test_rules import candidate, watch

FAIR = FairPrice(
    model="3:abc",
    tier="boosted",
    n=40,
    expected=Decimal("100.00"),
    low=Decimal("70.00"),
    high=Decimal("150.00"),
    p_value=0.004,
    least_p_value=1 / 401,
    comparables=tuple(
        FairComparable(listing_id=n, title="t", price=Decimal(99), condition="good", seen_at=None, similarity=0.9)
        for n in range(5)
    ),
)


def model_watch(**changes: object) -> Watch:
    return watch(rules=(RuleName.MODEL,), **changes)


def verdict(price: str, fair: FairPrice | None = FAIR, wish: Watch | None = None, **changes: object) -> Verdict:
    (found,) = judge(wish or model_watch(), candidate(price, fair_price=fair, **changes))
    return found


def test_a_price_within_the_budget_is_a_deal_with_the_model_s_evidence() -> None:
    found = verdict("45.00")
    assert found.kind is VerdictKind.DEAL
    evidence = found.evidence
    assert (evidence.expected, evidence.low, evidence.high) == (FAIR.expected, FAIR.low, FAIR.high)
    assert (evidence.p_value, evidence.n, evidence.model, evidence.tier) == (0.004, 40, "3:abc", "boosted")
    assert (evidence.difference, evidence.percent) == (Decimal("55.00"), 55.0)
    assert evidence.comparables == FAIR.comparables
    assert evidence.comparable_ids == (0, 1, 2, 3, 4)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Verdict) == found
    for part in ("55 % under", "100.00", "between", "70.00", "150.00", "40 listings", "4.0 of 1,000", "you accept 5"):
        assert part in found.reason


@pytest.mark.parametrize(
    ("price", "changes", "kind", "said"),
    [
        ("45.00", {"p_value": 0.0051}, VerdictKind.NO_DEAL, "5.1 of 1,000"),
        ("120.00", {"p_value": 0.001}, VerdictKind.NO_DEAL, "20 % over"),
        ("19.99", {}, VerdictKind.CHECK_FIRST, "look at it first"),
        ("45.00", {"refusal": "it drifted"}, VerdictKind.NOT_ENOUGH_DATA, "gives no alerts now: it drifted"),
        ("1.00", {"refusal": "it drifted"}, VerdictKind.NOT_ENOUGH_DATA, "gives no alerts now: it drifted"),
        ("45.00", {"n": 7}, VerdictKind.NOT_ENOUGH_DATA, "knows 7 comparable listings of this watch, 8 are needed"),
        ("45.00", {"expected": None, "n": 3}, VerdictKind.NOT_ENOUGH_DATA, "knows 3 comparable"),
        (
            "45.00",
            {"least_p_value": 1 / 101},
            VerdictKind.NOT_ENOUGH_DATA,
            "100 recent prices how far they scatter, 199",
        ),
        ("45.00", {"p_value": None, "least_p_value": None}, VerdictKind.NOT_ENOUGH_DATA, "still learning"),
    ],
)
def test_what_stops_a_deal(price: str, changes: dict[str, object], kind: VerdictKind, said: str) -> None:
    found = verdict(price, msgspec.structs.replace(FAIR, **changes))
    assert found.kind is kind
    assert said in found.reason


def test_without_a_model_there_is_not_enough_data() -> None:
    found = verdict("45.00", None)
    assert found.kind is VerdictKind.NOT_ENOUGH_DATA
    assert "no price model is trained yet" in found.reason


@given(st.decimals("0.01", "500", places=2), st.floats(0.0001, 1), st.sampled_from([1, 5, 20, 100]))
def test_a_deal_is_always_within_the_budget_and_never_in_the_lane(price: Decimal, p: float, budget: int) -> None:
    found = verdict(
        str(price),
        msgspec.structs.replace(FAIR, p_value=p, least_p_value=0.0001),
        model_watch(false_alarms_per_1000=Decimal(budget)),
    )
    assert (found.kind is VerdictKind.DEAL) == (p <= budget / 1000 and 20 <= price < 100)


@given(st.sampled_from([kind for kind in ListingKind if kind is not ListingKind.NORMAL]))
def test_another_kind_is_never_a_deal(kind: ListingKind) -> None:
    allowed = {VerdictKind.CHECK_FIRST} if kind is ListingKind.BUNDLE else {VerdictKind.EXCLUDED}
    assert {verdict("45.00", kind=kind).kind} <= allowed


def test_the_model_speaks_before_the_other_rules() -> None:
    wish = watch(rules=(RuleName.ABSOLUTE, RuleName.ROBUST, RuleName.MODEL), robust_z=Decimal("0.5"))
    verdicts = judge(wish, candidate("45.00", fair_price=FAIR))
    assert [one.kind for one in verdicts] == [VerdictKind.DEAL] * 3
    chosen = decide(verdicts)
    assert chosen is not None
    assert chosen.rule is RuleName.MODEL
