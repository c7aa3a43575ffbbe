"""The sandbox's own endpoints: clock, faults, tokens, request counts, truth. No marketplace has these."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import ClockError, MarketClock, parse_time
from sandbox.control_error import ControlError, number_of
from sandbox.faults import FaultBook, FaultError, read_fault
from sandbox.mailbox.slack import SlackFailure, SlackWebhook
from sandbox.mailbox.smtp import SmtpSink
from sandbox.market import Market, MarketTimeError
from sandbox.site import Site

_LOG_LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request to a look-alike, for tests of politeness; headers are not kept."""

    at: str
    method: str
    path: str
    query: str
    status: int


class RequestLog:
    """ASGI middleware that counts what the look-alikes are asked."""

    def __init__(self, app: ASGIApp, sources: Collection[str]) -> None:
        self.app = app
        self._sources = frozenset(sources)
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.seen: deque[SeenRequest] = deque(maxlen=_LOG_LENGTH)

    def clear(self) -> None:
        """Start counting anew."""
        self.counts.clear()
        self.statuses.clear()
        self.seen.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note its status."""
        if scope["type"] != "http" or scope["path"].split("/", 2)[1] not in self._sources:
            await self.app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, int(message["status"]))
            await send(message)

        await self.app(scope, receive, noting)

    def _note(self, scope: Scope, status: int) -> None:
        self.counts[scope["path"]] += 1
        self.statuses[status] += 1
        self.seen.append(
            SeenRequest(
                at=datetime.now(UTC).isoformat(),
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                status=status,
            )
        )


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


async def _body(request: Request) -> dict[str, object]:
    try:
        value = json.loads(await request.body() or b"{}")
    except json.JSONDecodeError as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ControlError("the body must be a JSON object")
    return value


class Control:
    """The endpoints under `/control` and `/truth`."""

    def __init__(
        self,
        *,
        market: Market,
        sites: Mapping[str, Site],
        clock: MarketClock,
        faults: FaultBook,
        slack: SlackWebhook,
        smtp: SmtpSink,
        log: Callable[[], RequestLog],
    ) -> None:
        self.market = market
        self.sites = sites
        self.clock = clock
        self.faults = faults
        self.slack = slack
        self.smtp = smtp
        self._log = log

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            _route("/control/clock", self._get_clock, "GET"),
            _route("/control/clock", self._set_clock, "POST"),
            _route("/control/faults", self._get_faults, "GET"),
            _route("/control/faults", self._add_fault, "POST"),
            _route("/control/faults", self._clear_faults, "DELETE"),
            _route("/control/sessions", self._control_site, "POST"),
            _route("/control/requests", self._get_requests, "GET"),
            _route("/control/requests", self._clear_requests, "DELETE"),
            _route("/control/slack", self._fail_slack, "POST"),
            _route("/control/smtp", self._fail_smtp, "POST"),
            _route("/control/mailbox", self._clear_mailbox, "DELETE"),
            _route("/truth/{source}", self._truth, "GET"),
        ]

    async def _get_clock(self, request: Request) -> Response:
        return _json({"time": self.clock.now().isoformat(), "start": self.market.start.isoformat()})

    async def _set_clock(self, request: Request) -> Response:
        self.clock.set(parse_time(str((await _body(request)).get("time", ""))))
        return await self._get_clock(request)

    async def _get_faults(self, request: Request) -> Response:
        return _json([asdict(fault) for fault in self.faults.waiting])

    async def _add_fault(self, request: Request) -> Response:
        self.faults.add(read_fault(await _body(request)))
        return await self._get_faults(request)

    async def _clear_faults(self, request: Request) -> Response:
        self.faults.clear()
        return await self._get_faults(request)

    async def _control_site(self, request: Request) -> Response:
        """Change how a look-alike behaves (see its ``control``); ``source`` says which, else Vinted."""
        wish = await _body(request)
        return _json(self._site(str(wish.pop("source", "vinted"))).control(wish))

    def _site(self, name: str) -> Site:
        if name not in self.sites:
            raise ControlError(f"no such source; there are: {', '.join(self.sites)}")
        return self.sites[name]

    async def _get_requests(self, request: Request) -> Response:
        log = self._log()
        answer: dict[str, object] = {
            "total": sum(log.counts.values()),
            "paths": dict(log.counts),
            "statuses": {str(status): count for status, count in log.statuses.items()},
        }
        if "log" in request.query_params:
            answer["log"] = [asdict(seen) for seen in log.seen]
        return _json(answer)

    async def _clear_requests(self, request: Request) -> Response:
        self._log().clear()
        return await self._get_requests(request)

    async def _fail_slack(self, request: Request) -> Response:
        wish = await _body(request)
        failure = SlackFailure(
            status=int(number_of(wish.get("status", 500), "status")),
            count=int(number_of(wish.get("count", 1), "count")),
            retry_after=int(number_of(wish.get("retry_after", 1), "retry_after")),
        )
        if failure.count > 0:
            self.slack.failures.append(failure)
        return _json([asdict(waiting) for waiting in self.slack.failures])

    async def _fail_smtp(self, request: Request) -> Response:
        wish = await _body(request)
        code = int(number_of(wish.get("code", 451), "code"))
        if not 400 <= code <= 599:
            raise ControlError(f"code must be an SMTP refusal (400-599), not {code}")
        count = int(number_of(wish.get("count", 1), "count"))
        self.smtp.refusals += [f"{code} refused by the sandbox on demand"] * count
        return _json({"refusals": len(self.smtp.refusals)})

    async def _clear_mailbox(self, request: Request) -> Response:
        self.smtp.mailbox.clear()
        return _json({"messages": 0})

    async def _truth(self, request: Request) -> Response:
        if request.path_params["source"] not in self.sites:
            return _json({"sandbox_error": f"no such source; there are: {', '.join(self.sites)}"}, 404)
        site = self._site(request.path_params["source"])
        return _json(site.truth(self.clock.time_of(request), request.query_params.get("country")))


def _route(path: str, answer: Callable[[Request], Awaitable[Response]], method: str) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return await answer(request)
        except (ClockError, ControlError, FaultError, MarketTimeError) as error:
            return _json({"sandbox_error": str(error)}, 400)

    return Route(path, endpoint, methods=[method])
