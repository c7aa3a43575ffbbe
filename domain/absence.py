"""When a listing that a search no longer shows counts as gone.

Belongs here: the rule, pure. Does not: which runs there were (``pipeline.absences``), SQL.

A search is read page by page, newest first, so a listing leaves its pages in two ways: it is sold or taken down, or
newer ones push it beyond the last page that is read. Only where a run shows a listing that stood *after* the missing
one did the run reach its place. Three complete runs in a row that reached the place and did not show it make it gone;
one absence proves little, since pages move while they are read (a removal before the next page is fetched shifts one
listing over the edge: 41 of 960 live listings were missed so at five removals a second).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

RUNS_BEFORE_GONE = 3
# How many of those after it are remembered: enough that one of them is still there when it is looked for again.
SUCCESSORS = 12
# Before anything is known of a source: one in ten first absences ends with the listing being seen again.
_PRIOR_RETURNED, _PRIOR_MISSED = 1.0, 10.0


class Absence(msgspec.Struct, frozen=True):
    """A listing that a complete run did not show although it reached its place.

    Attributes:
        successors: listings shown after it when it was last seen, nearest first.
    """

    listing_id: int
    successors: tuple[int, ...]


def newly_missing(before: Sequence[int], now: Sequence[int], *, reached_end: bool) -> list[Absence]:
    """Compare two complete runs of one search.

    Args:
        before: ids of the run before, in the order shown.
        now: ids of this run.
        reached_end: this run read to the end of the results, so that every place was reached.
    """
    shown = set(now)
    absences = []
    for place, listing_id in enumerate(before):
        if listing_id in shown:
            continue
        after = before[place + 1 :]
        if reached_end or not shown.isdisjoint(after):
            # Those still shown come first: the others may have gone with it.
            still = [one for one in after if one in shown]
            absences.append(
                Absence(listing_id, tuple([*still, *(one for one in after if one not in shown)][:SUCCESSORS]))
            )
    return absences


def is_missed_again(successors: Collection[int], now: Collection[int], *, reached_end: bool) -> bool:
    """Tell whether a run reached the place of a listing that is missing already; ``now`` does not show it."""
    return reached_end or not set(now).isdisjoint(successors)


def confidence(missed: int, *, returned: int, absences: int) -> float:
    """Return how sure it is that a listing missed so many runs in a row is gone, 0 to 1.

    The chance that a first absence is a false one is estimated from the source's own past, with a prior of one in ten;
    repeated absences are taken as independent, which they are not quite: a changed title stays changed.

    Args:
        missed: complete runs in a row that reached its place.
        returned: listings of the source that were missing and then seen again.
        absences: all that ever were missing, those included.
    """
    false_absence = (returned + _PRIOR_RETURNED) / (absences + _PRIOR_MISSED)
    return 1.0 - min(false_absence, 1.0) ** missed
