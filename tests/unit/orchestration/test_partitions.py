"""Partition keys and the rectangles they make."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestration.partitions import Rectangle, SourceDay, rectangles

DAY = date(2026, 3, 10)
_PARTS = st.sets(st.tuples(st.sampled_from(["ebay", "uzum", "vinted"]), st.integers(0, 9)))


@given(_PARTS)
def test_rectangles_hold_every_partition_once_and_no_other(parts: set[tuple[str, int]]) -> None:
    keys = [SourceDay(source, DAY + timedelta(days=day)).key for source, day in parts]
    found = [
        SourceDay(source, part.first_day + timedelta(days=day)).key
        for part in rectangles(keys)
        for day in range((part.last_day - part.first_day).days + 1)
        for source in part.sources
    ]
    assert sorted(found) == sorted(keys)


def test_a_range_over_all_sources_is_one_rectangle() -> None:
    keys = [f"2026-03-{day}|{source}" for day in (10, 11, 12) for source in ("vinted", "ebay")]
    assert rectangles(keys) == [Rectangle(("ebay", "vinted"), date(2026, 3, 10), date(2026, 3, 12))]


def test_a_gap_or_another_set_of_sources_begins_a_new_one() -> None:
    keys = ["2026-03-10|ebay", "2026-03-12|ebay", "2026-03-13|vinted"]
    assert [(part.sources, part.first_day.day) for part in rectangles(keys)] == [
        (("ebay",), 10),
        (("ebay",), 12),
        (("vinted",), 13),
    ]
