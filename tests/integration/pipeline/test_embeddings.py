"""Vectors kept up with the listings: only what is new or changed is computed, whatever was killed before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest

from domain.listing import Listing
from domain.settings import Settings
from ml.embeddings.contract import Progress, Vectors
from ml.embeddings.load import text_encoder
from ml.embeddings.models import MINILM
from pipeline.embeddings import embed_texts, first_day_to_embed, forget_model, index_spaces, text_space
from tests.embedding_models import models_dir
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.embeddings import Scope, Space, count_spaces, read_vectors, store_vectors
from warehouse.neighbours import has_index

pytestmark = pytest.mark.integration


class Counting:
    """The real encoder, with a note of every text it was given."""

    def __init__(self) -> None:
        self._encoder = text_encoder(MINILM, models_dir=models_dir(), threads=1)
        self.model_id = self._encoder.model_id
        self.dimensions = self._encoder.dimensions
        self.given: list[str] = []

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.given += texts
        return self._encoder.encode(texts, progress)


@pytest.fixture(scope="module")
def _encoder() -> Counting:
    return Counting()


@pytest.fixture
def encoder(_encoder: Counting) -> Counting:
    _encoder.given.clear()
    return _encoder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, home=tmp_path, model_threads=1)  # type: ignore[call-arg]  # pydantic's own


def _load(conn: psycopg.Connection, listings: Sequence[Listing], minutes: float = 0) -> None:
    store_and_load(conn, page(minutes), listings)


def test_a_second_run_embeds_nothing_and_a_changed_title_one(
    conn: psycopg.Connection, settings: Settings, encoder: Counting
) -> None:
    _load(conn, [listing(number, description=None) for number in range(5)])
    first = embed_texts(conn, settings, encoder=encoder)
    assert (first.contents, first.embedded, first.unchanged) == (5, 5, 0)
    second = embed_texts(conn, settings, encoder=encoder)
    assert (second.contents, second.embedded, second.reused, second.unchanged) == (5, 0, 0, 5)
    _load(conn, [listing(2, description=None, title="Leather bag")], minutes=5)
    encoder.given.clear()
    third = embed_texts(conn, settings, encoder=encoder)
    assert (third.embedded, third.unchanged) == (1, 4)
    assert encoder.given == ["Leather bag"]


def test_a_changed_price_embeds_nothing(conn: psycopg.Connection, settings: Settings, encoder: Counting) -> None:
    _load(conn, [listing(1, "20.00")])
    embed_texts(conn, settings, encoder=encoder)
    _load(conn, [listing(1, "15.00")], minutes=5)
    assert embed_texts(conn, settings, encoder=encoder).embedded == 0


def test_the_same_words_of_another_listing_are_taken_over(
    conn: psycopg.Connection, settings: Settings, encoder: Counting
) -> None:
    _load(conn, [listing(1, title="Red coat", description=None)])
    embed_texts(conn, settings, encoder=encoder)
    encoder.given.clear()
    _load(conn, [listing(2, title="Red coat", description=None)], minutes=5)
    outcome = embed_texts(conn, settings, encoder=encoder)
    assert (outcome.embedded, outcome.reused, encoder.given) == (0, 1, [])
    _, vectors = read_vectors(conn, Space("title", encoder.model_id))
    assert (vectors[0] == vectors[1]).all()


def test_stored_vectors_are_those_of_the_texts(conn: psycopg.Connection, settings: Settings, encoder: Counting) -> None:
    titles = ["Omega Speedmaster", "Levi's 501", "sac à main"]
    _load(conn, [listing(n, title=title, description=f"about {title}") for n, title in enumerate(titles)])
    embed_texts(conn, settings, encoder=encoder)
    rows = conn.execute("select listing_id, title from core.listings").fetchall()
    known = dict(rows)
    for kind, write in (("title", str), ("description", "about {}".format)):
        ids, vectors = read_vectors(conn, Space(kind, encoder.model_id))  # type: ignore[arg-type]  # both are kinds
        # int8 measures a batch as a whole, so the batch must be the same.
        wanted = encoder.encode(sorted(write(known[int(one)]) for one in ids))
        order = np.argsort([write(known[int(one)]) for one in ids])
        assert vectors[order] == pytest.approx(wanted, abs=0.02)


def test_blank_titles_and_missing_descriptions_have_no_vector(
    conn: psycopg.Connection, settings: Settings, encoder: Counting
) -> None:
    _load(conn, [listing(1, title="  ", description=None), listing(2, title="Coat", description="")])
    outcome = embed_texts(conn, settings, encoder=encoder)
    assert (outcome.contents, outcome.embedded) == (1, 1)
    assert count_spaces(conn) == {Space("title", encoder.model_id): 1}


def test_only_the_asked_source_and_days_are_embedded(
    conn: psycopg.Connection, settings: Settings, encoder: Counting
) -> None:
    _load(conn, [listing(1, title="Coat", description=None)])
    _load(conn, [listing(2, title="Bag", description=None)], minutes=24 * 60)
    today = START.date()
    tomorrow = today + timedelta(days=1)
    assert embed_texts(conn, settings, Scope(("ebay",)), encoder=encoder).contents == 0
    assert first_day_to_embed(conn, settings, Scope()) == today
    embed_texts(conn, settings, Scope(("vinted",), today, today), encoder=encoder)
    assert encoder.given == ["Coat"]
    assert first_day_to_embed(conn, settings, Scope()) == tomorrow
    embed_texts(conn, settings, Scope(None, tomorrow, tomorrow), encoder=encoder)
    assert encoder.given == ["Coat", "Bag"]
    assert first_day_to_embed(conn, settings, Scope()) is None


def test_what_was_stored_before_a_failure_is_kept(
    conn: psycopg.Connection, settings: Settings, encoder: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.embeddings._PIECE", 2)
    _load(conn, [listing(number, description=None) for number in range(6)])

    def stop(done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_texts(conn, settings, encoder=encoder, progress=stop)
    assert count_spaces(conn) == {Space("title", encoder.model_id): 4}
    assert embed_texts(conn, settings, encoder=encoder).embedded == 2


def test_another_engine_fills_a_space_of_its_own(
    conn: psycopg.Connection, settings: Settings, encoder: Counting
) -> None:
    _load(conn, [listing(1, description=None)])
    embed_texts(conn, settings, encoder=encoder)
    full = text_encoder(MINILM, engine="fp32-ort", models_dir=models_dir())
    assert embed_texts(conn, settings, encoder=full).embedded == 1
    assert {space.model_id.rpartition("/")[2] for space in count_spaces(conn)} == {"int8-ort", "fp32-ort"}
    other = settings.model_copy(update={"embedding_engine": "fp32-ort"})
    assert text_space(other).model_id == full.model_id != text_space(settings).model_id == encoder.model_id


def test_a_model_that_is_forgotten_leaves_neither_vectors_nor_indexes(conn: psycopg.Connection) -> None:
    _load(conn, [listing(1)])
    ids = [listing_id for (listing_id,) in conn.execute("select listing_id from core.listings").fetchall()]
    former, kept = [Space("title", "former"), Space("description", "former")], Space("title", "kept")
    for space in (*former, kept):
        store_vectors(conn, space, ids, [bytes(32)], np.ones((1, 8), np.float32) / np.sqrt(np.float32(8)))
    assert len(index_spaces(conn, least=1)) == 3
    assert forget_model(conn, "former") == 2
    assert count_spaces(conn) == {kept: 1}
    assert [has_index(conn, space) for space in (*former, kept)] == [False, False, True]
    assert forget_model(conn, "former") == 0
