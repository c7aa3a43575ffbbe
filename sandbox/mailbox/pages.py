"""The pages of the mailbox: the list, one message, and the message's own HTML for its frame."""

from __future__ import annotations

import re

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.mailbox.store import Mailbox, Message, as_json

_LINK = re.compile(r"&lt;(https?://[^|&]+(?:&amp;[^|&]+)*)(?:\|(.*?))?&gt;")
_BOLD = re.compile(r"\*([^*\n]+)\*")
# The mail may show its styles and pictures and nothing else: no script, no form, no frame.
_FRAME_POLICY = "default-src 'none'; img-src * data:; style-src 'unsafe-inline'; sandbox allow-popups"


def mrkdwn(text: object) -> Markup:
    """Render Slack's mark-up: bold, links, line ends. Everything else stays text."""
    safe = str(escape(text)).replace("&amp;lt;", "&lt;").replace("&amp;gt;", "&gt;").replace("&amp;amp;", "&amp;")
    safe = _LINK.sub(lambda m: f'<a href="{m[1]}" rel="noreferrer">{m[2] or m[1]}</a>', safe)
    safe = _BOLD.sub(r"<strong>\1</strong>", safe).replace("\n", "<br>")
    return Markup(safe)  # noqa: S704 - escaped above; only our own tags were added


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("sandbox.mailbox"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters["mrkdwn"] = mrkdwn


class MailboxPages:
    """The routes under `/mailbox`."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/", _to_mailbox),
            Route("/mailbox", self._list),
            Route("/mailbox.json", self._json),
            Route("/mailbox/{number:int}", self._one),
            Route("/mailbox/{number:int}/html", self._html),
            Route("/mailbox/{number:int}/raw", self._raw),
        ]

    async def _json(self, request: Request) -> Response:
        return Response(as_json(self.mailbox), media_type="application/json")

    async def _list(self, request: Request) -> Response:
        messages = list(reversed(self.mailbox.messages))
        channels = {name: sum(m.channel == name for m in messages) for name in ("email", "slack")}
        return _page("list.html", messages=messages, channels=channels)

    async def _one(self, request: Request) -> Response:
        message = self._message(request)
        if message is None:
            return _page("missing.html", status=404)
        newer, older = self.mailbox.message(message.number + 1), self.mailbox.message(message.number - 1)
        return _page("message.html", message=message, newer=newer, older=older)

    async def _html(self, request: Request) -> Response:
        message = self._message(request)
        if message is None or not message.html:
            return Response(status_code=404)
        return HTMLResponse(message.html, headers={"Content-Security-Policy": _FRAME_POLICY})

    async def _raw(self, request: Request) -> Response:
        message = self._message(request)
        if message is None:
            return Response(status_code=404)
        return Response(message.raw, media_type="text/plain; charset=utf-8")

    def _message(self, request: Request) -> Message | None:
        return self.mailbox.message(int(request.path_params["number"]))


async def _to_mailbox(request: Request) -> Response:
    return RedirectResponse("/mailbox")


def _page(template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    return HTMLResponse(_TEMPLATES.get_template(template).render(**values), status)
