"""Vectors of titles and descriptions, kept up with the listings: only new and changed words are computed.

Belongs here: what is done in which order, in pieces that a killed run keeps. Does not: SQL (``warehouse.embeddings``),
models (``ml.embeddings``), photos (``pipeline.photos``). Not imported by the polling path.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import cast

import msgspec
import psycopg

from domain.settings import Settings
from ml.embeddings.contract import Progress, TextEncoder
from ml.embeddings.load import text_encoder, text_model_id
from warehouse.embeddings import (
    Scope,
    Space,
    TextKind,
    copy_known,
    count_contents,
    count_spaces,
    delete_space,
    missing_ids,
    oldest_missing_day,
    read_texts,
    space_dimensions,
    store_vectors,
)
from warehouse.neighbours import drop_index, ensure_index, has_index

TEXT_KINDS: tuple[TextKind, ...] = ("title", "description")
# Texts computed and kept together: some seconds of work, all that a killed run loses.
_PIECE = 2048
_INDEX_FROM = 20_000


class EmbeddingOutcome(msgspec.Struct, kw_only=True):
    """What was done for one model id.

    Attributes:
        contents: titles and descriptions (or photos) of the scope.
        embedded: vectors computed and stored.
        reused: vectors taken over from the same words (or photo) of another listing.
        unchanged: had their vector.
        encode_ms: time spent computing.
    """

    model_id: str
    contents: int = 0
    embedded: int = 0
    reused: int = 0
    unchanged: int = 0
    encode_ms: int = 0

    @property
    def items_per_second(self) -> float:
        """Vectors computed a second, 0 where none were."""
        return self.embedded * 1000 / self.encode_ms if self.encode_ms else 0.0


def encoder_of(settings: Settings) -> TextEncoder:
    """Return the encoder that the settings name; the first one on this machine exports its model.

    Raises:
        ModelError: where it cannot be had.
    """
    return text_encoder(
        settings.embedding_model,
        engine=settings.embedding_engine,
        models_dir=settings.home / "models",
        threads=settings.model_threads,
    )


def text_space(settings: Settings, kind: TextKind = "title") -> Space:
    """Return the space that the settings' vectors of titles (or descriptions) are in, without loading the model.

    Raises:
        ModelError: where the model cannot be had.
    """
    return Space(kind, text_model_id(settings.embedding_model, engine=settings.embedding_engine))


def embed_texts(
    conn: psycopg.Connection,
    settings: Settings,
    scope: Scope | None = None,
    *,
    kinds: Sequence[TextKind] = TEXT_KINDS,
    encoder: TextEncoder | None = None,
    progress: Progress | None = None,
) -> EmbeddingOutcome:
    """Compute the vectors that are missing and store them; a second run finds nothing to do.

    Titles first: they are what clusters and prices need. Each piece is its own transaction, so a run that is killed
    has kept what it did.

    Args:
        conn: a connection, not in a transaction.
        settings: which model.
        scope: which listings; None for all.
        kinds: of which texts.
        encoder: in place of the settings' own.
        progress: told of texts done and texts to do, for each kind in turn.

    Raises:
        ModelError: where the model cannot be had.
    """
    scope = scope or Scope()
    model_id = text_space(settings).model_id if encoder is None else encoder.model_id
    outcome = EmbeddingOutcome(model_id=model_id)
    for kind in kinds:
        space = Space(kind, model_id)
        contents, known = count_contents(conn, space, scope)
        outcome.contents += contents
        outcome.unchanged += known
        if known == contents:
            continue
        outcome.reused += copy_known(conn, space, scope)
        ids = missing_ids(conn, space, scope)
        if not ids:
            continue
        encoder = encoder or encoder_of(settings)
        for done in _embed(conn, encoder, space, ids, outcome):
            if progress is not None:
                progress(done, len(ids))
    return outcome


def index_spaces(conn: psycopg.Connection, *, least: int = _INDEX_FROM) -> list[str]:
    """Make the index of each space that is large enough for a search over all watches to need it; name the new ones.

    Below some 20,000 vectors reading them all is as fast, and exact. Spaces of models used before are indexed too:
    whoever compares two models searches in both.

    Args:
        conn: a connection, not in a transaction; making an index takes some 15 s for 50,000 vectors.
        least: vectors from which on a space has an index.
    """
    made = []
    for space, count in count_spaces(conn).items():
        if count >= least and not has_index(conn, space) and ensure_index(conn, space, space_dimensions(conn, space)):
            made.append(f"{space.kind} by {space.model_id}")
    return made


def forget_model(conn: psycopg.Connection, model_id: str) -> int:
    """Delete the vectors of a model that is not used any more, and their indexes; return how many vectors.

    Args:
        conn: a connection, not in a transaction.
        model_id: as stored. That of a model in use is not refused: its vectors are computed again.
    """
    spaces = [space for space in count_spaces(conn) if space.model_id == model_id]
    for space in spaces:
        drop_index(conn, space)
    return sum(delete_space(conn, space) for space in spaces)


def first_day_to_embed(conn: psycopg.Connection, settings: Settings, scope: Scope) -> date | None:
    """Return the oldest UTC day of the scope on which a text waits for its vector, None where none waits.

    Raises:
        ModelError: where the model cannot be had.
    """
    model_id = text_space(settings).model_id
    days = [oldest_missing_day(conn, Space(kind, model_id), scope) for kind in TEXT_KINDS]
    return min((day for day in days if day is not None), default=None)


def _embed(
    conn: psycopg.Connection, encoder: TextEncoder, space: Space, ids: Sequence[int], outcome: EmbeddingOutcome
) -> Iterator[int]:
    """Embed listings piece by piece; yield how many are done. Equal texts are next to one another in ``ids``."""
    for start in range(0, len(ids), _PIECE):
        # Read now: the words may have changed since the list was made, and a listing may be gone.
        contents = read_texts(conn, cast("TextKind", space.kind), ids[start : start + _PIECE])
        began = time.monotonic()
        vectors = encoder.encode([content.text for content in contents])
        outcome.encode_ms += round((time.monotonic() - began) * 1000)
        outcome.embedded += store_vectors(
            conn,
            space,
            [content.listing_id for content in contents],
            [content.sha256 for content in contents],
            vectors,
        )
        yield min(start + _PIECE, len(ids))
