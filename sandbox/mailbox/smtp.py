"""The SMTP server: speaks the protocol on loopback, keeps what it accepts, refuses when told to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

from sandbox.mailbox.store import Mailbox

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session

_MAX_BYTES = 20 * 1024 * 1024


class SmtpSink:
    """Receives mail into a mailbox, on the running event loop.

    Attributes:
        refusals: replies for the next messages, first one first, e.g. ``451 try again later``.
        port: the port it listens on; 0 until started.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.refusals: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Accept or refuse a message; called by the protocol."""
        if self.refusals:
            return self.refusals.pop(0)
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        message = self.mailbox.receive_mail(
            raw, sender=str(envelope.mail_from or ""), recipients=tuple(str(to) for to in envelope.rcpt_tos)
        )
        return f"250 kept as {message.number}"

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one.

        Raises:
            OSError: when the port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="sandbox.invalid", data_size_limit=_MAX_BYTES, enable_SMTPUTF8=True, loop=loop),
            host,
            port,
        )
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
