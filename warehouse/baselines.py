"""Candidates for the deal rules with their statistics, and the note that they were judged. Set-based throughout.

Belongs here: rows of what needs a verdict as candidates, and notes of verdicts. Does not: the statements that find them
(``candidate_sql``), the rules.

A candidate is left out of its own statistics exactly. Where it is no member of its group yet (the usual case: it was
first seen after dbt ran) the mart's figures are taken as they are. Where it is one, mean and standard deviation follow
from the group's by subtraction, median and percentile from two look-ups by rank (``marts.watch_comparables`` ranks each
group by price), so a judge pass sorts nothing. The MAD cannot be had so and no rule reads it: it is None for members.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row

from domain.condition import Condition
from domain.listing_kind import ListingKind
from domain.price_kind import PriceKind
from domain.statistics import Candidate, GroupStatistics
from warehouse.candidate_sql import settling, with_statistics, without_statistics

DEFAULT_LIMIT = 5000
MAX_COMPARABLE_IDS = 50


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What is noted of a verdict.

    Attributes:
        total_minor: the candidate's payable price that was judged, minor units of the listing's own currency.
        baseline_at: ``computed_at`` of the statistics seen (UTC); None where there were none.
        verdict: the overall verdict, a value of ``domain.deal.VerdictKind``.
    """

    watch_id: int
    listing_id: int
    total_minor: int
    baseline_at: datetime | None
    verdict: str


def judged(candidate: Candidate, verdict: str) -> Judged:
    """Return the note that ``candidate`` got ``verdict`` on the statistics it carries."""
    return Judged(
        watch_id=candidate.watch_id,
        listing_id=candidate.listing_id,
        total_minor=candidate.total_minor,
        baseline_at=max((group.computed_at for group in candidate.groups), default=None),
        verdict=verdict,
    )


def candidates(
    conn: psycopg.Connection[Any],
    *,
    watch_id: int | None = None,
    listing_id: int | None = None,
    only_pending: bool = True,
    limit: int = DEFAULT_LIMIT,
) -> list[Candidate]:
    """Return pairs of watch and listing to be judged, those that never were first; works before dbt ever ran.

    Pending is a pair of a running watch and a listing that can be bought now at a price that compares (a bid or a
    "from" price does not), whose payable price differs from the one
    last judged, or that was never judged, or whose watch was edited since, or whose watch's statistics are newer than
    those of its verdict while its price lies under the group's middle (above it no rule on statistics can fire; see
    ``settle_unmoved``).

    Args:
        conn: any psycopg connection; nothing is written.
        watch_id: only this watch.
        listing_id: only this listing.
        only_pending: False returns every pair that matches, whatever its state, for ``explain``.
        limit: at most so many; call again after ``mark_judged`` while it returns that many.
    """
    has_marts = _has_marts(conn)
    arguments = {
        "watch_id": watch_id,
        "listing_id": listing_id,
        "limit": limit,
        "ids": MAX_COMPARABLE_IDS,
    }
    statement = (with_statistics if has_marts else without_statistics)(only_pending=only_pending)
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(statement, arguments)
        return [_candidate(row, with_groups=has_marts) for row in cursor]


def mark_judged(conn: psycopg.Connection[Any], results: Iterable[Judged]) -> int:
    """Note the verdicts in one statement, in the caller's transaction; return how many pairs were noted."""
    notes = list(results)
    if not notes:
        return 0
    cursor = conn.execute(
        """
        update app.watch_listings as wl
        set
            judged_total_minor = note.total_minor,
            judged_baseline_at = note.baseline_at,
            judged_at = now(),
            verdict = note.verdict
        from unnest(
            %(watches)s::bigint[], %(listings)s::bigint[], %(totals)s::bigint[], %(baselines)s::timestamptz[],
            %(verdicts)s::text[]
        ) as note (watch_id, listing_id, total_minor, baseline_at, verdict)
        where wl.watch_id = note.watch_id and wl.listing_id = note.listing_id
        """,
        {
            "watches": [note.watch_id for note in notes],
            "listings": [note.listing_id for note in notes],
            "totals": [note.total_minor for note in notes],
            "baselines": [note.baseline_at for note in notes],
            "verdicts": [note.verdict for note in notes],
        },
    )
    return cursor.rowcount


def settle_unmoved(conn: psycopg.Connection[Any], *, watch_id: int | None = None) -> int:
    """Note the newest statistics on every judged pair that they cannot turn into a deal; return how many.

    Call it after a judge pass. It only spares the next passes from weighing the same pairs again.
    """
    if not _has_marts(conn):
        return 0
    cursor = conn.execute(
        settling(),
        {"watch_id": watch_id, "listing_id": None},
    )
    return cursor.rowcount


# ---------------------------------------------------------------- rows to candidates


def _candidate(row: DictRow, *, with_groups: bool) -> Candidate:
    groups: tuple[GroupStatistics, ...] = ()
    if with_groups:
        both = (_group(row, "condition", "c"), _group(row, "watch", "a"))
        groups = tuple(group for group in both if group is not None)
    return Candidate(
        watch_id=row["watch_id"],
        listing_id=row["listing_id"],
        title=row["title"],
        description=row["description"],
        condition=Condition(row["condition"]),
        price=row["price"],
        currency=row["currency"],
        total_minor=row["total_minor"],
        listing_currency=row["listing_currency"],
        is_blacklisted=row["is_blacklisted"],
        groups=groups,
        page_id=row["page_id"],
        is_initial=row["is_initial"],
        judged_total_minor=row["judged_total_minor"],
        price_kind=PriceKind(row["price_kind"]),
        kind=ListingKind(row["kind"]),
        kind_reason=row["kind_reason"],
        brand=row["brand"] or "",
    )


def _group(row: DictRow, level: str, prefix: str) -> GroupStatistics | None:
    n = row[f"{prefix}_n"]
    if n is None:
        return None
    left_out = row[f"{prefix}_rank"] is not None
    mean, stddev = row[f"{prefix}_mean"], row[f"{prefix}_stddev"]
    log_mean, log_stddev = row[f"{prefix}_log_mean"], row[f"{prefix}_log_stddev"]
    if left_out:
        mean, stddev = _without(n, mean, stddev, row["own_price"])
        log_mean, log_stddev = _without_log(n, log_mean, log_stddev, row["own_log_price"])
        n -= 1
    if n < 1:
        return None
    return GroupStatistics(
        level=level,
        n=n,
        window_days=row["window_days"],
        computed_at=row["newest_at"],
        mean=mean,
        stddev=stddev,
        median=row[f"{prefix}_median"],
        log_mean=log_mean,
        log_stddev=log_stddev,
        log_median=row[f"{prefix}_log_median"],
        log_q10=row[f"{prefix}_log_q10"],
        log_mad=None if left_out else row[f"{prefix}_log_mad"],
        comparable_ids=tuple(row["comparable_ids"] or ()) if row["ids_level"] == level else (),
    )


def _without(
    n: int, mean: Decimal | None, stddev: Decimal | None, own: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    """Return mean and sample standard deviation of the n prices without ``own``; None where they are undefined."""
    if mean is None or n < 2:
        return None, None
    rest = mean + (mean - own) / (n - 1)
    if stddev is None or n < 3:
        return rest, None
    squares = (n - 1) * stddev * stddev - (own - mean) ** 2 * n / (n - 1)
    return rest, (max(squares, Decimal(0)) / (n - 2)).sqrt()


def _without_log(n: int, mean: float | None, stddev: float | None, own: float) -> tuple[float | None, float | None]:
    if mean is None or n < 2:
        return None, None
    rest = mean + (mean - own) / (n - 1)
    if stddev is None or n < 3:
        return rest, None
    squares = (n - 1) * stddev * stddev - (own - mean) ** 2 * n / (n - 1)
    return rest, math.sqrt(max(squares, 0.0) / (n - 2))


def _has_marts(conn: psycopg.Connection[Any]) -> bool:
    row = conn.execute(
        "select to_regclass('marts.watch_condition_stats') is not null "
        "and to_regclass('marts.watch_comparables') is not null"
    ).fetchone()
    return row is not None and bool(row[0])
