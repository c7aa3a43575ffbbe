"""Addresses that users give must not lead into this machine or its network.

Belongs here: which addresses are public, by name and after DNS. Does not: robots.txt, fetching.

The check is made before every hop of a redirect chain, and once more on the address that the connection was really made
to, so that a name that answers differently the second time (DNS rebinding) gets nothing.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import time
from urllib.parse import urlsplit

from scrapers.http import origin

_PORTS = frozenset({80, 443, 8080, 8443})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# A name found public is not looked up again for so long; the peer of each connection is checked all the same.
_KEEP_SECONDS = 60.0
_MOST_NAMES = 10_000


@functools.lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Tell whether an IP address is of the open internet: not private, loopback, link-local, reserved, multicast."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if mapped is not None:
        return is_public(str(mapped))
    if ip.version == 6 and ip in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class PublicOnly:
    """A guard for ``PoliteClient``: refuses addresses that are not public.

    Args:
        allowed_url: an address whose origin is let through whatever it is (the sandbox); None for none.
    """

    def __init__(self, allowed_url: str | None = None) -> None:
        self._allowed = origin(allowed_url) if allowed_url else ""
        self._public_until: dict[str, float] = {}

    async def refuse(self, url: str) -> str | None:
        """Return why an address must not be asked, or None where it may."""
        if self._allowed and origin(url) == self._allowed:
            return None
        written = _refuse_as_written(url)
        if written is not None:
            return written
        host = urlsplit(url).hostname or ""
        if time.monotonic() < self._public_until.get(host, 0.0):
            return None
        addresses = await _resolve(host)
        if not addresses:
            return f"the name {host[:80]!r} does not exist (DNS has no address for it)"
        bad = [address for address in addresses if not is_public(address)]
        if bad:
            return f"{host[:80]} leads to {bad[0]}, which is not on the open internet"
        if len(self._public_until) >= _MOST_NAMES:
            self._public_until.clear()
        self._public_until[host] = time.monotonic() + _KEEP_SECONDS
        return None

    def refuse_peer(self, url: str, address: str) -> str | None:
        """Return why an answer from this address must not be used, or None where it may."""
        if self._allowed and origin(url) == self._allowed:
            return None
        return (
            None if is_public(address) else f"the connection was made to {address}, which is not on the open internet"
        )


def _refuse_as_written(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is not an address"
    if parts.scheme not in {"http", "https"}:
        return f"only http and https are fetched, not {parts.scheme[:20]!r}"
    if parts.username or parts.password:
        return "an address with a user name or password in it is not fetched"
    if port is not None and port not in _PORTS:
        return f"port {port} is not one of a shop's (80, 443, 8080, 8443)"
    return None


async def _resolve(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return sorted({str(entry[4][0]) for entry in found})
