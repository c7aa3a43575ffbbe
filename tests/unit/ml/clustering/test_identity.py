"""Ids of clusters from run to run."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.clustering.identity import Identified, Transition, identify


def _run(before: dict[str, str], after: dict[str, int]) -> Identified:
    fresh = count(1)
    return identify(before, list(after), list(after.values()), make_id=lambda: f"new{next(fresh)}")


def _kinds(run: Identified) -> set[tuple[str, str | None, str | None]]:
    return {(transition.kind, transition.before, transition.after) for transition in run.transitions}


_LABELS = st.dictionaries(st.sampled_from("abcdefghijkl"), st.integers(-1, 4), min_size=1)


def _dense(labels: dict[str, int]) -> dict[str, int]:
    names = {label: place for place, label in enumerate(sorted({label for label in labels.values() if label >= 0}))}
    return {item: names.get(label, -1) for item, label in labels.items()}


@given(_LABELS, st.permutations(range(5)))
def test_ids_stay_when_nothing_but_the_numbering_changes(labels: dict[str, int], renaming: list[int]) -> None:
    labels = _dense(labels)
    first = _run({}, labels)
    before = {item: first.ids[label] for item, label in labels.items() if label >= 0}
    again = _dense({item: renaming[label] if label >= 0 else -1 for item, label in labels.items()})
    second = _run(before, again)
    assert {item: second.ids[label] for item, label in again.items() if label >= 0} == before
    assert {transition.kind for transition in second.transitions} <= {"survive"}
    assert all(transition.overlap == 1 for transition in second.transitions)


@given(_LABELS, _LABELS)
def test_every_old_cluster_is_accounted_for_and_no_id_is_given_twice(old: dict[str, int], new: dict[str, int]) -> None:
    before = {item: f"old{label}" for item, label in old.items() if label >= 0}
    run = _run(before, _dense(new))
    assert len(set(run.ids)) == len(run.ids)
    for cluster in set(before.values()):
        ends = [one for one in run.transitions if one.before == cluster and one.kind in {"survive", "merge", "dead"}]
        assert len(ends) == 1
    for cluster in run.ids:
        begins = [one for one in run.transitions if one.after == cluster and one.kind in {"survive", "split", "born"}]
        merged = [one for one in run.transitions if one.after == cluster and one.kind == "merge"]
        assert begins or merged
    assert set(run.aliases) == {one.before for one in run.transitions if one.kind == "merge"}
    assert set(run.aliases.values()) <= set(run.ids)


def test_new_items_and_vanished_items_change_no_id() -> None:
    run = _run({"a": "x", "b": "x", "gone": "x"}, {"a": 0, "b": 0, "n1": 0, "n2": 0, "n3": 0, "n4": 0})
    assert run.ids == ("x",)
    assert _kinds(run) == {("survive", "x", "x")}


def test_a_split_keeps_the_id_with_the_larger_part() -> None:
    run = _run(dict.fromkeys("abcde", "x"), {"a": 1, "b": 1, "c": 1, "d": 0, "e": 0})
    assert run.ids == ("new1", "x")
    assert _kinds(run) == {("survive", "x", "x"), ("split", "x", "new1")}


def test_a_merge_keeps_the_larger_ones_id_and_sends_the_other_there() -> None:
    run = _run({"a": "x", "b": "x", "c": "x", "d": "y", "e": "y"}, dict.fromkeys("abcde", 0))
    assert run.ids == ("x",)
    assert run.aliases == {"y": "x"}
    assert _kinds(run) == {("survive", "x", "x"), ("merge", "y", "x")}


def test_clusters_of_new_items_are_born_and_clusters_fallen_apart_are_dead() -> None:
    run = _run({"a": "x", "b": "x"}, {"a": -1, "b": -1, "n": 0, "m": 0})
    assert _kinds(run) == {("born", None, "new1"), ("dead", "x", None)}


def test_too_small_an_overlap_is_not_the_same_cluster() -> None:
    before = dict.fromkeys("abcdefghij", "x")
    run = _run(before, {"a": 0, "b": 0, **dict.fromkeys("cdefghij", -1)})
    # 2 of 10 common: below 0.3, so a new id; what became of x is still told.
    assert run.ids == ("new1",)
    assert Transition("merge", "x", "new1", pytest.approx(1.0)) in run.transitions


def test_ids_are_fresh_uuids() -> None:
    first, second = identify({}, ["a"], [0]).ids + identify({}, ["a"], [0]).ids
    assert first != second
    assert len(first) == 36
