"""The default method, end to end on titles."""

from __future__ import annotations

import csv
import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.clustering.listings import Listings
from ml.clustering.metrics import b_cubed, pairwise
from ml.clustering.photos import confirm, same_photo
from ml.clustering.products import UNIQUE, Clustering, cluster_products
from ml.clustering.synthetic import Catalogue, generate
from tests.fixtures import fixture_path


def _listings(made: Catalogue, **columns: object) -> Listings:
    return Listings([f"i{row:05d}" for row in range(len(made.titles))], made.titles, **columns)  # type: ignore[arg-type]


def _partition(listings: Listings, labels: np.ndarray) -> set[frozenset[str]]:
    clusters = defaultdict(set)
    for row, label in enumerate(labels.tolist()):
        clusters[label if label >= 0 else f"alone {row}"].add(listings.ids[row])
    return {frozenset(ids) for ids in clusters.values()}


def _shuffled(listings: Listings, order: list[int]) -> Listings:
    def pick(column: object) -> object:
        return None if column is None else [column[row] for row in order]  # type: ignore[index]

    return Listings(
        pick(listings.ids),  # type: ignore[arg-type]
        pick(listings.titles),  # type: ignore[arg-type]
        pick(listings.groups),  # type: ignore[arg-type]
        photo_hashes=None if listings.photo_hashes is None else listings.photo_hashes[order],
    )


def test_abt_and_buy_are_matched_without_having_been_trained_on() -> None:
    with fixture_path("ml", "abt_buy.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    truth = np.unique([row["cluster"] for row in rows], return_inverse=True)[1]
    found = cluster_products(Listings([row["id"] for row in rows], [row["title"] for row in rows]))
    assert b_cubed(truth, found.labels).f1 >= 0.90
    assert pairwise(truth, found.labels).f1 >= 0.73


def test_an_unseen_catalogue_is_clustered_far_better_than_leaving_everything_alone() -> None:
    made = generate(1500, seed=77)
    found = cluster_products(_listings(made))
    alone = np.full(1500, UNIQUE)
    assert b_cubed(made.products, found.labels).f1 > 0.8 > b_cubed(made.products, alone).f1 + 0.1


def test_many_offers_of_few_products_are_clustered_as_well_as_a_catalogue() -> None:
    # A watch's search: what its titles have in common is the product, what is rare in them the seller.
    scores = []
    for seed in range(900, 906):
        made = generate(150, seed=seed, offers=15)
        scores.append(b_cubed(made.products, cluster_products(_listings(made)).labels).f1)
    assert np.mean(scores) > 0.8


_TITLES = st.lists(
    st.sampled_from([*generate(60, seed=8).titles, "", "!!!", "robe", "Robe ", "canon eos 450d", "Canon EOS450D body"]),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(_TITLES, st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_order_of_the_rows_changes_nothing(titles: list[str], mix: random.Random, groups: int) -> None:
    listings = Listings(
        [f"i{row}" for row in range(len(titles))],
        titles,
        groups=[f"g{row % groups}" for row in range(len(titles))],
        photo_hashes=np.arange(1, len(titles) + 1).astype(np.uint64) << np.uint64(40),
    )
    order = list(range(len(titles)))
    mix.shuffle(order)
    other = _shuffled(listings, order)
    first, second = cluster_products(listings), cluster_products(other)
    assert _partition(listings, first.labels) == _partition(other, second.labels)
    assert first.labels[order].tolist() == second.labels.tolist()
    assert first.representative[order].tolist() == second.representative.tolist()
    assert first.probability[order] == pytest.approx(second.probability, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(_TITLES, st.integers(1, 4))
def test_no_cluster_spans_groups_and_each_has_two_members_and_one_representative(
    titles: list[str], groups: int
) -> None:
    group = [f"g{row % groups}" for row in range(len(titles))]
    found = cluster_products(Listings([str(row) for row in range(len(titles))], titles, groups=group))
    for label in range(found.n_clusters):
        members = np.flatnonzero(found.labels == label)
        assert len(members) >= 2
        assert len({group[row] for row in members}) == 1
        assert found.representative[members].sum() == 1
        assert ((found.probability[members] > 0) & (found.probability[members] <= 1)).all()
    alone = found.labels == UNIQUE
    assert np.isnan(found.probability[alone]).all()
    assert not found.representative[alone].any()


def test_the_same_title_in_two_groups_is_two_products() -> None:
    found = cluster_products(
        Listings(list("abcd"), ["sony dsc-w120"] * 4, groups=["cameras", "lots", "cameras", "lots"])
    )
    assert found.labels.tolist() == [0, 1, 0, 1]


def test_equal_titles_are_certain_mates_and_titles_without_words_never() -> None:
    found = cluster_products(Listings(list("abcd"), ["Robe rouge", "robe  ROUGE", "!!!", "!!!"]))
    assert found.labels.tolist() == [0, 0, UNIQUE, UNIQUE]
    assert found.probability[:2].tolist() == [1.0, 1.0]


def test_another_capacity_or_model_is_another_product_and_another_writing_is_not() -> None:
    made = generate(400, seed=4)
    titles = [
        "Rolex Submariner 16610 box papers 1998",
        "rolex submariner date 16610 full set",
        "Rolex Submariner 16613",
        "Samsung Galaxy A5 64GB black",
        "samsung galaxy a5 64 gb black",
        "Samsung Galaxy A5 32GB black",
        "Sony DSC-W120 silver",
        "sony dscw120 digital camera",
    ]
    labels = cluster_products(Listings([str(row) for row in range(408)], [*titles, *made.titles])).labels.tolist()
    assert labels[0] == labels[1] != UNIQUE
    assert labels[2] not in labels[:2]
    assert labels[3] == labels[4] != UNIQUE
    assert labels[5] not in labels[3:5]
    assert labels[6] == labels[7] != UNIQUE


def test_the_representative_is_the_best_connected_then_the_one_at_the_median_price() -> None:
    titles = ["canon eos 450d"] * 3 + ["canon eos 450d with a bag and a strap"]
    prices = np.array([900.0, 410.0, 400.0, 405.0])
    found: Clustering = cluster_products(Listings(list("abcd"), titles, prices=prices))
    assert found.n_clusters == 1
    # All three are equally central; the median price is 407.5.
    assert found.representative.tolist() == [False, True, False, False]
    assert found.probability[3] < found.probability[0]


def test_the_same_photo_confirms_a_likely_pair_and_proposes_none() -> None:
    assert confirm(np.array([0.2, 0.2]), np.array([True, False])) == pytest.approx([0.6488, 0.2], abs=1e-3)
    hashes = np.array([0b1111, 0b1111_1111_11, 0b1111_1111_111, 0], dtype=np.uint64)
    assert same_photo(hashes[[0, 0, 3]], hashes[[1, 2, 3]]).tolist() == [True, False, False]
    photo = np.array([5, 5], dtype=np.uint64)
    found = cluster_products(Listings(["a", "b"], ["gucci marmont", "samsung ue65mu6400"], photo_hashes=photo))
    assert found.labels.tolist() == [UNIQUE, UNIQUE]


def test_columns_of_another_length_and_equal_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="titles holds 1 values for 2 ids"):
        Listings(["a", "b"], ["x"])
    with pytest.raises(ValueError, match="same id"):
        Listings(["a", "a"], ["x", "y"])


def test_nothing_and_one_listing_are_no_clusters() -> None:
    assert cluster_products(Listings([], [])).labels.tolist() == []
    assert cluster_products(Listings(["a"], ["a thing"])).labels.tolist() == [UNIQUE]
