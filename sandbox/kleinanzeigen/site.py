"""The classifieds site: result pages in German with prices in euros, some "VB", some given away, some reserved."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from sandbox import prices
from sandbox.faults import FaultName
from sandbox.items import Item
from sandbox.site import LookAlike, Visit
from sandbox.truth import truth

_BERLIN = ZoneInfo("Europe/Berlin")
_PER_PAGE = 25


class KleinanzeigenSite(LookAlike):
    """The look-alike."""

    name = "kleinanzeigen"

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [self.route("/s-{rest:path}", self._search)]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return the truth about every listing, in the sellers' currencies."""
        del country
        return truth(self.market, at)

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with a bot wall's page."""
        del visit
        page = '<!DOCTYPE html><html><body><form id="challenge-form" action="/x"></form></body></html>'
        return HTMLResponse(page, status)

    def _search(self, visit: Visit) -> Response:
        parts = [part for part in str(visit.request.path_params["rest"]).split("/") if part]
        low, high, page, text = 0, 10**9, 1, ""
        for part in parts[:-1]:
            if match := re.fullmatch(r"preis:(\d*):(\d*)", part):
                low, high = int(match.group(1) or 0) * 100, int(match.group(2) or 10**7) * 100
            elif part.startswith("seite:"):
                page = int(part[6:])
            else:
                text = unquote(part).replace("-", " ")
        at = int(visit.at.timestamp())
        found = [item for item in self.market.matching(text, visit.at) if low <= _cents(item, at) <= high]
        shown = found[(page - 1) * _PER_PAGE : page * _PER_PAGE]
        rows = [_row(item, visit) for item in shown]
        if visit.meets(FaultName.POISON) and rows:
            rows[len(rows) // 2] = rows[len(rows) // 2].replace(" €", " EUR NaN").replace("VB", "")
        following = '<a class="pagination-next" href="#">Nächste</a>' if len(found) > page * _PER_PAGE else ""
        table = "results" if visit.meets(FaultName.CHANGED) else "srchrslt-adtable"
        body = f'<ul id="{table}">{"".join(rows)}</ul>{following}'
        return HTMLResponse(
            f'<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"></head><body>{body}</body></html>'
        )


def _cents(item: Item, at: int) -> int:
    return prices.convert(item.price_at(at), item.currency, "EUR") // 100 * 100


def _row(item: Item, visit: Visit) -> str:
    at = int(visit.at.timestamp())
    euros = f"{_cents(item, at) // 100:,}".replace(",", ".")
    price = {0: "Zu verschenken", 1: "VB"}.get(
        item.item_id % 40, f"{euros} €" + (" VB" if item.item_id % 3 == 0 else "")
    )
    reserved = '<span class="badge-reserved">Reserviert</span>' if item.item_id % 23 == 0 else ""
    return (
        f'<li><article class="aditem" data-adid="{item.item_id}" data-userid="{item.seller.user_id}">'
        f'<h2><a href="/kleinanzeigen/s-anzeige/{item.slug}/{item.item_id}">{html.escape(item.title)}</a></h2>'
        f"{reserved}"
        f'<p class="aditem-description">{html.escape(item.title)}, Privatverkauf.</p>'
        f'<p class="aditem-price">{price}</p><span class="aditem-location">10115 Berlin</span>'
        f'<span class="aditem-date">{_date(item, visit.at)}</span></article></li>'
    )


def _date(item: Item, now: datetime) -> str:
    made, today = item.published.astimezone(_BERLIN), now.astimezone(_BERLIN)
    for word, day in (("Heute", today), ("Gestern", today - timedelta(days=1))):
        if made.date() == day.date():
            return f"{word}, {made:%H:%M}"
    return f"{made:%d.%m.%Y}"
