"""A total time limit for blocking network calls.

Belongs here: cutting a connection. Does not: what the connection is for.

A socket's own time-out starts anew with each byte, so a peer that sends one now and then holds its caller for ever.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

_RETRY_SECONDS = 0.1


class Expiry:
    """Whether the time ran out."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def declare(self) -> None:
        """Say that it did."""
        self._event.set()


@contextlib.contextmanager
def cut_off_after(seconds: float, current_socket: Callable[[], socket.socket | None]) -> Iterator[Expiry]:
    """Shut the current socket down once ``seconds`` have passed; the blocked call then fails with its own error.

    Connecting and the TLS handshake are bounded by the socket's time-out, name look-up by the system's resolver;
    a connection made after the deadline is cut at once.

    Args:
        seconds: for everything inside the ``with``.
        current_socket: asked when the time is up; None while there is no connection.
    """
    done = threading.Event()
    expiry = Expiry()

    def watch() -> None:
        if done.wait(seconds):
            return
        expiry.declare()
        while not done.wait(_RETRY_SECONDS):
            connection = current_socket()
            if connection is not None:
                # OSError: not connected yet, already closed, or handed over to its TLS wrapper.
                with contextlib.suppress(OSError):
                    # The base class's method: an SSLSocket's own would go on in clear text.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    watcher = threading.Thread(target=watch, name="alert-deadline", daemon=True)
    watcher.start()
    try:
        yield expiry
    finally:
        done.set()
        watcher.join()
