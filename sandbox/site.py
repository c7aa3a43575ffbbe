"""What every look-alike offers, and the behaviour they share: time, faults, refusals.

Belongs here: what meets a request before a marketplace's own shapes do. Does not: any marketplace's shapes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.clock import ClockError, MarketClock
from sandbox.cut_off import CutOffResponse
from sandbox.faults import Fault, FaultBook, FaultError, FaultName
from sandbox.market import Market, MarketTimeError

_SLOW_SECONDS = 5.0
RETRY_AFTER_SECONDS = 30.0


class Site(Protocol):
    """A look-alike; all its paths begin with ``/{name}/``."""

    name: str

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        ...

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return what is really for sale then; each row has ``external_id``, ``kind`` and ``planted``."""
        ...

    def control(self, wish: Mapping[str, object]) -> dict[str, object]:
        """Change how it behaves; return how it behaves now."""
        ...


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(orjson.dumps(value), status, headers=headers, media_type="application/json; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with everything an answer depends on.

    Attributes:
        at: market time, UTC.
        path: below ``/{name}``, with a slash at the start.
        base: address of the look-alike without a slash at the end, e.g. ``http://127.0.0.1:8000/ebay``.
        body: of a POST.
    """

    request: Request
    at: datetime
    path: str
    base: str
    body: bytes
    fault: Fault | None

    def meets(self, name: FaultName) -> bool:
        """Tell whether this request meets that fault."""
        return self.fault is not None and self.fault.name is name


Answering = Callable[[Visit], Response | Awaitable[Response]]


class LookAlike:
    """Base of a look-alike: subclasses give ``name``, `routes` made with `route`, and how the marketplace refuses.

    `throttled`, `challenge`, `unauthorised` and `withdrawn` are what the marketplace says then; override them with its
    own words. ``changed`` and ``poison`` are left to the answers themselves (``visit.meets``).
    """

    name: str = ""

    def __init__(self, market: Market, clock: MarketClock, faults: FaultBook) -> None:
        self.market = market
        self.clock = clock
        self.faults = faults

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return what is really for sale then."""
        del at, country
        return []

    def control(self, wish: Mapping[str, object]) -> dict[str, object]:
        """Change how it behaves; the base has nothing to change."""
        return dict(wish)

    def route(self, path: str, answer: Answering, *methods: str) -> Route:
        """Return a route below ``/{name}`` whose requests meet time and faults first; GET where no method is named."""

        async def endpoint(request: Request) -> Response:
            try:
                return await self._attend(request, answer)
            except (ClockError, FaultError, MarketTimeError) as error:
                return json_response({"sandbox_error": str(error)}, 400)

        return Route(f"/{self.name}{path}", endpoint, methods=list(methods) or ["GET"])

    async def _attend(self, request: Request, answer: Answering) -> Response:
        site_path = request.url.path.removeprefix(f"/{self.name}") or "/"
        visit = Visit(
            request=request,
            at=self.clock.time_of(request),
            path=site_path,
            base=f"{request.url.scheme}://{request.url.netloc}/{self.name}",
            body=await request.body(),
            fault=self.faults.take(request, self.name, site_path),
        )
        refusal = await self._refuse(visit)
        if refusal is not None:
            return refusal
        whole = answer(visit)
        if not isinstance(whole, Response):
            whole = await whole
        if visit.fault is not None and visit.meets(FaultName.CUT_OFF):
            return CutOffResponse(whole, abort=visit.fault.abort)
        return whole

    async def _refuse(self, visit: Visit) -> Response | None:
        fault = visit.fault
        if fault is None:
            return None
        if fault.name is FaultName.SLOW:
            await asyncio.sleep(_SLOW_SECONDS if fault.seconds is None else fault.seconds)
        answer: Response | None = None
        match fault.name:
            case FaultName.UNAUTHORISED:
                answer = self.unauthorised(visit)
            case FaultName.CHALLENGE:
                answer = self.challenge(visit, 403)
            case FaultName.CHALLENGE_200:
                answer = self.challenge(visit, 200)
            case FaultName.THROTTLED:
                answer = self.throttled(visit, RETRY_AFTER_SECONDS if fault.seconds is None else fault.seconds)
            case FaultName.WITHDRAWN:
                answer = self.withdrawn(visit)
            case FaultName.SERVER_ERROR:
                answer = HTMLResponse(
                    f"<html><body><h1>{fault.status} Service Unavailable</h1></body></html>", fault.status
                )
            case _:
                pass
        return answer

    # ------------------------------------------------------------------ how a marketplace refuses

    def unauthorised(self, visit: Visit) -> Response:
        """Answer a request without valid credentials."""
        del visit
        return json_response({"error": "unauthorized"}, 401)

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer a caller that asks too often."""
        del visit
        return json_response({"error": "Too many requests"}, 429, {"Retry-After": f"{seconds:g}"})

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with the wall that this marketplace puts up, at status 403 or 200."""
        del visit
        page = "<html><head><title>Access denied</title></head><body><h1>Access denied</h1></body></html>"
        return HTMLResponse(page, status)

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for an endpoint that exists no more."""
        del visit
        return json_response({"error": "not found"}, 404)
