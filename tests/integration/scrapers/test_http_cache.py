"""Answers kept on disk: taken again only where the request is the same, fresh, and nobody else's."""

from __future__ import annotations

import asyncio
import pickle
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response

from domain.settings import Settings
from scrapers.answers import page_of_answer
from scrapers.cache import AnswerCache, KeptAnswer, cache_key
from scrapers.http import Answer, PoliteClient
from tests.integration.scrapers.stub import serving
from tests.integration.scrapers.test_http import Script, VirtualTime

pytestmark = pytest.mark.integration

_NOON = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
_PAGE = b"<html>" + b"price 4.99 " * 2000 + b"</html>"


def _page() -> Response:
    return Response(_PAGE, media_type="text/html")


def _run(
    script: Script, home: Path, work: Callable[[PoliteClient, str, VirtualTime], Awaitable[Any]], **changes: Any
) -> Any:
    time = VirtualTime()

    async def main(base: str) -> Any:
        fields = {"requests_per_second": 1000, "home": home, "http_cache_ttl_seconds": 60, **changes}
        async with PoliteClient(Settings(_env_file=None, **fields), **time.options()) as client:
            return await work(client, base, time)

    with serving(script.answer) as base:
        return asyncio.run(main(base))


async def _twice(client: PoliteClient, base: str, _: VirtualTime) -> list[Answer]:
    return [await client.get(base), await client.get(base)]


def test_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path):
    script = Script(_page)
    answers = _run(script, tmp_path, _twice, http_cache_ttl_seconds=0)
    assert len(script.requests) == 2
    assert not any(answer.from_cache for answer in answers)
    assert list(tmp_path.iterdir()) == []


def test_a_kept_answer_is_the_same_answer_dated_when_it_was_fetched(tmp_path: Path):
    async def work(client: PoliteClient, base: str, time: VirtualTime) -> list[Any]:
        first = await client.get(base, params=[("q", "a")])
        time.now += 59
        second = await client.get(base, params=[("q", "a")])
        sent = client.requests_sent
        time.now += 2
        return [first, second, sent, await client.get(base, params=[("q", "a")])]

    script = Script(_page)
    first, second, sent, third = _run(script, tmp_path, work)
    assert (first.from_cache, second.from_cache, third.from_cache) == (False, True, False)
    assert (second.status, second.url, second.body, second.headers) == (200, first.url, _PAGE, first.headers)
    assert second.fetched_at == first.fetched_at
    assert third.fetched_at >= first.fetched_at + timedelta(seconds=61)
    assert (sent, len(script.requests)) == (1, 2)
    page = page_of_answer("shop", second, datetime(2026, 9, 21, tzinfo=UTC))
    assert page.fetched_at == first.fetched_at
    assert page_of_answer("shop", first, _NOON).fetched_at == _NOON


def test_a_later_process_finds_what_an_earlier_one_kept(tmp_path: Path):
    script = Script(_page)

    async def main(base: str) -> list[Answer]:
        answers = []
        for _ in range(2):
            settings = Settings(_env_file=None, home=tmp_path, http_cache_ttl_seconds=60)
            async with PoliteClient(settings, **VirtualTime().options()) as client:
                answers.append(await client.get(base))
        return answers

    with serving(script.answer) as base:
        answers = asyncio.run(main(base))
    assert [answer.from_cache for answer in answers] == [False, True]
    assert sum(file.stat().st_size for file in (tmp_path / "http-cache").rglob("*")) < 10 * len(_PAGE)
    assert (tmp_path / "http-cache").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "Accept-Language", "X-Api-Key"])
def test_other_credentials_and_languages_have_their_own_answers(tmp_path: Path, name: str):
    async def work(client: PoliteClient, base: str, _: VirtualTime) -> list[bool]:
        asked = [{name: "one"}, {name: "two"}, {}, {name: "one"}, {}]
        return [(await client.get(base, headers=headers)).from_cache for headers in asked]

    assert _run(Script(_page), tmp_path, work) == [False, False, False, True, True]


def test_a_session_that_another_answer_opened_makes_the_request_another_one(tmp_path: Path):
    def greeting() -> Response:
        return Response(b"home", headers={"Set-Cookie": "session=s3cret; Path=/"})

    async def work(client: PoliteClient, base: str, _: VirtualTime) -> list[Answer]:
        return [await client.get(f"{base}/{path}") for path in ("a", "home", "a", "a", "home")]

    script = Script(_page, greeting, _page, greeting)
    answers = _run(script, tmp_path, work)
    assert [answer.from_cache for answer in answers] == [False, False, False, True, False]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "http-cache").rglob("*") if file.is_file())
    assert b"s3cret" not in kept


@pytest.mark.parametrize("status", [203, 204, 404, 429, 500])
def test_only_whole_good_answers_are_kept(tmp_path: Path, status: int):
    script = Script(lambda: Response(b"", status))
    answers = _run(script, tmp_path, _twice, request_attempts=1)
    assert not any(answer.from_cache for answer in answers)
    assert len(script.requests) == 2


def test_questions_with_a_body_are_always_asked(tmp_path: Path):
    async def work(client: PoliteClient, base: str, _: VirtualTime) -> list[Answer]:
        return [await client.post(base, json={"q": 1}), await client.post(base, json={"q": 1}), await client.get(base)]

    script = Script(_page)
    assert not any(answer.from_cache for answer in _run(script, tmp_path, work))
    assert len(script.requests) == 3


def test_a_redirect_is_asked_again_and_its_target_is_not(tmp_path: Path):
    script = Script(lambda: RedirectResponse("/there"), _page, lambda: RedirectResponse("/there"), _page)
    answers = _run(script, tmp_path, _twice)
    assert [request.url.path for request in script.requests] == ["/", "/there", "/"]
    assert [answer.from_cache for answer in answers] == [False, True]


def test_the_sandbox_is_always_asked(tmp_path: Path):
    script = Script(_page)

    async def main(base: str) -> None:
        settings = Settings(_env_file=None, home=tmp_path, http_cache_ttl_seconds=60, sandbox_url=base)
        async with PoliteClient(settings, **VirtualTime().options()) as client:
            await client.get(f"{base}/vinted")
            await client.get(f"{base}/vinted")

    with serving(script.answer) as base:
        asyncio.run(main(base))
    assert len(script.requests) == 2


def test_the_folder_stays_within_its_bound(tmp_path: Path):
    import os

    cache = AnswerCache(tmp_path / "c", ttl_seconds=600, max_megabytes=1)
    for number in range(40):
        body = os.urandom(100_000)
        cache.put(f"{number:048x}", KeptAnswer(url="http://x/", headers={}, body=body, fetched_at=_NOON))
    kept = [number for number in range(40) if cache.get(f"{number:048x}", _NOON)]
    cache.close()
    assert 0 < len(kept) < 25
    assert 39 in kept


def test_a_planted_pickle_is_not_read_and_a_broken_folder_is_no_cache(tmp_path: Path):
    folder = tmp_path / "c"
    cache = AnswerCache(folder, ttl_seconds=600, max_megabytes=1)
    cache.put("k", KeptAnswer(url="http://x/", headers={}, body=b"b", fetched_at=_NOON))
    assert cache.get("k", _NOON) is not None
    with sqlite3.connect(folder / "cache.db") as database:
        database.execute("update Cache set mode = 4, value = ?", [pickle.dumps(KeptAnswer)])
    assert cache.get("k", _NOON) is None
    cache.close()
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    none = AnswerCache(blocked, ttl_seconds=600, max_megabytes=1)
    none.put("k", KeptAnswer(url="http://x/", headers={}, body=b"b", fetched_at=_NOON))
    assert none.get("k", _NOON) is None
    none.close()


def test_a_key_tells_neither_address_nor_secret_and_every_part_matters():
    key = cache_key("GET", "http://x/?q=1", [(b"Authorization", b"Bearer t0ken")])
    assert "t0ken" not in key
    assert key == cache_key("GET", "http://x/?q=1", [(b"authorization", b"Bearer t0ken")])
    others = {
        cache_key("GET", "http://x/?q=2", [(b"Authorization", b"Bearer t0ken")]),
        cache_key("GET", "http://x/?q=1", [(b"Authorization", b"Bearer t0keN")]),
        cache_key("GET", "http://x/?q=1", [(b"Authorizatio", b"nBearer t0ken")]),
        cache_key("GET", "http://x/?q=1", []),
    }
    assert key not in others
    assert len(others) == 4
