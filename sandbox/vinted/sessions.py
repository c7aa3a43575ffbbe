"""Anonymous sessions of the look-alike: which tokens were issued, for which country, and whether they still work.

Token age is real time, not market time: a test of renewal should not have to travel.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass

# Seven days for the anonymous token, as on the real site.
DEFAULT_TTL_SECONDS = 7 * 86400.0


@dataclass(slots=True)
class _Token:
    country: str
    expires_at: float
    requests_left: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """What the homepage hands out: values of ``access_token_web``, ``refresh_token_web``, ``anon_id``, ``v_udt``."""

    access_token: str
    refresh_token: str
    anon_id: str
    device: str


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _jwt(scope: str, expires: int) -> str:
    header = {"typ": "JWT", "alg": "RS256", "kid": "sandbox"}
    payload = {"aud": "fr.core.api", "client_id": "web", "exp": expires, "iat": int(time.time()), "scope": scope}
    return f"{_part(header)}.{_part({**payload, 'jti': secrets.token_hex(8)})}.{secrets.token_urlsafe(96)}"


class Sessions:
    """Issues and checks tokens. ``ttl_seconds`` and ``max_requests`` apply to tokens issued from then on."""

    def __init__(self) -> None:
        self.ttl_seconds = DEFAULT_TTL_SECONDS
        self.max_requests: int | None = None
        self.issued = 0
        self._tokens: dict[str, _Token] = {}

    def issue(self, country: str, anon_id: str | None = None) -> Session:
        """Open a session for a country; a browser that has an ``anon_id`` keeps it."""
        now = time.monotonic()
        access = _jwt("public", int(time.time() + self.ttl_seconds))
        self._tokens[access] = _Token(country, now + self.ttl_seconds, self.max_requests)
        self.issued += 1
        return Session(
            access_token=access,
            refresh_token=_jwt("public refresh", int(time.time() + self.ttl_seconds)),
            anon_id=anon_id or secrets.token_hex(16),
            device=secrets.token_urlsafe(48),
        )

    def accept(self, token: str, country: str) -> bool:
        """Tell whether the token works on that country's site now, and count the request against it."""
        known = self._tokens.get(token)
        if known is None or known.country != country or time.monotonic() >= known.expires_at:
            return False
        if known.requests_left is None:
            return True
        known.requests_left -= 1
        return known.requests_left >= 0

    def revoke_all(self) -> None:
        """Make every token issued so far worthless."""
        self._tokens.clear()
