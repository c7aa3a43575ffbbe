"""Training: reproducible, and the shipped coefficients are what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from ml.clustering.model import PairModelError, model_of, shipped_model
from ml.clustering.synthetic import generate
from ml.clustering.train import (
    as_json,
    ranges_of,
    read_labelled,
    synthetic_set,
    train,
    watch_sets,
    written,
)


def test_the_same_input_gives_the_same_coefficients_and_another_seed_others() -> None:
    first, second = train([synthetic_set(800, 1)]), train([synthetic_set(800, 1)])
    assert first == second
    assert train([synthetic_set(800, 2)]).weights != first.weights


def test_coefficients_written_are_read_back_and_named_by_their_content() -> None:
    trained = train([synthetic_set(800, 1)])
    model = model_of(as_json(trained), "model.json")
    assert (model.weights, model.intercept) == (trained.weights, trained.intercept)
    assert model.version != shipped_model().version


def test_the_shipped_coefficients_are_what_training_gives_today() -> None:
    shipped = json.loads(resources.files("ml.clustering").joinpath("pair_model.json").read_text(encoding="utf-8"))
    again = train([synthetic_set(6000, 0), *watch_sets(16, 0)])
    assert [part["sha256"] for part in shipped["trained_on"]] == [part["sha256"] for part in again.provenance]
    assert list(shipped["coefficients"].values()) == pytest.approx(list(again.weights), abs=0.02)
    assert shipped["intercept"] == pytest.approx(again.intercept, abs=0.02)
    assert shipped["same_share"] == pytest.approx(again.same_share, abs=1e-4)


def test_a_labelled_file_is_read_by_its_columns_and_product_ids(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("Product ID,Product Title,Cluster ID,Category Label\n1,A b,7,x\n2,a c,7,x\n9,d,8,y\n")
    labelled = read_labelled(path, ranges_of("1-2"))
    assert labelled.titles == ("a b", "a c")
    assert labelled.name == "some.csv, product ids 1-2"
    assert written(ranges_of("1-2,9")) == "1-2,9-9"
    assert read_labelled(path).products.tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="no row"):
        read_labelled(path, ranges_of("100-200"))
    path.write_text("name\nx\n")
    with pytest.raises(ValueError, match="title and cluster"):
        read_labelled(path)


def test_probabilities_move_to_the_share_of_matches_among_the_pairs() -> None:
    model = replace(shipped_model(), weights=(8.0,), intercept=-4.0, same_share=0.5)
    rng = np.random.default_rng(0)
    # Scores as the model expects them, of pairs among which one in fifty is a match, and of pairs half of which are.
    for share in (0.02, 0.5):
        truth = rng.random(200_000) < share
        score = np.clip(np.where(truth, 0.75, 0.25) + rng.normal(0, 0.25, len(truth)), -1, 2)
        plain, moved = model.probability(score[:, None]), model.probabilities([score[:, None]])
        assert abs(moved.mean() - share) < 0.01
        assert share == 0.5 or abs(plain.mean() - share) > 0.1
        assert (np.argsort(moved, kind="stable") == np.argsort(plain, kind="stable"))[:100].all()


def test_few_pairs_hardly_move_and_no_pairs_are_no_problem() -> None:
    model = shipped_model()
    assert model.at_own_share(np.array([0.4])) == pytest.approx([0.4], abs=0.01)
    assert model.probabilities([]).tolist() == []
    assert np.isfinite(model.at_own_share(np.array([0.0, 1.0] * 1000))).all()


@pytest.mark.parametrize("text", ["[]", "{}", '{"coefficients": {"x": 1}, "intercept": 0, "version": "v"}', "not json"])
def test_a_file_that_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(PairModelError, match=r"^model\.json: "):
        model_of(text, "model.json")


def test_the_catalogue_is_the_same_for_the_same_seed_and_as_large_as_asked() -> None:
    first, second = generate(500, seed=3), generate(500, seed=3)
    assert first.titles == second.titles
    assert len(first.titles) == len(first.products) == len(first.brands) == 500
    assert generate(500, seed=4).titles != first.titles
    sizes = np.bincount(first.products)
    assert 2 < sizes[sizes > 0].mean() < 4
