"""First photos: fetched politely and once, kept on disk, hashed, described. Off unless the settings say otherwise.

Belongs here: what is done in which order. Does not: SQL (``warehouse.photos``), pictures (``ml.photos``), models
(``ml.embeddings``). Not imported by the polling path.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import numpy as np
import psycopg
from PIL.Image import Image

from domain.settings import Settings
from ml.embeddings.contract import ImageEncoder
from ml.embeddings.images import image_encoder, image_model_id
from ml.photos.hashing import photo_hash
from ml.photos.reading import MAX_BYTES, Refusal, read_photo
from pipeline.embeddings import EmbeddingOutcome
from scrapers.cache import AnswerCache, KeptAnswer
from scrapers.http import PoliteClient
from scrapers.ssrf import PublicOnly
from warehouse.embeddings import Scope, Space, copy_known, count_contents, store_vectors
from warehouse.photos import Photo, ask_again, note_photo, photos_without_vector, wanted_urls

# Photos in memory at a time.
_PIECE = 64


class PhotoOutcome(msgspec.Struct, kw_only=True):
    """What was done.

    Attributes:
        said: why nothing was done, else empty.
        fetched: photos that came; new addresses of known ones among them.
        failed: could not be had; asked for again another day, at most three times.
        waiting: addresses that were left for the next run.
        unkept: had once and no longer on disk, so they have no vector; the next run asks for them again.
    """

    said: str = ""
    fetched: int = 0
    failed: int = 0
    waiting: int = 0
    unkept: int = 0
    vectors: EmbeddingOutcome = msgspec.field(default_factory=lambda: EmbeddingOutcome(model_id=""))


class PhotoStore:
    """Photos on disk by the digest of their bytes, bounded in size; a full or failing disk loses the oldest."""

    def __init__(self, folder: Path, *, keep_days: int, max_megabytes: int) -> None:
        self._kept = AnswerCache(folder, ttl_seconds=keep_days * 86_400.0, max_megabytes=max_megabytes)

    def get(self, digest: bytes) -> bytes | None:
        """Return the bytes of a photo, None where they are not here."""
        found = self._kept.get(digest.hex(), datetime.now(UTC))
        return found.body if found is not None and hashlib.sha256(found.body).digest() == digest else None

    def put(self, body: bytes) -> bytes:
        """Keep a photo; return its digest."""
        digest = hashlib.sha256(body).digest()
        self._kept.put(digest.hex(), KeptAnswer(url="", headers={}, body=body, fetched_at=datetime.now(UTC)))
        return digest

    def close(self) -> None:
        """Close the folder."""
        self._kept.close()


def describe_photos(
    conn: psycopg.Connection,
    settings: Settings,
    scope: Scope | None = None,
    *,
    encoder: ImageEncoder | None = None,
) -> PhotoOutcome:
    """Fetch first photos that are new, and compute the vectors that are missing, one for each photo's digest.

    Args:
        conn: a connection, not in a transaction.
        settings: whether, how many, by which model.
        scope: of which listings; None for all.
        encoder: in place of the settings' own.

    Raises:
        ModelError: where the model cannot be had; nothing is fetched then.
    """
    if not settings.photos_enabled:
        return PhotoOutcome(said="Photos are off; PRICESCOPE_PHOTOS_ENABLED=true switches them on.")
    scope = scope or Scope()
    model_id = image_model_id(settings.photo_model) if encoder is None else encoder.model_id
    outcome = PhotoOutcome(vectors=EmbeddingOutcome(model_id=model_id))
    store = PhotoStore(
        settings.home / "photos", keep_days=settings.item_days, max_megabytes=settings.photo_cache_megabytes
    )
    try:
        urls, waiting = wanted_urls(conn, scope, datetime.now(UTC), limit=settings.photos_per_run)
        outcome.waiting = waiting - len(urls)
        asyncio.run(_fetch(conn, settings, store, urls, outcome))
        _embed(conn, settings, store, Space("image", model_id), scope, encoder, outcome)
    finally:
        store.close()
    return outcome


def photos_wait(conn: psycopg.Connection, settings: Settings, scope: Scope) -> bool:
    """Say whether a run would ask for a photo."""
    return settings.photos_enabled and wanted_urls(conn, scope, datetime.now(UTC), limit=1)[1] > 0


# ---------------------------------------------------------------- fetching


async def _fetch(
    conn: psycopg.Connection, settings: Settings, store: PhotoStore, urls: Iterable[str], outcome: PhotoOutcome
) -> None:
    """Ask for photos, host beside host, each host at its own pace."""
    by_host: dict[str, list[str]] = {}
    for url in urls:
        by_host.setdefault(_host(url), []).append(url)
    # Addresses come from strangers' pages: none may lead into this network.
    guard = PublicOnly(settings.sandbox_url)
    async with PoliteClient(settings, guard=guard, max_body_bytes=MAX_BYTES) as client:

        async def of_host(host_urls: list[str]) -> None:
            for url in host_urls:
                photo = await _ask(client, store, url)
                note_photo(conn, photo)
                outcome.fetched += photo.content_sha256 is not None
                outcome.failed += photo.content_sha256 is None

        await asyncio.gather(*(of_host(found) for found in by_host.values()))


async def _ask(client: PoliteClient, store: PhotoStore, url: str) -> Photo:
    answer = await client.get(url)
    at = answer.fetched_at or datetime.now(UTC)
    if answer.status != 200:
        return Photo(url=url, fetched_at=at, error=answer.error or f"the site answered {answer.status}")
    picture = read_photo(answer.body)
    if isinstance(picture, Refusal):
        return Photo(url=url, fetched_at=at, error=picture.reason)
    found = photo_hash(picture)
    return Photo(
        url=url,
        fetched_at=at,
        content_sha256=store.put(answer.body),
        perceptual_hash=found.plain,
        mirrored_hash=found.mirrored,
        is_flat=found.is_flat,
        width=picture.width,
        height=picture.height,
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


# ---------------------------------------------------------------- vectors


def _embed(
    conn: psycopg.Connection,
    settings: Settings,
    store: PhotoStore,
    space: Space,
    scope: Scope,
    encoder: ImageEncoder | None,
    outcome: PhotoOutcome,
) -> None:
    vectors = outcome.vectors
    vectors.contents, vectors.unchanged = count_contents(conn, space, scope)
    if vectors.contents == vectors.unchanged:
        return
    vectors.reused = copy_known(conn, space, scope)
    missing = photos_without_vector(conn, space, scope)
    if not missing:
        return
    encoder = encoder or image_encoder(settings.photo_model, threads=settings.model_threads)
    digests = list(missing)
    for start in range(0, len(digests), _PIECE):
        pictures = {digest: _kept_picture(store, digest) for digest in digests[start : start + _PIECE]}
        had = {digest: picture for digest, picture in pictures.items() if picture is not None}
        ask_again(conn, [digest for digest in pictures if digest not in had])
        outcome.unkept += len(pictures) - len(had)
        if not had:
            continue
        began = time.monotonic()
        rows = encoder.encode(list(had.values()))
        vectors.encode_ms += round((time.monotonic() - began) * 1000)
        vectors.embedded += len(had)
        # Every listing that shows the photo gets its one vector.
        shown = [(listing_id, digest, row) for row, digest in enumerate(had) for listing_id in missing[digest][1]]
        store_vectors(
            conn,
            space,
            [listing_id for listing_id, _, _ in shown],
            [digest for _, digest, _ in shown],
            rows[np.array([row for _, _, row in shown], np.intp)],
        )
        vectors.reused += len(shown) - len(had)


def _kept_picture(store: PhotoStore, digest: bytes) -> Image | None:
    body = store.get(digest)
    picture = None if body is None else read_photo(body)
    return None if isinstance(picture, Refusal) else picture
