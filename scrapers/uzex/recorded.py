"""A recorded body (a file) as the answer it once was.

Belongs here: undoing gzip, and taking a recorder's envelope ``{"url", "request_payload", "response_data"}`` apart, byte
for byte. Does not: reading the answer.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from domain.page import RawPage
from scrapers.recorded import gunzip
from scrapers.uzex.asked import read_stored_url, stored_url
from scrapers.uzex.endpoints import ENDPOINTS, SERVICES, SOURCE_NAME
from scrapers.uzex.values import ValueReadError, identity, loads

_UNKNOWN = f"{SERVICES['trade']}/"


class _Envelope(msgspec.Struct):
    url: str
    response_data: msgspec.Raw
    request_payload: dict[str, object] | None = None


def recorded_page(body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
    """Return a recorded body as a page; never raises, whatever the bytes.

    Args:
        body: as recorded; gzip and a recorder's envelope are undone.
        url: where it came from, if known; else the envelope's, else told from the rows' own fields. The positions of
            an auction do not say their lot; without ``.../Common/GetCompletedDealProducts/{lot_id}`` they are listings
            of a lot without a number.
        fetched_at: when it was recorded, UTC.
    """
    plain = gunzip(body)
    payload: dict[str, object] | None = None
    try:
        envelope = msgspec.json.decode(plain, type=_Envelope)
        plain, payload = bytes(envelope.response_data), envelope.request_payload
        url = url or envelope.url
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return RawPage(
        source=SOURCE_NAME,
        url=_whole_url(url or _url_of_rows(plain), payload),
        status=500 if b"ORA-01403" in plain[:4096] else 200,
        content_type="application/json",
        body=plain,
        fetched_at=fetched_at,
    )


def _whole_url(url: str, payload: dict[str, object] | None) -> str:
    try:
        if urlsplit(url).fragment:
            return url
    except ValueError:
        return _UNKNOWN
    is_national = payload is not None and payload.get("display_on_national") == 1
    asked = read_stored_url(url)
    if asked.lot_type is None or asked.status is None:
        return url
    lot_type = "national" if is_national and asked.lot_type == "shop" else asked.lot_type
    return stored_url(url, lot_type=lot_type, status=asked.status, body=payload)


def _url_of_rows(body: bytes) -> str:
    """Tell where an answer that came without its address is from, by fields that only answers of that kind have."""
    try:
        document = loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return _url_of_card(document)
    row = document[0] if isinstance(document, list) and document else None
    of = _list_of(row) if isinstance(row, dict) else None
    if of is None:
        return _UNKNOWN
    endpoint = ENDPOINTS[of]
    return f"{SERVICES[endpoint.service]}{endpoint.path}"


def _list_of(row: dict[str, object]) -> tuple[str, str] | None:
    done = "completed" if row.get("deal_date") or row.get("deal_cost") is not None else "not_completed"
    if "product_name" in row and "amount" in row and "order_num" not in row:
        return "shop", done
    if "currency_codeabc" in row:
        return "tender", "open"
    if "trade_id" in row:
        return "tender", done
    if "lot_display_no" in row:
        return "auction", done
    if "min_cost" in row and "display_no" in row:
        return "auction", "open"
    return None


def _url_of_card(card: dict[str, object]) -> str:
    try:
        lot = identity(card.get("id"), "id")
    except ValueReadError:
        return _UNKNOWN
    for key, of in (("js_details", ("auction", "open")), ("budget_products", ("tender", "open"))):
        if key in card:
            endpoint = ENDPOINTS[of]
            return f"{SERVICES[endpoint.service]}{endpoint.detail.format(lot=lot)}"
    return _UNKNOWN
