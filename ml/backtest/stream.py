"""Cutting listings into past and stream by time, and planting deals in the stream.

Belongs here: the cut, the planting; nothing here changes what it is given. Does not: rules, figures.

Protocol: the newest 30 % of the listings are the stream, cut into blocks in order of time; whatever judges a block
knows only what came before it. In each repeat r a ``default_rng([seed, r])`` multiplies the price of 3 % of the stream
by U(0.3, 0.6): the planted deals. The repeats share the cut and differ in what is planted. Listings seen at one time
stay on one side of every cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ml.evaluation import PLANTED_FACTOR, PLANTED_SHARE
from ml.pricing.listings import Booleans, Floats, Integers, time_order

STREAM_SHARE = 0.3
LEAST_ROWS = 200
# Fewer newcomers than this hold one planted deal or none.
LEAST_STREAM = 50
_BLOCKS = 3


class NotEnoughDataError(Exception):
    """Too little was seen to evaluate anything; the message counts it."""


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of the stream, and everything seen before it; rows, in order of time."""

    history: Integers
    stream: Integers


@dataclass(frozen=True, slots=True)
class Planting:
    """The stream's prices with deals among them, and which they are."""

    prices: Floats
    planted: Booleans


def cut_stream(first_seen: Floats, only: Booleans | None = None) -> list[Block]:
    """Cut listings into the blocks of the stream, each with its past.

    Args:
        first_seen: seconds since 1970 (UTC) of each listing; unknown times are before all others.
        only: what may be in the stream; the past holds everything.

    Raises:
        NotEnoughDataError: fewer than 200 listings, or fewer than 50 that may be in the stream came after the first.
    """
    n = len(first_seen)
    if n < LEAST_ROWS:
        raise NotEnoughDataError(f"not enough data: {n} of {LEAST_ROWS} listings with a price are known")
    order = time_order(first_seen)
    times = np.where(np.isnan(first_seen), -np.inf, first_seen)[order]
    start = _at_change(times, round((1 - STREAM_SHARE) * n))
    newcomers = n - start if only is None else int(only[order[start:]].sum())
    if newcomers < LEAST_STREAM:
        raise NotEnoughDataError(
            f"not enough data: {newcomers} of {LEAST_STREAM} listings came after the {start} that were seen first"
        )
    wanted = (start + round(part * (n - start) / _BLOCKS) for part in range(1, _BLOCKS))
    cuts = [start, *sorted({cut for place in wanted if (cut := _at_change(times, place)) < n and cut > start}), n]
    blocks = [Block(order[:left], order[left:right]) for left, right in pairwise(cuts)]
    if only is None:
        return blocks
    narrowed = [Block(block.history, block.stream[only[block.stream]]) for block in blocks]
    return [block for block in narrowed if len(block.stream)]


def _at_change(times: Floats, place: int) -> int:
    """Return the place where time changes nearest to ``place``, the length where it changes nowhere after the start."""
    before, after = np.searchsorted(times, times[place], "left"), np.searchsorted(times, times[place], "right")
    return int(before if before > 0 and place - before <= after - place else after)


def plant_deals(prices: Floats, *, seed: int, repeat: int) -> Planting:
    """Return the prices with 3 % (at least one) made deals; the same arguments give the same deals.

    Args:
        prices: of the stream, positive; left as they are.
    """
    rng = np.random.default_rng([seed, repeat])
    count = max(1, round(PLANTED_SHARE * len(prices)))
    chosen = rng.choice(len(prices), count, replace=False)
    changed, planted = prices.copy(), np.zeros(len(prices), dtype=np.bool_)
    changed[chosen] *= rng.uniform(*PLANTED_FACTOR, count)
    planted[chosen] = True
    return Planting(changed, planted)
