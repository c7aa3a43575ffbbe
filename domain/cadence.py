"""How often each watch of a source is checked: its request budget is spent where new listings are expected.

Belongs here: the arithmetic. Does not: where arrivals are counted (``warehouse.cadence``), or when a poll starts.

A watch with ``r`` arrivals a day that is checked every ``T`` days finds them ``r * T / 2`` watch-days late in all, and
costs ``c / T`` requests a day. The least total delay under a budget of requests has ``T`` proportional to
``sqrt(c / r)`` (Lagrange; the same rule as for refreshing copies of sources that change at known rates, Cho and
Garcia-Molina, "Effective page refresh policies for Web crawlers", 2003, for rates far below the checking rate).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

_DAY = timedelta(days=1)
JITTER = 0.1


class WatchLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch brings and costs.

    Attributes:
        arrivals_per_day: new and changed listings expected a day, above 0.
        requests_per_check: above 0.
        wanted: the interval its owner asks for; it is kept, and paid for first.
    """

    watch_id: int
    arrivals_per_day: float
    requests_per_check: float
    wanted: timedelta | None = None


def expected_arrivals(found: int, days: float) -> float:
    """Return arrivals a day after ``found`` in ``days``: one arrival in one day is assumed before anything is known."""
    return (found + 1) / (max(days, 0.0) + 1)


def plan_intervals(
    loads: Sequence[WatchLoad], requests_per_day: float, shortest: timedelta, longest: timedelta
) -> dict[int, timedelta]:
    """Return how long to wait between two checks of each watch.

    Args:
        loads: the active watches of one source.
        requests_per_day: what the source may be sent. Where not even ``longest`` for all fits in, ``longest`` stands.
        shortest, longest: bounds of what is planned here; an interval that its owner asks for is not bound by them.
    """
    plan = {load.watch_id: load.wanted for load in loads if load.wanted is not None}
    free = [load for load in loads if load.wanted is None]
    budget = requests_per_day - sum(load.requests_per_check * (_DAY / load.wanted) for load in loads if load.wanted)
    low, high = shortest / _DAY, longest / _DAY
    roots = [math.sqrt(load.requests_per_check / load.arrivals_per_day) for load in free]

    def intervals(scale: float) -> list[float]:
        return [min(max(scale * root, low), high) for root in roots]

    def cost(scale: float) -> float:
        return sum(load.requests_per_check / days for load, days in zip(free, intervals(scale), strict=True))

    # The cost falls as the scale grows: look for the smallest scale that the budget bears.
    least, most = (low / max(roots), high / min(roots)) if roots else (0.0, 0.0)
    if roots and cost(least) <= budget:
        most = least
    for _ in range(60):
        middle = (least + most) / 2
        least, most = (least, middle) if cost(middle) <= budget else (middle, most)
    found = zip(free, intervals(most), strict=True)
    return {**plan, **{load.watch_id: timedelta(days=days) for load, days in found}}


def due_at(watch_id: int, last_checked: datetime | None, interval: timedelta) -> datetime | None:
    """Return when a watch is to be checked next, up to a tenth sooner or later; None: now.

    The jitter keeps watches from falling into step. It depends on watch and last check only, so that asking twice
    gives one answer.
    """
    if last_checked is None:
        return None
    seed = hashlib.blake2b(f"{watch_id}|{last_checked.isoformat()}".encode(), digest_size=8).digest()
    share = int.from_bytes(seed) / 2**64
    return last_checked + interval * (1 - JITTER + 2 * JITTER * share)
