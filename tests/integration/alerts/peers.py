"""Real peers on loopback: a mail server, a webhook and a host that dribbles. Closed with their ``with``."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """What a mail server took, and what it is to answer: a reply per command, consumed in order."""

    received: list[Envelope] = field(default_factory=list)
    answers_to_data: list[str] = field(default_factory=list)
    answers_to_recipients: dict[str, str] = field(default_factory=dict)
    port: int = 0

    # The names are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers_to_recipients.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers_to_data.pop(0) if self.answers_to_data else "250 OK"
        if answer.startswith("250"):
            self.received.append(envelope)
        return answer


@contextlib.contextmanager
def mail_server(**options: object) -> Iterator[Mailbox]:
    """Run an SMTP server; ``options`` are aiosmtpd's. (Its own Controller cannot take a free port.)"""
    mailbox = Mailbox()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(mailbox, loop=loop, **options), "127.0.0.1", 0, start_serving=True)
    )
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def stop() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield mailbox
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass(frozen=True)
class Posted:
    """One request that the webhook saw."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Webhook:
    """What a webhook saw, and its next answers: status, body, headers; 200 ``ok`` when none is left."""

    requests: list[Posted] = field(default_factory=list)
    answers: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""


@contextlib.contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.requests.append(Posted(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, text, headers = hook.answers.pop(0) if hook.answers else (200, "ok", {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        hook.url = f"http://127.0.0.1:{server.server_address[1]}/services/T000/B000/sEcReTtOkEn"
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def dribbling_host(greeting: bytes = b"") -> Iterator[int]:
    """Accept connections and send ``greeting`` again and again, a byte every 20 ms; yield the port."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve() -> None:
        connections: list[socket.socket] = []
        sent = 0
        while not stop.wait(0.02):
            with contextlib.suppress(TimeoutError):
                connections.append(listener.accept()[0])
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.send(greeting[sent % len(greeting) :][:1] if greeting else b"")
            sent += 1
        for connection in connections:
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        listener.close()


def closed_port() -> int:
    """Return a loopback port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
