"""Pages recorded from the sandbox over HTTP are what `pricescope parse` and `import` read back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psycopg
import pytest
from pydantic import SecretStr

from domain.page import PageMeaning
from domain.settings import Settings
from pipeline.imports import import_file
from pipeline.record import NotRecordableError, Recorded, record
from pipeline.recordings import is_sidecar, page_of_recording, read_sidecar
from sandbox.server import SandboxServer
from scrapers.contract import Query
from scrapers.registry import create_source
from tests.sandbox import set_fault
from warehouse.pages import pages_of_day

pytestmark = pytest.mark.integration

_SEARCH = "https://www.vinted.fr/catalog?search_text=levi%27s+501"


def _record(settings: Settings, wishes: list[str | Query], folder: Path, pages: int = 1) -> list[Recorded]:
    seen: list[Recorded] = []
    assert record(settings, "vinted", wishes, folder, pages=pages, tell=seen.append) == len(seen)
    return seen


def test_a_search_and_a_listing_are_recorded_and_read_back_as_they_were(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    query = Query(country="fr", params={"search_text": "levi's 501"}, watch_id=3)
    searched = _record(settings, [_SEARCH, query], folder, pages=2)
    assert [(one.page.page_number, one.page.watch_id) for one in searched] == [(1, None), (2, None), (1, 3), (2, 3)]
    (item,) = _record(settings, [searched[0].reading.listings[0].url], folder)
    assert item.reading.listings[0].external_id == searched[0].reading.listings[0].external_id
    source = create_source("vinted", settings)
    for one in [*searched, item]:
        sidecar = read_sidecar(one.path)
        assert sidecar is not None
        page = page_of_recording(source, one.path.read_bytes(), sidecar, url=None, fetched_at=sidecar.fetched_at)
        assert source.read(page) == one.reading
        assert one.reading.meaning is PageMeaning.OK
    assert len(list(folder.iterdir())) == 10


def test_no_secret_of_the_session_is_written(settings: Settings, tmp_path: Path) -> None:
    secret = "access_token_web=s3cret-token; anon_id=s3cret-anon"
    settings = settings.model_copy(update={"vinted_cookie": SecretStr(secret)})
    _record(settings, [_SEARCH], tmp_path / "samples")
    written = b"".join(path.read_bytes() for path in (tmp_path / "samples").iterdir())
    assert b"s3cret" not in written
    for path in filter(is_sidecar, (tmp_path / "samples").iterdir()):
        assert set(msgspec.json.decode(path.read_bytes())) == {
            "source", "url", "status", "content_type", "fetched_at", "page_number",
        }  # fmt: skip


def test_a_refusal_is_recorded_with_its_status(settings: Settings, market: SandboxServer, tmp_path: Path) -> None:
    set_fault(market, "throttled", seconds=600)
    (refused,) = _record(settings, [_SEARCH], tmp_path / "samples")
    assert (refused.page.status, refused.reading.meaning) == (429, PageMeaning.THROTTLED)
    source = create_source("vinted", settings)
    sidecar = read_sidecar(refused.path)
    assert sidecar is not None
    page = page_of_recording(source, refused.path.read_bytes(), sidecar, url=None, fetched_at=sidecar.fetched_at)
    assert source.read(page).meaning is PageMeaning.THROTTLED


def test_a_recording_is_imported_under_its_own_address_and_time(
    settings: Settings, conn: psycopg.Connection, tmp_path: Path
) -> None:
    (one,) = _record(settings, [_SEARCH], tmp_path / "samples")
    renamed = one.path.with_name("anything.json")
    one.path.rename(renamed)
    one.path.with_name(one.path.name + ".meta.json").rename(renamed.with_name("anything.json.meta.json"))
    stored = import_file(conn, settings, "vinted", renamed, url=None, day=None, watch_id=None)
    ((_, page),) = list(pages_of_day(conn, "vinted", stored.day))
    assert (page.url, page.status, page.fetched_at) == (one.page.url, 200, one.page.fetched_at)
    assert import_file(conn, settings, "vinted", renamed, url=None, day=None, watch_id=None).known


@pytest.mark.parametrize("wish", ["https://www.vinted.fr/how_it_works", "https://shop.example/x", "http://["])
def test_what_cannot_be_fetched_is_said_before_anything_is_sent(settings: Settings, tmp_path: Path, wish: str) -> None:
    with pytest.raises(NotRecordableError):
        _record(settings, [_SEARCH, wish], tmp_path / "samples")
    assert not (tmp_path / "samples").exists()


def test_a_source_without_its_credentials_says_which_settings_are_missing(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotRecordableError, match="PRICESCOPE_EBAY_CLIENT_ID"):
        record(settings, "ebay", ["https://www.ebay.de/sch/i.html?_nkw=x"], tmp_path, pages=1, tell=lambda _: None)
