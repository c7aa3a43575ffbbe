from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from ml.pricing.comparables import Neighbours, nearest, opinion, place, weighted_quantile
from ml.pricing.listings import Listings, PricingError, item_of, listings, placed_id
from ml.pricing.ngrams import fit_ngrams
from tests.unit.ml.pricing.made import made


def _nearest(pool: Listings, queries: Listings, k: int = 10) -> Neighbours:
    space = fit_ngrams(pool.titles)
    return nearest(pool, place(space, (), pool), queries, place(space, (), queries), k=k, attribute_share=0.0)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["a1 red", "a1 blue", "b2 red", "zz"]),
            st.sampled_from(["w1", "w2", ""]),
            st.one_of(st.none(), st.integers(0, 5)),
            st.integers(1, 4),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_no_listing_is_compared_with_itself_or_with_one_first_seen_later(
    rows: list[tuple[str, str, int | None, int]],
) -> None:
    items = listings(
        [f"i{n}" for n in range(len(rows))],
        [title for title, *_ in rows],
        [float(price) for *_, price in rows],
        watches=[watch for _, watch, *_ in rows],
        first_seen=[np.nan if time is None else float(time) for *_, time, _ in rows],
    )
    found = _nearest(items, items)
    for row, places in enumerate(found.rows):
        chosen = places[places >= 0]
        assert row not in chosen
        assert len(set(chosen.tolist())) == len(chosen)
        if not np.isnan(items.first_seen[row]):
            assert not np.any(items.first_seen[chosen] > items.first_seen[row])


def test_the_same_id_in_history_and_stream_is_the_same_item() -> None:
    items = made(60)
    found = _nearest(items, items.take(np.array([7, 8])))
    assert 7 not in found.rows[0]
    assert 8 not in found.rows[1]


def test_comparables_come_from_the_watch_while_it_holds_nine_and_from_the_brand_otherwise() -> None:
    items = listings(
        [f"i{n}" for n in range(32)],
        ["same words"] * 32,
        list(range(1, 33)),
        watches=["big"] * 12 + ["small"] * 5 + ["other"] * 15,
        brands=["b"] * 17 + ["c"] * 15,
    )
    found = _nearest(items, items, k=31)
    assert set(found.rows[0][found.rows[0] >= 0]) == set(range(1, 12))
    assert set(found.rows[14][found.rows[14] >= 0]) == set(range(17)) - {14}
    assert found.eligible[0] == 11
    assert found.eligible[14] == 4


def test_things_of_another_kind_are_never_comparables() -> None:
    items = made(40)
    kinds = tuple("accessory" if row < 15 else "normal" for row in range(40))
    found = _nearest(replace(items, kinds=kinds), replace(items, kinds=kinds), k=40)
    assert all(row < 15 for row in found.rows[3][found.rows[3] >= 0])


def test_a_relisted_thing_is_one_comparable() -> None:
    items = listings(
        ["a", "b", "c", "d"], ["chair x", "chair x", "chair x", "chair x"], [5.0, 5.0, 5.0, 7.0], watches=["w"] * 4
    )
    assert _nearest(items, items.take(np.array([3]))).eligible[0] == 1


def test_the_blocks_of_a_large_search_find_what_one_block_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    items = made(300)
    whole = _nearest(items, items)
    monkeypatch.setattr("ml.pricing.comparables._BLOCK_CELLS", 100)
    assert np.array_equal(_nearest(items, items).rows, whole.rows)


def test_hashed_ngrams_are_as_alike_as_scikit_learns() -> None:
    titles = [f"{title} é{n % 7} a {n % 11}" for n, title in enumerate(made(400).titles)]
    ours = fit_ngrams(titles).transform(titles)
    theirs = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, strip_accents="unicode"
    ).fit_transform(titles)
    difference = np.abs((ours @ ours.T).toarray() - (theirs @ theirs.T).toarray())
    assert difference.mean() < 1e-3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 3)), min_size=1, max_size=20), st.floats(0.05, 0.95))
def test_a_weighted_quantile_lies_within_the_values_and_equal_weights_give_the_median(
    pairs: list[tuple[float, float]], q: float
) -> None:
    values, weights = np.array([pairs])[..., 0], np.array([pairs])[..., 1]
    assert values.min() - 1e-9 <= weighted_quantile(values, weights, q)[0] <= values.max() + 1e-9
    assert weighted_quantile(values, np.ones_like(values), 0.5)[0] == pytest.approx(np.median(values))


def test_the_opinion_of_equally_similar_comparables_is_their_median_and_number() -> None:
    found = Neighbours(np.array([[0, 1, 2]]), np.full((1, 3), 0.5, dtype=np.float32), np.array([3]))
    said = opinion(found, np.array([1.0, 2.0, 9.0]), k=3, temperature=0.1)
    assert said.location[0] == pytest.approx(2.0)
    assert said.n[0] == pytest.approx(3.0)


def test_prices_that_are_missing_or_not_positive_are_refused() -> None:
    with pytest.raises(PricingError, match="not positive"):
        listings(["a"], ["x"], [0.0])
    with pytest.raises(PricingError, match="different length"):
        listings(["a"], ["x"], [1.0], watches=["w", "w"])


def test_an_item_under_two_watches_is_not_its_own_comparable() -> None:
    ids = [placed_id(f"item {n // 2}", str(n % 2)) for n in range(12)]
    items = listings(
        ids,
        [f"falco kestrel {n // 2}" for n in range(12)],
        [100.0 + n // 2 for n in range(12)],
        watches=[str(n % 2) for n in range(12)],
    )
    found = _nearest(items, items, k=11)
    own = [item_of(name) for name in ids]
    assert all(own[row] != own[query] for query in range(12) for row in found.rows[query] if row >= 0)
    assert (found.rows >= 0).sum(axis=1).tolist() == [10] * 12, "under nine in the watch: everything else counts"
    assert found.eligible.tolist() == [5] * 12
