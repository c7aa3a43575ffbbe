"""What the fault `cut_off` does to a good answer."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class CutOffResponse(Response):
    """Half of another answer: ended politely there, or with the connection dropped."""

    def __init__(self, whole: Response, *, abort: bool) -> None:
        body = bytes(whole.body)
        half = body[: len(body) // 2]
        super().__init__(half, whole.status_code, media_type=whole.media_type)
        self.headers["content-type"] = whole.headers.get("content-type", "application/json")
        self._promised = len(body) if abort else len(half)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send; the server closes the connection when fewer bytes come than were promised."""
        self.headers["content-length"] = str(self._promised)
        await super().__call__(scope, receive, send)
