"""Is a source alive, and does it bring what it usually brings? Graded by a few numbers.

Belongs here: grades, and the words beside them. Does not: reading the numbers (``warehouse.health``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

import msgspec
import psycopg

from domain.settings import Settings
from warehouse import health

# A source is stale when nothing came for this long; an hourly probe of a blocked source must fit into it.
STALE_AFTER = timedelta(hours=3)
MIN_DAYS_OF_HISTORY = 3


class Grade(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One graded observation; ``name`` is ``<source>_<kind>``."""

    name: str
    grade: Grade
    sentence: str
    numbers: dict[str, float]


def grade_volume(source: str, last_day: int, earlier_days: Sequence[int]) -> Finding:
    """Grade the records of the last 24 hours against the median of the earlier 24-hour windows.

    None at all is an error, under 30 % a warning; under three earlier windows with records there is no norm yet.
    """
    norm = median(earlier_days) if earlier_days else 0.0
    numbers = {"last_24_hours": float(last_day), "median_of_7_days": float(norm)}
    name = f"{source}_volume"
    if len([count for count in earlier_days if count]) < MIN_DAYS_OF_HISTORY or norm == 0:
        sentence = f"{last_day} records in 24 hours; too little history to say what is usual."
        return Finding(name=name, grade=Grade.OK, sentence=sentence, numbers=numbers)
    share = last_day / norm
    sentence = f"{last_day} records in 24 hours, {share:.0%} of the 7-day median {norm:g}."
    if last_day == 0:
        return Finding(name=name, grade=Grade.ERROR, sentence=sentence, numbers=numbers)
    grade = Grade.WARNING if share < 0.3 else Grade.OK
    return Finding(name=name, grade=grade, sentence=sentence, numbers=numbers)


def grade_freshness(source: str, state: str, last_success: datetime | None, now: datetime, *, watched: bool) -> Finding:
    """Grade how long ago the source last answered well; a source without active watches cannot be stale."""
    name = f"{source}_freshness"
    if not watched:
        return Finding(name=name, grade=Grade.OK, sentence="No active watch asks for this source.", numbers={})
    if last_success is None:
        sentence = f"{source} has never answered well; its state is {state}."
        return Finding(name=name, grade=Grade.WARNING, sentence=sentence, numbers={})
    age = now - last_success
    numbers = {"minutes_since_success": round(age.total_seconds() / 60, 1)}
    sentence = f"Last good answer {last_success:%Y-%m-%d %H:%M} UTC; state {state}."
    grade = Grade.ERROR if age > STALE_AFTER else Grade.OK
    return Finding(name=name, grade=grade, sentence=sentence, numbers=numbers)


def source_findings(
    conn: psycopg.Connection, settings: Settings, sources: Sequence[str], now: datetime
) -> list[Finding]:
    """Return the findings of every source; disabled sources are graded as unwatched."""
    findings = []
    volumes = health.records_by_window(conn, now, windows=8)
    vitals = health.source_vitals(conn)
    for source in sources:
        windows = volumes.get(source, [0] * 8)
        vital = vitals.get(source)
        watched = source in settings.enabled_sources and vital is not None and vital.active_watches > 0
        if watched:
            findings.append(grade_volume(source, windows[0], windows[1:]))
        else:
            numbers = {"last_24_hours": float(windows[0])}
            sentence = "No active watch asks for this source."
            findings.append(Finding(name=f"{source}_volume", grade=Grade.OK, sentence=sentence, numbers=numbers))
        state = "unknown" if vital is None else vital.state
        last_success = None if vital is None else vital.last_success_at
        findings.append(grade_freshness(source, state, last_success, now, watched=watched))
    return findings
