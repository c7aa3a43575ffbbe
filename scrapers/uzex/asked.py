"""The stored address of an answer: the service's address, and in its fragment what was asked of it.

Belongs here: writing and reading that fragment. Does not: what the answer holds.

The services are asked by POST, so their addresses alone do not say which lots an answer is about. A fragment never
reaches a server; here it carries the lot type, the status, the body sent, and for a lot's own answer what only the
list's row said of the lot (category, times, currency), since its items do not repeat it.
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from scrapers.uzex.endpoints import ENDPOINTS, ETENDER, LOT_TYPES, STATUSES, XARID

_DETAIL = re.compile(r"/(?:GetCompletedDealProducts|GetLot|GetTrade)/([0-9]{1,20})(?:/|$)", re.IGNORECASE)
_SANDBOX = re.compile(r"^(https?://[^/]+/uzex)/(?:auction|shop|trade|tender)/")
_CONTEXT = ("category", "region", "currency", "start", "end", "deal", "provider")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is the answer to.

    Attributes:
        path: of the service's address.
        lot: of a lot's own answer; None for a list.
        body: as sent; empty for a GET.
        search_text: selects listings on this side; the lists have no such filter.
        context: what the list's row said of the lot, in the service's own words: ``category``, ``region``,
            ``currency``, ``start``, ``end``, ``deal`` (times as written), ``provider`` (tax number).
        xarid, etender: the sites for people that belong to the service.
    """

    path: str
    lot_type: str | None = None
    status: str | None = None
    lot: str | None = None
    body: dict[str, object] = {}
    search_text: str | None = None
    context: dict[str, str] = {}
    xarid: str = XARID
    etender: str = ETENDER


def stored_url(
    address: str,
    *,
    lot_type: str,
    status: str,
    body: dict[str, object] | None = None,
    search_text: str | None = None,
    context: dict[str, str] | None = None,
) -> str:
    """Return the address to store: the service's, and what was asked as its fragment."""
    pairs = [("lot_type", lot_type), ("status", status)]
    if body is not None:
        pairs.append(("body", json.dumps(body, separators=(",", ":"))))
    if search_text:
        pairs.append(("search_text", search_text))
    pairs += [(name, value) for name, value in (context or {}).items() if name in _CONTEXT and value]
    return f"{address.partition('#')[0]}#{urlencode(pairs)}"


def read_stored_url(url: str) -> Asked:
    """Read a stored address; of one without fragment, as much as its path tells. Never raises."""
    try:
        parts = urlsplit(url)
        said = dict(parse_qsl(parts.fragment, max_num_fields=50, errors="replace"))
    except ValueError:
        return Asked(path="")
    lot_type, status = said.get("lot_type"), said.get("status")
    body = _body(said.get("body", ""))
    if lot_type not in LOT_TYPES or status not in STATUSES:
        lot_type, status = _told_by_path(parts.hostname or "", parts.path, body)
    detail = _DETAIL.search(parts.path)
    sandbox = _SANDBOX.match(url)
    return Asked(
        path=parts.path,
        lot_type=lot_type,
        status=status,
        lot=detail.group(1) if detail else None,
        body=body,
        search_text=said.get("search_text"),
        context={name: said[name] for name in _CONTEXT if said.get(name)},
        xarid=f"{sandbox.group(1)}/site" if sandbox else XARID,
        etender=f"{sandbox.group(1)}/etender" if sandbox else ETENDER,
    )


def _body(written: str) -> dict[str, object]:
    try:
        body = json.loads(written) if written else {}
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _told_by_path(host: str, path: str, body: dict[str, object]) -> tuple[str | None, str | None]:
    for (lot_type, status), endpoint in ENDPOINTS.items():
        detail = endpoint.detail.partition("{lot}")[0]
        is_asked = path.endswith(endpoint.path) or (detail and detail in path)
        if not is_asked or not (endpoint.service in host or f"/{endpoint.service}/" in path):
            continue
        if lot_type == "shop" and body.get("display_on_national") == 1:
            continue
        return lot_type, status
    return None, None
