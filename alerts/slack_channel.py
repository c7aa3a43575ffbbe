"""Alerts to Slack, or to anything that takes Slack's incoming-webhook body.

Belongs here: the request and what the answers mean. Does not: how a message looks (``slack_blocks``).
The webhook's address is a secret: whoever has it can write to the channel. It appears in no error and no log.
"""

from __future__ import annotations

import contextvars
import json
import logging
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
from pydantic import SecretStr

from alerts.backoff import retry_after_seconds
from alerts.contract import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from alerts.deadline import cut_off_after
from alerts.message import Message
from alerts.slack_blocks import render_slack
from alerts.untrusted import one_line

_LONGEST_REASON = 200
_posting: contextvars.ContextVar[bool] = contextvars.ContextVar("posting_to_webhook", default=False)


def _keep_address_out(_record: logging.LogRecord) -> bool:
    return not _posting.get()


# The HTTP client logs each address it asks for at INFO.
logging.getLogger("httpx2").addFilter(_keep_address_out)


class SlackChannel:
    """Posts each alert to one webhook."""

    name = "slack"

    def __init__(
        self, *, webhook_url: SecretStr, timeout_seconds: float = 10.0, deadline_seconds: float = 30.0
    ) -> None:
        self._webhook_url = webhook_url
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds

    def send(self, message: Message, *, idempotency_key: str) -> None:
        """Post the message, with the key in an ``Idempotency-Key`` header.

        Slack refuses a whole message (400 ``invalid_blocks``) whose picture it cannot fetch: it is then sent without.

        Raises:
            TransientDeliveryError: 429 (with its Retry-After), 5xx, no answer in time.
            PermanentDeliveryError: any other answer but 2xx, with Slack's reason.
        """
        body = render_slack(message)
        response = self._post(body, idempotency_key)
        plain = render_slack(message, with_picture=False)
        if response.status_code == 400 and response.text.startswith("invalid_blocks") and plain != body:
            response = self._post(plain, idempotency_key)
        if not response.is_success:
            raise _refusal(response, self._webhook_url)

    def _post(self, body: Mapping[str, object], idempotency_key: str) -> httpx2.Response:
        connections: list[socket.socket] = []

        def remember(event: str, details: Mapping[str, Any]) -> None:
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                connections.append(details["return_value"].get_extra_info("socket"))

        token = _posting.set(True)
        try:
            with (
                cut_off_after(self._deadline_seconds, lambda: connections[-1] if connections else None) as expired,
                httpx2.Client(timeout=self._timeout_seconds) as client,
            ):
                try:
                    return client.post(
                        self._webhook_url.get_secret_value(),
                        content=json.dumps(body).encode(),
                        headers={"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
                        extensions={"trace": remember},
                    )
                except (httpx2.UnsupportedProtocol, httpx2.InvalidURL):
                    raise PermanentDeliveryError(
                        "the Slack webhook's address is malformed: check PRICESCOPE_SLACK_WEBHOOK_URL"
                    ) from None
                except httpx2.HTTPError as error:
                    raise _no_answer(error, deadline=self._deadline_seconds if expired else None) from None
        finally:
            _posting.reset(token)


def _no_answer(error: httpx2.HTTPError, *, deadline: float | None) -> TransientDeliveryError:
    if deadline is not None:
        return TransientDeliveryError(f"the Slack webhook took longer than {deadline:g} s")
    # The kind only: an error's own words may hold the address.
    return TransientDeliveryError(f"no answer from the Slack webhook ({type(error).__name__})")


def _refusal(response: httpx2.Response, webhook_url: SecretStr) -> DeliveryError:
    status = response.status_code
    said = one_line(_without(response.text, webhook_url), _LONGEST_REASON)
    reason = f"the Slack webhook answered {status}" + (f": {said}" if said else "")
    if status == 429:
        wait = retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
        return TransientDeliveryError(reason, retry_after=wait)
    if status >= 500:
        return TransientDeliveryError(reason)
    return PermanentDeliveryError(f"{reason} (check PRICESCOPE_SLACK_WEBHOOK_URL and the channel in Slack)")


def _without(text: str, webhook_url: SecretStr) -> str:
    address = webhook_url.get_secret_value()
    path = urlsplit(address).path
    text = text.replace(address, "[webhook]")
    return text.replace(path, "[webhook]") if len(path) > 1 else text
