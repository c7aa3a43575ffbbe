"""The deal rules: what each says of a candidate under a watch, with the numbers it saw.

Belongs here: verdicts, their evidence and their sentences; pure. Does not: SQL, the statistics themselves, alerts.
In the polling path: nothing heavy is imported.

A candidate is never in its own statistics: whoever builds the ``Candidate`` leaves it out (``warehouse.baselines``
does so exactly). With it inside, |z| of one of n prices cannot exceed (n - 1) / sqrt(n), so k = 1.5 would be out of
reach for n <= 4, and every deal would pull its own baseline down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from domain.condition import Condition
from domain.deal import Evidence, Verdict, VerdictKind
from domain.fair_price import FairPrice
from domain.listing_kind import ListingKind
from domain.money import format_money, from_minor, minor_exponent
from domain.statistics import Candidate, GroupStatistics
from domain.watch import RuleName, Watch
from ml.robust import MODEL_CHECK_SHARE, TOO_GOOD_SHARE, Estimate, estimate

# Which deal speaks for the listing where several rules agree: the one with the strongest evidence.
_STRENGTH = (RuleName.MODEL, RuleName.ROBUST, RuleName.MEAN_SIGMA, RuleName.ABSOLUTE)


def judge(watch: Watch, candidate: Candidate) -> list[Verdict]:
    """Return one verdict for each rule the watch has switched on, in the watch's order.

    The absolute rule is off where ``watch.max_price`` is None. Prices are compared in ``candidate.currency``, the
    watch's currency. ``check_first`` means: cheaper than a real offer plausibly is, or a bundle that costs what one
    thing should; shown, not alerted. A listing of a kind that ``watch.kinds`` leaves out is ``excluded`` by every rule.

    Raises:
        ValueError: when the candidate belongs to another watch or its price is in another currency than the watch's.
    """
    if candidate.watch_id != watch.watch_id or candidate.currency != watch.currency:
        raise ValueError(
            f"listing {candidate.listing_id} was prepared for watch {candidate.watch_id} in {candidate.currency}, "
            f"not for watch {watch.watch_id} in {watch.currency}"
        )
    rules = [rule for rule in watch.rules if rule is not RuleName.ABSOLUTE or watch.max_price is not None]
    refusal = _refusal(watch, candidate)
    if refusal is not None:
        kind, reason, evidence = refusal
        return [Verdict(rule=rule, kind=kind, reason=reason, evidence=evidence) for rule in rules]
    verdicts = [_RULES[rule](watch, candidate) for rule in rules]
    if candidate.kind is ListingKind.BUNDLE and candidate.kind not in watch.kinds:
        return [_looked_at_first(verdict, candidate) for verdict in verdicts]
    return verdicts


def decide(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict that makes the listing a deal, or None.

    Any rule's deal suffices. Where several agree the price model speaks before the robust rule, that before
    mean - k*sigma, and that before the absolute limit, because it proves itself best (docs/detection.md); the others
    stay in the stored evidence.
    """
    deals = [verdict for verdict in verdicts if verdict.kind is VerdictKind.DEAL]
    return min(deals, key=lambda verdict: _STRENGTH.index(verdict.rule), default=None)


def overall(verdicts: Sequence[Verdict]) -> VerdictKind:
    """Return the one word kept per watch and listing: the strongest of the verdicts."""
    order = (
        VerdictKind.DEAL,
        VerdictKind.CHECK_FIRST,
        VerdictKind.EXCLUDED,
        VerdictKind.NO_DEAL,
        VerdictKind.NOT_ENOUGH_DATA,
    )
    return min((verdict.kind for verdict in verdicts), key=order.index, default=VerdictKind.NO_DEAL)


# ---------------------------------------------------------------- what stops every rule


def _refusal(watch: Watch, candidate: Candidate) -> tuple[VerdictKind, str, Evidence] | None:
    own = from_minor(candidate.total_minor, candidate.listing_currency)
    if candidate.price is None:
        evidence = Evidence(price=own, currency=candidate.listing_currency)
        if candidate.is_blacklisted:
            return VerdictKind.EXCLUDED, _BLACKLISTED, evidence
        reason = (
            f"{format_money(own, candidate.listing_currency)} cannot be compared: no exchange rate from "
            f"{candidate.listing_currency} to {candidate.currency} is known"
        )
        return VerdictKind.NOT_ENOUGH_DATA, reason, evidence
    evidence = Evidence(price=candidate.price, currency=candidate.currency)
    if candidate.is_blacklisted:
        return VerdictKind.EXCLUDED, _BLACKLISTED, evidence
    if candidate.kind not in watch.kinds and candidate.kind is not ListingKind.BUNDLE:
        return VerdictKind.EXCLUDED, _other_kind(candidate), evidence
    if candidate.price <= 0:
        reason = f"{format_money(candidate.price, candidate.currency)} stands for a price on request; look at it first"
        return VerdictKind.CHECK_FIRST, reason, evidence
    return None


_BLACKLISTED = (
    "the watch leaves it out, by a word on its blacklist or by its seller, so it is neither alerted nor counted in the "
    "statistics"
)


def _other_kind(candidate: Candidate) -> str:
    why = candidate.kind_reason or f"it is of the kind {candidate.kind}"
    return f"{why}; the watch does not ask for that, so it is neither alerted nor counted in the statistics"


def _looked_at_first(verdict: Verdict, candidate: Candidate) -> Verdict:
    """Several things for less than one costs may be the best offer of all, but by no rule's measure."""
    if verdict.kind is not VerdictKind.DEAL:
        return verdict
    why = candidate.kind_reason or "it offers several things at once"
    reason = f"{why}, so its price does not compare; look at it first: {verdict.reason}"
    return msgspec.structs.replace(verdict, kind=VerdictKind.CHECK_FIRST, reason=reason)


# ---------------------------------------------------------------- the comparables a rule may use


def _usable(watch: Watch, candidate: Candidate) -> list[GroupStatistics]:
    """Return the groups from the first that is large enough on, narrowest first; empty where none is.

    A thing for parts is never measured by whole ones: it would always look cheap.
    """
    groups = [group for group in candidate.groups if group.n > 0]
    if candidate.condition is Condition.FOR_PARTS:
        groups = [group for group in groups if group.level == "condition"]
    for place, group in enumerate(groups):
        if group.n >= watch.min_comparables:
            return groups[place:]
    return []


def _too_few(watch: Watch, candidate: Candidate, rule: RuleName) -> Verdict:
    seen = max(candidate.groups, key=lambda group: group.n, default=None)
    n = 0 if seen is None else seen.n
    what = "condition alone" if candidate.condition is Condition.FOR_PARTS else "watch"
    reason = f"not enough data: {n} comparable listings are known of this {what}, {watch.min_comparables} are needed"
    evidence = Evidence(price=_price(candidate), currency=candidate.currency)
    if seen is not None:
        evidence = _seen(evidence, seen)
    return Verdict(rule=rule, kind=VerdictKind.NOT_ENOUGH_DATA, reason=reason, evidence=evidence)


def _seen(evidence: Evidence, group: GroupStatistics) -> Evidence:
    return msgspec.structs.replace(
        evidence,
        n=group.n,
        window_days=group.window_days,
        computed_at=group.computed_at,
        level=group.level,
        median=group.median,
        comparable_ids=group.comparable_ids,
    )


def _price(candidate: Candidate) -> Decimal:
    if candidate.price is None:
        raise AssertionError("a candidate without a price in the watch's currency is refused before any rule")
    return candidate.price


def _comparables_in_words(candidate: Candidate, group: GroupStatistics) -> str:
    things = (
        f"comparable {candidate.condition} listings" if group.level == "condition" else "listings of all conditions"
    )
    return f"{group.n} {things} of the last {group.window_days} days"


def _money(amount: float | Decimal, currency: str) -> Decimal:
    # A float here is a statistic, never a price that is kept; it becomes money at the currency's own precision.
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(amount))
    return exact.quantize(Decimal(1).scaleb(-minor_exponent(currency)))


def _against(evidence: Evidence, expected: Decimal) -> Evidence:
    difference = expected - evidence.price
    percent = float(100 * difference / expected) if expected > 0 else None
    return msgspec.structs.replace(evidence, expected=expected, difference=difference, percent=percent)


def _position(evidence: Evidence, candidate: Candidate, group: GroupStatistics) -> str:
    """Return "42.00 EUR is 41 % under the 71.00 EUR expected of 37 comparable good listings of the last 30 days"."""
    comparables = _comparables_in_words(candidate, group)
    shown = format_money(evidence.price, evidence.currency)
    if evidence.expected is None or evidence.percent is None:
        return f"{shown} beside {comparables}"
    expected = format_money(evidence.expected, evidence.currency)
    where = f"{abs(evidence.percent):.0f} % {'under' if evidence.percent >= 0 else 'over'}"
    return f"{shown} is {where} the {expected} expected of {comparables}"


# ---------------------------------------------------------------- the rules


def _robust(watch: Watch, candidate: Candidate) -> Verdict:
    groups = _usable(watch, candidate)
    fit = _fit(candidate, groups)
    if fit is None:
        return _too_few(watch, candidate, RuleName.ROBUST)
    price, group, needed = _price(candidate), groups[0], float(watch.robust_z)
    below = fit.deviations_below(float(price))
    evidence = _against(
        _seen(Evidence(price=price, currency=candidate.currency), group),
        _money(math.exp(fit.location), candidate.currency),
    )
    evidence = msgspec.structs.replace(
        evidence,
        spread=fit.scale,
        sigma_below=below,
        threshold=_money(fit.price_at(needed), candidate.currency),
    )
    direction = "below" if below >= 0 else "above"
    reason = f"{_position(evidence, candidate, group)}; {abs(below):.1f} robust deviations {direction}"
    if below < needed:
        kind, reason = VerdictKind.NO_DEAL, f"{reason}, {needed:g} are needed"
    elif float(price) < TOO_GOOD_SHARE * math.exp(fit.location):
        kind, reason = VerdictKind.CHECK_FIRST, f"{reason}; {_TOO_GOOD}"
    else:
        kind = VerdictKind.DEAL
    return Verdict(rule=RuleName.ROBUST, kind=kind, reason=reason, evidence=evidence)


_TOO_GOOD = (
    f"under {TOO_GOOD_SHARE:.0%} of the expected price it is more often a part, an empty box or a typing mistake, "
    "so look at it first"
)


def _fit(candidate: Candidate, groups: Sequence[GroupStatistics]) -> Estimate | None:
    """Return the estimate from the usable groups; one too small to stand alone still pulls its parent's its way."""
    if not groups:
        return None
    known = [group for group in candidate.groups if group.n > 0]
    return estimate([*known[: known.index(groups[0])], *groups])


def _mean_sigma(watch: Watch, candidate: Candidate) -> Verdict:
    groups = [group for group in _usable(watch, candidate) if group.mean is not None and group.stddev is not None]
    if not groups:
        return _too_few(watch, candidate, RuleName.MEAN_SIGMA)
    group, price, k = groups[0], _price(candidate), watch.sigma_k
    mean, stddev = group.mean or Decimal(0), group.stddev or Decimal(0)
    threshold = mean - k * stddev
    evidence = _against(
        _seen(Evidence(price=price, currency=candidate.currency), group), _money(mean, candidate.currency)
    )
    evidence = msgspec.structs.replace(
        evidence,
        spread=float(stddev),
        sigma_below=float((mean - price) / stddev) if stddev > 0 else None,
        threshold=_money(threshold, candidate.currency),
    )
    what = f"mean - {k.normalize():f} sigma" if k else f"mean of {group.window_days} days"
    limit = f"{what} = {format_money(threshold, candidate.currency)}"
    reason = f"{_position(evidence, candidate, group)}; {limit}"
    if threshold <= 0:
        kind = VerdictKind.NO_DEAL
        reason = f"{reason}: prices scatter so widely that this rule can never fire here; the robust rule can"
    elif price >= threshold:
        kind = VerdictKind.NO_DEAL
    elif price < Decimal(str(TOO_GOOD_SHARE)) * mean:
        kind, reason = VerdictKind.CHECK_FIRST, f"{reason}; {_TOO_GOOD}"
    else:
        kind = VerdictKind.DEAL
    return Verdict(rule=RuleName.MEAN_SIGMA, kind=kind, reason=reason, evidence=evidence)


def _absolute(watch: Watch, candidate: Candidate) -> Verdict:
    """Judge by the owner's own limit, which no statistic overrules; what is known of the market goes beside it."""
    limit = watch.max_price
    if limit is None:
        raise AssertionError("judge() leaves the absolute rule out where the watch has no limit")
    price = _price(candidate)
    evidence = Evidence(price=price, currency=candidate.currency)
    groups = _usable(watch, candidate)
    fit = _fit(candidate, groups)
    context = ""
    if fit is not None:
        evidence = _against(_seen(evidence, groups[0]), _money(math.exp(fit.location), candidate.currency))
        evidence = msgspec.structs.replace(evidence, spread=fit.scale, sigma_below=fit.deviations_below(float(price)))
        context = f"; {_position(evidence, candidate, groups[0])}"
    evidence = msgspec.structs.replace(evidence, threshold=limit)
    shown, wanted = format_money(price, candidate.currency), format_money(limit, candidate.currency)
    if price <= limit:
        kind, reason = VerdictKind.DEAL, f"{shown} is within your limit of {wanted}{context}"
    else:
        kind, reason = VerdictKind.NO_DEAL, f"{shown} is over your limit of {wanted}{context}"
    return Verdict(rule=RuleName.ABSOLUTE, kind=kind, reason=reason, evidence=evidence)


def _model(watch: Watch, candidate: Candidate) -> Verdict:
    evidence = Evidence(price=_price(candidate), currency=candidate.currency)
    fair = candidate.fair_price
    if fair is None:
        reason = "not enough data: no price model is trained yet; the job `price` trains one once 30 listings are known"
        return Verdict(rule=RuleName.MODEL, kind=VerdictKind.NOT_ENOUGH_DATA, reason=reason, evidence=evidence)
    kind, reason = model_verdict(watch, _price(candidate), fair)
    return Verdict(rule=RuleName.MODEL, kind=kind, reason=reason, evidence=_estimated(evidence, fair, watch))


def _estimated(evidence: Evidence, fair: FairPrice, watch: Watch) -> Evidence:
    evidence = msgspec.structs.replace(
        evidence,
        n=fair.n,
        computed_at=fair.trained_until,
        level="watch" if fair.n else "none",
        low=fair.low,
        high=fair.high,
        p_value=fair.p_value,
        tier=fair.tier,
        model=fair.model,
        comparables=fair.comparables,
        comparable_ids=tuple(comparable.listing_id for comparable in fair.comparables),
    )
    return evidence if fair.expected is None else _against(evidence, fair.expected)


def model_verdict(watch: Watch, price: Decimal, fair: FairPrice) -> tuple[VerdictKind, str]:
    """Return what a price model's estimate means under a watch, and the sentence that says why.

    A deal is a price that at most ``watch.false_alarms_per_1000`` of 1,000 ordinary listings undercut, for what they
    are (the conformal p-value), unless it is so low that it is more often no offer at all.

    Args:
        watch: whose budget and least number of comparables count.
        price: payable, in the watch's currency, positive.
        fair: the estimate.
    """
    if fair.refusal is not None:
        return VerdictKind.NOT_ENOUGH_DATA, f"the price model gives no alerts now: {fair.refusal}"
    if fair.expected is None or fair.n < watch.min_comparables:
        reason = (
            f"not enough data: the price model knows {fair.n} comparable listings of this watch, "
            f"{watch.min_comparables} are needed"
        )
        return VerdictKind.NOT_ENOUGH_DATA, reason
    percent = 100 * (fair.expected - price) / fair.expected
    interval = ""
    if fair.low is not None and fair.high is not None:
        low, high = (format_money(amount, watch.currency) for amount in (fair.low, fair.high))
        interval = f" (nine of ten between {low} and {high})"
    where = (
        f"{format_money(price, watch.currency)} is {abs(percent):.0f} % {'under' if percent >= 0 else 'over'} the "
        f"{format_money(fair.expected, watch.currency)} that the price model expects of it{interval} by {fair.n} "
        "listings of this watch"
    )
    if price < Decimal(str(MODEL_CHECK_SHARE)) * fair.expected:
        reason = (
            f"{where}; under {MODEL_CHECK_SHARE:.0%} of the expected price it is more often a part, an empty box or a "
            "typing mistake, so look at it first"
        )
        return VerdictKind.CHECK_FIRST, reason
    level = float(watch.false_alarms_per_1000) / 1000
    if fair.p_value is None or fair.least_p_value is None or fair.least_p_value > level:
        return VerdictKind.NOT_ENOUGH_DATA, f"{where}; {_still_learning(fair, level)}"
    budget = f"{watch.false_alarms_per_1000.normalize():f}"
    reason = f"{where}; {1000 * fair.p_value:.1f} of 1,000 ordinary listings are as cheap, you accept {budget}"
    is_deal = fair.p_value <= level and price < fair.expected
    return VerdictKind.DEAL if is_deal else VerdictKind.NO_DEAL, reason


def _still_learning(fair: FairPrice, level: float) -> str:
    if fair.least_p_value is None:
        return "it is still learning how far prices scatter"
    known, needed = round(1 / fair.least_p_value) - 1, math.ceil(1 / level - 1)
    return f"it learnt from {known} recent prices how far they scatter, {needed} are needed to keep to your budget"


_RULES: dict[RuleName, Callable[[Watch, Candidate], Verdict]] = {
    RuleName.ABSOLUTE: _absolute,
    RuleName.MEAN_SIGMA: _mean_sigma,
    RuleName.ROBUST: _robust,
    RuleName.MODEL: _model,
}
