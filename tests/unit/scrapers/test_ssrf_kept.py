"""Names found public are not looked up for every request, and that opens no door."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from scrapers.ssrf import PublicOnly

_URL = "https://shop.test/p/1"


class Names:
    """A name server that changes its mind: each look-up takes the next address, the last one again and again."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    def getaddrinfo(self, host: str, port: object, **_: Any) -> list[Any]:
        self.asked += 1
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]


def _answers(guard: PublicOnly, times: int) -> list[str | None]:
    async def main() -> list[str | None]:
        return [await guard.refuse(_URL) for _ in range(times)]

    return asyncio.run(main())


def test_a_public_name_is_looked_up_once_and_its_connections_are_still_checked(monkeypatch: pytest.MonkeyPatch):
    names = Names("9.9.9.9", "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *_, **rest: names.getaddrinfo(host, port, **rest))
    guard = PublicOnly()
    assert _answers(guard, 3) == [None] * 3
    assert names.asked == 1
    assert "not on the open internet" in (guard.refuse_peer(_URL, "127.0.0.1") or "")
    assert guard.refuse_peer(_URL, "9.9.9.9") is None


def test_a_refusal_is_not_kept_and_another_port_of_a_public_name_is_still_refused(monkeypatch: pytest.MonkeyPatch):
    names = Names("10.0.0.1", "9.9.9.9")
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *_, **rest: names.getaddrinfo(host, port, **rest))
    guard = PublicOnly()
    first, second = _answers(guard, 2)
    assert "10.0.0.1" in (first or "")
    assert second is None
    assert "port 22" in (asyncio.run(guard.refuse("https://shop.test:22/")) or "")
