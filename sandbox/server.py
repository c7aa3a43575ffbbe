"""Puts the sandbox together and runs it: HTTP and SMTP on loopback, in a thread of its own.

The only place where the parts meet. Nothing here knows a marketplace's shapes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.clock import MarketClock
from sandbox.control import Control, RequestLog
from sandbox.faults import FaultBook
from sandbox.mailbox.pages import MailboxPages
from sandbox.mailbox.slack import SlackWebhook
from sandbox.mailbox.smtp import SmtpSink
from sandbox.mailbox.store import Mailbox
from sandbox.market import Market
from sandbox.sites import open_sites

HOST = "127.0.0.1"
DEFAULT_SEED = 20260917
_START_SECONDS = 30.0


def default_start() -> datetime:
    """Return midnight UTC thirty days ago, so that a market opened now has a month behind it."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=30)


async def _to_french_site(request: Request) -> Response:
    # Pages link to "/items/..." as the real ones do; a person who clicks in the sandbox lands somewhere useful.
    return RedirectResponse(f"/vinted/fr/www{request.url.path}")


def create_app(
    *,
    market: Market,
    mail_dir: Path | None = None,
    smtp_port: int | None = None,
) -> Starlette:
    """Build the sandbox.

    Args:
        market: what is sold.
        mail_dir: folder that keeps what arrives; None keeps it in memory only.
        smtp_port: where the SMTP server listens while the application runs (0: any free port); None starts none.

    Returns:
        The application; ``app.state`` holds ``mailbox``, ``smtp``, ``clock``, ``sites``, ``faults``.
    """
    clock, faults, mailbox = MarketClock(), FaultBook(), Mailbox(mail_dir)
    smtp, slack, sites = SmtpSink(mailbox), SlackWebhook(mailbox), open_sites(market, clock, faults)
    logs: list[RequestLog] = []

    def logged(app: ASGIApp) -> RequestLog:
        logs.append(RequestLog(app, sites))
        return logs[-1]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if smtp_port is not None:
            await smtp.start(HOST, smtp_port)
        try:
            yield
        finally:
            await smtp.stop()

    control = Control(
        market=market, sites=sites, clock=clock, faults=faults, slack=slack, smtp=smtp, log=lambda: logs[-1]
    )
    app = Starlette(
        routes=[
            *(route for site in sites.values() for route in site.routes()),
            *control.routes(),
            *MailboxPages(mailbox).routes(),
            Route("/slack/services/{team}/{channel}/{secret}", slack.post, methods=["POST"]),
            Route("/items/{rest:path}", _to_french_site),
            Route("/catalog", _to_french_site),
        ],
        middleware=[Middleware(logged)],
        lifespan=lifespan,
    )
    app.state.mailbox, app.state.smtp, app.state.clock = mailbox, smtp, clock
    app.state.sites, app.state.faults = sites, faults
    return app


class SandboxStartError(RuntimeError):
    """The sandbox did not start; the message says why and what to do."""


class SandboxServer:
    """A running sandbox: ``with SandboxServer(seed=7) as sandbox: ... sandbox.url``.

    Args:
        seed, start, arrivals_per_day: of the market; ``start`` defaults to midnight UTC thirty days ago.
        port, smtp_port: 0 takes a free port.
        mail_dir: folder that keeps what arrives.
    """

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        start: datetime | None = None,
        arrivals_per_day: float = 8.0,
        port: int = 0,
        smtp_port: int = 0,
        mail_dir: Path | None = None,
    ) -> None:
        self.market = Market(seed=seed, start=start or default_start(), arrivals_per_day=arrivals_per_day)
        self.app = create_app(market=self.market, mail_dir=mail_dir, smtp_port=smtp_port)
        self._wanted_port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    @property
    def smtp_port(self) -> int:
        """Port of the SMTP server."""
        return int(self.app.state.smtp.port)

    @property
    def mailbox(self) -> Mailbox:
        """What has arrived."""
        mailbox = self.app.state.mailbox
        assert isinstance(mailbox, Mailbox)  # noqa: S101 - app.state is untyped
        return mailbox

    def start(self) -> Self:
        """Start, and return once it answers.

        Raises:
            SandboxStartError: when a port is taken or it does not come up in time.
        """
        listener = _listen(self._wanted_port)
        self._port = int(listener.getsockname()[1])
        config = uvicorn.Config(self.app, log_level="critical", access_log=False, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        ready = threading.Event()

        def run() -> None:
            try:
                # uvicorn ends its process when the start fails; here only the thread ends, and `start` says why.
                with contextlib.suppress(SystemExit):
                    server.run(sockets=[listener])
            finally:
                ready.set()
                listener.close()

        self._server, self._thread = server, threading.Thread(target=run, name="sandbox", daemon=True)
        self._thread.start()
        waited = 0.0
        while not server.started and not ready.wait(0.01) and waited < _START_SECONDS:
            waited += 0.01
        if not server.started:
            self.stop()
            raise SandboxStartError("the sandbox did not start: is its SMTP port taken? Choose another, or 0 for any")
        return self

    def stop(self) -> None:
        """Stop and wait until it has."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise SandboxStartError(f"port {port} is taken; choose another, or 0 for any free one") from error
    listener.listen(128)
    return listener
