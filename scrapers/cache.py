"""Answers kept on disk for a while, so that work on a parser or a repeated run does not ask a site again.

Belongs here: what is kept, for how long, how large, under which key. Does not: when an answer may be taken from here
(``scrapers.http``).

Off unless ``Settings.http_cache_ttl_seconds`` is set, since a price from here is not today's: whoever reads such an
answer is told when it was fetched (``Answer.from_cache``, ``Answer.fetched_at``).

The library is diskcache: bounded in size, safe between processes. hishel keeps RFC 9111, but was made for httpx (for
httpx2 see its issue 474 and pull request 480 of 2026, not tried), and shops forbid storing anything at all, where here
the user's own setting decides. diskcache pickles what is neither bytes nor text; here only bytes go in, and nothing
that claims to be a pickle is read back, so a file planted in the folder cannot run code (CVE-2025-69872).
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import diskcache
import msgspec
import zstandard
from diskcache.core import MODE_PICKLE

logger = logging.getLogger(__name__)

_LEVEL = 3
_MAX_UNPACKED = 64 * 1024 * 1024
_BUSY_SECONDS = 5.0
_ERRORS = (sqlite3.Error, diskcache.Timeout, OSError, zstandard.ZstdError, msgspec.MsgspecError, ValueError)


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is kept: status 200, of a GET.

    Attributes:
        headers: of the answer, names in lower case.
        fetched_at: when the site gave it, UTC.
    """

    url: str
    headers: dict[str, str]
    body: bytes
    fetched_at: datetime


class _BytesOnly(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """A disk that never unpickles."""

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> Any:
        if mode == MODE_PICKLE:
            raise ValueError("a pickle in the HTTP cache")
        return super().fetch(mode, filename, value, read)


def cache_key(method: str, url: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the key of a request: a digest of everything that is sent, credentials and cookies with it.

    Two requests share an answer only where they are the same in every header: another user's token, another language
    or another client never sees it. The digest does not give the values away.
    """
    digest = hashlib.blake2b(f"{method} {url}\n".encode("utf-8", "surrogatepass"), digest_size=24)
    for name, value in sorted((name.lower(), value) for name, value in headers):
        digest.update(len(name).to_bytes(4, "big") + name + len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()


class AnswerCache:
    """A bounded folder of compressed answers; a failing disk makes it empty, never an error."""

    def __init__(self, folder: Path, *, ttl_seconds: float, max_megabytes: int) -> None:
        """Open or make the folder, readable by its owner only.

        Args:
            folder: the cache's own.
            ttl_seconds: how long an answer may be given again.
            max_megabytes: on disk; the oldest answers go first.
        """
        self._ttl = ttl_seconds
        self._kept: Any = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._kept = diskcache.Cache(
                str(folder),
                timeout=_BUSY_SECONDS,
                disk=_BytesOnly,
                size_limit=max_megabytes * 1024 * 1024,
                eviction_policy="least-recently-stored",
            )
        except _ERRORS as error:
            logger.warning("the HTTP cache cannot be opened and is left out: %s", error)

    def get(self, key: str, now: datetime) -> KeptAnswer | None:
        """Return the answer kept under a key unless it is older than the time to live at ``now`` (UTC)."""
        if self._kept is None:
            return None
        try:
            packed = self._kept.get(key)
            if not isinstance(packed, bytes):
                return None
            plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MAX_UNPACKED)
            kept = msgspec.msgpack.decode(plain, type=KeptAnswer)
        except _ERRORS as error:
            logger.warning("an answer in the HTTP cache cannot be read: %s", type(error).__name__)
            return None
        age = (now - kept.fetched_at).total_seconds()
        return kept if 0 <= age < self._ttl else None

    def put(self, key: str, answer: KeptAnswer) -> None:
        """Keep an answer."""
        if self._kept is None:
            return
        try:
            packed = zstandard.ZstdCompressor(level=_LEVEL).compress(msgspec.msgpack.encode(answer))
            self._kept.set(key, packed, expire=self._ttl)
        except _ERRORS as error:
            logger.warning("an answer could not be kept in the HTTP cache: %s", type(error).__name__)

    def close(self) -> None:
        """Close the files."""
        if self._kept is not None:
            self._kept.close()
