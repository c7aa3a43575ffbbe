"""When a listing that is no longer shown counts as missing, and how sure it is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.absence import ShownPage, complete_run, confidence, is_missed_again, newly_missing

orders = st.lists(st.integers(1, 60), unique=True, max_size=40)


def test_a_listing_between_two_that_are_shown_is_missing() -> None:
    (absence,) = newly_missing([1, 2, 3, 4], [1, 3, 4], reached_end=False)
    assert absence.listing_id == 2
    assert absence.successors == (3, 4)


def test_listings_pushed_beyond_the_last_page_are_not_missing() -> None:
    assert newly_missing([1, 2, 3, 4], [9, 8, 1, 2], reached_end=False) == []


def test_at_the_end_of_the_results_every_place_was_reached() -> None:
    assert [one.listing_id for one in newly_missing([1, 2, 3, 4], [1, 2], reached_end=True)] == [3, 4]


def test_the_nearest_still_shown_stand_first_among_the_successors() -> None:
    missing = {one.listing_id: one.successors for one in newly_missing([1, 2, 3, 4, 5], [1, 4], reached_end=False)}
    assert missing == {2: (4, 3, 5), 3: (4, 5)}


@given(before=orders, now=orders, reached_end=st.booleans())
def test_nothing_that_is_shown_is_ever_missing(before: list[int], now: list[int], reached_end: bool) -> None:
    assert not {one.listing_id for one in newly_missing(before, now, reached_end=reached_end)} & set(now)


@given(before=orders, arrivals=st.lists(st.integers(100, 200), unique=True, max_size=30), size=st.integers(1, 40))
def test_arrivals_alone_never_make_a_listing_missing(before: list[int], arrivals: list[int], size: int) -> None:
    assert newly_missing(before, [*arrivals, *before][:size], reached_end=False) == []


@given(before=orders.filter(lambda order: len(order) > 1), data=st.data())
def test_each_removal_before_a_listing_still_shown_is_found(before: list[int], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(before[:-1])))
    now = [one for one in before if one not in gone]
    assert {one.listing_id for one in newly_missing(before, now, reached_end=False)} == gone


def test_a_run_that_shows_a_successor_reached_the_place_again() -> None:
    assert is_missed_again((3, 4), {1, 4}, reached_end=False)
    assert not is_missed_again((3, 4), {1, 2}, reached_end=False)
    assert is_missed_again((), {1, 2}, reached_end=True)


@given(missed=st.integers(1, 20), absences=st.integers(0, 1000), data=st.data())
def test_confidence_rises_with_each_run_and_stays_a_probability(
    missed: int, absences: int, data: st.DataObject
) -> None:
    returned = data.draw(st.integers(0, absences))
    once = confidence(missed, returned=returned, absences=absences)
    twice = confidence(missed + 1, returned=returned, absences=absences)
    assert 0.0 <= once <= twice <= 1.0


def test_a_source_whose_listings_often_come_back_is_trusted_less() -> None:
    assert confidence(3, returned=50, absences=100) < confidence(3, returned=1, absences=100)


# ---------------------------------------------------------------- complete runs


def page(number: int | None, *listing_ids: int, meaning: str = "ok") -> ShownPage:
    return ShownPage(number, meaning, listing_ids)


def test_a_run_of_answered_pages_is_complete_and_keeps_their_order() -> None:
    run = complete_run([page(1, 5, 6), page(2, 7, 6)], full_page=2)
    assert run is not None
    assert (run.listing_ids, run.reached_end) == ((5, 6, 7), False)


@pytest.mark.parametrize(
    "pages",
    [
        [],
        [page(1, 5), page(2, meaning="blocked")],
        [page(1, 5), page(3, 6)],
        [page(2, 5)],
        [page(1, meaning="empty")],
        [page(1, 5), page(2, meaning="unread")],
    ],
    ids=["no page", "refused", "a page left out", "no first page", "nothing found at all", "not read yet"],
)
def test_what_was_refused_cut_short_or_empty_is_no_complete_run(pages: list[ShownPage]) -> None:
    assert complete_run(pages, full_page=1) is None


def test_a_page_that_was_refused_first_and_answered_then_is_answered() -> None:
    run = complete_run([page(1, meaning="unauthorised"), page(1, 5, 6)], full_page=2)
    assert run is not None
    assert run.listing_ids == (5, 6)


def test_a_last_page_with_room_left_is_the_end_of_the_results() -> None:
    run = complete_run([page(1, 5, 6), page(2, 7)], full_page=2)
    assert run is not None
    assert run.reached_end
