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
_ANSWERED = frozenset({"ok", "empty"})
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


class ShownPage(msgspec.Struct, frozen=True):
    """A page of a run.

    Attributes:
        number: 1-based; None where the source has no pages.
        meaning: as ``domain.page.PageMeaning``, or ``unread``.
        listing_ids: in the order shown.
        records: how many things the page held, those among them that could not be read, or told no price, too.
    """

    number: int | None
    meaning: str
    listing_ids: tuple[int, ...]
    records: int = 0

    @property
    def length(self) -> int:
        """How much of a full page it is."""
        return max(self.records, len(self.listing_ids))


class CompleteRun(msgspec.Struct, frozen=True):
    """What a complete run showed, in order; ``reached_end`` when nothing followed its last page."""

    listing_ids: tuple[int, ...]
    reached_end: bool


def complete_run(pages: Sequence[ShownPage], *, full_page: int) -> CompleteRun | None:
    """Return what a run showed where it was complete: pages 1 to n, each of them answered.

    A refused page that was then answered is answered. An empty first page is no complete run: a search that finds
    nothing at all is more often a fault than a sale of everything.

    Args:
        pages: in the order fetched.
        full_page: records that a full page of the source holds; a last page with fewer is the end of the results.
    """
    last: dict[int, ShownPage] = {}
    for place, page in enumerate(pages, start=1):
        last[place if page.number is None else page.number] = page
    numbers = sorted(last)
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        return None
    answered = [last[number] for number in numbers]
    if any(page.meaning not in _ANSWERED for page in answered) or not answered[0].listing_ids:
        return None
    ids = dict.fromkeys(listing_id for page in answered for listing_id in page.listing_ids)
    end = answered[-1]
    return CompleteRun(tuple(ids), reached_end=end.meaning == "empty" or end.length < full_page)
