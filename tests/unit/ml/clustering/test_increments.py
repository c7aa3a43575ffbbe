"""New listings between full runs."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.clustering.increments import assign_new, full_run_due
from ml.clustering.listings import Listings
from ml.clustering.metrics import b_cubed
from ml.clustering.products import UNIQUE, cluster_products
from ml.clustering.synthetic import generate

_POOL = generate(80, seed=21).titles


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(_POOL), min_size=2, max_size=30),
    st.data(),
)
def test_old_members_never_change_and_new_ones_join_only_what_exists(titles: list[str], data: st.DataObject) -> None:
    new = np.array(data.draw(st.lists(st.booleans(), min_size=len(titles), max_size=len(titles))))
    labels = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=len(titles), max_size=len(titles))))
    group = [str(row % 2) for row in range(len(titles))]
    # Clusters lie inside groups: even labels in one, odd in the other.
    labels = np.where(labels < 0, UNIQUE, labels // 2 * 2 + np.arange(len(titles)) % 2)
    listings = Listings([str(row) for row in range(len(titles))], titles, groups=group)
    given_labels = labels.copy()
    out = assign_new(listings, labels, new)
    assert (labels == given_labels).all()
    assert out.labels[~new].tolist() == labels[~new].tolist()
    for row in np.flatnonzero(new & (out.labels != UNIQUE)).tolist():
        assert out.labels[row] in labels[~new]
        assert out.labels[row] % 2 == row % 2
        assert out.probability[row] >= 0.5
    assert np.isnan(out.probability[~new]).all()


def test_a_last_third_joins_almost_as_well_as_in_a_full_run() -> None:
    made = generate(1200, seed=13)
    listings = Listings([str(row) for row in range(1200)], made.titles)
    new = np.arange(1200) >= 840
    first = cluster_products(Listings(listings.ids[:840], made.titles[:840]))
    labels = np.concatenate([first.labels, np.full(360, UNIQUE)])
    waited = b_cubed(made.products, labels).f1
    joined = b_cubed(made.products, assign_new(listings, labels, new).labels).f1
    assert joined > waited + 0.02
    assert joined > b_cubed(made.products, cluster_products(listings).labels).f1 - 0.06


def test_a_new_listing_with_the_title_of_a_member_joins_it() -> None:
    listings = Listings(list("abc"), ["sony dsc-w120 silver", "sony dsc-w120", "sony dsc-w120"])
    out = assign_new(listings, np.array([4, 4, UNIQUE]), np.array([False, False, True]))
    assert out.labels.tolist() == [4, 4, 4]


def test_a_full_run_is_due_when_a_fifth_waits() -> None:
    labels = np.array([UNIQUE, UNIQUE, 0, 0, 1, 1, 1, 1])
    assert full_run_due(labels, labels == UNIQUE)
    assert not full_run_due(labels, np.arange(8) == 0)
    assert not full_run_due(labels[:0], labels[:0] > 0)
