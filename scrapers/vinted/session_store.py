"""Anonymous sessions kept between processes: every poll is a new one, and none needs a fresh homepage and token.

Belongs here: one file a country under the home folder, readable by its owner alone. Does not: how a session is got
(``session``), when one is thrown away (``client``). Nothing here logs or raises with what a file holds.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from scrapers.vinted.session import Session

logger = logging.getLogger(__name__)

# A token that does not say when it ends is kept this long; Vinted's say about seven days.
UNKNOWN_LIFE_SECONDS = 3600.0
# Not used in its last minutes, so that it does not end between the pages of one poll.
MARGIN_SECONDS = 300.0


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A file's content. The session belongs to one site and one User-Agent; ``expires_at`` is Unix time."""

    www: str
    user_agent: str
    origin: str
    token: str
    anon_id: str | None
    cookie_header: str | None
    expires_at: float


class _Claims(msgspec.Struct):
    exp: float


class SessionStore:
    """Keeps each country's session in ``<home>/sessions``; what cannot be read is as if it were not there."""

    def __init__(self, home: Path, user_agent: str, *, now: Callable[[], float] = time.time) -> None:
        self._folder = home / "sessions"
        self._user_agent = user_agent
        self._now = now

    def load(self, country: str, www: str) -> Session | None:
        """Return the session kept for a country's site; None where there is none, or it has ended."""
        try:
            kept = msgspec.json.decode(self._path(country).read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        if (kept.www, kept.user_agent) != (www, self._user_agent) or kept.expires_at <= self._now() + MARGIN_SECONDS:
            return None
        return Session(origin=kept.origin, token=kept.token, anon_id=kept.anon_id, cookie_header=kept.cookie_header)

    def save(self, country: str, www: str, session: Session, cookies: Mapping[str, str]) -> None:
        """Keep a session, with the cookies of the client that opened it, in place of the one before."""
        if session.token is None:
            return
        header = session.cookie_header or "; ".join(f"{name}={value}" for name, value in cookies.items())
        kept = _Kept(
            www=www,
            user_agent=self._user_agent,
            origin=session.origin,
            token=session.token,
            anon_id=session.anon_id,
            cookie_header=header or None,
            expires_at=_end_of(session.token) or self._now() + UNKNOWN_LIFE_SECONDS,
        )
        path = self._path(country)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp makes the file readable by its owner alone; the rename keeps readers from seeing half of it.
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=f".{path.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(kept))
                Path(name).replace(path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            logger.warning("the session cannot be kept for the next poll: %s", error.strerror)

    def discard(self, country: str) -> None:
        """Throw a country's session away."""
        try:
            self._path(country).unlink(missing_ok=True)
        except OSError as error:
            logger.warning("a refused session cannot be thrown away: %s", error.strerror)

    def _path(self, country: str) -> Path:
        return self._folder / f"vinted-{country}.json"


def _end_of(token: str) -> float | None:
    """Return when a token (a JWT) says that it ends, Unix time; None for a token of another kind."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Claims).exp
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
