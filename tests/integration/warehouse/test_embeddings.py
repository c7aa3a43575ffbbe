"""Vectors stored and found again: halves of what they were, and nearest first."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest

from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.embeddings import (
    Scope,
    Space,
    count_spaces,
    delete_space,
    missing_ids,
    read_vectors,
    store_vectors,
)
from warehouse.neighbours import ensure_index, has_index, nearest
from warehouse.watches import delete_listings

pytestmark = pytest.mark.integration

SPACE = Space("title", "test-model@00000000/none")
SHA = bytes(range(32))


def _listings(conn: psycopg.Connection, count: int) -> list[int]:
    store_and_load(conn, page(), [listing(number) for number in range(count)])
    return [row[0] for row in conn.execute("select listing_id from core.listings order by 1").fetchall()]


def _vectors(count: int, dimensions: int = 24) -> np.ndarray:
    found = np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _watch(conn: psycopg.Connection, name: str, listing_ids: list[int]) -> int:
    row = conn.execute(
        "insert into app.watches (name, source, url, country, currency, params, rules)"
        " values (%s, 'vinted', '', 'FR', 'EUR', '{}', '{}') returning watch_id",
        (name,),
    ).fetchone()
    assert row is not None
    conn.execute(
        "insert into app.watch_listings (watch_id, listing_id, first_seen_at, last_seen_at, is_initial)"
        " select %s, id, %s, %s, false from unnest(%s::bigint[]) as id",
        (row[0], START, START, listing_ids),
    )
    return int(row[0])


def test_vectors_come_back_in_half_precision_by_listing(conn: psycopg.Connection) -> None:
    ids, vectors = _listings(conn, 7), _vectors(7)
    assert store_vectors(conn, SPACE, ids[::-1], [SHA] * 7, vectors[::-1]) == 7
    found, stored = read_vectors(conn, SPACE)
    assert found.tolist() == ids
    assert (stored == vectors.astype(np.float16).astype(np.float32)).all()
    some, few = read_vectors(conn, SPACE, listing_ids=[ids[4], ids[1], 10**12])
    assert some.tolist() == [ids[1], ids[4]]
    assert (few == stored[[1, 4]]).all()
    assert conn.execute("select distinct content_sha256 from ml.embeddings").fetchall() == [(SHA,)]


def test_a_newer_vector_takes_the_place_of_the_older(conn: psycopg.Connection) -> None:
    ids, vectors = _listings(conn, 2), _vectors(4)
    store_vectors(conn, SPACE, ids, [SHA] * 2, vectors[:2])
    store_vectors(conn, SPACE, ids[:1], [SHA[::-1]], vectors[2:3])
    _, stored = read_vectors(conn, SPACE)
    assert stored == pytest.approx(vectors[[2, 1]], abs=1e-3)
    assert count_spaces(conn) == {SPACE: 2}


def test_spaces_do_not_see_one_another(conn: psycopg.Connection) -> None:
    ids, other = _listings(conn, 2), Space("title", "test-model@00000000/other")
    store_vectors(conn, SPACE, ids[:1], [SHA], _vectors(1))
    store_vectors(conn, other, ids[1:], [SHA], _vectors(1, dimensions=8))
    store_vectors(conn, Space("description", SPACE.model_id), ids, [SHA] * 2, _vectors(2))
    assert read_vectors(conn, SPACE)[0].tolist() == ids[:1]
    assert [one.listing_id for one in nearest(conn, other, _vectors(1, dimensions=8)[0])] == ids[1:]
    assert read_vectors(conn, Space("image", SPACE.model_id))[1].shape == (0, 0)
    assert delete_space(conn, SPACE) == 1
    assert count_spaces(conn) == {Space("description", SPACE.model_id): 2, other: 1}


def test_a_listing_takes_its_vectors_with_it_and_one_that_is_gone_is_skipped(conn: psycopg.Connection) -> None:
    ids = _listings(conn, 3)
    store_vectors(conn, SPACE, ids, [SHA] * 3, _vectors(3))
    delete_listings(conn, ids[:1])
    assert count_spaces(conn) == {SPACE: 2}
    assert store_vectors(conn, SPACE, ids, [SHA] * 3, _vectors(3)) == 2


def test_storing_within_a_transaction_is_undone_with_it(conn: psycopg.Connection) -> None:
    ids = _listings(conn, 2)
    with conn.transaction():
        store_vectors(conn, SPACE, ids[:1], [SHA], _vectors(1))
        store_vectors(conn, SPACE, ids[1:], [SHA], _vectors(1))
        raise psycopg.Rollback
    assert count_spaces(conn) == {}


@pytest.mark.parametrize(
    ("vectors", "digests", "reason"),
    [
        (np.full((1, 4), np.nan, np.float32), [SHA], "not finite"),
        (np.ones((1, 4), np.float32), [SHA[:5]], "32 bytes"),
        (np.ones((2, 4), np.float32), [SHA], "1 listings, 1 digests and 2 vectors"),
    ],
)
def test_what_cannot_be_a_vector_is_refused_before_it_is_stored(
    conn: psycopg.Connection, vectors: np.ndarray, digests: list[bytes], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        store_vectors(conn, SPACE, _listings(conn, 1), digests, vectors)
    assert count_spaces(conn) == {}


def test_a_listing_is_missing_until_the_vector_is_that_of_its_title(conn: psycopg.Connection) -> None:
    ids = _listings(conn, 2)
    assert missing_ids(conn, SPACE, Scope()) != []
    digests = [
        row[0]
        for row in conn.execute(
            "select sha256(convert_to(title, 'UTF8')) from core.listings order by listing_id"
        ).fetchall()
    ]
    store_vectors(conn, SPACE, ids, [digests[0], SHA], _vectors(2))
    assert missing_ids(conn, SPACE, Scope()) == ids[1:]


# ---------------------------------------------------------------- neighbours


def _expected(vectors: np.ndarray, ids: list[int], query: int, among: list[int], k: int) -> list[int]:
    others = [index for index in range(len(ids)) if ids[index] in among and index != query]
    return [ids[index] for index in sorted(others, key=lambda index: -float(vectors[index] @ vectors[query]))[:k]]


@pytest.mark.parametrize("is_analysed", [False, True], ids=["new table", "analysed table"])
@pytest.mark.parametrize("is_indexed", [False, True], ids=["scan", "index"])
def test_the_nearest_within_a_watch_are_those_of_an_exact_search(
    conn: psycopg.Connection, is_indexed: bool, is_analysed: bool
) -> None:
    ids, vectors = _listings(conn, 300), _vectors(300)
    store_vectors(conn, SPACE, ids, [SHA] * 300, vectors)
    watches = {_watch(conn, "few", ids[::30]): ids[::30], _watch(conn, "many", ids[::2]): ids[::2]}
    if is_indexed:
        assert ensure_index(conn, SPACE, 24)
    if is_analysed:
        conn.execute("analyze ml.embeddings, app.watch_listings")
    assert has_index(conn, SPACE) == is_indexed
    for watch_id, among in watches.items():
        for query in (0, 60, 240):
            found = nearest(conn, SPACE, vectors[query], k=9, watch_id=watch_id, without=ids[query])
            assert [one.listing_id for one in found] == _expected(vectors, ids, query, among, 9)
            assert found == sorted(found, key=lambda one: -one.similarity)
            assert found[0].similarity == pytest.approx(
                float(vectors[ids.index(found[0].listing_id)] @ vectors[query]), abs=2e-3
            )


def test_the_nearest_over_all_watches_through_the_index_are_found_and_of_the_asked_source(
    conn: psycopg.Connection,
) -> None:
    ids, vectors = _listings(conn, 200), _vectors(200)
    conn.execute("update core.listing_details set source = 'ebay' where listing_id %% 40 = 0", ())
    ebay = [row[0] for row in conn.execute("select listing_id from core.listings where source = 'ebay'").fetchall()]
    store_vectors(conn, SPACE, ids, [SHA] * 200, vectors)
    ensure_index(conn, SPACE, 24)
    assert has_index(conn, SPACE)
    found = nearest(conn, SPACE, vectors[7], k=5, without=ids[7])
    assert [one.listing_id for one in found] == _expected(vectors, ids, 7, ids, 5)
    of_source = nearest(conn, SPACE, vectors[7], k=5, source="ebay")
    assert [one.listing_id for one in of_source] == _expected(vectors, ids, 7, ebay, 5)


def test_an_index_is_made_once_and_one_that_was_interrupted_anew(conn: psycopg.Connection) -> None:
    ids = _listings(conn, 3)
    store_vectors(conn, SPACE, ids, [SHA] * 3, _vectors(3))
    assert ensure_index(conn, SPACE, 24)
    assert not ensure_index(conn, SPACE, 24)
    conn.execute(
        "update pg_index set indisvalid = false where indexrelid ="
        " (select indexrelid from pg_stat_all_indexes where indexrelname like 'ix_embeddings_near%')"
    )
    assert not has_index(conn, SPACE)
    assert ensure_index(conn, SPACE, 24)
    assert has_index(conn, SPACE)
