"""Work one step ahead: while an item is being used, the next one is made by another thread.

Belongs here: that, for any pure function. Does not: processes, queues.

Worth it where the use waits for the database, which leaves the processor to the thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


# A thread that computes gives the interpreter away every 5 ms only, which is as long as the server takes for a page.
_STRETCH = 64
_PAUSE = 50e-6


def give_way(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items with short pauses, in which the thread that waits for the database can go on at once."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % _STRETCH == 0:
            time.sleep(_PAUSE)


def ahead(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[tuple[Item, Made]]:
    """Yield each item with what is made of it; an error of ``make`` is raised at its item's turn."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as worker:
        waiting: tuple[Item, Future[Made]] | None = None
        for item in items:
            following = (item, worker.submit(make, item))
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting is not None:
            yield waiting[0], waiting[1].result()
