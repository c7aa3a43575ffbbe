"""Recorded pages on disk: the body as it came, and beside it what an answer has besides its body.

Belongs here: names, the sidecar file, a recording as the page it was. Does not: fetching (``pipeline.record``), storing
(``pipeline.imports``).

A sidecar ``NAME.meta.json`` holds address, status, content type and time. It never holds what was sent: no headers, no
cookies, no tokens.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from domain.page import RawPage
from scrapers.contract import Source

SIDECAR_SUFFIX = ".meta.json"
_EXTENSIONS = (("json", ".json"), ("html", ".html"), ("xml", ".xml"), ("text/", ".txt"))
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_SECRET = re.compile(r"token|secret|password|passwd|api_?key|apikey|session|signature|authori[sz]ation", re.IGNORECASE)


class RecordingError(Exception):
    """A recording cannot be read; the message says why."""


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a recorded body.

    Attributes:
        fetched_at: UTC.
        page_number: 1-based page of its search; None for a single page.
    """

    source: str
    url: str
    status: int
    content_type: str
    fetched_at: datetime
    page_number: int | None = None


def is_sidecar(path: Path) -> bool:
    """Tell a sidecar from a recorded page by its name."""
    return path.name.endswith(SIDECAR_SUFFIX)


def sidecar_of(path: Path) -> Path:
    """Return where the sidecar of a recorded body is."""
    return path.with_name(path.name + SIDECAR_SUFFIX)


def read_sidecar(path: Path) -> Sidecar | None:
    """Return what is known of a recorded file; None where no sidecar stands beside it.

    A body that was gzipped later (``NAME.gz``) keeps its sidecar.

    Raises:
        RecordingError: where there is one that cannot be read.
    """
    bodies = {path, path.with_name(path.name.removesuffix(".gz") or path.name)} if path.name else set()
    for beside in map(sidecar_of, bodies):
        try:
            text = beside.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            raise RecordingError(f"its sidecar {beside.name} cannot be read: {error}") from None
        try:
            sidecar = msgspec.json.decode(text, type=Sidecar)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RecordingError(f"its sidecar {beside.name} is broken: {error}; mend or remove it") from None
        if sidecar.fetched_at.tzinfo is None:
            raise RecordingError(f"its sidecar {beside.name} gives fetched_at without a time zone; write it in UTC")
        return sidecar
    return None


def page_of_recording(
    source: Source, body: bytes, sidecar: Sidecar | None, *, url: str | None, fetched_at: datetime
) -> RawPage:
    """Return a recorded body as the page it was.

    Args:
        body: gzip or not.
        sidecar: says address, status and content type; without it they are told from the body.
        url: the address, where the user says it; goes before the sidecar's.
        fetched_at: UTC.

    Raises:
        RecordingError: where the sidecar is of another source.
    """
    if sidecar is None:
        return source.recorded_page(body, url=url, fetched_at=fetched_at)
    if sidecar.source != source.name:
        raise RecordingError(f"was recorded from {sidecar.source}, not {source.name}")
    page = source.recorded_page(body, url=url or sidecar.url, fetched_at=fetched_at)
    return msgspec.structs.replace(
        page, status=sidecar.status, content_type=sidecar.content_type, page_number=sidecar.page_number
    )


def write_recording(folder: Path, page: RawPage) -> Path:
    """Write a page and its sidecar into a folder; return the body's path. Nothing there is overwritten.

    Raises:
        OSError: where the folder cannot be written.
    """
    sidecar = Sidecar(
        source=page.source,
        url=without_secrets(page.url),
        status=page.status,
        content_type=page.content_type,
        fetched_at=page.fetched_at.astimezone(UTC),
        page_number=page.page_number,
    )
    folder.mkdir(parents=True, exist_ok=True)
    stem, extension = _stem(page), _extension(page.content_type)
    number = 1
    while True:
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{extension}"
        try:
            with path.open("xb") as file:
                # Before the body: one without its sidecar would be read by guessing.
                sidecar_of(path).write_bytes(msgspec.json.format(msgspec.json.encode(sidecar), indent=2) + b"\n")
                file.write(page.body)
        except FileExistsError:
            number += 1
            continue
        return path


def without_secrets(url: str) -> str:
    """Return an address without user, password and parameters that are named like secrets."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        if host == parts.netloc and not any(_SECRET.search(name) for name, _ in pairs):
            return url
        kept = urlencode([(name, value) for name, value in pairs if not _SECRET.search(name)])
        return urlunsplit((parts.scheme, host, parts.path, kept, ""))
    except ValueError:
        return url


def _stem(page: RawPage) -> str:
    try:
        parts = urlsplit(page.url)
        words = f"{parts.hostname or ''}{parts.path}"
    except ValueError:
        words = ""
    slug = _NOT_IN_NAMES.sub("-", words.lower()).strip("-")[:60].strip("-")
    number = "" if page.page_number is None else f"_p{page.page_number}"
    return f"{page.source}_{page.fetched_at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}_{slug or 'page'}{number}_{page.status}"


def _extension(content_type: str) -> str:
    kind = content_type.partition(";")[0].lower()
    return next((extension for part, extension in _EXTENSIONS if part in kind), ".bin")
