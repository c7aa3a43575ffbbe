"""Asking for many ids at once: order, bounds, patience, and when it is given up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from domain.page import PageMeaning, PageReading, RawPage
from pipeline.scan_fetch import (
    ATTEMPTS,
    FAILURES_OF_AN_OUTAGE,
    REFUSALS_TO_END,
    UNREADABLE_TO_END,
    WAIT_CAP_SECONDS,
    Asker,
    Chunk,
    ScanRefusedError,
    fetch_chunks,
    growing_wait,
)
from scrapers.contract import ParsedSearch, Query

NOW = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
SIZES = (7, 1, 30, 12)


class Scripted:
    """A source of our own whose answers are written down: a status, or a meaning, by the count of its requests."""

    name = "scripted"
    missing_configuration: str | None = None
    parser_version = 1

    def __init__(self, script: list[int | PageMeaning], retry_after: float | None = None) -> None:
        self.script = script
        self.retry_after = retry_after
        self.asked: list[str] = []

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        what = self.script[len(self.asked)] if len(self.asked) < len(self.script) else 200
        self.asked.append(item_id)
        await asyncio.sleep(0)
        return RawPage(
            source=self.name,
            url=f"/{country}/{item_id}",
            status=what if isinstance(what, int) else 200,
            content_type=str(what) if isinstance(what, PageMeaning) else "",
            body=b"",
            fetched_at=NOW,
            retry_after_seconds=self.retry_after,
        )

    def read(self, page: RawPage) -> PageReading:
        of_status = {200: PageMeaning.OK, 404: PageMeaning.GONE, 403: PageMeaning.BLOCKED, 429: PageMeaning.THROTTLED}
        meaning = PageMeaning(page.content_type) if page.content_type else of_status.get(page.status)
        return PageReading(meaning=meaning or PageMeaning.BLOCKED, detail="scripted")

    def parse_search_url(self, url: str) -> ParsedSearch:
        raise NotImplementedError

    def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        raise NotImplementedError

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        return id_or_url, country

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        raise NotImplementedError

    def stated_time(self, body: bytes) -> datetime | None:
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing is open."""


class Time:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        return self.now


def ask_one(source: Scripted, numbers: int = 1) -> tuple[list[PageMeaning | None], Time]:
    time = Time()
    asker = Asker(source, "uz", sleep=time.sleep, monotonic=time.monotonic)

    async def main() -> list[PageMeaning | None]:
        answers = [await asker.ask(number) for number in range(1, numbers + 1)]
        return [None if answer is None else answer[1].meaning for answer in answers]

    return asyncio.run(main()), time


def test_throttling_is_waited_out_as_often_as_it_takes() -> None:
    source = Scripted([429] * 30, retry_after=90.0)
    assert ask_one(source)[0] == [PageMeaning.OK]
    assert source.asked == ["1"] * 31


def test_a_wait_that_was_asked_for_is_kept_to_the_second_and_one_that_was_not_grows() -> None:
    assert ask_one(Scripted([429] * 3, retry_after=90.0))[1].now == 270
    assert ask_one(Scripted([429] * 3))[1].now == sum(growing_wait(times) for times in range(3))


def test_waits_grow_to_five_minutes_and_no_further() -> None:
    waits = [growing_wait(times) for times in range(2000)]
    assert waits == sorted(waits)
    assert waits[-1] == WAIT_CAP_SECONDS


def test_an_id_whose_server_fails_is_left_for_later_and_the_next_one_is_asked() -> None:
    source = Scripted([500] * ATTEMPTS)
    assert ask_one(source, 2)[0] == [None, PageMeaning.OK]
    assert source.asked == ["1"] * ATTEMPTS + ["2"]


def test_several_failures_in_a_row_are_an_outage_through_which_nobody_asks() -> None:
    numbers = FAILURES_OF_AN_OUTAGE
    answers, time = ask_one(Scripted([0] * (ATTEMPTS * numbers)), numbers + 1)
    assert answers == [None] * numbers + [PageMeaning.OK]
    assert time.now > 0
    assert ask_one(Scripted([0] * (FAILURES_OF_AN_OUTAGE - 1)), numbers)[1].now == 0


@pytest.mark.parametrize(
    ("script", "limit"),
    [
        ([403], REFUSALS_TO_END),
        ([PageMeaning.UNAUTHORISED], REFUSALS_TO_END),
        ([PageMeaning.CHANGED], UNREADABLE_TO_END),
    ],
)
def test_a_source_that_refuses_or_is_not_understood_is_given_up_after_a_number_of_times(
    script: list[int | PageMeaning], limit: int
) -> None:
    with pytest.raises(ScanRefusedError, match="in a row"):
        ask_one(Scripted(script * limit), limit)
    good = [*(script * (limit - 1)), 200] * 3
    assert PageMeaning.OK in ask_one(Scripted(good), limit)[0]


def test_missing_products_between_do_not_hide_that_nothing_can_be_read() -> None:
    script: list[int | PageMeaning] = [PageMeaning.CHANGED, 404] * UNREADABLE_TO_END
    with pytest.raises(ScanRefusedError):
        ask_one(Scripted(script), 2 * UNREADABLE_TO_END)


def ranges() -> list[range]:
    first, found = 1, []
    for size in SIZES:
        found.append(range(first, first + size))
        first += size
    return found


@pytest.mark.parametrize("workers", [1, 3, 50])
def test_every_id_is_asked_once_and_chunks_are_handed_on_whole_and_in_order(workers: int) -> None:
    asked: Counter[int] = Counter()
    kept: list[list[int]] = []
    under_way = most = 0
    dice = random.Random(workers)

    async def ask(number: int) -> None:
        nonlocal under_way, most
        asked[number] += 1
        under_way += 1
        most = max(most, under_way)
        for _ in range(dice.randrange(6)):
            await asyncio.sleep(0)
        under_way -= 1

    async def keep(chunk: Chunk) -> None:
        assert set(chunk.answers) == set(chunk.ids)
        kept.append(list(chunk.ids))
        await asyncio.sleep(0)

    asyncio.run(fetch_chunks(ranges(), ask, keep, workers=workers))
    assert kept == [list(ids) for ids in ranges()]
    assert asked == Counter(dict.fromkeys(range(1, sum(SIZES) + 1), 1))
    assert most <= workers


def test_a_slow_keeper_holds_the_asking_back() -> None:
    ahead = []
    asked = 0

    async def ask(number: int) -> None:
        nonlocal asked
        asked = max(asked, number)

    async def keep(chunk: Chunk) -> None:
        for _ in range(300):
            await asyncio.sleep(0)
        ahead.append(asked - chunk.ids[-1])

    asyncio.run(fetch_chunks([range(n, n + 10) for n in range(1, 1001, 10)], ask, keep, workers=5))
    assert max(ahead) <= 60


def test_what_fails_in_a_worker_or_in_the_keeper_is_what_is_raised() -> None:
    async def fine(number: int) -> None:
        del number

    async def refuse(number: int) -> None:
        raise ScanRefusedError(f"refused at {number}")

    async def keep(chunk: Chunk) -> None:
        raise OSError(f"cannot keep {chunk.ids}")

    with pytest.raises(ScanRefusedError, match="refused"):
        asyncio.run(fetch_chunks(ranges(), refuse, keep, workers=3))
    with pytest.raises(OSError, match="cannot keep"):
        asyncio.run(fetch_chunks(ranges(), fine, keep, workers=3))
