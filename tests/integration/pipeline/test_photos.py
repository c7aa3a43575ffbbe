"""First photos over HTTP: asked for once, described once, told apart from what cannot be a photo."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import psycopg
import pytest
from PIL import Image

from domain.settings import Settings
from ml.embeddings.images import image_encoder
from ml.photos.hashing import photo_hash
from pipeline.photos import describe_photos, photos_wait
from tests.embedding_models import tiny_clip
from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.embeddings import Scope, Space, count_spaces, read_vectors
from warehouse.photos import photo_hashes
from warehouse.retention import Keep, apply_retention
from warehouse.watches import delete_listings

pytestmark = pytest.mark.integration
SPACE = Space("image", "img-desc-v1")


def _png(colour: str) -> bytes:
    picture = Image.new("RGB", (90, 120), "white")
    picture.paste(colour, (10, 20, 50, 100))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


class Shop:
    """A site of photos on this machine that counts what it is asked for."""

    def __init__(self) -> None:
        self.photos: dict[str, bytes] = {"/red.png": _png("red"), "/blue.png": _png("blue"), "/text.png": b"<html>"}
        self.asked: list[str] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append(self.path)
                body = shop.photos.get(self.path.partition("?")[0])
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def settings(shop: Shop, tmp_path: Path) -> Settings:
    return Settings(  # type: ignore[call-arg]  # pydantic's own
        _env_file=None, home=tmp_path, photos_enabled=True, sandbox_url=shop.url, request_attempts=1
    )


def _load(conn: psycopg.Connection, shop: Shop, *paths: str, minutes: float = 0, **changes: object) -> None:
    store_and_load(
        conn,
        page(minutes),
        [listing(n, image_urls=(f"{shop.url}{path}", "x"), **changes) for n, path in enumerate(paths)],
    )


def test_photos_that_are_off_are_not_asked_for_and_it_is_said(
    conn: psycopg.Connection, shop: Shop, settings: Settings
) -> None:
    _load(conn, shop, "/red.png")
    off = settings.model_copy(update={"photos_enabled": False})
    outcome = describe_photos(conn, off)
    assert outcome.said == "Photos are off; PRICESCOPE_PHOTOS_ENABLED=true switches them on."
    assert not photos_wait(conn, off, Scope())
    assert (shop.asked, count_spaces(conn)) == ([], {})


def test_a_photo_is_asked_for_once_and_described_once_however_many_listings_show_it(
    conn: psycopg.Connection, shop: Shop, settings: Settings
) -> None:
    _load(conn, shop, "/red.png", "/red.png", "/blue.png")
    assert photos_wait(conn, settings, Scope())
    first = describe_photos(conn, settings)
    assert (first.fetched, first.failed, first.waiting) == (2, 0, 0)
    assert (first.vectors.contents, first.vectors.embedded, first.vectors.reused) == (3, 2, 1)
    assert sorted(shop.asked) == ["/blue.png", "/red.png"]
    ids, vectors = read_vectors(conn, SPACE)
    with Image.open(io.BytesIO(shop.photos["/red.png"])) as red:
        assert vectors[0] == pytest.approx(image_encoder("img-desc-v1").encode([red])[0], abs=1e-3)
        assert photo_hashes(conn, [int(ids[0])])[int(ids[0])][0] == photo_hash(red).plain
    assert (vectors[0] == vectors[1]).all()
    assert float(vectors[0] @ vectors[2]) < 0.99
    second = describe_photos(conn, settings)
    assert (second.fetched, second.vectors.embedded, second.vectors.unchanged) == (0, 0, 3)
    assert len(shop.asked) == 2


def test_an_address_signed_anew_is_the_same_photo(conn: psycopg.Connection, shop: Shop, settings: Settings) -> None:
    _load(conn, shop, "/red.png?s=monday")
    describe_photos(conn, settings)
    _load(conn, shop, "/red.png?s=tuesday", minutes=5, title="Another title")
    assert not photos_wait(conn, settings, Scope())
    outcome = describe_photos(conn, settings)
    assert (outcome.fetched, outcome.vectors.unchanged) == (0, 1)


def test_the_same_bytes_at_another_address_share_the_vector(
    conn: psycopg.Connection, shop: Shop, settings: Settings
) -> None:
    shop.photos["/copy.png"] = shop.photos["/red.png"]
    _load(conn, shop, "/red.png")
    describe_photos(conn, settings)
    _load(conn, shop, "/red.png", "/copy.png", minutes=5)
    outcome = describe_photos(conn, settings)
    assert (outcome.fetched, outcome.vectors.embedded, outcome.vectors.reused) == (1, 0, 1)


def test_what_is_no_photo_or_not_there_fails_with_a_reason_and_is_not_asked_for_again_today(
    conn: psycopg.Connection, shop: Shop, settings: Settings
) -> None:
    _load(conn, shop, "/text.png", "/gone.png", "/red.png")
    outcome = describe_photos(conn, settings)
    assert (outcome.fetched, outcome.failed) == (1, 2)
    errors = [row[0] for row in conn.execute("select error from ml.photos where error <> '' order by url").fetchall()]
    assert errors[0] == "the site answered 404"
    assert errors[1].startswith("the file is no JPEG")
    assert describe_photos(conn, settings).failed == 0
    for attempts in (2, 3, 3):
        conn.execute("update ml.photos set fetched_at = fetched_at - %s", (timedelta(days=1),))
        describe_photos(conn, settings)
        row = conn.execute("select max(attempts) from ml.photos").fetchone()
        assert row == (attempts,)


def test_an_address_inside_the_network_is_not_asked(conn: psycopg.Connection, shop: Shop, settings: Settings) -> None:
    _load(conn, shop, "/red.png")
    strange = settings.model_copy(update={"sandbox_url": None})
    assert describe_photos(conn, strange).failed == 1
    assert shop.asked == []


def test_no_more_photos_than_the_settings_allow_are_asked_for_in_a_run(
    conn: psycopg.Connection, shop: Shop, settings: Settings
) -> None:
    _load(conn, shop, "/red.png", "/blue.png", "/text.png")
    outcome = describe_photos(conn, settings.model_copy(update={"photos_per_run": 2}))
    assert (outcome.fetched + outcome.failed, outcome.waiting) == (2, 1)


def test_another_model_describes_the_kept_photos_in_a_space_of_its_own(
    conn: psycopg.Connection, shop: Shop, settings: Settings
) -> None:
    _load(conn, shop, "/red.png", "/blue.png")
    describe_photos(conn, settings)
    clip = settings.model_copy(update={"photo_model": str(tiny_clip())})
    outcome = describe_photos(conn, clip)
    assert (outcome.fetched, outcome.vectors.embedded, len(shop.asked)) == (0, 2, 2)
    spaces = count_spaces(conn)
    assert spaces[SPACE] == 2
    (other,) = [space for space in spaces if space != SPACE]
    assert other.model_id == outcome.vectors.model_id
    assert np.linalg.norm(read_vectors(conn, other)[1], axis=1) == pytest.approx(np.ones(2), abs=1e-3)


def test_photos_lost_from_the_disk_are_asked_for_again(
    conn: psycopg.Connection, shop: Shop, settings: Settings, tmp_path: Path
) -> None:
    _load(conn, shop, "/red.png")
    describe_photos(conn, settings)
    moved = settings.model_copy(update={"home": tmp_path / "elsewhere", "photo_model": str(tiny_clip())})
    assert describe_photos(conn, moved).unkept == 1
    again = describe_photos(conn, moved)
    assert (again.fetched, again.vectors.embedded) == (1, 1)


def test_what_is_known_of_a_photo_goes_when_no_listing_shows_it(
    conn: psycopg.Connection, shop: Shop, settings: Settings
) -> None:
    _load(conn, shop, "/red.png", "/blue.png")
    describe_photos(conn, settings)
    ids, _ = read_vectors(conn, SPACE)
    delete_listings(conn, [int(ids[0])])
    today = page().fetched_at.date()
    assert apply_retention(conn, Keep(raw_page_days=90, item_days=365), today=today).rows["ml.photos"] == 1
    assert count_spaces(conn) == {SPACE: 1}
