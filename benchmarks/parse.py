"""Claim: reading a page into checked, hashed listings costs at most 1.5 times ``orjson.loads`` on the same bytes.

Run: ``PRICESCOPE_FIXTURES=... python -m benchmarks.parse [--seconds 0.5]``. Reads recorded pages where they are, pages
that the sandbox's market makes, and a page of bare search items (no pictures, so hardly any bytes for the peer to
read), each beside ``orjson.loads`` in the same run, taking turns; best of the turns. The two HTML pages have no such
peer and are given in milliseconds alone.

The claim is for pages of the size the site really sends (12.6 KB an item as recorded, 5.7 KB in the sandbox). On bare
items it cannot hold: building one `Listing` of 24 fields from Python costs more than the peer takes for the item.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import orjson

from benchmarks.fixtures import fixture
from domain.page import RawPage
from sandbox.server import SandboxServer
from scrapers.vinted.reading import read_page
from scrapers.vinted.recorded import recorded_page

NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
PER_PAGE = 96
TURNS = 7


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="spent on each page")
    seconds = parser.parse_args().seconds
    print(f"{'page':46}{'KiB':>8}{'items':>7}{'read ms':>10}{'us/item':>9}{'loads ms':>10}{'ratio':>8}")
    for name, page in {**_recorded(), **_sandbox(), "bare search items, 96": _bare()}.items():
        reading = read_page(page)
        found = len(reading.listings) + len(reading.rejected)
        if not found:
            continue
        is_json = page.body.lstrip()[:1] == b"{"
        read, loads = _alternately(
            [lambda page=page: _read_and_hash(page), (lambda page=page: orjson.loads(page.body)) if is_json else None],  # type: ignore[misc]  # a default argument is how a lambda keeps a loop's value
            seconds,
        )
        peer = f"{loads * 1e3:10.3f}{read / loads:7.2f}x" if loads else f"{'-':>10}{'-':>8}"
        print(f"{name[:45]:46}{len(page.body) / 1024:8.1f}{found:7}{read * 1e3:10.3f}{read / found * 1e6:9.1f}{peer}")


def _read_and_hash(page: RawPage) -> list[bytes]:
    return [listing.content_hash() for listing in read_page(page).listings]


def _alternately(actions: list[Callable[[], object] | None], seconds: float) -> list[float]:
    """Return the best time of each action, seconds; they take turns so that a busy moment meets all of them."""
    best = [0.0 if action is None else float("inf") for action in actions]
    for _ in range(TURNS):
        for place, action in enumerate(actions):
            if action is None:
                continue
            until = time.perf_counter() + seconds / TURNS / len(actions)
            while True:
                began = time.perf_counter()
                action()
                ended = time.perf_counter()
                best[place] = min(best[place], ended - began)
                if ended > until:
                    break
    return best


def _recorded() -> dict[str, RawPage]:
    folder = fixture("vinted")
    if folder is None:
        return {}
    return {path.name: recorded_page(path.read_bytes(), fetched_at=NOW) for path in sorted(folder.iterdir())}


def _sandbox() -> dict[str, RawPage]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
    pages = {}
    with (
        tempfile.TemporaryDirectory() as mail,
        SandboxServer(seed=1, start=start, arrivals_per_day=20, mail_dir=Path(mail)) as server,
        httpx2.Client() as client,
    ):
        www, api = f"{server.url}/vinted/fr/www", f"{server.url}/vinted/fr/api"
        client.get(f"{www}/")
        cookies = {cookie.name: cookie.value or "" for cookie in client.cookies.jar}
        headers = {"Authorization": f"Bearer {cookies['access_token_web']}", "X-Anon-Id": cookies["anon_id"]}
        search = client.get(
            f"{api}/svc-catalogue/items",
            params={"search_text": "levi's 501", "per_page": PER_PAGE, "page": 1},
            headers=headers,
        )
        pages["sandbox: search service"] = _page(search.content, f"{www}/catalog")
        catalogue = client.get(f"{www}/catalog", params={"search_text": "levi's 501"})
        pages["sandbox: catalogue page"] = _page(catalogue.content, f"{www}/catalog")
        item = orjson.loads(search.content)["items"][0]["id"]
        pages["sandbox: item page"] = _page(client.get(f"{www}/items/{item}").content, f"{www}/items/{item}")
    return pages


def _bare() -> RawPage:
    """Return a page of items with only what a listing is made of: the dearest bytes there are."""
    items = [
        {
            "id": 10_000_000_000 + number,
            "title": f"Jean droit {number}, coupe 501",
            "url": f"/items/{10_000_000_000 + number}-jean-droit",
            "price": {"amount": f"{20 + number}.0", "currency_code": "EUR"},
            "total_item_price": {"amount": f"{21.7 + number:.2f}", "currency_code": "EUR"},
            "photo": {"url": f"https://images.example/{number}.webp"},
            "user": {"id": 77 + number, "login": f"someone{number}"},
            "item_box": {
                "first_line": "Levi's",
                "second_line": "W32 · Très bon état",
                "accessibility_label": f"Jean droit {number}, coupe 501, marque: Levi's, état: Très bon état, 20.00 €",
            },
        }
        for number in range(PER_PAGE)
    ]
    return _page(orjson.dumps({"items": items, "code": 0}), "https://www.vinted.fr/catalog")


def _page(body: bytes, url: str) -> RawPage:
    return RawPage(source="vinted", url=url, status=200, content_type="", body=body, fetched_at=NOW)


if __name__ == "__main__":
    main()
