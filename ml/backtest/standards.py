"""What an evaluation is held against.

Belongs here: the thresholds and the sentence that says how they were met. Does not: Dagster's checks.

A standard is missed only where the 95 % interval lies outside: a small stream proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml.backtest.clusters import ClusterScores
from ml.backtest.figures import mean_and_error
from ml.backtest.run import FAIR_PRICE, MEAN_SIGMA, Backtest

COVERAGE = (0.85, 0.95)
FALSE_ALARM_LEVEL = 0.05
FALSE_ALARMS = (0.03, 0.07)
LEAST_B_CUBED = 0.85
# Standard errors either side, for a confidence of 95 %.
_CHANCE = 1.96


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a standard was met, and how, in a sentence."""

    met: bool
    said: str


def coverage_finding(done: Backtest) -> Finding:
    """Say whether the 90 % intervals held 85 to 95 % of the prices."""
    share, window = done.calibration.coverage, done.calibration.window
    low, high = share.interval(window)
    said = (
        f"90 % intervals held {share.value:.1%} of {share.of} prices (chance allows {low:.0%} to {high:.0%}), "
        f"{COVERAGE[0]:.0%} to {COVERAGE[1]:.0%} are wanted"
    )
    return Finding(share.may_lie_within(*COVERAGE, window), said)


def false_alarm_finding(done: Backtest) -> Finding:
    """Say whether the level of 5 % gave 3 to 7 % false alarms."""
    share, window = done.calibration.alarms[FALSE_ALARM_LEVEL], done.calibration.window
    low, high = share.interval(window)
    said = (
        f"at p <= {FALSE_ALARM_LEVEL:g}, {share.value:.1%} of {share.of} ordinary listings would alert (chance allows "
        f"{low:.1%} to {high:.1%}), {FALSE_ALARMS[0]:.0%} to {FALSE_ALARMS[1]:.0%} are wanted"
    )
    return Finding(share.may_lie_within(*FALSE_ALARMS, window), said)


def ranking_finding(done: Backtest) -> Finding:
    """Say whether planted deals rank better by the fair price than by mean - k*sigma, or no worse than by chance."""
    ours = next(rule for rule in done.rules if rule.name == FAIR_PRICE)
    classic = next(rule for rule in done.rules if rule.name == MEAN_SIGMA)
    # Repeat by repeat: both rules rank the same planted deals.
    gain, error = mean_and_error([a - b for a, b in zip(ours.auprcs, classic.auprcs, strict=True)])
    said = (
        f"AUPRC {ours.auprc:.3f} by fair price, {classic.auprc:.3f} by mean - k sigma: {gain:+.3f} (chance allows "
        f"{gain - _CHANCE * error:+.3f} to {gain + _CHANCE * error:+.3f}), {done.planted} planted deals among "
        f"{done.stream}, {done.repeats} times"
    )
    return Finding(gain + _CHANCE * error > 0, said)


def cluster_finding(scores: ClusterScores) -> Finding:
    """Say whether the default method finds the products of the labelled titles."""
    said = (
        f"B-cubed F1 {scores.b_cubed.f1:.3f} ({scores.alone.f1:.3f} with every title alone), pairwise F1 "
        f"{scores.pairwise.f1:.3f}, on {scores.titles} generated titles; at least {LEAST_B_CUBED:g} is wanted"
    )
    return Finding(scores.b_cubed.f1 >= LEAST_B_CUBED, said)
