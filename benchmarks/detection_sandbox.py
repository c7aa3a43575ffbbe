"""Claim: on the sandbox's market, traps and all, the default rule ranks planted deals better than mean - k*sigma.

Run: ``python -m benchmarks.detection_sandbox [--seeds 10]``. History: the listings of the market's first 30 days, deals
and traps among them, as a watch would have indexed them. Stream: those published in the 30 days after. Groups are
family x condition, the demo watches' blacklists are applied to both. Every unplanted listing counts as a false alarm
where it ranks above half of the planted ones, traps included. "+ kinds": only listings that ``ml.kinds`` tells normal
are compared and ranked, as for watches that ask for nothing else; a planted one left out so counts as never found.
"price model": one of ``ml.pricing`` fitted on the history (a watch a family), its p-values ranking the stream. The last
lines are what the rules alert on as they are by default, in one run over all seeds.
"""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np

from domain.blacklist import Blacklist
from domain.listing_kind import ListingKind
from ml.evaluation import (
    Floats,
    Integers,
    Quality,
    Scorer,
    quality,
    score_log_z,
    score_mean_sigma,
    score_median_mad,
    score_robust,
    score_robust_plain,
    summarise,
)
from ml.kinds import kind_of
from ml.pricing.listings import Listings, listings
from ml.pricing.training import fit
from ml.robust import MODEL_CHECK_SHARE, TOO_GOOD_SHARE
from sandbox.items import Item
from sandbox.locales import EUR_PER_UNIT
from sandbox.market import Market
from sandbox.traps import Kind
from sandbox.vinted.watches import demo_watches

_DAYS = 30
_METHODS: dict[str, Scorer] = {
    "mean - k sigma": score_mean_sigma,
    "log z": score_log_z,
    "median/MAD shrunk": score_median_mad,
    "robust, no lane": score_robust_plain,
    "robust (default)": score_robust,
}


def euros(item: Item) -> float:
    """Return the first asking price in euros."""
    return item.steps[0][1] / 100 * float(EUR_PER_UNIT[item.currency])


def market_of(seed: int) -> tuple[list[Item], list[Item]]:
    """Return the history's and the stream's listings of the demo watches, blacklisted ones left out."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    market = Market(seed=seed, start=start)
    blacklists = {watch.family: Blacklist(watch.blacklist) for watch in demo_watches("http://sandbox")}
    middle, end = start + timedelta(days=_DAYS), start + timedelta(days=2 * _DAYS)
    wanted = [
        item
        for item in market.items(end)
        if item.family.key in blacklists and blacklists[item.family.key].match(item.title, None) is None
    ]
    boundary = int(middle.timestamp())
    return [i for i in wanted if i.published_at < boundary], [i for i in wanted if i.published_at >= boundary]


def arrays(items: list[Item], codes: dict[tuple[str, str], int]) -> tuple[Floats, Integers]:
    """Return prices in euros and the code of each listing's family x condition."""
    groups = [codes.setdefault((item.family.key, str(item.grade)), len(codes)) for item in items]
    return np.array([euros(item) for item in items]), np.array(groups, dtype=np.int64)


def scored(scorer: Scorer, seed: int, *, by_kind: bool) -> tuple[Floats, list[Item]]:
    """Return how cheap the rule finds each listing of one seed's stream; minus infinity where its kind is another."""
    history, stream = market_of(seed)
    normal = np.array([not by_kind or kind_of(item.title).kind is ListingKind.NORMAL for item in stream])
    if by_kind:
        history = [item for item in history if kind_of(item.title).kind is ListingKind.NORMAL]
    codes: dict[tuple[str, str], int] = {}
    past_prices, past_groups = arrays(history, codes)
    prices, groups = arrays(stream, codes)
    return np.where(normal, scorer(past_prices, past_groups, prices, groups), -np.inf), stream


def as_listings(items: list[Item]) -> Listings:
    """Return the items as the price model reads them, prices in euros."""
    return listings(
        [str(item.item_id) for item in items],
        [item.title for item in items],
        [euros(item) for item in items],
        watches=[item.family.key for item in items],
        brands=[(item.brand or "").casefold() for item in items],
        conditions=[str(item.grade) for item in items],
        first_seen=[float(item.published_at) for item in items],
    )


def modelled(seed: int) -> tuple[Floats, Floats, list[Item]]:
    """Return the p-value and price / expected of each listing of one seed's stream; of another kind 1 and 1."""
    history, stream = market_of(seed)
    model = fit(as_listings([item for item in history if kind_of(item.title).kind is ListingKind.NORMAL]))
    items = as_listings(stream)
    estimates = model.price(items)
    normal = np.array([kind_of(item.title).kind is ListingKind.NORMAL for item in stream])
    p, share = np.nan_to_num(estimates.alarm_rate, nan=1.0), np.nan_to_num(items.prices / estimates.expected, nan=1.0)
    # Ranks among those rarer than any of the calibration window are told apart by the deviations.
    p = np.where(np.isfinite(estimates.deviations), p - 1e-6 * np.nan_to_num(estimates.deviations), p)
    return np.where(normal, p, 2.0), np.where(normal, share, 1.0), stream


def operation(alerts: np.ndarray, planted: np.ndarray) -> tuple[int, int, int, int]:
    """Return (alerts, planted found, planted, unplanted)."""
    return int(alerts.sum()), int((alerts & planted).sum()), int(planted.sum()), int((~planted).sum())


def told(name: str, counts: list[tuple[int, int, int, int]]) -> str:
    """Return a line on what a rule alerts on, over all seeds."""
    alerts, found, planted, others = np.sum(counts, axis=0)
    return (
        f"{name:<34}{1000 * (alerts - found) / others:>8.1f} false alarms per 1,000, {found / planted:>6.1%} found, "
        f"{found / max(alerts, 1):>6.1%} of its alerts are deals"
    )


def judged(scorer: Scorer, seed: int, *, by_kind: bool) -> Quality:
    """Return the ranking figures of one seed's stream."""
    scores, stream = scored(scorer, seed, by_kind=by_kind)
    return quality(scores, np.array([item.kind is Kind.PLANTED for item in stream]))


def false_alarm_kinds(scorer: Scorer, seed: int, *, by_kind: bool) -> Counter[str]:
    """Return what the unplanted listings are that rank above half of the planted ones."""
    scores, stream = scored(scorer, seed, by_kind=by_kind)
    ranked = [stream[place] for place in np.argsort(-scores, kind="stable")]
    hits = [place for place, item in enumerate(ranked) if item.kind is Kind.PLANTED]
    above = ranked[: hits[(len(hits) + 1) // 2 - 1]]
    return Counter(str(item.kind) for item in above if item.kind is not Kind.PLANTED)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds = range(1, parser.parse_args().seeds + 1)
    history, stream = market_of(1)
    print(f"sandbox: {len(history)} listings of history, {len(stream)} of stream a seed, {len(seeds)} seeds")
    print(f"{'rule':<26}{'AUPRC':>16}{'P@3 %':>16}{'R@5 %':>16}{'FA/1000 @ 50 %':>18}")
    for by_kind in (False, True):
        for name, scorer in _METHODS.items():
            cells = summarise([judged(scorer, seed, by_kind=by_kind) for seed in seeds])
            shown = [f"{mean:.3f} ({error:.3f})" for mean, error in cells[:3]]
            label = f"{name} + kinds" if by_kind else name
            print(
                f"{label:<26}" + "".join(f"{cell:>16}" for cell in shown) + f"{cells[3][0]:>11.1f} ({cells[3][1]:.1f})"
            )
        kinds = sum((false_alarm_kinds(score_robust, seed, by_kind=by_kind) for seed in seeds), Counter())
        shares = ", ".join(f"{kind} {count / kinds.total():.0%}" for kind, count in kinds.most_common())
        print(f"false alarms of the default rule at 50 %: {shares}")
    modelled_all = [modelled(seed) for seed in seeds]
    defaults: dict[str, list[tuple[int, int, int, int]]] = {}
    for lane in sorted({0.0, TOO_GOOD_SHARE, MODEL_CHECK_SHARE, 0.25}):
        results = []
        for p, share, stream in modelled_all:
            planted = np.array([item.kind is Kind.PLANTED for item in stream])
            results.append(quality(np.where(share < lane, -np.inf, -p), planted))
            for budget in (0.005, 0.01):
                alerts = (p <= budget) & (share >= lane) & (share < 1)
                name = f"price model, {budget:.1%}, lane {lane:.0%}"
                defaults.setdefault(name, []).append(operation(alerts, planted))
        cells = summarise(results)
        shown = [f"{mean:.3f} ({error:.3f})" for mean, error in cells[:3]]
        label = f"model, lane {lane:.0%} + kinds"
        print(f"{label:<26}" + "".join(f"{cell:>16}" for cell in shown) + f"{cells[3][0]:>11.1f} ({cells[3][1]:.1f})")
    for seed, (p, share, stream) in zip(seeds, modelled_all, strict=True):
        planted = np.array([item.kind is Kind.PLANTED for item in stream])
        robust = scored(score_robust, seed, by_kind=True)[0] >= 2
        model = (p <= 0.005) & (share >= MODEL_CHECK_SHARE) & (share < 1)
        defaults.setdefault("robust, z >= 2", []).append(operation(robust, planted))
        defaults.setdefault("robust or price model", []).append(operation(robust | model, planted))
    print("alerts at default thresholds, kinds left out as watches do:")
    for name, counts in defaults.items():
        print(told(name, counts))


if __name__ == "__main__":
    main()
