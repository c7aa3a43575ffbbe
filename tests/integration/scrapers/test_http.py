"""The polite client against a real server on loopback, on virtual time: no test here waits for a clock."""

from __future__ import annotations

import asyncio
import gzip
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from domain.settings import Settings
from scrapers.http import JITTER, PoliteClient
from scrapers.retry_budget import FLOOR, RetryBudget
from tests.integration.scrapers.stub import CutOff, serving

pytestmark = pytest.mark.integration

_NOON = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)


class VirtualTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def options(self) -> dict[str, Any]:
        return {
            "monotonic": lambda: self.now,
            "sleep": self.sleep,
            "now": lambda: _NOON + timedelta(seconds=self.now),
            "uniform": lambda _, high: high,
        }


class Script:
    """Answers in order; the last one again and again."""

    def __init__(self, *answers: Callable[[], Response]) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    async def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])()


def _settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **{"requests_per_second": 1000, **changes})


def _run(script: Script, work: Callable[[PoliteClient, str], Awaitable[Any]], time: VirtualTime, **changes: Any) -> Any:
    async def main(base: str) -> Any:
        async with PoliteClient(_settings(**changes), **time.options()) as client:
            return await work(client, base)

    with serving(script.answer) as base:
        return asyncio.run(main(base))


def _ok() -> Response:
    return Response(b"fine", media_type="text/plain")


def _failing() -> Response:
    return Response(b"oops", 502)


def test_a_server_error_is_asked_again_with_growing_pauses():
    script, time = Script(_failing, _failing, _ok), VirtualTime()
    answer = _run(script, lambda client, base: client.get(base), time)
    assert (answer.status, answer.body, len(script.requests)) == (200, b"fine", 3)
    backoffs = [pause for pause in time.sleeps if pause >= 0.5]
    assert backoffs == [0.5, 1.0]


def test_a_server_that_keeps_failing_is_given_back_as_it_answered():
    script = Script(_failing)
    answer = _run(script, lambda client, base: client.get(base), VirtualTime(), request_attempts=2)
    assert (answer.status, answer.body, len(script.requests)) == (502, b"oops", 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_again(status: int):
    script = Script(lambda: Response(b"no", status))
    answer = _run(script, lambda client, base: client.get(base), VirtualTime())
    assert (answer.status, len(script.requests)) == (status, 1)


@pytest.mark.parametrize("value", ["5", "Sun, 20 Sep 2026 12:00:05 GMT"])
def test_a_short_retry_after_is_slept_through(value: str):
    script, time = Script(lambda: Response(b"", 429, {"Retry-After": value}), _ok), VirtualTime()
    answer = _run(script, lambda client, base: client.get(base), time)
    assert (answer.status, len(script.requests)) == (200, 2)
    assert max(time.sleeps) == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_retry_after_comes_back_at_once_and_the_host_is_left_alone_until_then(status: int):
    script, time = Script(lambda: Response(b"", status, {"Retry-After": "600"}), _ok), VirtualTime()

    async def work(client: PoliteClient, base: str) -> list[Any]:
        first = await client.get(base)
        second = await client.get(f"{base}/other")
        asked = len(script.requests)
        time.now += 601
        return [first, second, asked, await client.get(base)]

    first, second, asked, third = _run(script, work, time)
    assert (first.status, first.retry_after) == (status, 600)
    assert second.status == status
    assert "left alone" in second.error
    assert asked == 1
    assert third.status == 200
    assert all(pause < 1 for pause in time.sleeps)


@pytest.mark.parametrize("value", ["garbage", "Sun, 20 Sep 2020 12:00:00 GMT", "-3"])
def test_a_retry_after_that_means_nothing_is_backed_off_as_usual(value: str):
    script, time = Script(lambda: Response(b"", 429, {"Retry-After": value}), _ok), VirtualTime()
    assert _run(script, lambda client, base: client.get(base), time).status == 200
    assert [pause for pause in time.sleeps if pause >= 0.5] == [0.5]


def test_requests_to_one_host_keep_their_distance():
    script, time = Script(_ok), VirtualTime()
    stamps: list[float] = []

    async def work(client: PoliteClient, base: str) -> None:
        for _ in range(4):
            await client.get(base)
            stamps.append(time.now)

    _run(script, work, time, requests_per_second=0.5)
    assert stamps[0] == 0
    assert [after - before for before, after in pairwise(stamps)] == [pytest.approx(2 * (1 + JITTER))] * 3


def test_chance_only_widens_the_distance_between_requests():
    script, time = Script(_ok), VirtualTime()
    stamps: list[float] = []

    async def main(base: str) -> None:
        options = time.options() | {"uniform": random.Random(7).uniform}
        async with PoliteClient(_settings(requests_per_second=0.5), **options) as client:
            for _ in range(8):
                await client.get(base)
                stamps.append(time.now)

    with serving(script.answer) as base:
        asyncio.run(main(base))
    gaps = [after - before for before, after in pairwise(stamps)]
    assert all(2 <= gap <= 2 * (1 + JITTER) + 1e-9 for gap in gaps)
    assert len({round(gap, 6) for gap in gaps}) == len(gaps)


def test_the_sandbox_on_loopback_is_not_paced():
    script, time = Script(_ok), VirtualTime()

    async def main(base: str) -> None:
        settings = _settings(requests_per_second=0.5, sandbox_url=base)
        async with PoliteClient(settings, **time.options()) as client:
            for _ in range(4):
                await client.get(f"{base}/vinted")

    with serving(script.answer) as base:
        asyncio.run(main(base))
    assert (len(script.requests), time.sleeps) == (4, [])


def test_one_request_at_a_time_to_a_host():
    running = most = 0

    async def slow(_: Request) -> Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return _ok()

    async def main(base: str) -> None:
        async with PoliteClient(_settings()) as client:
            await asyncio.gather(*(client.get(base) for _ in range(5)))

    with serving(slow) as base:
        asyncio.run(main(base))
    assert most == 1


def test_a_cut_off_body_is_asked_again_and_then_a_failure():
    half = lambda: CutOff(b"x" * 1000)  # noqa: E731 - a fresh response each time
    script = Script(half, _ok)
    assert _run(script, lambda client, base: client.get(base), VirtualTime()).status == 200
    script = Script(half)
    answer = _run(script, lambda client, base: client.get(base), VirtualTime())
    assert (answer.status, answer.body, len(script.requests)) == (0, b"", 3)
    assert answer.error


def test_a_body_that_unpacks_beyond_the_bound_is_given_up():
    packed = gzip.compress(b"\0" * 5_000_000)
    script = Script(lambda: Response(packed, headers={"Content-Encoding": "gzip"}))

    async def main(base: str) -> Any:
        async with PoliteClient(_settings(), max_body_bytes=1_000_000, **VirtualTime().options()) as client:
            return await client.get(base)

    with serving(script.answer) as base:
        answer = asyncio.run(main(base))
    assert (answer.status, answer.body, len(script.requests)) == (0, b"", 1)
    assert "larger" in answer.error


def test_a_body_that_drips_is_cut_at_the_deadline():
    async def drip() -> Any:
        while True:
            yield b"."
            await asyncio.sleep(0.02)

    script = Script(lambda: StreamingResponse(drip()))
    answer = _run(
        script, lambda client, base: client.get(base), VirtualTime(), request_timeout_seconds=0.2, request_attempts=1
    )
    assert answer.status == 0
    assert "0.2 s" in answer.error


def test_nobody_there_and_nonsense_addresses_are_answers_too():
    async def work(client: PoliteClient, _: str) -> list[Any]:
        return [await client.get(url) for url in ("http://127.0.0.1:9/", "ftp://x/", "http://[", "nothing", "http://")]

    for answer in _run(Script(_ok), work, VirtualTime(), request_attempts=2):
        assert answer.status == 0
        assert answer.error


def test_redirects_are_followed_and_private_headers_stay_with_their_origin():
    elsewhere = Script(_ok)
    with serving(elsewhere.answer) as other:
        here = Script(lambda: RedirectResponse("/second"), lambda: RedirectResponse(f"{other}/third"))
        headers = {"Authorization": "Bearer x", "X-Sandbox-Time": "t", "Cookie": "a=b", "Accept": "text/html"}
        answer = _run(here, lambda client, base: client.get(f"{base}/first", headers=headers), VirtualTime())
        assert answer.url == f"{other}/third"
    assert [request.url.path for request in here.requests] == ["/first", "/second"]
    assert here.requests[1].headers["authorization"] == "Bearer x"
    sent = elsewhere.requests[0].headers
    assert sent["accept"] == "text/html"
    assert not {"authorization", "x-sandbox-time", "cookie"} & set(sent)


def test_redirects_without_end_or_to_files_are_failures():
    for target in ("/again", "file:///etc/passwd", "http://["):
        script = Script(lambda target=target: RedirectResponse(target))
        answer = _run(script, lambda client, base: client.get(base), VirtualTime())
        assert (answer.status, answer.body) == (0, b"")


def test_the_client_names_itself_and_keeps_cookies(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    script = Script(lambda: Response(b"", headers={"Set-Cookie": "anon_id=s3cret; Path=/"}))

    async def work(client: PoliteClient, base: str) -> Any:
        await client.get(base, headers={"Authorization": "Bearer t0ken"})
        await client.get(base)
        value = client.cookie("anon_id")
        client.clear_cookies()
        await client.get(base)
        return value

    assert _run(script, work, VirtualTime(), user_agent="Pricescope/0.1 (test)") == "s3cret"
    first, second, third = script.requests
    assert first.headers["user-agent"] == "Pricescope/0.1 (test)"
    assert second.cookies == {"anon_id": "s3cret"}
    assert third.cookies == {}
    assert "s3cret" not in caplog.text
    assert "t0ken" not in caplog.text


# ---------------------------------------------------------------- questions with a body


class Bodies(Script):
    """A script that keeps the bodies, too."""

    def __init__(self, *answers: Callable[[], Response]) -> None:
        super().__init__(*answers)
        self.bodies: list[bytes] = []

    async def answer(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        return await super().answer(request)


def test_a_json_body_arrives_and_is_sent_again_after_503():
    script = Bodies(lambda: Response(b"", 503), _ok)
    answer = _run(script, lambda client, base: client.post(base, json={"q": "čajník", "n": 2}), VirtualTime())
    assert answer.status == 200
    assert [request.method for request in script.requests] == ["POST", "POST"]
    assert script.bodies == ['{"q":"čajník","n":2}'.encode()] * 2
    assert {request.headers["content-type"] for request in script.requests} == {"application/json"}


def test_a_form_arrives_with_parameters_and_headers():
    script = Bodies(_ok)
    _run(
        script,
        lambda client, base: client.post(
            f"{base}/token", form={"grant_type": "client_credentials", "scope": "a b&c"}, params=[("v", "1")],
            headers={"Authorization": "Basic x"},
        ),
        VirtualTime(),
    )  # fmt: skip
    (request,) = script.requests
    assert script.bodies == [b"grant_type=client_credentials&scope=a+b%26c"]
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (request.headers["authorization"], request.url.query) == ("Basic x", "v=1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_question_with_a_body_is_not_redirected(status: int):
    script = Bodies(lambda: RedirectResponse("/elsewhere", status), _ok)
    answer = _run(script, lambda client, base: client.post(base, json={"secret": 1}), VirtualTime())
    assert (answer.status, answer.headers["location"], len(script.requests)) == (status, "/elsewhere", 1)


def test_a_proxy_and_the_user_agent_serve_post_as_well_as_get():
    proxy = Bodies(_ok)

    async def work(base: str) -> list[Any]:
        settings = _settings(proxy_url=base, user_agent="Pricescope/0.1 (test)")
        async with PoliteClient(settings, **VirtualTime().options()) as client:
            return [await client.get("http://shop.test/a"), await client.post("http://shop.test/b", json=[1])]

    with serving(proxy.answer) as base:
        answers = asyncio.run(work(base))
    assert [answer.status for answer in answers] == [200, 200]
    assert [request.headers["host"] for request in proxy.requests] == ["shop.test", "shop.test"]
    assert [request.method for request in proxy.requests] == ["GET", "POST"]
    assert proxy.bodies == [b"", b"[1]"]
    assert {request.headers["user-agent"] for request in proxy.requests} == {"Pricescope/0.1 (test)"}


# ---------------------------------------------------------------- the count and the retry budget


def test_every_attempt_and_every_redirect_is_counted():
    script = Script(_failing, lambda: RedirectResponse("/next"), _failing, _ok)

    async def work(client: PoliteClient, base: str) -> list[int]:
        counts = [client.requests_sent]
        await client.get(base)
        counts.append(client.requests_sent)
        await client.get("nothing")
        return [*counts, client.requests_sent]

    assert _run(script, work, VirtualTime()) == [0, 4, 5]
    assert len(script.requests) == 4


def test_a_host_that_keeps_failing_is_not_hammered():
    script, time = Script(_failing), VirtualTime()

    async def work(client: PoliteClient, base: str) -> list[Any]:
        return [await client.get(base) for _ in range(50)]

    answers = _run(script, work, time, request_attempts=10)
    assert {answer.status for answer in answers} == {502}
    assert all(answer.body == b"oops" for answer in answers)
    assert len(script.requests) <= 50 + FLOOR + 0.2 * 50


def test_clients_of_one_source_share_a_retry_budget():
    script = Script(_failing)

    async def main(base: str) -> None:
        budget = RetryBudget()
        for _ in range(5):
            options = VirtualTime().options()
            async with PoliteClient(_settings(request_attempts=10), retry_budget=budget, **options) as client:
                await client.get(base)

    with serving(script.answer) as base:
        asyncio.run(main(base))
    assert len(script.requests) == 5 + FLOOR + 1
