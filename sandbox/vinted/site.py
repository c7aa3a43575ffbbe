"""The Vinted look-alike: `/vinted/{country}/www`, `/vinted/{country}/api` and its pictures, from the market.

Belongs here: routes, sessions, faults, and which answer each gets. Shapes are in `shapes` and `pages`.
Behaviour after the facts on second-hand marketplaces, section 1; the 429 body and the 400 body were never recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from sandbox.challenge import CLEARANCE_COOKIE, Challenges
from sandbox.clock import ClockError, MarketClock
from sandbox.control_error import ControlError, number_of
from sandbox.cut_off import CutOffResponse
from sandbox.faults import Fault, FaultBook, FaultError, FaultName
from sandbox.locales import COUNTRIES, Country
from sandbox.market import Market, MarketTimeError
from sandbox.pictures import picture
from sandbox.search import SearchRequest, SearchResult, search
from sandbox.truth import truth
from sandbox.vinted import pages, shapes, spoiling
from sandbox.vinted.query import InvalidRequestError, service_request, site_request
from sandbox.vinted.sessions import Sessions
from sandbox.vinted.shapes import View

# Recorded: total_entries 960 with per_page 3 and with per_page 2.
MAX_TOTAL_ENTRIES = 960
_SLOW_SECONDS = 5.0
_RETRY_AFTER_SECONDS = 30.0
_SHIFT_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request with everything an answer depends on."""

    request: Request
    country: Country
    at: datetime
    base: str
    fault: Fault | None

    @property
    def view(self) -> View:
        return View(self.country, self.base, int(self.at.timestamp()))

    def meets(self, name: FaultName) -> bool:
        return self.fault is not None and self.fault.name is name


_Answer = Callable[[_Visit], Response]


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, headers=headers, media_type="application/json; charset=utf-8")


def _error(code: object, message: str, message_code: str, status: int) -> Response:
    return _json({"code": code, "message": message, "message_code": message_code}, status)


def _throttled(seconds: float) -> Response:
    body = {"code": 429, "message": "Too many requests", "message_code": "too_many_requests"}
    return _json(body, 429, {"Retry-After": f"{seconds:g}"})


def _not_found() -> Response:
    return _error(104, "Content not found", "not_found", 404)


class VintedSite:
    """The look-alike of all country sites.

    Attributes:
        sessions: the tokens; renewal is tested by shortening their life.
        details_open: whether `/api/v2/items/{id}/details` answers; on the real site it is mostly refused.
    """

    name = "vinted"

    def __init__(self, market: Market, clock: MarketClock, faults: FaultBook) -> None:
        self.market = market
        self.clock = clock
        self.faults = faults
        self.sessions = Sessions()
        self.challenges = Challenges()
        self.details_open = False
        self._poisoned = 0

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        www: list[BaseRoute] = [
            self._route("/", self._homepage),
            self._route("/catalog", self._catalogue),
            self._route("/items/{ref:path}", self._item_page),
            self._route("/api/v2/items/{item_id:int}/details", self._details),
            self._route("/api/v2/users/{user_id:int}", self._user),
            self._route("/api/v2/{rest:path}", lambda _: _not_found()),
            self._route("/web/gateway/svc-catalogue/items", self._search),
        ]
        api: list[BaseRoute] = [
            self._route("/svc-catalogue/items", self._search),
            self._route("/{rest:path}", lambda _: _not_found()),
        ]
        return [
            Mount("/vinted/{country}/www", routes=www),
            Mount("/vinted/{country}/api", routes=api),
            Route("/vinted/{country}/images/{photo:int}.png", self._picture),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return the truth about every listing, in the currency of a country's site or the sellers' own.

        Raises:
            ControlError: for a country without a site.
        """
        if country is not None and country not in COUNTRIES:
            raise ControlError(f"no site for {country!r}; there are: {', '.join(COUNTRIES)}")
        return truth(self.market, at, COUNTRIES[country] if country is not None else None)

    def control(self, wish: Mapping[str, object]) -> dict[str, object]:
        """Set ``ttl_seconds`` and ``max_requests`` (null: no limit) of tokens to come; ``revoke`` ends the others."""
        sessions = self.sessions
        if "ttl_seconds" in wish:
            sessions.ttl_seconds = number_of(wish["ttl_seconds"], "ttl_seconds")
        if "max_requests" in wish:
            limit = wish["max_requests"]
            sessions.max_requests = None if limit is None else int(number_of(limit, "max_requests"))
        if wish.get("revoke"):
            sessions.revoke_all()
        if "details_open" in wish:
            self.details_open = bool(wish["details_open"])
        return {
            "ttl_seconds": sessions.ttl_seconds,
            "max_requests": sessions.max_requests,
            "issued": sessions.issued,
            "details_open": self.details_open,
        }

    # ------------------------------------------------------------------ around every answer

    def _route(self, path: str, answer: _Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                return await self._attend(request, answer)
            except (ClockError, FaultError, MarketTimeError) as error:
                return _json({"sandbox_error": str(error)}, 400)
            except InvalidRequestError as error:
                return _error("INVALID_REQUEST", str(error), "INVALID_REQUEST", 400)

        return Route(path, endpoint, methods=["GET"])

    async def _attend(self, request: Request, answer: _Answer) -> Response:
        domain = request.path_params["country"]
        country = COUNTRIES.get(domain)
        if country is None:
            return _json({"sandbox_error": f"no site for {domain!r}; there are: {', '.join(COUNTRIES)}"}, 404)
        prefix = f"/vinted/{domain}/"
        site_path = request.url.path.removeprefix(prefix)[3:] or "/"
        visit = _Visit(
            request=request,
            country=country,
            at=self.clock.time_of(request),
            base=f"{request.url.scheme}://{request.url.netloc}{prefix}".rstrip("/"),
            fault=self.faults.take(request, self.name, site_path),
        )
        refusal = await self._refuse(visit)
        if refusal is not None:
            return refusal
        whole = answer(visit)
        if visit.fault is not None and visit.meets(FaultName.CUT_OFF):
            return CutOffResponse(whole, abort=visit.fault.abort)
        return whole

    async def _refuse(self, visit: _Visit) -> Response | None:
        """Answer in place of the site where the fault says so; ``slow`` waits and lets the site answer."""
        fault = visit.fault
        if fault is None:
            return None
        if fault.name is FaultName.SLOW:
            await asyncio.sleep(_SLOW_SECONDS if fault.seconds is None else fault.seconds)
        host = f"vinted.{visit.country.domain}"
        answer: Response | None = None
        match fault.name:
            case FaultName.UNAUTHORISED:
                answer = self._unauthorised(visit.country)
            case FaultName.CHALLENGE | FaultName.CHALLENGE_200:
                status = 403 if fault.name is FaultName.CHALLENGE else 200
                answer = HTMLResponse(self.challenges.page(host), status)
            case FaultName.THROTTLED:
                answer = _throttled(_RETRY_AFTER_SECONDS if fault.seconds is None else fault.seconds)
            case FaultName.WITHDRAWN:
                answer = _not_found()
            case FaultName.SERVER_ERROR:
                page = f"<html><body><h1>{fault.status} Service Unavailable</h1></body></html>"
                answer = HTMLResponse(page, fault.status)
            case FaultName.BOOTSTRAP_BLOCKED if not self._is_cleared(visit):
                answer = HTMLResponse(self.challenges.page(host, cookie_path=f"/vinted/{visit.country.domain}"), 403)
            case _:
                pass
        return answer

    def _is_cleared(self, visit: _Visit) -> bool:
        return self.challenges.is_cleared(visit.request.cookies.get(CLEARANCE_COOKIE))

    @staticmethod
    def _unauthorised(country: Country) -> Response:
        return _error(100, country.words.unauthorised, "invalid_authentication_token", 401)

    # ------------------------------------------------------------------ the site

    def _homepage(self, visit: _Visit) -> Response:
        country = visit.country
        session = self.sessions.issue(country.domain, visit.request.cookies.get("anon_id"))
        page = pages.homepage(country)
        answer = HTMLResponse(spoiling.changed_page(page) if visit.meets(FaultName.CHANGED) else page)
        answer.headers["X-Anon-Id"] = session.anon_id
        # One jar per country domain on the real site; here the path keeps them apart.
        path, week = f"/vinted/{country.domain}", 7 * 86400
        answer.set_cookie("access_token_web", session.access_token, week, path=path, httponly=True, samesite="lax")
        answer.set_cookie("refresh_token_web", session.refresh_token, week, path=path, httponly=True, samesite="lax")
        answer.set_cookie("anon_id", session.anon_id, 20 * 365 * 86400, path=path, samesite="lax")
        answer.set_cookie("v_udt", session.device, 365 * 86400, path=path, httponly=True, samesite="lax")
        answer.set_cookie("anonymous-iso-locale", f"{country.language}-{country.iso}", path=path, samesite="lax")
        return answer

    def _found(self, visit: _Visit, request: SearchRequest) -> SearchResult:
        at = visit.at
        if visit.fault is not None and visit.meets(FaultName.SHIFTING):
            # Time passes between two pages: new listings push old ones on, sold ones pull them back.
            step = _SHIFT_SECONDS if visit.fault.seconds is None else visit.fault.seconds
            at += timedelta(seconds=step * (request.page - 1))
        last_page = -(-MAX_TOTAL_ENTRIES // request.per_page)
        result = search(self.market, request, visit.country, at)
        return result if request.page <= last_page else replace(result, items=())

    def _poison(self, visit: _Visit) -> str | None:
        if visit.fault is None or not visit.meets(FaultName.POISON):
            return None
        self._poisoned += 1
        return visit.fault.record or spoiling.POISONS[self._poisoned % len(spoiling.POISONS)]

    def _search(self, visit: _Visit) -> Response:
        scheme, _, token = visit.request.headers.get("Authorization", "").partition(" ")
        has_bearer = scheme.lower() == "bearer" and self.sessions.accept(token.strip(), visit.country.domain)
        if not has_bearer or not visit.request.headers.get("X-Anon-Id"):
            return self._unauthorised(visit.country)
        request = service_request(visit.request.query_params, visit.country)
        result = self._found(visit, request)
        items = [shapes.search_item(visit.view, item, place) for place, item in enumerate(result.items)]
        if visit.meets(FaultName.CHANGED):
            return _json(spoiling.changed_search(items))
        poison = self._poison(visit)
        if poison is not None:
            spoiling.poison_items(items, poison)
        entries = min(result.found, MAX_TOTAL_ENTRIES)
        return _json(
            {
                "items": items,
                "pagination": {
                    "current_page": request.page,
                    "total_pages": -(-entries // request.per_page),
                    "total_entries": entries,
                    "per_page": request.per_page,
                    "time": visit.view.at,
                },
                "search_tracking_params": {"search_correlation_id": f"sandbox-{visit.view.at}"},
                "code": 0,
            }
        )

    def _catalogue(self, visit: _Visit) -> Response:
        query = visit.request.query_params
        request = site_request(query, visit.country)
        result = self._found(visit, request)
        page = pages.catalogue(
            visit.view,
            list(result.items),
            found=min(result.found, MAX_TOTAL_ENTRIES),
            page=request.page,
            query=query.multi_items(),
        )
        poison = self._poison(visit)
        if poison is not None:
            page = spoiling.poison_rows(page, poison)
        return HTMLResponse(spoiling.changed_page(page) if visit.meets(FaultName.CHANGED) else page)

    def _item_page(self, visit: _Visit) -> Response:
        ref = str(visit.request.path_params["ref"])
        number = ref.partition("-")[0]
        item = self.market.item(int(number), visit.at) if number.isdecimal() else None
        if item is None or (item.end == "removed" and visit.view.at >= item.ended_at):
            return HTMLResponse("<!DOCTYPE html><html><head><title>404</title></head><body>404</body></html>", 404)
        if f"/items/{ref}" != item.path:
            query = f"?{visit.request.url.query}" if visit.request.url.query else ""
            return RedirectResponse(f"/vinted/{visit.country.domain}/www{item.path}{query}", 307)
        page = pages.item_page(visit.view, item)
        return HTMLResponse(spoiling.changed_page(page) if visit.meets(FaultName.CHANGED) else page)

    def _details(self, visit: _Visit) -> Response:
        if not self.details_open:
            return HTMLResponse(self.challenges.page(f"vinted.{visit.country.domain}"), 403)
        item = self.market.item(int(visit.request.path_params["item_id"]), visit.at)
        return _not_found() if item is None else _json(shapes.details(visit.view, item))

    def _user(self, visit: _Visit) -> Response:
        listed = self.market.items_of_seller(int(visit.request.path_params["user_id"]), visit.at)
        if not listed:
            return _not_found()
        live = sum(item.is_live(visit.view.at) for item in listed)
        return _json(shapes.user(visit.view, listed[0].seller, item_count=live))

    async def _picture(self, request: Request) -> Response:
        item_id, number = shapes.item_of_photo(int(request.path_params["photo"]))
        if self.market.known(item_id) is None:
            # A picture carries no time; after a restart the days up to now are made first.
            self.market.items(self.clock.now())
        item = self.market.known(item_id)
        if item is None or number >= item.photo_count:
            return Response(status_code=404)
        drawn = picture(item.family.shape, item.colour.hex, number, item.scene)
        return Response(drawn, media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})
