"""One row of a result page to a listing, an offer without price, or an error that names the field."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from domain.listing import Availability, Listing, Seller, UnpricedOffer
from domain.written_amount import guess_amount
from scrapers.kleinanzeigen.search_url import SOURCE_NAME

_BERLIN = ZoneInfo("Europe/Berlin")
# "1.250 €", "12 € VB": the site writes whole euros with a dot between thousands.
_PRICE = re.compile(r"((?:\d{1,3}(?:\.\d{3})*|\d+)(?:,\d{2})?)\s*€")


class RowError(ValueError):
    """A row that cannot be read; the message names the field."""


def read_row(row: LexborNode, url: str, fetched_at: datetime, position: int) -> Listing | UnpricedOffer:
    """Read one row.

    Raises:
        RowError: naming the field.
    """
    number = row.attributes.get("data-adid") or ""
    if not number.isdecimal():
        raise RowError(f"data-adid: {number[:40]!r} is no id")
    link = row.css_first("h2 a")
    title = link.text(strip=True) if link is not None else ""
    if link is None or not title:
        raise RowError("h2 a: no title")
    address = urljoin(url, link.attributes.get("href") or "")
    price_text = _text(row, ".aditem-price")
    found = _PRICE.search(price_text or "")
    state = Availability.RESERVED if row.css_first(".badge-reserved") is not None else Availability.AVAILABLE
    if found is None:
        if not re.search(r"^(?:VB|Zu verschenken|)$", price_text or ""):
            raise RowError(f".aditem-price: {(price_text or '')[:40]!r} is no price")
        reason = "given away" if "verschenken" in (price_text or "") else "the price is to be agreed (VB)"
        return UnpricedOffer(
            source=SOURCE_NAME, external_id=number, url=address, title=title, reason=reason, availability=state
        )
    seller = row.attributes.get("data-userid")
    image = row.css_first("img")
    return Listing(
        source=SOURCE_NAME,
        external_id=number,
        url=address,
        title=title,
        price=guess_amount(found.group(1)),
        currency="EUR",
        description=_text(row, ".aditem-description"),
        availability=state,
        image_urls=(urljoin(url, image.attributes["src"] or ""),)
        if image is not None and "src" in image.attributes
        else (),
        seller=Seller(external_id=seller) if seller else None,
        listed_at=_listed(_text(row, ".aditem-date"), fetched_at),
        position=position,
        country="DE",
        attributes={
            name: text
            for name, text in (
                ("negotiable", "yes" if "VB" in (price_text or "") else ""),
                ("location", _text(row, ".aditem-location") or ""),
            )
            if text
        },
    )


def _text(row: LexborNode, selector: str) -> str | None:
    node = row.css_first(selector)
    return node.text(strip=True) or None if node is not None else None


def _listed(text: str | None, fetched_at: datetime) -> datetime | None:
    """Read "Heute, 14:05", "Gestern, 09:30" or "17.11.2026", Berlin time; a date alone is its noon."""
    now = fetched_at.astimezone(_BERLIN)
    if match := re.fullmatch(r"(Heute|Gestern), (\d{2}):(\d{2})", text or ""):
        day = now - timedelta(days=match.group(1) == "Gestern")
        return day.replace(hour=int(match.group(2)), minute=int(match.group(3)), second=0, microsecond=0).astimezone(
            fetched_at.tzinfo
        )
    if match := re.fullmatch(r"(\d{2})\.(\d{2})\.(20\d{2})", text or ""):
        try:
            day = datetime(int(match.group(3)), int(match.group(2)), int(match.group(1)), 12, tzinfo=_BERLIN)
        except ValueError:
            return None
        return day.astimezone(fetched_at.tzinfo)
    return None
