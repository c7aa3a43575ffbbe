"""Ask a source for many ids at once, in chunks that are handed on in order, with patience for what goes wrong.

Belongs here: workers, the bounded queue, waiting and asking again. Does not: what is stored (``pipeline.scan``).

What goes wrong, and what is done:

- throttled (429, 503): nobody is asked until the time asked for has passed, else a growing while; then the same id
  again, as often as it takes;
- no answer or a failing server: the id is asked again, then left for the end of the cycle; several in a row are an
  outage, through which everybody waits a growing while, without end;
- refused (401, 403, a captcha) or not understood, many times in a row: the scan ends here for now.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.contract import ItemSource

ATTEMPTS = 2
"""How often an id is asked before it is left for later; each time the polite client makes attempts of its own."""
FAILURES_OF_AN_OUTAGE = 5
REFUSALS_TO_END = 12
UNREADABLE_TO_END = 40
WAIT_BASE_SECONDS = 2.0
WAIT_CAP_SECONDS = 300.0
# How many chunks may be fetched or wait while the first of them is stored.
_CHUNKS_AHEAD = 3

Answered = tuple[RawPage, PageReading]


class ScanRefusedError(Exception):
    """The source refuses us, or is not understood any more; the message says what it said."""


def growing_wait(times: int) -> float:
    """Return the seconds to wait for the n-th time in a row: doubled each time, at most five minutes."""
    return min(WAIT_CAP_SECONDS, WAIT_BASE_SECONDS * 2.0 ** min(times, 20))


class Gate:
    """Whether the source may be asked now; what one worker learns holds for all."""

    def __init__(self, *, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._open_at = -math.inf
        self._pauses = 0
        self._failures = 0
        self._refusals = 0
        self._unreadable = 0

    async def wait(self) -> None:
        """Return once the source may be asked."""
        while (left := self._open_at - self._monotonic()) > 0:
            await self._sleep(left)

    def answered(self, meaning: PageMeaning) -> None:
        """Note an answer. That a product is missing says nothing of whether the others can still be read.

        Raises:
            ScanRefusedError: where too many could not be read since the last that could.
        """
        self._pauses = self._failures = self._refusals = 0
        if meaning is PageMeaning.OK:
            self._unreadable = 0
        self._unreadable += meaning is PageMeaning.CHANGED
        if self._unreadable >= UNREADABLE_TO_END:
            raise ScanRefusedError(f"{self._unreadable} answers in a row could not be read; the site may be rebuilt.")

    def throttled(self, retry_after: float | None) -> None:
        """Close for the time asked for, else for a growing while."""
        self._close(retry_after)

    def failed(self) -> None:
        """Note that no answer came; several in a row close for a growing while."""
        self._failures += 1
        if self._failures >= FAILURES_OF_AN_OUTAGE:
            self._close(None)

    def refused(self, detail: str) -> None:
        """Note a refusal.

        Raises:
            ScanRefusedError: where there were too many in a row.
        """
        self._refusals += 1
        if self._refusals >= REFUSALS_TO_END:
            raise ScanRefusedError(f"{self._refusals} refusals in a row. {detail}")

    def _close(self, seconds: float | None) -> None:
        now = self._monotonic()
        if seconds is None:
            if now < self._open_at:  # others under way say the same
                return
            seconds = growing_wait(self._pauses)
            self._pauses += 1
        self._open_at = max(self._open_at, now + seconds)


class Asker:
    """Asks a source for one id after another until an answer is there or the id is left for later."""

    def __init__(
        self,
        source: ItemSource,
        country: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._country = country
        self._gate = Gate(monotonic=monotonic, sleep=sleep)

    async def ask(self, number: int) -> Answered | None:
        """Return the answer for an id with its reading; None where none could be had for now.

        Raises:
            ScanRefusedError: where the source refuses us.
        """
        attempts = 0
        while attempts < ATTEMPTS:
            await self._gate.wait()
            page = await self._source.fetch_item(str(number), self._country)
            reading = self._source.read(page)
            if not reading.meaning.is_refusal or reading.meaning is PageMeaning.CHANGED:
                self._gate.answered(reading.meaning)
                return page, reading
            if reading.meaning is PageMeaning.THROTTLED:
                self._gate.throttled(page.retry_after_seconds)
                continue
            attempts += 1
            if page.status == 0 or page.status >= 500:
                self._gate.failed()
            else:
                self._gate.refused(reading.detail)
        return None


class Chunk:
    """Some ids and what was answered for them, None where nothing was."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = ids
        self.answers: dict[int, Answered | None] = {}
        self._whole = asyncio.Event()

    def put(self, number: int, answer: Answered | None) -> None:
        """Note what became of an id."""
        self.answers[number] = answer
        if len(self.answers) == len(self.ids):
            self._whole.set()

    async def whole(self) -> None:
        """Return once all ids are asked."""
        await self._whole.wait()


async def fetch_chunks(
    chunks: Iterable[Sequence[int]],
    ask: Callable[[int], Awaitable[Answered | None]],
    keep: Callable[[Chunk], Awaitable[None]],
    *,
    workers: int,
) -> None:
    """Ask for every id once, several at a time; hand on whole chunks in their order.

    Only a few chunks are under way while one is kept: a slow database slows the asking down.

    Raises:
        ScanRefusedError: where the source refuses us; chunks not handed on by then are lost and to be asked again.
    """
    questions: asyncio.Queue[tuple[Chunk, int]] = asyncio.Queue(maxsize=workers)
    begun: asyncio.Queue[Chunk | None] = asyncio.Queue(maxsize=_CHUNKS_AHEAD)

    async def feed() -> None:
        for ids in chunks:
            chunk = Chunk(ids)
            await begun.put(chunk)
            for number in ids:
                await questions.put((chunk, number))
        await begun.put(None)

    async def work() -> None:
        while True:
            chunk, number = await questions.get()
            chunk.put(number, await ask(number))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            working = [group.create_task(work()) for _ in range(workers)]
            while (chunk := await begun.get()) is not None:
                await chunk.whole()
                await keep(chunk)
            for task in working:
                task.cancel()
    except BaseExceptionGroup as failures:
        # The first that failed; it cancelled the others.
        raise failures.exceptions[0] from failures
