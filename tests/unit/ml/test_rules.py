"""What each rule says, and what no input may make it say."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.condition import Condition
from domain.deal import VerdictKind
from domain.listing_kind import ListingKind
from domain.statistics import Candidate, GroupStatistics
from domain.watch import RuleName, Watch
from ml.robust import PRIOR_SPREAD, estimate
from ml.rules import decide, judge, overall

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def watch(**changes: object) -> Watch:
    plain = Watch(
        watch_id=1,
        owner="o",
        name="n",
        source="vinted",
        url="https://www.vinted.fr/catalog?search_text=x",
        country="fr",
        currency="EUR",
        params={},
        rules=(RuleName.ABSOLUTE, RuleName.MEAN_SIGMA, RuleName.ROBUST),
        max_price=Decimal(50),
    )
    return msgspec.structs.replace(plain, **changes)


def group(level: str = "condition", **changes: object) -> GroupStatistics:
    """37 comparables about 71 EUR: log median ln 71, lower tail about 0.4."""
    plain = GroupStatistics(
        level=level,
        n=37,
        window_days=30,
        computed_at=NOW,
        mean=Decimal(75),
        stddev=Decimal(20),
        median=Decimal(71),
        log_mean=math.log(72),
        log_stddev=0.3,
        log_median=math.log(71),
        log_q10=math.log(71) - 0.25,
        comparable_ids=(5, 6, 7),
    )
    return msgspec.structs.replace(plain, **changes)


def candidate(price: str | None = "42.00", **changes: object) -> Candidate:
    plain = Candidate(
        watch_id=1,
        listing_id=9,
        title="a thing",
        description=None,
        condition=Condition.VERY_GOOD,
        price=None if price is None else Decimal(price),
        currency="EUR",
        total_minor=4200,
        listing_currency="EUR",
        groups=(group(), group("watch", n=200)),
    )
    return msgspec.structs.replace(plain, **changes)


def kinds(verdicts: object) -> dict[str, str]:
    return {str(v.rule): str(v.kind) for v in verdicts}  # type: ignore[attr-defined]  # a list of verdicts


def test_the_reason_is_a_sentence_with_price_expectation_comparables_and_distance() -> None:
    verdict = judge(watch(rules=(RuleName.ROBUST,)), candidate("42.00"))[0]
    assert verdict.kind is VerdictKind.DEAL
    assert verdict.reason == (
        "42.00 EUR is 41 % under the 71.00 EUR expected of 37 comparable very_good listings of the last 30 days; "
        "2.7 robust deviations below"
    )
    seen = verdict.evidence
    assert (seen.n, seen.window_days, seen.level, seen.computed_at) == (37, 30, "condition", NOW)
    assert (seen.expected, seen.difference, seen.median) == (Decimal("71.00"), Decimal("29.00"), Decimal(71))
    assert seen.percent == pytest.approx(40.845, abs=0.001)
    assert seen.comparable_ids == (5, 6, 7)
    assert seen.threshold is not None
    assert seen.price < seen.threshold < seen.expected


def test_the_robust_estimate_is_the_formula_it_documents() -> None:
    parent = math.sqrt((200 * (0.25 / 1.2815515655446004) ** 2 + 5 * PRIOR_SPREAD**2) / 205)
    own = math.sqrt((37 * (0.25 / 1.2815515655446004) ** 2 + 5 * parent**2) / 42)
    fit = estimate(candidate().groups)
    assert fit is not None
    assert fit.scale == pytest.approx(own, rel=1e-12)
    assert fit.location == pytest.approx(math.log(71), rel=1e-12)


def test_identical_comparables_still_give_a_positive_scale() -> None:
    same = group(log_q10=math.log(71), stddev=Decimal(0), n=8)
    fit = estimate([same])
    assert fit is not None
    assert fit.scale > 0
    assert judge(watch(), candidate("70.99", groups=(same,)))[2].kind is VerdictKind.NO_DEAL


def test_every_switched_on_rule_answers_and_a_watch_without_a_limit_has_no_absolute_rule() -> None:
    assert set(kinds(judge(watch(), candidate()))) == {"absolute", "mean_sigma", "robust"}
    assert set(kinds(judge(watch(max_price=None), candidate()))) == {"mean_sigma", "robust"}
    assert judge(watch(rules=()), candidate()) == []


def test_the_absolute_limit_includes_its_own_amount_and_no_statistic_overrules_it() -> None:
    rules = (RuleName.ABSOLUTE,)
    assert judge(watch(rules=rules), candidate("50.00"))[0].kind is VerdictKind.DEAL
    assert judge(watch(rules=rules), candidate("50.01"))[0].kind is VerdictKind.NO_DEAL
    assert judge(watch(rules=rules), candidate("1.00"))[0].kind is VerdictKind.DEAL
    verdict = judge(watch(rules=rules), candidate("42.00", groups=()))[0]
    assert verdict.kind is VerdictKind.DEAL
    assert verdict.reason == "42.00 EUR is within your limit of 50.00 EUR"
    assert verdict.evidence.expected is None


def test_mean_sigma_alerts_strictly_under_its_threshold() -> None:
    rules = (RuleName.MEAN_SIGMA,)
    assert judge(watch(rules=rules), candidate("44.99"))[0].kind is VerdictKind.DEAL
    assert judge(watch(rules=rules), candidate("45.00"))[0].kind is VerdictKind.NO_DEAL
    assert judge(watch(rules=rules), candidate("44.99"))[0].evidence.threshold == Decimal("45.00")
    assert judge(watch(rules=rules), candidate("44.99"))[0].evidence.sigma_below == pytest.approx(1.5005)


def test_mean_sigma_of_no_sigma_is_below_the_average_of_the_window() -> None:
    below = watch(rules=(RuleName.MEAN_SIGMA,), sigma_k=Decimal(0))
    (verdict,) = judge(below, candidate("74.99"))
    assert (verdict.kind, verdict.evidence.threshold) == (VerdictKind.DEAL, Decimal("75.00"))
    assert "mean of 30 days = 75.00 EUR" in verdict.reason
    assert judge(below, candidate("75.00"))[0].kind is VerdictKind.NO_DEAL


def test_mean_sigma_says_that_it_can_never_fire_where_its_threshold_is_not_positive() -> None:
    wide = group(mean=Decimal(75), stddev=Decimal(50))
    verdict = judge(watch(rules=(RuleName.MEAN_SIGMA,)), candidate("0.50", groups=(wide,)))[0]
    assert verdict.kind is VerdictKind.NO_DEAL
    assert "can never fire" in verdict.reason


def test_a_price_too_good_to_be_true_is_to_be_checked_first_and_not_alerted() -> None:
    verdicts = judge(watch(max_price=None), candidate("5.00"))
    assert kinds(verdicts) == {"mean_sigma": "check_first", "robust": "check_first"}
    assert decide(verdicts) is None
    assert overall(verdicts) is VerdictKind.CHECK_FIRST
    assert "look at it first" in verdicts[0].reason


def test_a_price_of_zero_stands_for_on_request() -> None:
    assert set(kinds(judge(watch(), candidate("0.00"))).values()) == {"check_first"}


def test_a_blacklisted_listing_is_excluded_whatever_it_costs() -> None:
    for price in ("1.00", "42.00", None):
        verdicts = judge(watch(), candidate(price, is_blacklisted=True))
        assert set(kinds(verdicts).values()) == {"excluded"}
        assert decide(verdicts) is None


def test_without_an_exchange_rate_no_rule_judges_and_all_say_why() -> None:
    verdicts = judge(watch(), candidate(None, listing_currency="JPY", total_minor=4000))
    assert set(kinds(verdicts).values()) == {"not_enough_data"}
    assert verdicts[0].reason == "4,000 JPY cannot be compared: no exchange rate from JPY to EUR is known"
    assert verdicts[0].evidence.currency == "JPY"


def test_a_small_condition_group_falls_back_to_the_watch_and_says_so() -> None:
    few = (group(n=3, median=Decimal(60)), group("watch", n=200))
    verdict = judge(watch(rules=(RuleName.ROBUST,)), candidate(groups=few))[0]
    assert verdict.evidence.level == "watch"
    assert verdict.evidence.n == 200
    assert "200 listings of all conditions" in verdict.reason


def test_too_few_comparables_anywhere_is_not_enough_data() -> None:
    few = (group(n=3), group("watch", n=7))
    verdicts = judge(watch(), candidate(groups=few))
    assert kinds(verdicts) == {"absolute": "deal", "mean_sigma": "not_enough_data", "robust": "not_enough_data"}
    assert "7 comparable listings" in verdicts[2].reason
    assert "8 are needed" in verdicts[2].reason
    assert kinds(judge(watch(), candidate(groups=()))) == kinds(verdicts)


def test_a_thing_for_parts_is_never_measured_by_whole_ones() -> None:
    few = (group(n=3), group("watch", n=200))
    broken = candidate("10.00", groups=few, condition=Condition.FOR_PARTS)
    assert kinds(judge(watch(max_price=None), broken)) == {"mean_sigma": "not_enough_data", "robust": "not_enough_data"}
    enough = candidate("60.00", groups=(group(n=8), group("watch", log_median=9.0)), condition=Condition.FOR_PARTS)
    assert judge(watch(rules=(RuleName.ROBUST,)), enough)[0].evidence.expected == Decimal("71.00")


def test_the_robust_rule_speaks_first_where_several_agree() -> None:
    verdicts = judge(watch(robust_z=Decimal(1)), candidate("40.00"))
    assert set(kinds(verdicts).values()) == {"deal"}
    chosen = decide(verdicts)
    assert chosen is not None
    assert chosen.rule is RuleName.ROBUST
    chosen = decide(verdicts[:1])
    assert chosen is not None
    assert chosen.rule is RuleName.ABSOLUTE


def test_a_candidate_of_another_watch_is_refused() -> None:
    with pytest.raises(ValueError, match="prepared for watch 2"):
        judge(watch(), candidate(watch_id=2))
    with pytest.raises(ValueError, match="in GBP"):
        judge(watch(), candidate(currency="GBP"))


_positive = st.floats(min_value=0.01, max_value=1e6)
_groups = st.builds(
    lambda n, mean, cv, location, tail: group(
        n=n,
        mean=Decimal(str(round(mean, 4))),
        stddev=Decimal(str(round(mean * cv, 4))),
        median=Decimal(str(round(mean, 4))),
        log_median=location,
        log_q10=location - tail,
    ),
    st.integers(0, 100),
    _positive,
    st.floats(0, 2),
    st.floats(-2, 12),
    st.floats(0, 3),
)
_prices = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(100_000), places=2)


@given(groups=st.tuples(_groups, _groups), dear=_prices, share=st.decimals(0, 1, places=3))
def test_lowering_a_price_never_undoes_a_deal_except_to_have_it_checked_first(
    groups: tuple[GroupStatistics, GroupStatistics], dear: Decimal, share: Decimal
) -> None:
    parents = (groups[0], msgspec.structs.replace(groups[1], level="watch"))
    cheap = (dear * share).quantize(Decimal("0.01"))
    before = judge(watch(), candidate(str(dear), groups=parents))
    after = judge(watch(), candidate(str(cheap), groups=parents))
    for high, low in zip(before, after, strict=True):
        if high.kind is VerdictKind.DEAL:
            assert low.kind in {VerdictKind.DEAL, VerdictKind.CHECK_FIRST}
        if high.kind is VerdictKind.CHECK_FIRST:
            assert low.kind is VerdictKind.CHECK_FIRST


@given(groups=st.tuples(_groups, _groups), price=st.none() | _prices)
def test_an_excluded_listing_is_never_a_deal(
    groups: tuple[GroupStatistics, GroupStatistics], price: Decimal | None
) -> None:
    shown = None if price is None else str(price)
    verdicts = judge(watch(), candidate(shown, groups=groups, is_blacklisted=True))
    assert decide(verdicts) is None
    assert overall(verdicts) is VerdictKind.EXCLUDED


@given(groups=st.tuples(_groups, _groups), price=_prices)
def test_a_verdict_s_evidence_is_plain_json_without_infinities(
    groups: tuple[GroupStatistics, GroupStatistics], price: Decimal
) -> None:
    for verdict in judge(watch(), candidate(str(price), groups=groups)):
        assert b"null" not in msgspec.json.encode(verdict.reason)
        for figure in (verdict.evidence.spread, verdict.evidence.sigma_below, verdict.evidence.percent):
            assert figure is None or math.isfinite(figure)


@given(group_=_groups, price=_prices)
def test_the_robust_threshold_is_where_the_verdict_turns(group_: GroupStatistics, price: Decimal) -> None:
    verdict = judge(watch(rules=(RuleName.ROBUST,)), candidate(str(price), groups=(group_,)))[0]
    threshold = verdict.evidence.threshold
    if threshold is not None and abs(threshold - price) > Decimal("0.01"):
        assert (price < threshold) == (verdict.kind in {VerdictKind.DEAL, VerdictKind.CHECK_FIRST})


# ---------------------------------------------------------------- kinds


@given(st.sampled_from([kind for kind in ListingKind if kind is not ListingKind.NORMAL]))
def test_another_kind_is_never_alerted_and_the_reason_says_what_it_is(kind: ListingKind) -> None:
    verdicts = judge(watch(), candidate("20.00", kind=kind, kind_reason="the title says 'nur ovp': a box"))
    allowed = {VerdictKind.CHECK_FIRST, VerdictKind.NO_DEAL} if kind is ListingKind.BUNDLE else {VerdictKind.EXCLUDED}
    assert {verdict.kind for verdict in verdicts} <= allowed
    assert any("nur ovp" in verdict.reason for verdict in verdicts)
    assert decide(verdicts) is None


def test_a_bundle_for_less_than_one_costs_is_looked_at_first() -> None:
    bundle = judge(watch(), candidate("42.00", kind=ListingKind.BUNDLE))
    single = judge(watch(), candidate("42.00"))
    assert VerdictKind.DEAL in {verdict.kind for verdict in single}
    assert overall(bundle) is VerdictKind.CHECK_FIRST
    assert [verdict.evidence for verdict in bundle] == [verdict.evidence for verdict in single]


def test_a_watch_that_asks_for_a_kind_gets_it() -> None:
    wanted = watch(kinds=(ListingKind.ACCESSORY,))
    as_asked = judge(wanted, candidate("42.00", kind=ListingKind.ACCESSORY))
    assert [verdict.kind for verdict in as_asked] == [verdict.kind for verdict in judge(watch(), candidate("42.00"))]
    assert overall(judge(wanted, candidate("42.00"))) is VerdictKind.EXCLUDED
