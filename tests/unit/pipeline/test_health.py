"""A silent source is an error, a quiet one a warning, a new one neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.health import STALE_AFTER, Grade, grade_freshness, grade_volume

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_day", "earlier", "grade"),
    [
        (0, [100] * 7, Grade.ERROR),
        (29, [100] * 7, Grade.WARNING),
        (30, [100] * 7, Grade.OK),
        (500, [100] * 7, Grade.OK),
        (0, [100, 100, 0, 0, 0, 0, 0], Grade.OK),
        (0, [], Grade.OK),
    ],
)
def test_volume_is_graded_against_the_sources_own_median(last_day: int, earlier: list[int], grade: Grade) -> None:
    assert grade_volume("vinted", last_day, earlier).grade is grade


@pytest.mark.parametrize(
    ("last_success", "watched", "grade"),
    [
        (NOW - timedelta(minutes=5), True, Grade.OK),
        (NOW - STALE_AFTER - timedelta(seconds=1), True, Grade.ERROR),
        (NOW - timedelta(days=9), False, Grade.OK),
        (None, True, Grade.WARNING),
    ],
)
def test_freshness_looks_at_the_last_good_answer(last_success: datetime | None, watched: bool, grade: Grade) -> None:
    assert grade_freshness("vinted", "ok", last_success, NOW, watched=watched).grade is grade
