"""The one polite HTTP client that every source fetches through.

Belongs here: rate and concurrency per host, deadlines, retries, ``Retry-After``, bounds on what is read, cookies.
Does not: what an answer means (each source's ``meaning`` module), sessions of a marketplace, storage.

Nothing here logs or returns the values of request headers or cookies.
"""

from __future__ import annotations

import asyncio
import email.utils
import ipaddress
import logging
import math
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Protocol, Self
from urllib.parse import urlencode, urlsplit

import httpx2
import msgspec
import orjson

from domain.settings import Settings

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 50 * 1024 * 1024
MAX_RETRY_AFTER_SECONDS = 900.0
# A longer wait than this is not slept through: the caller gets the refusal and may do something else meanwhile.
BOUNDED_WAIT_SECONDS = 10.0
MAX_REDIRECTS = 5
BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 30.0

# At DEBUG it writes whole header lists, set-cookie with them; a session's secrets do not belong into any log.
logging.getLogger("httpcore2").setLevel(logging.INFO)
# One line a request at INFO is ours to write, below, and at DEBUG.
logging.getLogger("httpx2").setLevel(logging.WARNING)

_SECONDS = re.compile(r"[0-9]{1,400}(\.[0-9]{1,20})?")
_RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


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
    """

    status: int
    url: str
    headers: dict[str, str] = {}
    body: bytes = b""
    duration_ms: int = 0
    error: str = ""
    retry_after: float | None = None

    @property
    def content_type(self) -> str:
        """The content-type header, empty where there is none."""
        return self.headers.get("content-type", "")


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Read a ``Retry-After`` header.

    Args:
        value: seconds or an HTTP date; None where the header is absent.
        now: current time, UTC.

    Returns:
        Seconds to wait, between 0 (a date that has passed) and 900; None where the value is absent or means nothing.
    """
    text = (value or "").strip()
    if not text:
        return None
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


class Guard(Protocol):
    """Decides which addresses may be asked at all (``scrapers.ssrf``)."""

    async def refuse(self, url: str) -> str | None:
        """Return why an address must not be asked, or None; asked before every hop."""
        ...

    def refuse_peer(self, url: str, address: str) -> str | None:
        """Return why an answer from this IP address must not be used, or None."""
        ...


class TokenBucket:
    """Spaces requests so that any window of ``w`` seconds holds at most ``rate * w + burst`` of them."""

    def __init__(self, rate: float, burst: int = 1) -> None:
        self._interval = 1.0 / rate
        self._tolerance = (burst - 1) * self._interval
        self._next = -math.inf

    def stretch(self, seconds: float) -> None:
        """Space requests by at least so many seconds."""
        if seconds > self._interval:
            self._interval, self._tolerance = seconds, 0.0

    def take(self, now: float) -> float:
        """Reserve the next token and return how many seconds from ``now`` it may be used."""
        due = max(self._next, now - self._tolerance)
        self._next = due + self._interval
        return max(0.0, due - now)


class _Question(NamedTuple):
    """One request, whole."""

    method: str
    url: str
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


class PoliteClient:
    """An HTTP client that waits its turn and never raises for what the network does.

    Rate, timeout, attempts, User-Agent and proxy come from the settings; cookies are kept per client. The clock, the
    sleep and the randomness can be given, so that a test runs on virtual time.
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
        self._monotonic = monotonic
        self._now = now
        self._sleep = sleep
        self._uniform = uniform
        self._hosts: dict[str, _Host] = {}
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

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
        answer = Answer(status=0, url=str(target), error="nothing was asked")
        for _ in range(MAX_REDIRECTS + 1):
            refused = await self._guard.refuse(str(target)) if self._guard is not None else None
            if refused is not None:
                return Answer(status=0, url=str(target), error=f"not asked: {refused}")
            answer = await self._ask(_Question(method, str(target), sent, content))
            location = answer.headers.get("location")
            if method != "GET" or answer.status not in _REDIRECTS or not location:
                return answer
            try:
                following = target.join(location)
            except (httpx2.InvalidURL, ValueError):
                return _failed(answer, "redirected to something that is not an address")
            if following.scheme not in {"http", "https"}:
                return _failed(answer, f"redirected to an address of the kind {following.scheme[:20]!r}")
            if origin(str(following)) != origin(str(target)):
                sent = {name: value for name, value in sent.items() if name.lower() in {"accept", "accept-language"}}
            target = following
        return _failed(answer, f"redirected more than {MAX_REDIRECTS} times")

    # ------------------------------------------------------------ one hop, with its retries

    async def _ask(self, question: _Question) -> Answer:
        url = question.url
        key = origin(url)
        host = self._host(key)
        answer = Answer(status=0, url=url, error="nothing was asked")
        for attempt in range(1, self._settings.request_attempts + 1):
            closed = host.closed_until - self._monotonic()
            if closed > self._bounded_wait:
                return Answer(
                    status=host.closed_status,
                    url=url,
                    error=f"not asked: {urlsplit(url).hostname} wants to be left alone for {closed:.0f} s more",
                    retry_after=closed,
                )
            if closed > 0:
                await self._sleep(closed)
            answer = await self._one_attempt(host, question)
            retryable = answer.status in _RETRIED_STATUSES or (answer.status == 0 and answer.retry_after is None)
            if not retryable or attempt == self._settings.request_attempts:
                break
            if answer.retry_after and answer.retry_after > self._bounded_wait:
                break
            if not answer.retry_after:
                await self._sleep(self._backoff(attempt))
        return msgspec.structs.replace(answer, retry_after=answer.retry_after or None)

    async def _one_attempt(self, host: _Host, question: _Question) -> Answer:
        url = question.url
        async with host.slots:
            if host.bucket is not None:
                wait = host.bucket.take(self._monotonic())
                if wait > 0:
                    await self._sleep(wait)
            started = self._monotonic()
            try:
                async with asyncio.timeout(self._settings.request_timeout_seconds):
                    answer = await self._exchange(question)
            except TimeoutError:
                answer = self._no_answer(url, f"no whole answer within {self._settings.request_timeout_seconds:g} s")
            except _AttemptFailedError as error:
                answer = self._no_answer(url, str(error), final=error.final)
            answer = msgspec.structs.replace(answer, duration_ms=round((self._monotonic() - started) * 1000))
        self._heed_retry_after(host, answer)
        logger.debug("%s %s%s: %s", question.method, origin(url), urlsplit(url).path, answer.status or answer.error)
        return answer

    @staticmethod
    def _no_answer(url: str, error: str, *, final: bool = False) -> Answer:
        # retry_after 0.0 marks a failure that another attempt cannot mend; _ask turns it back into None.
        return Answer(status=0, url=url, error=error, retry_after=0.0 if final else None)

    async def _exchange(self, question: _Question) -> Answer:
        try:
            async with self._client.stream(
                question.method, question.url, headers=question.headers, content=question.content
            ) as response:
                self._check_peer(question.url, response)
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._max_body_bytes:
                        raise _AttemptFailedError(
                            f"the body is larger than {self._max_body_bytes:,} bytes and was not read further",
                            final=True,
                        )
                return Answer(
                    status=response.status_code,
                    url=str(response.url),
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=bytes(body),
                    retry_after=parse_retry_after(response.headers.get("retry-after"), now=self._now())
                    if response.status_code in {429, 503}
                    else None,
                )
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError) as error:
            raise _AttemptFailedError(f"cannot be asked: {_words(error)}", final=True) from error
        except (httpx2.HTTPError, httpx2.StreamError, OSError, UnicodeError) as error:
            raise _AttemptFailedError(_words(error), final=False) from error

    def _check_peer(self, url: str, response: httpx2.Response) -> None:
        # Through a proxy the peer is the proxy, which does the looking up.
        if self._guard is None or self._settings.proxy_url is not None:
            return
        stream = response.extensions.get("network_stream")
        address = stream.get_extra_info("server_addr") if stream is not None else None
        if address:
            refused = self._guard.refuse_peer(url, str(address[0]))
            if refused is not None:
                raise _AttemptFailedError(refused, final=True)

    # ------------------------------------------------------------ manners

    def slow_down(self, url: str, seconds: float) -> None:
        """Leave at least so many seconds between requests to an address's host from now on."""
        host = self._host(origin(url))
        if host.bucket is not None and seconds > 0:
            host.bucket.stretch(seconds)

    def _host(self, key: str) -> _Host:
        if key not in self._hosts:
            paced = key != self._unpaced or not key
            bucket = TokenBucket(self._rate) if paced else None
            self._hosts[key] = _Host(bucket, self._concurrency)
        return self._hosts[key]

    def _heed_retry_after(self, host: _Host, answer: Answer) -> None:
        if answer.status in {429, 503} and answer.retry_after:
            host.closed_until = max(host.closed_until, self._monotonic() + answer.retry_after)
            host.closed_status = answer.status

    def _backoff(self, attempt: int) -> float:
        ceiling = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2.0 ** (attempt - 1))
        return self._uniform(0.0, ceiling)


def _failed(answer: Answer, error: str) -> Answer:
    return msgspec.structs.replace(answer, status=0, body=b"", error=error)


def _words(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
