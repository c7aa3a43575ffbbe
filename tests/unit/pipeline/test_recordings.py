"""Recorded pages on disk and back."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.page import RawPage
from domain.settings import Settings
from pipeline.imports import recorded_at
from pipeline.recordings import (
    RecordingError,
    is_sidecar,
    page_of_recording,
    read_sidecar,
    sidecar_of,
    without_secrets,
    write_recording,
)
from scrapers.registry import create_source

_THEN = datetime(2026, 9, 20, 23, 59, 58, tzinfo=UTC)
_VINTED = create_source("vinted", Settings(_env_file=None))


def _page(**changes: object) -> RawPage:
    page = RawPage(
        source="vinted",
        url="https://www.vinted.fr/catalog?search_text=robe&page=2",
        status=403,
        content_type="text/html; charset=utf-8",
        body=b"<html>wall</html>",
        fetched_at=_THEN,
        page_number=2,
    )
    return msgspec.structs.replace(page, **changes)


def _read_back(path: Path) -> RawPage:
    sidecar = read_sidecar(path)
    assert sidecar is not None
    return page_of_recording(_VINTED, path.read_bytes(), sidecar, url=None, fetched_at=sidecar.fetched_at)


@pytest.mark.parametrize(
    "page",
    [
        _page(),
        _page(status=200, content_type="application/json", body=b'{"items": []}', page_number=None),
        _page(status=0, content_type="text/x-no-answer", body=b"no whole answer within 30 s"),
        _page(status=200, content_type="", body=bytes(range(256))),
    ],
)
def test_what_was_written_is_read_back_as_the_same_page(tmp_path: Path, page: RawPage):
    assert _read_back(write_recording(tmp_path / "new" / "folder", page)) == page


def test_names_say_source_time_address_page_and_status_and_give_their_day_to_import(tmp_path: Path):
    path = write_recording(tmp_path, _page())
    assert path.name == "vinted_2026-09-20T235958Z_www-vinted-fr-catalog_p2_403.html"
    assert recorded_at(None, path.name, datetime(2020, 1, 1, tzinfo=UTC)).date() == _THEN.date()


def test_nothing_is_overwritten(tmp_path: Path):
    paths = [write_recording(tmp_path, _page(body=body)) for body in (b"<a", b"<b", b"<c")]
    assert [path.read_bytes() for path in paths] == [b"<a", b"<b", b"<c"]
    assert sum(is_sidecar(path) for path in tmp_path.iterdir()) == 3
    assert len(list(tmp_path.iterdir())) == 6


def test_a_body_that_was_gzipped_later_keeps_its_sidecar(tmp_path: Path):
    path = write_recording(tmp_path, _page())
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert _read_back(packed) == _page()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"source":"vinted","url":"u","status":200,"content_type":"","fetched_at":"soon"}',
        b'{"source":"vinted","url":"u","status":200,"content_type":"","fetched_at":"2026-09-20T12:00:00"}',
    ],
)
def test_a_sidecar_that_cannot_be_read_is_said_to_be_and_not_guessed_around(tmp_path: Path, text: bytes):
    path = write_recording(tmp_path, _page())
    sidecar_of(path).write_bytes(text)
    with pytest.raises(RecordingError, match="sidecar"):
        read_sidecar(path)


def test_a_file_without_a_sidecar_is_told_from_its_body_and_another_sources_is_refused(tmp_path: Path):
    path = tmp_path / "page.json"
    path.write_bytes(b'{"items": []}')
    assert read_sidecar(path) is None
    assert read_sidecar(tmp_path / "absent" / "x") is None
    foreign = write_recording(tmp_path, _page(source="ebay"))
    with pytest.raises(RecordingError, match="from ebay, not vinted"):
        _read_back(foreign)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://x.test/a?b=1&access_token=s3cret", "https://x.test/a?b=1"),
        ("https://me:s3cret@x.test/a", "https://x.test/a"),
        ("https://x.test/a?api_key=s3cret&Client_Secret=s3cret", "https://x.test/a"),
        ("https://x.test/a?q=a%20b&c=#d", "https://x.test/a?q=a%20b&c=#d"),
        ("http://[", "http://["),
    ],
)
def test_addresses_are_kept_without_secrets(url: str, kept: str):
    assert without_secrets(url) == kept


@given(url=st.text(max_size=200), source=st.sampled_from(["vinted"]), kind=st.text(max_size=40))
def test_any_address_gives_a_name_that_a_disk_takes(
    tmp_path_factory: pytest.TempPathFactory, url: str, source: str, kind: str
):
    encodable = url.encode("utf-8", "ignore").decode(), kind.encode("utf-8", "ignore").decode()
    folder = tmp_path_factory.mktemp("r")
    path = write_recording(folder, _page(url=encodable[0], source=source, content_type=encodable[1]))
    assert path.parent == folder
    assert len(path.name) < 200
    assert path.name.isascii()
