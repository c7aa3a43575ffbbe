"""A search address of the classifieds site to canonical parameters and back: ``/s-preis:50:200/levis-501/k0``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit

from scrapers.contract import ParsedSearch, SearchUrlError

SOURCE_NAME = "kleinanzeigen"
Params = Mapping[str, str | list[str]]
_HOST = re.compile(r"(?:www\.)?kleinanzeigen\.(?:example|sandbox)")
_SANDBOX = re.compile(r".*/kleinanzeigen(?=/s-)")


def parse_search_url(url: str) -> ParsedSearch:
    """Read a search address.

    Raises:
        SearchUrlError: naming what is not understood.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        host, parts = "", urlsplit("")
    path = _SANDBOX.sub("", parts.path)
    if not _HOST.fullmatch(host) and path == parts.path:
        raise SearchUrlError(f"{url[:80]!r} is not an address of the classifieds site")
    segments = [part for part in path.split("/") if part]
    if not segments or not segments[0].startswith("s-") or segments[-1] != "k0":
        raise SearchUrlError(f"{path[:80]!r} is not a search: it reads /s-<words>/k0")
    params: dict[str, str | list[str]] = {}
    mistakes = []
    for segment in [segments[0][2:], *segments[1:-1]]:
        if match := re.fullmatch(r"preis:(\d*):(\d*)", segment):
            params |= {
                name: value for name, value in zip(("price_from", "price_to"), match.groups(), strict=True) if value
            }
        elif segment.startswith("seite:"):
            continue
        elif ":" in segment or "search_text" in params:
            mistakes.append(segment[:40])
        else:
            params["search_text"] = " ".join(unquote(segment).replace("-", " ").split())
    mistakes += [part for part in parts.query.split("&") if part]
    if mistakes:
        raise SearchUrlError(f"not understood: {'; '.join(mistakes)}. Remove it from the address")
    if not params.get("search_text"):
        raise SearchUrlError("the address searches for nothing: it reads /s-<words>/k0")
    return ParsedSearch(
        source=SOURCE_NAME, country="de", currency="EUR", params=params, canonical_url=write_search_url(params)
    )


def search_path(params: Params, page: int = 1) -> str:
    """Return the path of one page of a search."""
    parts = []
    if "price_from" in params or "price_to" in params:
        parts.append(f"preis:{params.get('price_from', '')}:{params.get('price_to', '')}")
    if page > 1:
        parts.append(f"seite:{page}")
    parts.append(quote(str(params["search_text"]).replace(" ", "-"), safe=""))
    return f"/s-{'/'.join(parts)}/k0"


def write_search_url(params: Params) -> str:
    """Return the address of the same search."""
    return f"https://www.kleinanzeigen.example{search_path(params)}"
