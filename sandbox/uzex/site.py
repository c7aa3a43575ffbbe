"""UZEX's look-alike: the JSON services under ``/uzex/{auction|shop|trade|tender}``, pages for people beside them.

Belongs here: routes, paging, faults in the services' own words. Does not: lots (``lots``), their shapes (``shapes``).

Paging is as recorded: row numbers from 1, rows unsorted, some rows missing from a page although more exist, and an end
that is HTTP 500 with ``ORA-01403`` (xarid) or an empty array (tenders). Which rows are missing changes by the hour.
"""

from __future__ import annotations

import html
import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from sandbox.faults import FaultName
from sandbox.site import LookAlike, Visit, json_response
from sandbox.uzex import shapes
from sandbox.uzex.goods import GOODS, REGIONS
from sandbox.uzex.lots import SandboxLot, lots_until
from sandbox.uzex.shapes import Row

_MAX_ROWS = 500
_MISSING = 0.08
_SHIFT_SECONDS = 3 * 3600.0
POISONS = ("nan_price", "missing_id", "wrong_type")


class _List(NamedTuple):
    """A list of the services: which lots, in which shape."""

    kind: str
    status: str
    shape: Callable[[SandboxLot], Row]


_LISTS: Mapping[str, _List] = {
    "/auction/Common/GetCompletedDeals": _List(
        "auction", "completed", lambda lot: shapes.auction_deal(lot, is_won=True)
    ),
    "/auction/Common/GetNotCompletedDeals": _List(
        "auction", "not_completed", lambda lot: shapes.auction_deal(lot, is_won=False)
    ),
    "/auction/Common/GetMinimizedLotsList": _List("auction", "open", shapes.auction_open),
    "/shop/Common/GetCompletedDeals": _List("shop", "completed", lambda lot: shapes.shop_row(lot, is_won=True)),
    "/shop/Common/GetNotCompletedDeals": _List("shop", "not_completed", lambda lot: shapes.shop_row(lot, is_won=False)),
    "/tender/api/common/TradeList": _List("tender", "open", shapes.tender_open),
    "/tender/api/common/DealsList": _List("tender", "completed", lambda lot: shapes.tender_closed(lot, is_won=True)),
    "/tender/api/common/NotDealedList": _List(
        "tender", "not_completed", lambda lot: shapes.tender_closed(lot, is_won=False)
    ),
}
_PAGES = {
    "/site/completed-deals/auction": ("auction", "completed"),
    "/site/auction/list": ("auction", "open"),
    "/site/completed-deals/shop/shop": ("shop", "completed"),
    "/site/completed-deals/shop/national": ("national", "completed"),
    "/etender/lots": ("tender", "open"),
    "/etender/lots/1/0": ("tender", "open"),
    "/etender/lots/2/0": ("tender", "open"),
    "/etender/deals-list": ("tender", "completed"),
}


class UzexSite(LookAlike):
    """UZEX: auctions, the e-shop and the national shop, tenders."""

    name = "uzex"
    _poisoned = 0

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            *(self.route(path, self._list, "POST") for path in _LISTS),
            self.route("/auction/Common/GetCompletedDealProducts/{lot}", self._products),
            self.route("/auction/Common/GetLot/{lot}", self._auction_card),
            self.route("/tender/api/common/GetTrade/{lot}/0", self._tender_card),
            self.route("/trade/Lib/GetCategories", self._categories),
            self.route("/trade/Lib/GetRegions", self._regions),
            *(self.route(path, self._page) for path in _PAGES),
            self.route("/site/auction/detail/{lot}", self._lot_page),
            self.route("/etender/lot/{lot}", self._lot_page),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return every priced position of every lot published until then, at the price it has then."""
        del country
        rows: list[dict[str, object]] = []
        for lot in self._lots(at):
            status = lot.status(at.timestamp())
            for one in lot.positions:
                price = one.price if status == "completed" else one.ceiling
                rows.append(
                    {
                        "external_id": f"{lot.kind}-{lot.number}-{one.number}",
                        "kind": "good",
                        "family": one.good.key,
                        "planted": lot.is_planted and status == "completed",
                        "status": status,
                        "lot_type": lot.kind,
                        "price": str(price),
                        "currency": lot.currency,
                    }
                )
        return rows

    # ------------------------------------------------------------------ refusals

    def unauthorised(self, visit: Visit) -> Response:
        """Refuse a request without the front end's ``Validation`` header, in the words reported of 2026-06."""
        del visit
        return json_response({"status": 500, "message": "Приложение : Not Valid"}, 500)

    # ------------------------------------------------------------------ lists

    def _lots(self, at: datetime) -> list[SandboxLot]:
        return list(lots_until(self.market.seed, int(self.market.start.timestamp()), at.timestamp()))

    def _listed(self, at: datetime, kind: str, status: str) -> list[SandboxLot]:
        then = at.timestamp()
        found = [lot for lot in self._lots(at) if lot.kind == kind and lot.status(then) == status]
        return sorted(found, key=lambda lot: lot.opened_at if status == "open" else lot.deal_at, reverse=True)

    def _list(self, visit: Visit) -> Response:
        wanted = _LISTS[visit.path]
        try:
            body = json.loads(visit.body)
            asked = {str(name).lower(): value for name, value in body.items()}
            first, last = int(asked["from"]), int(asked["to"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return json_response({"status": 400, "message": "The request is invalid."}, 400)
        at = visit.at
        if visit.fault is not None and visit.meets(FaultName.SHIFTING):
            # Time passes between two pages: new deals push the others on.
            step = _SHIFT_SECONDS if visit.fault.seconds is None else visit.fault.seconds
            at += timedelta(seconds=step * ((first - 1) // max(1, last - first + 1)))
        kind = "national" if wanted.kind == "shop" and asked.get("display_on_national") else wanted.kind
        lots = self._listed(at, kind, wanted.status)
        if regions := asked.get("region_ids"):
            lots = [lot for lot in lots if lot.region[0] in regions]
        if type_id := asked.get("typeid"):
            lots = [lot for lot in lots if lot.number % 2 + 1 == type_id]
        if year := asked.get("year_id"):
            lots = [lot for lot in lots if shapes.written(lot.deal_at).startswith(str(year))]
        if first > len(lots) or last < first:
            if kind == "tender":
                return json_response([])
            return json_response({"status": 500, "message": "ORA-01403: данные не найдены"}, 500)
        return self._answer(visit, self._window(visit, wanted, lots, first, min(last, first + _MAX_ROWS)))

    def _window(self, visit: Visit, wanted: _List, lots: list[SandboxLot], first: int, last: int) -> list[Row]:
        hour = int(visit.at.timestamp() // 3600)
        rng = random.Random(f"{self.market.seed}|{wanted}|{hour}|{first}")  # noqa: S311 - reproducible
        rows = [
            {**wanted.shape(lot), "rn": number, "total_count": len(lots)}
            for number, lot in enumerate(lots[first - 1 : last], start=first)
        ]
        kept = [row for row in rows if rng.random() >= _MISSING] or rows
        rng.shuffle(kept)
        return kept

    def _answer(self, visit: Visit, rows: list[Row]) -> Response:
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": {"lots": [{"ref": str(index)} for index in range(len(rows))]}, "version": 2})
        if visit.meets(FaultName.POISON) and rows:
            self._poisoned += 1
            given = visit.fault.record if visit.fault is not None else None
            _poison(rows[len(rows) // 2], given or POISONS[self._poisoned % len(POISONS)])
        # Not orjson: a spoilt number is written as NaN, which a service of this kind does write.
        body = json.dumps(rows, ensure_ascii=False)
        return Response(body, media_type="application/json; charset=utf-8")

    # ------------------------------------------------------------------ one lot

    def _find(self, visit: Visit, kinds: tuple[str, ...]) -> SandboxLot | None:
        number = str(visit.request.path_params["lot"])
        return next((lot for lot in self._lots(visit.at) if str(lot.number) == number and lot.kind in kinds), None)

    def _products(self, visit: Visit) -> Response:
        lot = self._find(visit, ("auction",))
        if lot is None or lot.status(visit.at.timestamp()) != "completed":
            return json_response({"status": 500, "message": "ORA-01403: данные не найдены"}, 500)
        rows = [shapes.item(one, of_deal=True) for one in lot.positions]
        random.Random(lot.number).shuffle(rows)  # noqa: S311 - reproducible
        return self._answer(visit, rows)

    def _auction_card(self, visit: Visit) -> Response:
        lot = self._find(visit, ("auction",))
        return json_response({"message": "not found"}, 404) if lot is None else json_response(shapes.auction_card(lot))

    def _tender_card(self, visit: Visit) -> Response:
        lot = self._find(visit, ("tender",))
        return json_response({"message": "not found"}, 404) if lot is None else json_response(shapes.tender_card(lot))

    # ------------------------------------------------------------------ dictionaries and pages for people

    def _categories(self, visit: Visit) -> Response:
        del visit
        names = sorted({good.category for good in GOODS})
        return json_response([{"id": 106_000 + 100 * place, "name": name} for place, name in enumerate(names)])

    def _regions(self, visit: Visit) -> Response:
        del visit
        return json_response([{"id": number, "name": name} for number, name in REGIONS])

    def _page(self, visit: Visit) -> Response:
        kind, status = _PAGES[visit.path]
        number = visit.request.query_params.get("lot_id")
        lots = self._listed(visit.at, kind, status)
        return _table(lots if number is None else [lot for lot in lots if str(lot.number) == number], status)

    def _lot_page(self, visit: Visit) -> Response:
        lot = self._find(visit, ("auction", "tender"))
        return _table([] if lot is None else [lot], "open" if lot is None else lot.status(visit.at.timestamp()))


def _poison(row: Row, record: str) -> None:
    if record == "missing_id":
        for name in ("lot_id", "id", "trade_id", "order_num", "rn"):
            row.pop(name, None)
        return
    spoilt = float("nan") if record == "nan_price" else ["not", "a", "price"]
    for name in ("price", "start_cost", "deal_cost", "cost"):
        if name in row:
            row[name] = spoilt


def _table(lots: list[SandboxLot], status: str) -> Response:
    lines = [
        f"<tr><td>{shapes.display_number(lot)}<td>{html.escape(one.text.strip(), quote=False)}<td>{one.amount}"
        f"<td>{one.price if status == 'completed' else one.ceiling} {lot.currency}<td>{status}</tr>"
        for lot in lots[:200]
        for one in lot.positions
    ]
    head = "<tr><th>Lot<th>What<th>Amount<th>Unit price<th>State</tr>"
    return HTMLResponse(
        f"<!DOCTYPE html><title>UZEX sandbox</title><h1>Lots: {len(lots)}</h1><table>{head}{''.join(lines)}</table>"
    )
