"""An OAuth access token for an application's own credentials: asked for, kept between processes, renewed when refused.

Belongs here: the grant as RFC 6749 has it, with HTTP Basic. Does not: which marketplace wants which grant.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta

from pydantic import SecretStr

from scrapers.contract import Clock
from scrapers.http import Answer, PoliteClient
from scrapers.json_values import part_of
from scrapers.tokens import TokenFile

_LONGEST_SECONDS = 30 * 86_400


class OAuthToken:
    """The access token of one application.

    Args:
        file: where it is kept for the next process.
        url: of the token endpoint.
        client_id, client_secret: of the application; never logged.
        form: of the grant.
        lasts: seconds that a token lasts where the answer does not say so soundly.
        clock: tells when a kept token ends.
    """

    def __init__(
        self,
        file: TokenFile,
        url: str,
        *,
        client_id: str | None,
        client_secret: SecretStr | None,
        form: Mapping[str, str],
        lasts: int,
        clock: Clock,
    ) -> None:
        self._file = file
        self._url = url
        self._pair = f"{client_id or ''}:{client_secret.get_secret_value() if client_secret else ''}"
        self._form = form
        self._lasts = lasts
        self._clock = clock
        self._value: str | None = None

    @property
    def header(self) -> str:
        """The value of an ``Authorization`` header."""
        return f"Bearer {self._value}"

    async def sign_in(self, client: PoliteClient, headers: Mapping[str, str]) -> Answer | None:
        """Have a token: the one at hand, the one that an earlier process left, else a new one; return a refusal."""
        if self._value is None:
            self._value = self._file.load(self._clock())
        return None if self._value is not None else await self.renew(client, headers)

    async def renew(self, client: PoliteClient, headers: Mapping[str, str]) -> Answer | None:
        """Throw the token away and ask for a new one; return the answer where it is a refusal.

        An answer that holds a token is never returned: it would be stored as a page.
        """
        self._value = None
        self._file.discard()
        basic = base64.b64encode(self._pair.encode()).decode()
        answer = await client.post(self._url, form=self._form, headers={"Authorization": f"Basic {basic}", **headers})
        token, seconds = self._granted(answer.body) if answer.status == 200 else (None, 0)
        if token is None:
            return answer
        self._value = token
        self._file.save(token, self._clock() + timedelta(seconds=seconds))
        return None

    def _granted(self, body: bytes) -> tuple[str | None, int]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return None, 0
        token, seconds = part_of(document, "access_token"), part_of(document, "expires_in")
        lasts = seconds if type(seconds) is int and 0 < seconds <= _LONGEST_SECONDS else self._lasts
        return (token if isinstance(token, str) and token else None), lasts
