"""Polls of several sources side by side, each in a process of its own, so that none can stop or slow another.

Belongs here: processes, their limit of time, how each ended. Does not: polling (``runs``).
"""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class SyncResult:
    """How one source's poll ended; ``sentence`` is its last line, or why there is none."""

    source: str
    success: bool
    sentence: str
    seconds: float


def sync_sources(sources: Sequence[str], *, seconds: float) -> Iterator[SyncResult]:
    """Poll the sources together and yield each result as it comes; those not done in time are ended."""
    results: queue.Queue[SyncResult] = queue.Queue()

    async def all_of_them() -> None:
        deadline = time.monotonic() + seconds

        async def one(source: str) -> None:
            results.put(await _poll(source, deadline))

        await asyncio.gather(*(one(source) for source in sources))

    thread = threading.Thread(target=lambda: asyncio.run(all_of_them()), name="sync", daemon=True)
    thread.start()
    for _ in sources:
        yield results.get()
    thread.join()


async def _poll(source: str, deadline: float) -> SyncResult:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        "poll",
        source,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    talking = asyncio.create_task(process.communicate())
    done, _ = await asyncio.wait({talking}, timeout=max(0.0, deadline - began))
    if not done:
        process.terminate()
        done, _ = await asyncio.wait({talking}, timeout=_GRACE_SECONDS)
        if not done:
            process.kill()
        await talking
        sentence = "ended at the time limit; what it had stored is kept, and the next poll goes on"
        return SyncResult(source, False, sentence, time.monotonic() - began)
    lines = [line for line in talking.result()[0].decode("utf-8", "replace").splitlines() if line.strip()]
    own = [line for line in lines if line.startswith(f"{source} ")]
    sentence = (own or lines or ["said nothing"])[-1].removeprefix(f"{source} ")
    return SyncResult(source, process.returncode == 0, sentence, time.monotonic() - began)
