"""Start child processes, wait until they answer, stop them in reverse order; nothing is left behind.

Belongs here: any process. Does not: which ones there are (``stack``).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

# A log larger than this is put aside (one generation) when its service starts anew.
_LOG_BYTES = 20_000_000
# The last line of a traceback.
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit)\b.*(?:\n(?![ \n]|Traceback).+)*", re.MULTILINE)
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServiceError(Exception):
    """A service did not start, or ended; the message holds what its log says."""


class _Spawning:
    """Whether a process is just being started: an interruption then would leave it without anyone who knows it."""

    is_under_way = False
    is_interrupted = False


_spawning = _Spawning()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold an interruption back until a started process is on its supervisor's list."""
    _spawning.is_under_way = True
    try:
        yield
    finally:
        _spawning.is_under_way = False
    if _spawning.is_interrupted:
        _spawning.is_interrupted = False
        raise KeyboardInterrupt


@contextlib.contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Make the first of Ctrl-C, SIGTERM and SIGHUP a KeyboardInterrupt, and ignore those that follow.

    So a service manager's stop unwinds like Ctrl-C, from the first moment on, and an impatient second one does not cut
    the clean-up short. A signal that this process was started to ignore (``nohup``) stays ignored.
    """

    def interrupt(*_: object) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        if _spawning.is_under_way:
            _spawning.is_interrupted = True
            return
        raise KeyboardInterrupt

    before = {number: old for number in _ENDING if (old := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen on a port of an address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """Return ``preferred`` where it is free on loopback, else any free port."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise ServiceError("no free port on 127.0.0.1")


def port_answers(port: int) -> bool:
    """Say whether something accepts connections on a loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def url_answers(url: str) -> bool:
    """Say whether a URL of this machine answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own addresses
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Service:
    """One child process, the processes it starts (its group), and its log file."""

    def __init__(self, name: str, argv: Sequence[str], *, env: Mapping[str, str], log_dir: Path, cwd: Path) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log_path = log_dir / f"{name}.log"
        if self.log_path.exists() and self.log_path.stat().st_size > _LOG_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            # Its own session: Ctrl-C reaches us alone, and we stop the children in order.
            self.process = subprocess.Popen(  # noqa: S603 - argv is built by us from constants and ports
                list(argv),
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cwd,
                start_new_session=True,
            )

    def fail(self, reason: str) -> ServiceError:
        """Return an error with the exceptions in the service's log, the first cause first, or else the log's end."""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            said = log.read().decode(errors="replace")
        told = "\n".join(_EXCEPTION.findall(said)[:3]) or said[-1500:]
        return ServiceError(f"{self.name} {reason}. Its log ({self.log_path}) says:\n{told.strip() or '(nothing)'}")

    def ask_to_end(self) -> None:
        """Send the whole group a SIGTERM, without waiting."""
        self._signal(signal.SIGTERM)

    def stop(self, grace_seconds: float) -> None:
        """Ask the whole group to end; kill what is left of it after the grace time.

        The group outlives its leader: runs are children of their code server.
        """
        self._signal(signal.SIGTERM)
        self._await_end(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill what is left of the group; nothing happens where it has ended."""
        self._signal(signal.SIGKILL)
        self.process.wait(10)
        self._await_end(2)

    def _await_end(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._signal(0) and time.monotonic() < deadline:
            self.process.poll()  # or the leader would stay a zombie, which counts as one of the group
            time.sleep(0.02)

    def _signal(self, number: int) -> bool:
        """Signal the group; say whether there is one."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return False
        return True


class Supervisor:
    """A group of services; a context manager that leaves none behind."""

    def __init__(self, *, log_dir: Path, cwd: Path) -> None:
        self._log_dir, self._cwd = log_dir, cwd
        self.services: list[Service] = []

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Service:
        """Start a service; it is stopped with the group."""
        with _uninterrupted():
            service = Service(name, argv, env=env or {}, log_dir=self._log_dir, cwd=self._cwd)
            self.services.append(service)
        return service

    def await_answer(self, service: Service, answers: Callable[[], bool], *, seconds: float = 90) -> None:
        """Wait until ``answers()`` is true.

        Raises:
            ServiceError: when the process ended or the time is over.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if service.process.poll() is not None:
                raise service.fail(f"ended at once with exit code {service.process.returncode}")
            if answers():
                return
            time.sleep(0.2)
        raise service.fail(f"did not answer within {seconds:.0f} s")

    def serve(self) -> None:
        """Wait for a KeyboardInterrupt (see ``interrupted_by_signals``); a service that ends by itself is an error.

        Raises:
            ServiceError: naming the service that ended, with what its log says.
        """
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                ended = self.ended()
                if ended is not None:
                    raise ended.fail("ended by itself")
                time.sleep(1)

    def ended(self) -> Service | None:
        """Return a service that ended by itself, if one did."""
        return next((service for service in self.services if service.process.poll() is not None), None)

    def stop(self, grace_seconds: float = 8) -> None:
        """Ask all services to end, the last started first; kill what is left of them after the grace time."""
        try:
            for service in reversed(self.services):
                service.ask_to_end()
            deadline = time.monotonic() + grace_seconds
            for service in reversed(self.services):
                service.stop(max(0.0, deadline - time.monotonic()))
        finally:
            for service in self.services:
                service.kill()
            self.services.clear()
