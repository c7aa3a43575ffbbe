"""The one polite HTTP client that every source fetches through.

Belongs here: rate and concurrency per host, deadlines, retries, bounds on what is read, cookies, the count of what was
sent, when a kept answer will do. Does not: reckoning a pace (``pace``), what an answer means (each source's ``meaning``
module), sessions of a marketplace, storage, how answers are kept (``cache``).

Nothing here logs or returns the values of request headers or cookies.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

import httpx2
import msgspec
import orjson

from domain.settings import Settings
from scrapers.closing import ClosedByWith
from scrapers.pace import TokenBucket, parse_retry_after
from scrapers.retry_budget import RetryBudget

if TYPE_CHECKING:
    from scrapers.cache import AnswerCache

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 50 * 1024 * 1024
# A longer wait than this is not slept through: the caller gets the refusal and may do something else meanwhile.
BOUNDED_WAIT_SECONDS = 10.0
MAX_REDIRECTS = 5
BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 30.0
# Requests follow one another at the pace of the rate plus up to this share of it at random, never faster.
JITTER = 0.2

# At DEBUG it writes whole header lists, set-cookie with them; a session's secrets do not belong into any log.
logging.getLogger("httpcore2").setLevel(logging.INFO)
# One line a request at INFO is ours to write, below, and at DEBUG.
logging.getLogger("httpx2").setLevel(logging.WARNING)

_RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# The statuses whose Retry-After is heeded.
_SAY_WHEN = frozenset({429, 503})


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request, failures included.

    Attributes:
        status: HTTP status; 0 where no whole answer arrived.
        url: final address, after redirects.
        headers: of the answer, names in lower case.
        body: content-decoded bytes.
        duration_ms: of the last attempt, waiting for our own rate limit not counted.
        error: one sentence where ``status`` is 0 or the host was not asked at all; else empty.
        retry_after: seconds the host still wants to be left alone, if it said so.
        from_cache: it was kept from an earlier request and nothing was sent.
        fetched_at: when the site gave it, UTC; None where the host was not asked at all.
    """

    status: int
    url: str
    headers: dict[str, str] = {}
    body: bytes = b""
    duration_ms: int = 0
    error: str = ""
    retry_after: float | None = None
    from_cache: bool = False
    fetched_at: datetime | None = None

    @property
    def content_type(self) -> str:
        """The content-type header, empty where there is none."""
        return self.headers.get("content-type", "")


class Guard(Protocol):
    """Decides which addresses may be asked at all (``scrapers.ssrf``)."""

    async def refuse(self, url: str) -> str | None:
        """Return why an address must not be asked, or None; asked before every hop."""
        ...

    def refuse_peer(self, url: str, address: str) -> str | None:
        """Return why an answer from this IP address must not be used, or None."""
        ...


class _Question(NamedTuple):
    """One request, whole."""

    method: str
    url: httpx2.URL
    headers: Mapping[str, str]
    content: bytes | None


class _Host:
    """What is remembered of one host (name and port)."""

    def __init__(self, bucket: TokenBucket | None, concurrency: int) -> None:
        self.bucket = bucket
        self.slots = asyncio.Semaphore(concurrency)
        self.closed_until = -math.inf
        self.closed_status = 429


class _AttemptFailedError(Exception):
    """An attempt brought no whole answer; ``final`` where asking again cannot help."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


def is_loopback(url: str) -> bool:
    """Tell whether an address points at this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> str:
    """Return scheme, host and port of an address in lower case; empty where it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    except ValueError:
        return ""
    return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}:{port}" if parts.hostname else ""


class PoliteClient(ClosedByWith):
    """An HTTP client that waits its turn and never raises for what the network does.

    Rate, timeout, attempts, User-Agent and proxy come from the settings; cookies are kept per client. The clock, the
    sleep and the randomness can be given, so that a test runs on virtual time.

    Retries are bounded twice: by ``request_attempts`` for one question, and by a budget for all of the client's
    (``scrapers.retry_budget``: a fifth of the requests, and a few more), so that a failing host is not hammered. A
    source with several clients gives them one budget.

    Answers are kept on disk and given again only while ``http_cache_ttl_seconds`` is set; never those of the sandbox.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        concurrency: int = 1,
        requests_per_second: float | None = None,
        guard: Guard | None = None,
        bounded_wait: float = BOUNDED_WAIT_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
        retry_budget: RetryBudget | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._settings = settings
        self._concurrency = concurrency
        self._guard = guard
        self._rate = settings.requests_per_second if requests_per_second is None else requests_per_second
        self._bounded_wait = bounded_wait
        self._max_body_bytes = max_body_bytes
        self._retry_budget = retry_budget or RetryBudget()
        self._monotonic = monotonic
        self._now = now
        self._sleep = sleep
        self._uniform = uniform
        self._requests_sent = 0
        self._hosts: dict[tuple[str, str, int | None], _Host] = {}
        self._cache = _open_cache(settings)
        sandbox = settings.sandbox_url
        self._unpaced = origin(sandbox) if sandbox and is_loopback(sandbox) else ""
        proxy = settings.proxy_url.get_secret_value() if settings.proxy_url else None
        self._client = httpx2.AsyncClient(
            headers={"User-Agent": settings.user_agent},
            timeout=httpx2.Timeout(settings.request_timeout_seconds),
            follow_redirects=False,
            # As many connections as may be asked at once, and each kept for the next question.
            limits=httpx2.Limits(max_connections=max(100, concurrency), max_keepalive_connections=max(20, concurrency)),
            proxy=proxy,
            # None: straight to the sandbox, whatever proxy is set here or in the environment.
            mounts={self._unpaced: None} if self._unpaced else None,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        if self._cache is not None:
            self._cache.close()

    @property
    def requests_sent(self) -> int:
        """How many requests were sent so far: every attempt and every redirect followed, kept answers not counted."""
        return self._requests_sent

    def cookie(self, name: str) -> str | None:
        """Return the newest value of a cookie, whatever its domain, or None."""
        values = [cookie.value for cookie in self._client.cookies.jar if cookie.name == name and cookie.value]
        return values[-1] if values else None

    def cookies(self) -> dict[str, str]:
        """Return all cookies by name, the newest value of each, whatever their domains."""
        return {cookie.name: cookie.value for cookie in self._client.cookies.jar if cookie.value}

    def clear_cookies(self) -> None:
        """Forget every cookie: the next request starts a new session."""
        self._client.cookies.clear()

    async def get(
        self,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Fetch an address, following up to five redirects.

        Args:
            url: absolute, http or https.
            params: query parameters, added in order.
            headers: sent to this origin only; a redirect elsewhere goes without them.

        Returns:
            The last answer. Status 0 with ``error`` where none arrived whole. A 429 or 503 whose ``Retry-After`` is
            longer than the bounded wait is returned at once; until then the host is not asked again.
        """
        return await self.request("GET", url, params=params, headers=headers)

    async def post(
        self,
        url: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask with a body, JSON or a form; otherwise like `get`. Only for questions: it may be sent again."""
        return await self.request("POST", url, params=params, headers=headers, json=json, form=form)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return the last answer; see `get` and `post`. Redirects are followed for GET only."""
        try:
            target = httpx2.URL(url)
            target = target.copy_merge_params(list(params)) if params else target
        except (httpx2.InvalidURL, ValueError, TypeError) as error:
            return Answer(status=0, url=url, error=f"not an address that can be fetched: {error}")
        sent, content = dict(headers or {}), None
        if json is not None:
            content = orjson.dumps(json)
            sent.setdefault("Content-Type", "application/json")
        elif form is not None:
            content = urlencode(form).encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        answer = Answer(status=0, url=url, error="nothing was asked")
        for _ in range(MAX_REDIRECTS + 1):
            refused = await self._guard.refuse(str(target)) if self._guard is not None else None
            if refused is not None:
                return Answer(status=0, url=str(target), error=f"not asked: {refused}")
            answer = await self._ask(_Question(method, target, sent, content))
            location = answer.headers.get("location") if answer.status in _REDIRECTS and method == "GET" else None
            if not location:
                return answer
            try:
                following = target.join(location)
            except (httpx2.InvalidURL, ValueError):
                return _failed(answer, "redirected to something that is not an address")
            if following.scheme not in {"http", "https"}:
                return _failed(answer, f"redirected to an address of the kind {following.scheme[:20]!r}")
            if _origin_of(following) != _origin_of(target):
                sent = {name: value for name, value in sent.items() if name.lower() in {"accept", "accept-language"}}
            target = following
        return _failed(answer, f"redirected more than {MAX_REDIRECTS} times")

    # ------------------------------------------------------------ one hop, from the cache or with its retries

    async def _ask(self, question: _Question) -> Answer:
        host = self._host(question.url)
        key = self._key(question) if self._cache is not None and host.bucket is not None else None
        kept = self._kept(key)
        if kept is not None:
            return kept
        answer = await self._ask_host(host, question)
        self._keep(key, answer)
        return answer

    async def _ask_host(self, host: _Host, question: _Question) -> Answer:
        answer = self._no_answer(question, "nothing was asked")
        for attempt in range(1, self._settings.request_attempts + 1):
            closed = host.closed_until - self._monotonic()
            if closed > self._bounded_wait:
                return Answer(
                    status=host.closed_status,
                    url=str(question.url),
                    error=f"not asked: {question.url.host} wants to be left alone for {closed:.0f} s more",
                    retry_after=closed,
                )
            if attempt == 1:
                self._retry_budget.note_request(self._monotonic())
            elif not self._retry_budget.take_retry(self._monotonic()):
                logger.info("%s is not asked again: the retry budget is spent", question.url.host)
                break
            if closed > 0:
                await self._sleep(closed)
            elif attempt > 1:
                await self._sleep(self._backoff(attempt - 1))
            answer = await self._one_attempt(host, question)
            retryable = answer.status in _RETRIED_STATUSES or (answer.status == 0 and answer.retry_after is None)
            if not retryable or (answer.retry_after and answer.retry_after > self._bounded_wait):
                break
        return msgspec.structs.replace(answer, retry_after=None) if answer.retry_after == 0 else answer

    async def _one_attempt(self, host: _Host, question: _Question) -> Answer:
        async with host.slots:
            if host.bucket is not None:
                wait = host.bucket.take(self._monotonic(), self._uniform(0.0, JITTER))
                if wait > 0:
                    await self._sleep(wait)
            started = self._monotonic()
            self._requests_sent += 1
            try:
                async with asyncio.timeout(self._settings.request_timeout_seconds):
                    answer = await self._exchange(question, started)
            except TimeoutError:
                answer = self._no_answer(
                    question, f"no whole answer within {self._settings.request_timeout_seconds:g} s", started
                )
            except _AttemptFailedError as error:
                answer = self._no_answer(question, str(error), started, final=error.final)
        if answer.retry_after and answer.status in _SAY_WHEN:
            self._leave_alone(host, answer)
        if logger.isEnabledFor(logging.DEBUG):
            address = str(question.url.copy_with(query=None, fragment=None, userinfo=b""))
            logger.debug("%s %s: %s", question.method, address, answer.status or answer.error)
        return answer

    def _no_answer(
        self, question: _Question, error: str, started: float | None = None, *, final: bool = False
    ) -> Answer:
        return Answer(
            status=0,
            url=str(question.url),
            error=error,
            duration_ms=0 if started is None else self._milliseconds_since(started),
            # 0.0 marks a failure that another attempt cannot mend; _ask_host turns it back into None.
            retry_after=0.0 if final else None,
            fetched_at=None if started is None else self._now(),
        )

    async def _exchange(self, question: _Question, started: float) -> Answer:
        try:
            request = self._client.build_request(
                question.method, question.url, headers=question.headers, content=question.content
            )
            response = await self._client.send(request, stream=True)
            try:
                self._check_peer(question.url, response)
                body = await self._body(response)
            finally:
                await response.aclose()
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError) as error:
            raise _AttemptFailedError(f"cannot be asked: {_words(error)}", final=True) from error
        except (httpx2.HTTPError, httpx2.StreamError, OSError, UnicodeError) as error:
            raise _AttemptFailedError(_words(error), final=False) from error
        status, now = response.status_code, self._now()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(
            status=status,
            url=str(response.url),
            headers=headers,
            body=body,
            duration_ms=self._milliseconds_since(started),
            retry_after=parse_retry_after(headers.get("retry-after"), now=now) if status in _SAY_WHEN else None,
            fetched_at=now,
        )

    async def _body(self, response: httpx2.Response) -> bytes:
        # Kept in pieces: growing one buffer would copy a large page several times over.
        pieces, size = [], 0
        async for piece in response.aiter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > self._max_body_bytes:
                raise _AttemptFailedError(
                    f"the body is larger than {self._max_body_bytes:,} bytes and was not read further", final=True
                )
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _milliseconds_since(self, started: float) -> int:
        return round((self._monotonic() - started) * 1000)

    # ------------------------------------------------------------ kept answers

    def _key(self, question: _Question) -> str | None:
        if question.method != "GET":
            return None
        try:
            # As it would be sent: the client's own headers and the cookies of this address with it.
            request = self._client.build_request("GET", question.url, headers=question.headers)
        except (httpx2.InvalidURL, httpx2.HTTPError, ValueError, TypeError):
            return None
        from scrapers.cache import cache_key  # noqa: PLC0415 - SQLite only where answers are kept

        return cache_key(request.method, str(request.url), request.headers.raw)

    def _kept(self, key: str | None) -> Answer | None:
        kept = None if key is None or self._cache is None else self._cache.get(key, self._now())
        if kept is None:
            return None
        return Answer(
            status=200,
            url=kept.url,
            headers=kept.headers,
            body=kept.body,
            from_cache=True,
            fetched_at=kept.fetched_at,
        )

    def _keep(self, key: str | None, answer: Answer) -> None:
        # An answer that sets cookies opens a session; given again, it would open none.
        if key is None or self._cache is None or answer.status != 200 or "set-cookie" in answer.headers:
            return
        from scrapers.cache import KeptAnswer  # noqa: PLC0415 - the same

        kept = KeptAnswer(
            url=answer.url, headers=answer.headers, body=answer.body, fetched_at=answer.fetched_at or self._now()
        )
        self._cache.put(key, kept)

    def _check_peer(self, url: httpx2.URL, response: httpx2.Response) -> None:
        # Through a proxy the peer is the proxy, which does the looking up.
        if self._guard is None or self._settings.proxy_url is not None:
            return
        stream = response.extensions.get("network_stream")
        address = stream.get_extra_info("server_addr") if stream is not None else None
        if address:
            refused = self._guard.refuse_peer(str(url), str(address[0]))
            if refused is not None:
                raise _AttemptFailedError(refused, final=True)

    # ------------------------------------------------------------ manners

    def slow_down(self, url: str, seconds: float) -> None:
        """Leave at least so many seconds between requests to an address's host from now on."""
        try:
            host = self._host(httpx2.URL(url))
        except (httpx2.InvalidURL, ValueError):
            return
        if host.bucket is not None and seconds > 0:
            host.bucket.stretch(seconds)

    def _host(self, url: httpx2.URL) -> _Host:
        key = (url.scheme, url.host, url.port)
        host = self._hosts.get(key)
        if host is None:
            paced = not self._unpaced or _origin_of(url) != self._unpaced
            host = self._hosts[key] = _Host(TokenBucket(self._rate) if paced else None, self._concurrency)
        return host

    def _leave_alone(self, host: _Host, answer: Answer) -> None:
        host.closed_until = max(host.closed_until, self._monotonic() + (answer.retry_after or 0.0))
        host.closed_status = answer.status

    def _backoff(self, attempt: int) -> float:
        ceiling = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2.0 ** (attempt - 1))
        return self._uniform(0.0, ceiling)


def _open_cache(settings: Settings) -> AnswerCache | None:
    if settings.http_cache_ttl_seconds <= 0:
        return None
    from scrapers.cache import AnswerCache  # noqa: PLC0415 - SQLite only where answers are kept

    return AnswerCache(
        settings.home / "http-cache",
        ttl_seconds=settings.http_cache_ttl_seconds,
        max_megabytes=settings.http_cache_megabytes,
    )


def _origin_of(url: httpx2.URL) -> str:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return f"{url.scheme}://{url.host.lower()}:{port}" if url.host else ""


def _failed(answer: Answer, error: str) -> Answer:
    return msgspec.structs.replace(answer, status=0, body=b"", error=error)


def _words(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
