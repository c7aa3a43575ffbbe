"""The demo's score counts what it says it counts."""

from __future__ import annotations

from cli.demo.score import score


def test_hits_misses_and_false_alarms_are_counted_over_the_judged_listings_only() -> None:
    kinds = {"a": "planted", "b": "planted", "c": "normal", "d": "empty_box", "e": "normal", "old": "planted"}
    found = score(kinds, judged={"a", "b", "c", "d", "e"}, alerted={"a": True, "d": False, "e": True, "old": False})
    assert (found.planted, found.found, found.missed, found.false_alarms) == (2, 1, 1, 1)
    assert found.false_alarm_kinds == {"empty_box": 1}
    assert (found.listings, found.under_a_limit) == (5, 1)
