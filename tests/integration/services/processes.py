"""Which processes of a test are alive: found by a mark in their environment, so that strays are found too."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]  # ships no types


def alive_with(name: str, value: str) -> list[str]:
    """Return the command lines of living processes whose environment has this variable."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(name) == value:
                found.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
        except psutil.Error:
            continue
    return found


def wait_for(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until something is so; say whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
