"""What arrived: messages in memory, and each as a file in a folder where one is given."""

from __future__ import annotations

import email
import email.policy
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

_PRICE = re.compile(
    r"(?:(?:€|£|\$)\s?\d[\d.,\u00a0]*\d|\d[\d.,\u00a0]*\s?(?:€|£|zł|EUR\b|GBP\b|PLN\b|USD\b)|(?:EUR|GBP|PLN|USD)\s\d[\d.,]*)"
)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(slots=True)
class Message:
    """A message as it arrived.

    Attributes:
        message_id: the mail's Message-ID; empty for Slack.
        idempotency_key: the webhook call's `Idempotency-Key`; for mail its Message-ID, which serves the same end.
        deliveries: how often it was delivered; above 1 only where a webhook call repeated its idempotency key.
        received_at: UTC, real time.
        blocks: Slack's blocks, for the page.
        raw: as it came over the wire.
    """

    number: int
    channel: str
    subject: str
    text: str
    html: str
    received_at: datetime
    message_id: str = ""
    idempotency_key: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    headers: list[tuple[str, str]] = field(default_factory=list)
    blocks: list[dict[str, object]] = field(default_factory=list)
    raw: bytes = b""
    deliveries: int = 1

    @property
    def price(self) -> str:
        """The first amount of money in the subject, else in the text; empty where there is none."""
        found = _PRICE.search(self.subject) or _PRICE.search(self.text)
        return found.group().strip() if found else ""

    @property
    def preview(self) -> str:
        """The beginning of the text for the list, without a first line that only repeats the subject."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        return " ".join(lines[1:] if lines and lines[0] == self.subject else lines)[:200]

    def as_json(self) -> dict[str, object]:
        """Return what `/mailbox.json` shows."""
        return {
            "id": self.number,
            "channel": self.channel,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "received_at": self.received_at.isoformat(),
            "message_id": self.message_id,
            "idempotency_key": self.idempotency_key,
            "from": self.sender,
            "to": list(self.recipients),
            "price": self.price,
            "deliveries": self.deliveries,
            "headers": [list(header) for header in self.headers],
            "blocks": self.blocks,
        }


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        # An unknown or wrong charset must not lose the mail; the raw form is kept anyway.
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")


class Mailbox:
    """Keeps messages in the order of arrival.

    Args:
        folder: where each message is also written (`.eml`, `.json`); made when needed; None keeps memory only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.messages: list[Message] = []
        self._folder = folder
        self._by_key: dict[str, Message] = {}

    def message(self, number: int) -> Message | None:
        """Return a message by its number, counted from 1."""
        return self.messages[number - 1] if 1 <= number <= len(self.messages) else None

    def clear(self) -> None:
        """Forget all messages; files stay."""
        self.messages.clear()
        self._by_key.clear()

    def receive_mail(self, raw: bytes, *, sender: str, recipients: tuple[str, ...]) -> Message:
        """Keep a mail. A repeated Message-ID is kept again: a mail server does not know repeats."""
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        if not isinstance(mail, EmailMessage):
            raise TypeError("the default policy makes EmailMessage objects")
        message_id = str(mail.get("Message-ID", ""))
        message = Message(
            number=len(self.messages) + 1,
            channel="email",
            subject=str(mail.get("Subject", "(no subject)")),
            text=_part(mail, "plain"),
            html=_part(mail, "html"),
            received_at=datetime.now(UTC),
            message_id=message_id,
            idempotency_key=message_id,
            sender=sender,
            recipients=recipients,
            headers=[(name, str(value)) for name, value in mail.items()],
            raw=raw,
        )
        self._keep(message, "eml")
        return message

    def receive_slack(
        self, raw: bytes, payload: dict[str, object], *, address: str, key: str, headers: list[tuple[str, str]]
    ) -> Message:
        """Keep a webhook call; one that repeats an idempotency key is counted, not kept again."""
        known = self._by_key.get(key) if key else None
        if known is not None:
            known.deliveries += 1
            return known
        blocks = payload.get("blocks")
        kept = [block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
        text = str(payload.get("text") or "")
        message = Message(
            number=len(self.messages) + 1,
            channel="slack",
            subject=(text.splitlines() or [_first_text(kept)])[0],
            text=text or "\n".join(slack_texts(kept)),
            html="",
            received_at=datetime.now(UTC),
            idempotency_key=key,
            recipients=(address,),
            headers=headers,
            blocks=kept,
            raw=raw,
        )
        self._keep(message, "json")
        if key:
            self._by_key[key] = message
        return message

    def _keep(self, message: Message, suffix: str) -> None:
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = _UNSAFE.sub("-", message.idempotency_key).strip("-.")[:80] or "message"
            stamp = f"{message.received_at:%Y%m%dT%H%M%S%f}"
            (self._folder / f"{stamp}-{message.number:05d}-{name}.{suffix}").write_bytes(message.raw)
        self.messages.append(message)


def slack_texts(value: object) -> list[str]:
    """Return the texts inside Slack blocks, in order."""
    if isinstance(value, dict):
        own = [str(value["text"])] if isinstance(value.get("text"), str) else []
        return own + [text for key, inner in value.items() if key != "text" or not own for text in slack_texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in slack_texts(inner)]
    return []


def _first_text(blocks: list[dict[str, object]]) -> str:
    return next(iter(slack_texts(blocks)), "(no text)")


def as_json(mailbox: Mailbox) -> bytes:
    """Return all messages as JSON, oldest first."""
    return json.dumps([message.as_json() for message in mailbox.messages], ensure_ascii=False).encode()
