"""The pages of the fetch benchmark and the server that hands them out, gzipped beforehand, from a process of its own.

Run by ``benchmarks.fetch``: ``python -m benchmarks.fetch_pages FOLDER`` serves the folder's files and prints its port.
"""

from __future__ import annotations

import gzip
import random
import socket
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import orjson
import uvicorn

from sandbox.server import SandboxServer

PER_PAGE = 96
BIG_PAGE_BYTES = 1_200_000
SHOP_PAGE_BYTES = 100_000
_ROBOTS = b"""User-agent: *
Disallow: /cart
Disallow: /checkout
Disallow: /*?sort=
Disallow: /account/
Allow: /

User-agent: BadBot
Disallow: /
"""
_TYPES = {".txt": "text/plain", ".json": "application/json; charset=utf-8", ".html": "text/html; charset=utf-8"}


def write_pages(folder: Path) -> dict[str, int]:
    """Write the three pages; return their sizes in bytes by file name."""
    search, catalogue = _sandbox_pages()
    pages = {"items.json": search, "big.html": _grown(catalogue), "shop.html": _shop_page()}
    for name, body in pages.items():
        (folder / name).write_bytes(body)
    (folder / "robots.txt").write_bytes(_ROBOTS)
    return {name: len(body) for name, body in pages.items()}


def _sandbox_pages() -> tuple[bytes, bytes]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
    with (
        tempfile.TemporaryDirectory() as mail,
        SandboxServer(seed=1, start=start, arrivals_per_day=20, mail_dir=Path(mail)) as server,
        httpx2.Client() as client,
    ):
        www, api = f"{server.url}/vinted/fr/www", f"{server.url}/vinted/fr/api"
        client.get(f"{www}/")
        cookies = {cookie.name: cookie.value or "" for cookie in client.cookies.jar}
        headers = {"Authorization": f"Bearer {cookies['access_token_web']}", "X-Anon-Id": cookies["anon_id"]}
        wanted = {"search_text": "levi's 501", "per_page": PER_PAGE, "page": 1}
        search = client.get(f"{api}/svc-catalogue/items", params=wanted, headers=headers)
        catalogue = client.get(f"{www}/catalog", params={"search_text": "levi's 501"})
    return search.content, catalogue.content


def _grown(page: bytes) -> bytes:
    """Repeat the body of a page until it is as large as a recorded one (1.2 MB)."""
    head, body, tail = page.partition(b"<body>")
    inner, end, rest = tail.rpartition(b"</body>")
    times = max(1, -(-BIG_PAGE_BYTES // max(1, len(inner))))
    return (head + body + inner * times)[:BIG_PAGE_BYTES] + end + rest


def _shop_page() -> bytes:
    """Return a product page of a made-up shop: structured data, then as much markup as shops send along."""
    rng = random.Random(1)  # noqa: S311 - filler text
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": "Kettle 1.7 l",
        "sku": "K-17",
        "offers": {"@type": "Offer", "price": "49.90", "priceCurrency": "EUR", "availability": "InStock"},
    }
    parts = [f'<html><head><script type="application/ld+json">{orjson.dumps(product).decode()}</script></head><body>']
    size = 0
    while size < SHOP_PAGE_BYTES:
        words = " ".join(f"{rng.getrandbits(24):x}" for _ in range(8))
        parts.append(f'<div class="card c{rng.randrange(50)}"><a href="/p/{rng.getrandbits(32)}">{words}</a></div>\n')
        size += len(parts[-1])
    return ("".join(parts) + "</body></html>").encode()


def serve(folder: Path) -> None:
    """Serve the files on a free port of loopback until killed; the port is the first line printed."""
    packed = {f"/{path.name}": (gzip.compress(path.read_bytes(), 6), _TYPES[path.suffix]) for path in folder.iterdir()}

    async def app(scope: dict[str, object], _: object, send: object) -> None:
        body, kind = packed[str(scope["path"])]
        headers = [
            (b"content-type", kind.encode()),
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-request-id", b"0f1e2d3c"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]  # ASGI's own callable
        await send({"type": "http.response.body", "body": body})  # type: ignore[operator]  # the same

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
