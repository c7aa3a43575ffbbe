"""A small real HTTP server on loopback whose answers each test scripts, and a Vinted look-alike on top of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from tests.unit.scrapers.pages import thin_item

Handler = Callable[[Request], Awaitable[Response]]

WALL = (
    "<!DOCTYPE html><html><head><title>vinted</title></head><body><p id='cmsg'>Please enable JS</p><script>"
    "var dd={'rt':'i','cid':'abc','hsh':'DEF','host':'geo.captcha-delivery.com'}</script>%s</body></html>"
)
_CLEARING_SCRIPT = "<script>document.cookie='datadome=cleared; path=/';location.reload()</script>"


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """Serve a handler on a free port of loopback; yields the address without a slash at the end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handler(Request(scope, receive))
        await response(scope, receive, send)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


class CutOff(Response):
    """Promises the whole body and sends half of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.body = self.body[: len(self.body) // 2]
        await super().__call__(scope, receive, send)


def json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, headers=headers, media_type="application/json")


def expired() -> Response:
    return json({"code": 100, "message": "x", "message_code": "invalid_authentication_token"}, 401)


def withdrawn() -> Response:
    return json({"code": 104, "message": "x", "message_code": "not_found"}, 404)


@dataclass
class Market:
    """A Vinted look-alike in one class.

    Attributes:
        found: how many items a search finds.
        script: answers to give in place of the service's next ones, in order; None lets one through.
        homepage_script: the same for the homepage.
        browsers_only: the homepage shows a wall until a browser has run its script.
        log: each request's path, query and the headers that matter, lower-case names.
    """

    found: int = 100
    script: list[Response | None] = field(default_factory=list)
    homepage_script: list[Response | None] = field(default_factory=list)
    browsers_only: bool = False
    sells: bool = True
    tokens: int = 0
    log: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path.split("/", 3)[-1] for path, _, _ in self.log]

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        self.log.append((path, request.url.query, dict(request.headers)))
        _, _, country, side, *rest = path.split("/", 4)
        place = f"{side}/{rest[0] if rest else ''}"
        if place == "www/":
            return self._homepage(request)
        if place == "api/svc-catalogue/items":
            return self._search(request)
        if place == "www/catalog":
            return HTMLResponse(self._catalogue(request))
        if place.startswith("www/items/"):
            return HTMLResponse(self._item(country) if self.sells else "<html><body>sold</body></html>")
        if place.startswith("www/api/v2/users/"):
            return json({"user": {"id": 77, "login": "someone", "feedback_reputation": 0.98, "feedback_count": 12}})
        return withdrawn()

    def _homepage(self, request: Request) -> Response:
        scripted = self.homepage_script.pop(0) if self.homepage_script else None
        if scripted is not None:
            return scripted
        if self.browsers_only and request.cookies.get("datadome") != "cleared":
            return HTMLResponse(WALL % _CLEARING_SCRIPT, 403)
        self.tokens += 1
        answer = HTMLResponse("<html><body><h1>home</h1></body></html>", headers={"X-Anon-Id": f"anon-{self.tokens}"})
        answer.set_cookie("access_token_web", f"token-{self.tokens}", httponly=True)
        answer.set_cookie("anon_id", f"anon-{self.tokens}")
        return answer

    def _search(self, request: Request) -> Response:
        scripted = self.script.pop(0) if self.script else None
        if scripted is not None:
            return scripted
        token, anon = request.headers.get("authorization", ""), request.headers.get("x-anon-id", "")
        if token.removeprefix("Bearer token-") != anon.removeprefix("anon-") or not anon:
            return expired()
        page, size = int(request.query_params["page"]), int(request.query_params["per_page"])
        numbers = range((page - 1) * size, min(page * size, self.found))
        pages = -(-self.found // size)
        return json({
            "items": [thin_item(number + 1) for number in numbers],
            "pagination": {"current_page": page, "total_pages": pages, "total_entries": self.found, "per_page": size},
            "code": 0,
        })  # fmt: skip

    def _catalogue(self, request: Request) -> str:
        page = int(request.query_params["page"])
        rows = "".join(
            f'<div data-testid="grid-item"><div data-testid="product-item-id-{n}"><a href="/items/{n}-a" '
            f'data-testid="product-item-id-{n}--overlay-link" title="Robe {n}, 5.00 €, 5.95 €"></a></div></div>'
            for n in range((page - 1) * 96 + 1, min(page * 96, self.found) + 1)
        )
        return f'<!DOCTYPE html><html><body><div class="feed-grid">{rows}</div></body></html>'

    @staticmethod
    def _item(country: str) -> str:
        product = {
            "@type": "Product",
            "name": "Robe",
            "description": "Belle",
            "offers": {"price": 5, "priceCurrency": "EUR", "url": f"https://www.vinted.{country}/items/123-robe"},
        }
        block = orjson.dumps(product).decode()
        return f'<html><head><script type="application/ld+json">{block}</script></head><body></body></html>'
