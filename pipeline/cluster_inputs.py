"""What clusters of a watch are made from: its listings as columns, the vectors and hashes they have, other titles.

Belongs here: reading and lining up. Does not: SQL (``warehouse.cluster_inputs``), making clusters (``ml.clustering``),
runs (``pipeline.clusters``), computing vectors (``pipeline.embeddings``). Not imported by the polling path.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import psycopg

from domain.settings import Settings
from domain.watch import Watch
from ml.clustering.arrays import Hashes, Singles
from ml.clustering.density import Channel
from ml.clustering.listings import Listings
from ml.clustering.text import character_grams, normalise
from ml.embeddings.contract import ModelError
from ml.embeddings.images import image_model_id
from ml.embeddings.load import Engine, text_model_id
from warehouse.cluster_inputs import ClusterListing, clustered_listings, titles_of_others
from warehouse.embeddings import Kind, Space, read_vectors
from warehouse.photos import photo_hashes

# Vectors are used once nearly every listing has one: half of them would pull the listings that have one together.
_ENOUGH_VECTORS = 0.95
# Titles of other watches beside each of a watch's own, and at most: see with_background.
_BACKGROUND, _MOST_BACKGROUND = 2, 2_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """A watch's listings as rows and as columns, what vectors they came with, and titles of other watches."""

    rows: list[ClusterListing]
    listings: Listings
    model_ids: tuple[str, ...]
    vectors_said: str
    background: list[str]


def read_inputs(conn: psycopg.Connection, settings: Settings, watch: Watch, *, of_products: bool) -> Inputs:
    """Read what a run of a watch needs; descriptions for density, titles of other watches for products only."""
    rows = clustered_listings(conn, watch.watch_id, with_descriptions=not of_products)
    ids = [row.listing_id for row in rows]
    vectors, model_id, said = _vectors(conn, watch, ids, lambda: _text_space(settings, "title"))
    listings = Listings(
        ids=[str(one) for one in ids],
        titles=[row.title for row in rows],
        groups=[row.kind for row in rows],
        brands=[row.brand or "" for row in rows],
        prices=np.array([math.nan if row.price is None else float(row.price) for row in rows], dtype=np.float64),
        vectors=vectors,
        photo_hashes=_hashes(conn, ids),
    )
    background: list[str] = []
    if of_products:
        # What is shown by both says nothing of the others.
        own = {row.title for row in rows}
        found = titles_of_others(conn, watch.watch_id, min(_BACKGROUND * len(rows), _MOST_BACKGROUND))
        background = [title for title in found if title not in own]
    return Inputs(rows, listings, (model_id,) if model_id else (), said, background)


def with_background(inputs: Inputs) -> Listings:
    """Return a watch's listings, and after them titles of other watches that are clustered with nothing.

    Which words are rare, and so tell products apart, cannot be seen within a watch whose titles all name one product.
    """
    own, others = inputs.listings, inputs.background
    return Listings(
        ids=[*own.ids, *(f"other:{number}" for number in range(len(others)))],
        titles=[*own.titles, *others],
        # A group of its own each: no pair is ever made of one.
        groups=[*(own.groups or ()), *(f"other:{number}" for number in range(len(others)))],
        prices=None if own.prices is None else np.concatenate([own.prices, np.full(len(others), math.nan)]),
        vectors=None
        if own.vectors is None
        else np.vstack([own.vectors, np.zeros((len(others), own.vectors.shape[1]), dtype=np.float32)]),
        photo_hashes=None
        if own.photo_hashes is None
        else np.concatenate([own.photo_hashes, np.zeros(len(others), dtype=np.uint64)]),
    )


def channels_of(conn: psycopg.Connection, settings: Settings, watch: Watch, inputs: Inputs) -> list[Channel]:
    """Return title, description and photo, a third each; n-grams stand in for vectors of words that are missing."""
    ids = [row.listing_id for row in inputs.rows]
    titles = inputs.listings.vectors
    channels = [
        Channel("title", character_grams([normalise(row.title) for row in inputs.rows]) if titles is None else titles)
    ]
    described = [normalise(row.description or "") for row in inputs.rows]
    if any(described):
        vectors = _space_vectors(conn, settings, watch, ids, "description") if titles is not None else None
        channels.append(Channel("description", character_grams(described) if vectors is None else vectors))
    photos = _space_vectors(conn, settings, watch, ids, "image")
    if photos is not None:
        channels.append(Channel("photo", photos))
    return channels


def _vectors(
    conn: psycopg.Connection, watch: Watch, ids: Sequence[int], space_of: Callable[[], Space]
) -> tuple[Singles | None, str | None, str]:
    """Return unit vectors (n, d), their model id and a word about them; None where too few listings have one."""
    try:
        space = space_of()
    except ModelError as error:
        # Titles alone do nearly as well; the asset of the vectors is where this fails.
        return None, None, f"none: {error}"
    found = _aligned(conn, watch, ids, space)
    share = 0.0 if found is None or not ids else float((found != 0).any(axis=1).mean())
    if found is None or share < _ENOUGH_VECTORS:
        return None, None, f"none: {share:.0%} of the listings have one, {_ENOUGH_VECTORS:.0%} are needed"
    return found, space.model_id, f"of {share:.0%} of the listings"


def _text_space(settings: Settings, kind: Kind) -> Space:
    return Space(kind, _known_model_id(settings.embedding_model, settings.embedding_engine))


@cache
def _known_model_id(name: str, engine: Engine) -> str:
    # Once a process: it reads the weights to know their digest, and a run has many watches.
    return text_model_id(name, engine=engine)


def _aligned(conn: psycopg.Connection, watch: Watch, ids: Sequence[int], space: Space) -> Singles | None:
    known, vectors = read_vectors(conn, space, watch_id=watch.watch_id)
    if not len(known) or not ids:
        return None
    wanted = np.asarray(ids, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    has = known[at] == wanted
    out = np.zeros((len(ids), vectors.shape[1]), dtype=np.float32)
    out[has] = vectors[at[has]]
    # Half precision at rest: lengths are one again only to three digits.
    norms = np.linalg.norm(out, axis=1, keepdims=True)
    return np.asarray(out / np.where(norms > 0, norms, 1), dtype=np.float32)


def _hashes(conn: psycopg.Connection, ids: Sequence[int]) -> Hashes | None:
    known = {one: plain for one, (plain, _, is_flat) in photo_hashes(conn, ids).items() if not is_flat}
    return np.array([known.get(one, 0) for one in ids], dtype=np.uint64) if known else None


def _space_vectors(
    conn: psycopg.Connection, settings: Settings, watch: Watch, ids: Sequence[int], kind: Kind
) -> Singles | None:
    try:
        space = (
            Space(kind, image_model_id(settings.photo_model))
            if kind == "image"
            else _text_space(settings, "description")
        )
    except ModelError:
        return None
    return _aligned(conn, watch, ids, space)
