"""Work one step ahead: while an item is being used, the next one is made by another thread.

Belongs here: that, for any pure function. Does not: processes, queues.

Worth it where the use waits for the database, which leaves the processor to the thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

# A thread that computes gives the interpreter away every 5 ms only, which is as long as the server takes for a page.
_SWITCH_SECONDS = 1e-4
_lock = threading.Lock()
_usual: list[float] = []


@contextmanager
def _prompt_switches() -> Iterator[None]:
    """Let threads of this process that wait for the interpreter have it soon, until the last that asked so is done."""
    with _lock:
        # The first finds what is usual; for the others it is the first's.
        _usual.append(_usual[0] if _usual else sys.getswitchinterval())
        sys.setswitchinterval(min(_usual[0], _SWITCH_SECONDS))
    try:
        yield
    finally:
        with _lock:
            usual = _usual.pop()
            if not _usual:
                sys.setswitchinterval(usual)


def ahead(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[tuple[Item, Made]]:
    """Yield each item with what is made of it; an error of ``make`` is raised at its item's turn."""
    with _prompt_switches(), ThreadPoolExecutor(1, thread_name_prefix="ahead") as worker:
        waiting: tuple[Item, Future[Made]] | None = None
        for item in items:
            following = (item, worker.submit(make, item))
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting is not None:
            yield waiting[0], waiting[1].result()
