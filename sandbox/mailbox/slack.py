"""A webhook shaped like Slack's incoming webhooks: checks the payload, answers `ok`, fails when told to.

Error texts are those of Slack's documentation for incoming webhooks. Slack itself knows no idempotency key; here a
repeated one is answered `ok` and kept once, as a receiver that honours it would.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.mailbox.store import Mailbox

MAX_BLOCKS = 50


@dataclass(slots=True)
class SlackFailure:
    """An answer for the next ``count`` calls; ``retry_after`` in seconds is sent with 429."""

    status: int
    count: int = 1
    retry_after: int = 1


class SlackWebhook:
    """Receives webhook calls into a mailbox."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.failures: list[SlackFailure] = []

    async def post(self, request: Request) -> Response:
        """Answer `POST /slack/services/{T}/{B}/{X}`."""
        failure = self._failure()
        if failure is not None:
            return failure
        raw = await request.body()
        try:
            payload = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return PlainTextResponse("invalid_payload", 400)
        wrong = _what_is_wrong(payload)
        if wrong:
            return PlainTextResponse(wrong, 400)
        self.mailbox.receive_slack(
            raw,
            payload,
            address=request.url.path,
            key=request.headers.get("Idempotency-Key", ""),
            headers=[(name, value) for name, value in request.headers.items() if name != "authorization"],
        )
        return PlainTextResponse("ok")

    def _failure(self) -> Response | None:
        if not self.failures:
            return None
        failure = self.failures[0]
        failure.count -= 1
        if failure.count <= 0:
            self.failures.pop(0)
        headers = {"Retry-After": str(failure.retry_after)} if failure.status == 429 else None
        text = "rate_limited" if failure.status == 429 else "server_error"
        return PlainTextResponse(text, failure.status, headers=headers)


def _what_is_wrong(payload: object) -> str:
    if not isinstance(payload, dict):
        return "invalid_payload"
    blocks = payload.get("blocks")
    if blocks is not None and (
        not isinstance(blocks, list)
        or len(blocks) > MAX_BLOCKS
        or not all(isinstance(block, dict) and isinstance(block.get("type"), str) for block in blocks)
    ):
        return "invalid_blocks"
    return "" if payload.get("text") or blocks else "no_text"
