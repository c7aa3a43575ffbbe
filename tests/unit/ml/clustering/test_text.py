"""Titles as tokens, codes, amounts and n-grams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from ml.clustering.arrays import pair_products
from ml.clustering.candidates import find_candidates
from ml.clustering.features import FEATURES, pair_features
from ml.clustering.text import character_grams, normalise, read_titles, tokens_of


def test_words_keep_the_marks_inside_them() -> None:
    assert tokens_of(normalise("Sony  PS-LX350H, 5.5″ (mq8n2b/a)")) == ["sony", "ps-lx350h", "5.5", "mq8n2b/a"]


# Of a one-letter word scikit-learn makes a gram shorter than asked for; ours has none.
_WORDS = st.text(alphabet="abc1é", min_size=2, max_size=6)


@given(st.lists(st.lists(_WORDS, min_size=1, max_size=4).map(" ".join), min_size=3, max_size=8))
def test_gram_similarities_are_those_of_scikit_learns_tf_idf(titles: list[str]) -> None:
    reference = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float64)
    expected = reference.fit_transform(titles)
    left, right = np.triu_indices(len(titles), 1)
    ours = pair_products(character_grams(titles), left, right)
    assert ours == pytest.approx(pair_products(expected, left, right), abs=1e-5)


def _of(one: str, other: str, *others: str) -> dict[str, float]:
    """Return the features of the first two titles among some others."""
    space = read_titles([one, other, *others])
    pairs = find_candidates(space, np.zeros(len(space), dtype=np.int64))
    row = np.flatnonzero((pairs.left == 0) & (pairs.right == 1))
    return dict(zip(FEATURES, pair_features(space, pairs)[row[0]].tolist(), strict=True))


_CROWD = tuple(f"other thing number {number}" for number in range(8))


def test_a_code_written_apart_is_found() -> None:
    assert _of("bosch gsm 4000 washer", "bosch gsm4000", *_CROWD)["code_found"] == pytest.approx(1, abs=0.4)
    assert _of("bosch gsm 4000 washer", "bosch gsm5000", *_CROWD)["code_found"] == 0


def test_a_code_that_begins_another_is_told_from_one_that_is_merely_like_it() -> None:
    assert _of("samsung hg32ee690db", "samsung hg32ee690dbxxu", *_CROWD)["code_begins"] > 0.5
    assert _of("samsung hg32ee690db", "samsung hg32ee670db", *_CROWD)["code_begins"] == 0


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ("apple iphone x 64gb", "apple iphone x 256 gb", 1.0),
        ("apple iphone x 64gb", "apple iphone x 64 gb", 0.0),
        ("tv 55 inch", 'tv 55" black', 0.0),
        ("tv 55 inch", "fernseher 65 zoll", 1.0),
        ("washer 7,5 kg", "washer 7.5kg", 0.0),
        ("washer 7 kg", "washer 1400 rpm", 0.0),
    ],
)
def test_another_number_of_the_same_unit_is_a_conflict(one: str, other: str, conflict: float) -> None:
    assert _of(one, other, *_CROWD)["unit_conflict"] == conflict


def test_features_of_a_pair_do_not_depend_on_which_title_is_left() -> None:
    one, other = "canon eos 450d kit 18-55 mm black", "eos450d canon digital camera 12 mp"
    assert _of(one, other, *_CROWD) == pytest.approx(_of(other, one, *_CROWD), abs=1e-6)


@given(st.lists(st.text(max_size=30), min_size=2, max_size=8))
def test_no_text_breaks_the_reading_or_leaves_the_range(titles: list[str]) -> None:
    space = read_titles([normalise(title) for title in titles])
    pairs = find_candidates(space, np.zeros(len(space), dtype=np.int64))
    features = pair_features(space, pairs)
    assert np.isfinite(features).all()
    assert (np.abs(features) <= 1 + 1e-5).all()
