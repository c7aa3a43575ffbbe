"""Searching for what is alike, over all watches: by words, by a listing, by a photo."""

from __future__ import annotations

import io
from pathlib import Path

import psycopg
import pytest
from PIL import Image, ImageEnhance

from domain.listing import Seller
from domain.settings import Settings
from ml.embeddings.images import image_encoder
from ml.photos.hashing import photo_hash
from pipeline.embeddings import embed_texts, index_spaces
from pipeline.photos import PhotoStore
from pipeline.similar import (
    SearchError,
    Where,
    same_photo,
    similar_to_listing,
    similar_to_photo,
    similar_to_text,
)
from tests.embedding_models import models_dir, tiny_clip
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.embeddings import Space, store_vectors
from warehouse.neighbours import has_index
from warehouse.photos import Photo, note_photo

pytestmark = pytest.mark.integration
TITLES = ("Omega Speedmaster moonwatch", "Omega Seamaster diver", "Levi's 501 jeans blue", "jeans Levis 501 W32")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "models").symlink_to(models_dir())
    return Settings(  # type: ignore[call-arg]  # pydantic's own
        _env_file=None, home=tmp_path, model_threads=1
    )


def _ids(conn: psycopg.Connection) -> list[int]:
    return [row[0] for row in conn.execute("select listing_id from core.listings order by external_id").fetchall()]


def _market(conn: psycopg.Connection, settings: Settings) -> list[int]:
    store_and_load(conn, page(), [listing(n, title=title, description=None) for n, title in enumerate(TITLES)])
    embed_texts(conn, settings, kinds=("title",))
    return _ids(conn)


def _picture(seed: int) -> Image.Image:
    """Return a picture with shapes that belong to the seed."""
    picture = Image.new("RGB", (120, 90), "white")
    for place in range(6):
        left, top = (seed * 37 + place * 29) % 80, (seed * 53 + place * 41) % 60
        picture.paste(((seed * 70) % 255, place * 40, 90), (left, top, left + 35, top + 20))
    return picture


def _show(conn: psycopg.Connection, settings: Settings, listing_id: int, picture: Image.Image) -> None:
    """Note a listing's first photo as a run would have: its bytes, its hashes, its vector."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    store = PhotoStore(settings.home / "photos", keep_days=1, max_megabytes=10)
    digest = store.put(out.getvalue())
    store.close()
    (url,) = conn.execute(
        "select image_urls[1] from core.listings where listing_id = %s", (listing_id,)
    ).fetchone() or ("",)
    found = photo_hash(picture)
    note_photo(
        conn,
        Photo(
            url=url,
            fetched_at=START,
            content_sha256=digest,
            perceptual_hash=found.plain,
            mirrored_hash=found.mirrored,
            is_flat=found.is_flat,
        ),
    )
    encoder = image_encoder(settings.photo_model)
    store_vectors(conn, Space("image", encoder.model_id), [listing_id], [digest], encoder.encode([picture]))


def test_words_find_the_titles_that_mean_the_same(conn: psycopg.Connection, settings: Settings) -> None:
    ids = _market(conn, settings)
    found = similar_to_text(conn, settings, "Levi's 501 denim trousers", Where(limit=2))
    assert {one.detail.listing_id for one in found} == set(ids[2:])
    assert found[0].similarity is not None
    assert found[0].similarity >= (found[1].similarity or 0)


def test_a_listing_finds_its_like_and_never_itself_and_sees_only_what_was_asked_for(
    conn: psycopg.Connection, settings: Settings
) -> None:
    ids = _market(conn, settings)
    found = similar_to_listing(conn, settings, ids[2], Where())
    assert next(one.detail.listing_id for one in found) == ids[3]
    assert ids[2] not in [one.detail.listing_id for one in found]
    conn.execute("update core.listing_state set is_active = false where listing_id = %s", (ids[3],))
    offered = similar_to_listing(conn, settings, ids[2], Where(only_on_offer=True))
    assert {one.detail.listing_id for one in offered} == set(ids[:2])
    with pytest.raises(SearchError, match="no listing that was asked for has a vector"):
        similar_to_listing(conn, settings, ids[2], Where(source="ebay"))


def test_a_listing_newer_than_its_vector_is_searched_by_its_words(conn: psycopg.Connection, settings: Settings) -> None:
    ids = _market(conn, settings)
    store_and_load(conn, page(5), [listing(9, title="OMEGA seamaster divers watch", description=None)])
    assert similar_to_listing(conn, settings, _ids(conn)[-1], Where(limit=1))[0].detail.listing_id == ids[1]


def test_a_photo_of_another_seller_is_found_whatever_the_words_and_a_repost_told_from_it(
    conn: psycopg.Connection, settings: Settings
) -> None:
    sellers = ("1", "1", "2", "3")
    store_and_load(
        conn,
        page(),
        [
            listing(n, title=title, description=None, seller=Seller(external_id=seller, login=f"s{seller}"))
            for n, (title, seller) in enumerate(zip(TITLES, sellers, strict=True))
        ],
    )
    embed_texts(conn, settings, kinds=("title",))
    ids = _ids(conn)
    assert same_photo(conn, ids[0]) is None, "no photo was had yet"
    brighter = ImageEnhance.Brightness(_picture(1)).enhance(1.15)
    for listing_id, picture in zip(
        ids, (_picture(1), _picture(1).resize((60, 45)), brighter, _picture(5)), strict=True
    ):
        _show(conn, settings, listing_id, picture)

    note = same_photo(conn, ids[0])
    assert note is not None
    assert (note.use.value, note.others) == ("reused", (ids[1], ids[2]))
    assert same_photo(conn, ids[3]) is None
    found = similar_to_listing(conn, settings, ids[0], Where(limit=3))
    besides = {one.detail.listing_id: one.notes for one in found}
    assert besides[ids[1]] == ("the same photo", "the same seller")
    assert besides[ids[2]] == ("the same photo", "another seller")
    assert [one.detail.listing_id for one in found][:2] == [ids[1], ids[2]]
    assert besides[ids[3]] == ()

    own = settings.home / "mine.jpg"
    _picture(5).save(own, "JPEG", quality=70)
    like = similar_to_photo(conn, settings, own, Where(limit=1))
    assert (like[0].detail.listing_id, like[0].notes) == (ids[3], ("the same photo",))


def test_what_cannot_be_searched_for_says_what_to_do(conn: psycopg.Connection, settings: Settings) -> None:
    with pytest.raises(SearchError, match="the job `embed` makes them"):
        similar_to_text(conn, settings, "anything", Where())
    with pytest.raises(SearchError, match="give some words"):
        similar_to_text(conn, settings, "  ", Where())
    with pytest.raises(SearchError, match="no words; photos are found by words with a CLIP model"):
        similar_to_text(conn, settings, "a blue coat", Where(), by="photo")
    text = settings.home / "no.jpg"
    text.write_text("words")
    with pytest.raises(SearchError, match=r"no\.jpg: the file is no JPEG"):
        similar_to_photo(conn, settings, text, Where())
    Image.new("RGB", (9, 9), "red").save(text)
    with pytest.raises(SearchError, match="PRICESCOPE_PHOTOS_ENABLED=true"):
        similar_to_photo(conn, settings, text, Where())


def test_words_find_photos_through_clip(conn: psycopg.Connection, settings: Settings) -> None:
    clip = settings.model_copy(update={"photo_model": str(tiny_clip())})
    store_and_load(conn, page(), [listing(1)])
    (listing_id,) = _ids(conn)
    _show(conn, clip, listing_id, _picture(2))
    (found,) = similar_to_text(conn, clip, "a coat", Where(), by="photo")
    assert found.detail.listing_id == listing_id


def test_a_space_gets_its_index_once_it_is_large(conn: psycopg.Connection, settings: Settings) -> None:
    _market(conn, settings)
    assert index_spaces(conn) == [], "a few vectors are read one by one"
    (made,) = index_spaces(conn, least=4)
    assert made.startswith("title by all-MiniLM-L6-v2@")
    assert has_index(conn, Space("title", made.removeprefix("title by ")))
    assert index_spaces(conn, least=4) == []
    assert len(similar_to_text(conn, settings, "watch", Where())) == 4
