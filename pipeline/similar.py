"""Listings that are like a text, a listing or a photo, over all watches and sources; and where its photo stands too.

Belongs here: what is searched for in which space, and what is said beside what was found. Does not: SQL, models,
clusters (the same product). Not imported by the polling path.

Being alike is shown, never acted on: nothing is merged, hidden or dropped by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
import psycopg
from PIL.Image import Image

from domain.settings import Settings
from ml.embeddings.images import image_encoder, image_model_id
from ml.embeddings.torch_models import ClipEncoder
from ml.photos.descriptor import MODEL_ID as DESCRIPTOR
from ml.photos.hashing import PhotoHash, photo_hash
from ml.photos.reading import MAX_BYTES, Refusal, read_photo
from ml.photos.reuse import PhotoNote, PhotoRow, reused_photos
from pipeline.embeddings import encoder_of, text_space
from warehouse.details import ListingDetail, listing_details
from warehouse.embeddings import Space, TextKind, Vectors, read_texts, read_vectors, space_dimensions
from warehouse.links import watches_of_listing
from warehouse.neighbours import nearest
from warehouse.photos import ShownPhoto, listings_with_photo, shown_photo

By = Literal["title", "description", "photo"]
# The photo that was given has no listing; ids of listings begin at 1.
_GIVEN = 0
_NOT_ON_OFFER = frozenset({"sold", "gone", "out_of_stock", "discontinued"})


class SearchError(ValueError):
    """What was asked for cannot be searched for; the message says what to do."""


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Among which listings, and how many: of a watch, of a source, only those on offer."""

    watch_id: int | None = None
    source: str | None = None
    only_on_offer: bool = False
    limit: int = 15


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """A listing that was found.

    Attributes:
        similarity: cosine in the space that was searched in, 1 for the same; None for one found by its photo alone.
        notes: what else they have in common: the same photo, the same seller.
    """

    detail: ListingDetail
    similarity: float | None
    notes: tuple[str, ...]


def similar_to_text(
    conn: psycopg.Connection, settings: Settings, text: str, where: Where, *, by: By = "title"
) -> list[Alike]:
    """Return the listings whose titles (descriptions, photos) are nearest to some words, nearest first.

    Raises:
        SearchError: there is nothing to search among, or the model of photos understands no words.
        ModelError: the model cannot be had.
    """
    if not text.strip():
        raise SearchError("give some words to search for")
    if by == "photo":
        space = Space("image", image_model_id(settings.photo_model))
        encoder = image_encoder(settings.photo_model, threads=settings.model_threads)
        if not isinstance(encoder, ClipEncoder):
            raise SearchError(
                f"{DESCRIPTOR} knows shapes and colours, no words; photos are found by words with a CLIP model"
                " (PRICESCOPE_PHOTO_MODEL)"
            )
        _require(conn, space)
        return _search(conn, space, encoder.encode_texts([text])[0], where)
    space = text_space(settings, by)
    _require(conn, space)
    return _search(conn, space, encoder_of(settings).encode([text])[0], where)


def similar_to_listing(
    conn: psycopg.Connection, settings: Settings, listing_id: int, where: Where, *, by: By = "title"
) -> list[Alike]:
    """Return the listings nearest to one, and before them all that show its photo, whatever their words.

    Raises:
        SearchError: there is nothing to search among, or the listing has no such content.
        ModelError: the model cannot be had.
    """
    note = same_photo(conn, listing_id)
    shown = () if note is None else note.others
    if by == "photo":
        space = Space("image", image_model_id(settings.photo_model))
        _, vectors = read_vectors(conn, space, listing_ids=[listing_id])
        if not len(vectors):
            raise SearchError(f"the photo of listing {listing_id} is not described yet; {_PHOTOS}")
        vector = vectors[0]
    else:
        space, vector = _vector_of(conn, settings, listing_id, by)
    return _search(conn, space, vector, where, without=listing_id, shown=shown)


def similar_to_photo(conn: psycopg.Connection, settings: Settings, photo: Path, where: Where) -> list[Alike]:
    """Return the listings that show a photo of one's own, then those whose first photo is nearest to it.

    Raises:
        SearchError: the file is no photo, or no photos are described.
        ModelError: the model cannot be had.
    """
    picture = _picture(photo)
    space = Space("image", image_model_id(settings.photo_model))
    found = photo_hash(picture)
    others = [] if found.is_flat else listings_with_photo(conn, found.plain, found.mirrored)
    given = PhotoRow(listing_id=_GIVEN, seller=None, hash=found, first_seen_at=datetime.now(UTC))
    shown = _others(_GIVEN, [given, *map(_row, others)])
    _require(conn, space)
    vector = image_encoder(settings.photo_model, threads=settings.model_threads).encode([picture])[0]
    return _search(conn, space, vector, where, shown=() if shown is None else shown.others)


def same_photo(conn: psycopg.Connection, listing_id: int) -> PhotoNote | None:
    """Return in which other listings of any watch and source a listing's first photo stands; None where in none.

    The same seller's is a repost, another's a picture used again (``ml.photos.reuse``).
    """
    own = shown_photo(conn, listing_id)
    if own is None or own.is_flat:
        return None
    rows = [_row(own)]
    rows += [
        _row(other)
        for other in listings_with_photo(conn, own.perceptual_hash, own.mirrored_hash)
        if other.listing_id != listing_id
    ]
    return _others(listing_id, rows)


def _others(listing_id: int, rows: Sequence[PhotoRow]) -> PhotoNote | None:
    return next((note for note in reused_photos(rows) if note.listing_id == listing_id), None)


# ---------------------------------------------------------------- one search

_PHOTOS = "photos are described every quarter of an hour once PRICESCOPE_PHOTOS_ENABLED=true"


def _vector_of(conn: psycopg.Connection, settings: Settings, listing_id: int, by: TextKind) -> tuple[Space, Vectors]:
    space = text_space(settings, by)
    _, vectors = read_vectors(conn, space, listing_ids=[listing_id])
    if len(vectors):
        return space, vectors[0]
    texts = read_texts(conn, by, [listing_id])
    if not texts:
        raise SearchError(f"listing {listing_id} has no {by}")
    _require(conn, space)
    # Newer than the last run of the embeddings.
    return space, encoder_of(settings).encode([texts[0].text])[0]


def _search(
    conn: psycopg.Connection,
    space: Space,
    vector: Vectors,
    where: Where,
    *,
    without: int | None = None,
    shown: Sequence[int] = (),
) -> list[Alike]:
    near = nearest(
        conn,
        space,
        vector,
        k=where.limit,
        watch_id=where.watch_id,
        source=where.source,
        without=without,
        only_on_offer=where.only_on_offer,
    )
    if not near and not shown:
        raise SearchError(
            f"no listing that was asked for has a vector of its {_word(space)} by {space.model_id}"
            if space_dimensions(conn, space)
            else _nothing(space)
        )
    similarity = {one.listing_id: one.similarity for one in near}
    details = listing_details(conn, [*shown, *similarity, *([] if without is None else [without])], "owner")
    own = None if without is None else details.get(without)
    # The same photo first: that says more than any likeness of words. A stock picture must not fill the list with it.
    photos = [one for one in shown if one in similarity or (one in details and _is_wanted(conn, details[one], where))]
    photos = photos[: where.limit if space.kind == "image" else (where.limit + 1) // 2]
    similarity |= _similarity(conn, space, vector, [one for one in photos if one not in similarity])
    order = [*photos, *(one.listing_id for one in near if one.listing_id not in photos)]
    return [
        Alike(detail=details[one], similarity=similarity.get(one), notes=_notes(own, details[one], one in shown))
        for one in order
        if one in details
    ][: where.limit]


def _similarity(
    conn: psycopg.Connection, space: Space, vector: Vectors, listing_ids: Sequence[int]
) -> dict[int, float]:
    if not listing_ids:
        return {}
    ids, vectors = read_vectors(conn, space, listing_ids=listing_ids)
    return dict(zip(ids.tolist(), (vectors @ vector).tolist(), strict=True)) if len(ids) else {}


def _is_wanted(conn: psycopg.Connection, detail: ListingDetail, where: Where) -> bool:
    """Ask of what was found by its photo alone what the search asked of the others."""
    if where.source not in {None, detail.source} or (where.only_on_offer and detail.availability in _NOT_ON_OFFER):
        return False
    return where.watch_id is None or any(
        watch.watch_id == where.watch_id for watch in watches_of_listing(conn, detail.listing_id)
    )


def _notes(own: ListingDetail | None, other: ListingDetail, has_photo: bool) -> tuple[str, ...]:
    notes = ["the same photo"] if has_photo else []
    sellers = {None if one is None else one.seller_login for one in (own, other)}
    if own is not None and None not in sellers:
        if (own.source, own.seller_login) == (other.source, other.seller_login):
            notes.append("the same seller")
        elif has_photo:
            notes.append("another seller")
    return tuple(notes)


def _require(conn: psycopg.Connection, space: Space) -> None:
    """Refuse to load a model where there is nothing to search among."""
    if not space_dimensions(conn, space):
        raise SearchError(_nothing(space))


def _nothing(space: Space) -> str:
    if space.kind == "image":
        return f"no photo is described yet by {space.model_id}; {_PHOTOS}"
    return (
        f"no {space.kind} has a vector by {space.model_id} yet; the job `embed` makes them, every quarter of an hour"
        " while `pricescope up` runs"
    )


def _word(space: Space) -> str:
    return "photo" if space.kind == "image" else space.kind


def _row(one: ShownPhoto) -> PhotoRow:
    return PhotoRow(
        listing_id=one.listing_id,
        seller=one.seller,
        hash=PhotoHash(one.perceptual_hash, one.mirrored_hash, one.is_flat),
        first_seen_at=one.first_seen_at,
    )


def _picture(path: Path) -> Image:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SearchError(f"{path}: cannot be read: {error.strerror or error}") from None
    picture = read_photo(body)
    if isinstance(picture, Refusal):
        raise SearchError(f"{path}: {picture.reason}")
    return picture
