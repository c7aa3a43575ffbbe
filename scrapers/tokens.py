"""Access tokens that outlive a process: one small file a source, readable by its owner only.

Belongs here: keeping and finding a token. Does not: how one is asked for. Nothing here logs a token.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

# A token about to end would end on its way.
_MARGIN = timedelta(seconds=90)


class TokenFile:
    """The token of one source and one set of credentials.

    Args:
        home: ``settings.home``.
        source: names the file.
        identity: what the token belongs to (client id and where it was asked for); kept as a digest only, so that
            changed credentials do not find the old token.
    """

    def __init__(self, home: Path, source: str, *identity: str) -> None:
        self._path = home / "tokens" / f"{source}.json"
        self._identity = hashlib.blake2b("\0".join(identity).encode(), digest_size=16).hexdigest()

    def load(self, now: datetime) -> str | None:
        """Return the kept token while it lasts; None for none, another's, or a spoilt file."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if kept["identity"] != self._identity or not isinstance(kept["token"], str):
                return None
            expires = datetime.fromtimestamp(float(kept["expires"]), UTC)
        except (OSError, ValueError, TypeError, KeyError, OverflowError):
            return None
        return kept["token"] if now + _MARGIN < expires else None

    def save(self, token: str, expires: datetime) -> None:
        """Keep a token; a disk that refuses only costs the next process a request."""
        text = json.dumps({"identity": self._identity, "token": token, "expires": expires.timestamp()})
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            spare = self._path.with_suffix(f".{os.getpid()}")
            descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            spare.replace(self._path)

    def discard(self) -> None:
        """Forget the kept token."""
        with contextlib.suppress(OSError):
            self._path.unlink()
