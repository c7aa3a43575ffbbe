"""The weighted distance and DBSCAN on it, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.cluster import DBSCAN
from sklearn.metrics.pairwise import cosine_distances

from ml.clustering import density
from ml.clustering.density import NOISE, Channel, cluster_by_density, dbscan, distances
from ml.clustering.listings import Listings


def _unit(rows: list[list[float]]) -> np.ndarray:
    array = np.array(rows, dtype=np.float32)
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    return array / np.where(norms == 0, 1, norms)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 40), st.sampled_from([0.05, 0.2, 0.5]), st.integers(1, 5))
def test_labels_are_those_of_scikit_learn(seed: int, size: int, eps: float, min_samples: int) -> None:
    vectors = _unit(np.random.default_rng(seed).normal(size=(size, 3)).tolist())
    channel = Channel("title", vectors)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density, "_BLOCK", 7)
        ours = dbscan([channel], eps=eps, min_samples=min_samples)
    matrix = distances([channel], slice(0, size), "cosine")
    theirs = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(matrix).labels_
    assert ours.tolist() == theirs.tolist()


def test_one_channel_is_the_plain_distance_dense_or_sparse() -> None:
    vectors = _unit([[1, 0], [1, 1], [-1, 0]])
    for form in (vectors, sparse.csr_matrix(vectors)):
        assert distances([Channel("title", form)], slice(0, 3), "cosine") == pytest.approx(
            cosine_distances(vectors), abs=1e-6
        )
    euclidean = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    assert distances([Channel("title", vectors)], slice(0, 3), "euclidean") == pytest.approx(euclidean, abs=1e-3)


def test_only_the_channels_both_listings_have_count_with_their_weights_renormalised() -> None:
    title = Channel("title", _unit([[1, 0], [0, 1], [1, 0]]), 1 / 3)
    text = Channel("description", _unit([[1, 0], [1, 0], [0, 0]]), 1 / 3)
    image = Channel("image", _unit([[0, 0], [0, 0], [0, 0]]), 1 / 3)
    found = distances([title, text, image], slice(0, 3), "cosine")
    # Rows 0 and 1: titles 1 apart, descriptions 0, no photo: the mean of two. Rows 0 and 2: titles only.
    assert found == pytest.approx(np.array([[0, 0.5, 0], [0.5, 0, 1], [0, 1, 0]]), abs=1e-6)
    assert distances([image], slice(0, 1), "cosine").tolist() == [[2, 2, 2]]


def test_noise_is_unique_and_the_representative_is_nearest_the_centroid() -> None:
    vectors = _unit([[1, 0.3], [1, 0.31], [1, 0.2], [0, 1], [1, 0.45]])
    listings = Listings(list("abcde"), ["t"] * 5)
    found = cluster_by_density(listings, [Channel("title", vectors)], eps=0.02, min_samples=3)
    assert found.labels.tolist() == [0, 0, 0, NOISE, 0]
    assert found.representative.tolist() == [False, True, False, False, False]
    assert found.distance is not None
    assert np.isnan(found.distance[3])
    assert found.distance[1] == found.distance[found.labels == 0].min()
    assert found.probability[1] == pytest.approx(1 - found.distance[1])
    assert "eps=0.02" in found.method


def test_groups_are_clustered_apart_and_a_channel_nobody_has_is_left_out() -> None:
    vectors = _unit([[1, 0]] * 4)
    listings = Listings(list("abcd"), ["t"] * 4, groups=["x", "x", "y", "y"])
    channels = [Channel("title", vectors), Channel("image", np.zeros((4, 8), dtype=np.float32))]
    found = cluster_by_density(listings, channels, eps=0.1, min_samples=2)
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert "image" not in found.method


def test_parameters_out_of_range_and_no_channel_are_refused() -> None:
    channel = Channel("title", _unit([[1, 0]]))
    with pytest.raises(ValueError, match="eps must be above 0"):
        dbscan([channel], eps=0, min_samples=1)
    with pytest.raises(ValueError, match="no listing has"):
        cluster_by_density(Listings(["a"], ["t"]), [Channel("image", np.zeros((1, 2), dtype=np.float32))])
