"""Kill a process at a random moment, as a power cut would."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

KILLS = 20


def run_and_kill(argv: Sequence[str], env: Mapping[str, str], *, longest: float, rng: random.Random) -> bool:
    """Start a process and kill its whole group after a random part of ``longest`` seconds; say whether it was hit."""
    process = subprocess.Popen(
        list(argv),
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(rng.uniform(0.05, 1.0) * longest)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def run_and_kill_when(
    argv: Sequence[str], env: Mapping[str, str], is_time: Callable[[], bool], *, later: float
) -> bool:
    """Start a process and kill its whole group ``later`` seconds after it is time; say whether it was hit."""
    process = subprocess.Popen(
        list(argv),
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not is_time() and process.poll() is None:
        time.sleep(0.005)
    time.sleep(later)
    if process.poll() is not None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def timed_run(argv: Sequence[str], env: Mapping[str, str]) -> float:
    """Run a process undisturbed; return how long it took."""
    began = time.monotonic()
    subprocess.run(list(argv), env={**os.environ, **env}, check=True, capture_output=True)
    return time.monotonic() - began


PYTHON = sys.executable
