"""Claim: on the sandbox's market, traps and all, the default rule ranks planted deals better than mean - k*sigma.

Run: ``python -m benchmarks.detection_sandbox [--seeds 10]``. History: the listings of the market's first 30 days, deals
and traps among them, as a watch would have indexed them. Stream: those published in the 30 days after. Groups are
family x condition, the demo watches' blacklists are applied to both. Every unplanted listing counts as a false alarm
where it ranks above half of the planted ones, traps included. "+ kinds": only listings that ``ml.kinds`` tells normal
are compared and ranked, as for watches that ask for nothing else; a planted one left out so counts as never found.
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


if __name__ == "__main__":
    main()
