"""Start child processes, wait until they answer, stop them in reverse order."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path


class ServiceError(Exception):
    """A service did not start; the message ends with the last lines of its log."""


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
    """Say whether a loopback URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback addresses
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Service:
    """One child process with its log file."""

    def __init__(self, name: str, argv: Sequence[str], *, env: Mapping[str, str], log_dir: Path, cwd: Path) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log_path = log_dir / f"{name}.log"
        with self.log_path.open("ab") as log:
            # Its own session: Ctrl-C reaches us alone, and we stop the children in order.
            self.process = subprocess.Popen(  # noqa: S603 - argv is built by us from constants and ports
                list(argv), env={**os.environ, **env}, stdout=log, stderr=log, cwd=cwd, start_new_session=True
            )

    def fail(self, reason: str) -> ServiceError:
        """Return an error with the tail of the service's log."""
        tail = self.log_path.read_text(errors="replace")[-1500:]
        return ServiceError(f"{self.name} {reason}. Its log ({self.log_path.name}) ends with:\n{tail}")

    def ask_to_end(self) -> None:
        """Send the process group a SIGTERM."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)

    def end_by(self, deadline: float) -> None:
        """Wait until a monotonic time for the process to end; kill its group then."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)


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
        service = Service(name, argv, env=env or {}, log_dir=self._log_dir, cwd=self._cwd)
        self.services.append(service)
        return service

    def await_answer(self, service: Service, answers: object, *, seconds: float = 90) -> None:
        """Wait until ``answers()`` is true.

        Raises:
            ServiceError: when the process ended or the time is over.
        """
        if not callable(answers):
            raise TypeError("answers must be callable")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if service.process.poll() is not None:
                raise service.fail(f"ended at once with exit code {service.process.returncode}")
            if answers():
                return
            time.sleep(0.2)
        raise service.fail(f"did not answer within {seconds:.0f} s")

    def serve(self) -> None:
        """Wait for Ctrl-C or SIGTERM; a service that ends by itself is an error.

        Raises:
            ServiceError: naming the service that ended, with the end of its log.
        """

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, interrupt)
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
        """Ask all services to end, the last started first; kill those that have not within the grace time."""
        for service in reversed(self.services):
            service.ask_to_end()
        deadline = time.monotonic() + grace_seconds
        for service in self.services:
            service.end_by(deadline)
        self.services.clear()
