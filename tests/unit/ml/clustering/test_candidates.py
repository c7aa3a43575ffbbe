"""Which pairs are proposed."""

from __future__ import annotations

import numpy as np
import pytest

from ml.clustering import candidates
from ml.clustering.candidates import find_candidates, sparse_neighbours, vector_neighbours
from ml.clustering.synthetic import generate
from ml.clustering.text import character_grams, normalise, read_titles


def _catalogue(size: int = 600) -> tuple[list[str], np.ndarray]:
    made = generate(size, seed=3)
    return [normalise(title) for title in made.titles], made.products


def _keys(left: np.ndarray, right: np.ndarray) -> set[tuple[int, int]]:
    return set(zip(left.tolist(), right.tolist(), strict=True))


def test_neighbours_are_those_of_the_full_matrix() -> None:
    titles, _ = _catalogue(150)
    grams = character_grams(titles)
    dense = (grams @ grams.T).toarray()
    np.fill_diagonal(dense, -1)
    left, right = sparse_neighbours(grams, np.arange(150), 5)
    for row in range(150):
        mine = dense[row, right[left == row]]
        assert mine == pytest.approx(np.sort(dense[row])[::-1][: len(mine)], abs=1e-6)
        assert len(mine) == 5 or np.sort(dense[row])[::-1][len(mine)] < 0.1


def test_vector_neighbours_are_those_of_the_full_matrix_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(80, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    dense = vectors @ vectors.T
    np.fill_diagonal(dense, -2)
    left, right = vector_neighbours(vectors, np.arange(80), 4)
    expected = {(row, int(near)) for row in range(80) for near in np.argsort(-dense[row])[:4]}
    assert _keys(left, right) == expected


def test_most_true_pairs_are_proposed_and_no_pair_twice_or_backwards() -> None:
    titles, products = _catalogue()
    pairs = find_candidates(read_titles(titles), np.zeros(len(titles), dtype=np.int64))
    assert (pairs.left < pairs.right).all()
    found = _keys(pairs.left, pairs.right)
    assert len(found) == len(pairs)
    true = {(a, b) for a in range(600) for b in range(a + 1, 600) if products[a] == products[b]}
    assert len(found & true) / len(true) > 0.97
    assert len(pairs) < 600 * 60


def test_leaving_out_the_commonest_grams_keeps_the_work_bounded_and_the_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    titles, products = _catalogue()
    monkeypatch.setattr(candidates, "_WORK_PER_TITLE", 100)
    monkeypatch.setattr(candidates, "_WORK_OF_SMALL_GROUP", 60_000)
    pairs = find_candidates(read_titles(titles), np.zeros(len(titles), dtype=np.int64))
    found = _keys(pairs.left, pairs.right)
    true = {(a, b) for a in range(600) for b in range(a + 1, 600) if products[a] == products[b]}
    assert len(found & true) / len(true) > 0.85


def test_no_pair_crosses_groups_even_with_a_shared_code() -> None:
    titles = ["sony dscw120 camera"] * 4
    pairs = find_candidates(read_titles(titles), np.array([0, 1, 0, 1]))
    assert _keys(pairs.left, pairs.right) == {(0, 2), (1, 3)}


def test_titles_with_nothing_in_common_are_no_pair_even_alone_together() -> None:
    pairs = find_candidates(read_titles(["gucci marmont", "samsung ue65mu6400"]), np.zeros(2, dtype=np.int64))
    assert len(pairs) == 0


def test_only_pairs_of_the_wanted_rows_are_proposed() -> None:
    titles, _ = _catalogue(200)
    wanted = np.zeros(200, dtype=bool)
    wanted[[3, 77]] = True
    space, groups = read_titles(titles), np.zeros(200, dtype=np.int64)
    some = find_candidates(space, groups, only=wanted)
    assert len(some)
    assert (wanted[some.left] | wanted[some.right]).all()
    every = find_candidates(space, groups)
    assert _keys(some.left, some.right) <= _keys(every.left, every.right)


def test_vectors_add_pairs_that_words_do_not_show() -> None:
    titles = [f"item {'abcdefghij'[number % 10] * 6}{number} zz" for number in range(60)]
    titles[0], titles[1] = "completely different", "nothing in common"
    vectors = np.eye(60, dtype=np.float32)
    vectors[1] = vectors[0]
    space, groups = read_titles(titles), np.zeros(60, dtype=np.int64)
    without = find_candidates(space, groups)
    having = find_candidates(space, groups, vectors=vectors)
    assert (0, 1) not in _keys(without.left, without.right)
    assert (0, 1) in _keys(having.left, having.right)
