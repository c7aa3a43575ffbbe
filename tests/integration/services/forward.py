"""A TCP port on loopback in front of a Unix socket: what a container's network is to PostgreSQL."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def tcp_in_front_of(path: Path) -> Iterator[int]:
    """Yield the port of a forwarder that runs until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, path), daemon=True).start()
        yield int(server.getsockname()[1])


def _serve(server: socket.socket, path: Path) -> None:
    with contextlib.suppress(OSError):
        while True:
            outside, _ = server.accept()
            inside = socket.socket(socket.AF_UNIX)
            inside.connect(str(path))
            for source, target in ((outside, inside), (inside, outside)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
