"""Work one step ahead: while an item is being used, the next one is made by another thread.

Belongs here: that, for any pure function. Does not: processes, queues.

Worth it where the use waits for the database, which leaves the processor to the thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


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
