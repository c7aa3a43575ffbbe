"""Addresses that users give lead to the open internet only."""

from __future__ import annotations

import asyncio

import pytest

from scrapers.ssrf import PublicOnly, is_public

INSIDE = (
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 255.255.255.255 192.0.2.1",
    "::1 :: fe80::1 fe80::1%eth0",
    "fc00::1 fd12::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::",
)


@pytest.mark.parametrize("address", ["nonsense", "", *(one for line in INSIDE for one in line.split())])
def test_what_is_not_of_the_open_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_what_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1/", "not on the open internet"),
        ("http://localhost/", "not on the open internet"),
        ("http://[::1]/", "not on the open internet"),
        ("http://2130706433/", "not on the open internet"),
        ("http://0x7f.1/", "not on the open internet"),
        ("http://169.254.169.254/latest/meta-data/", "not on the open internet"),
        ("ftp://example.org/", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("http://user:pass@example.org/", "user name or password"),
        ("http://8.8.8.8:22/", "port 22"),
        ("http://does-not-exist.invalid/", "does not exist"),
    ],
)
def test_an_address_that_leads_inside_is_refused_with_its_reason(url: str, words: str) -> None:
    refused = asyncio.run(PublicOnly().refuse(url))
    assert refused is not None
    assert words in refused


def test_the_sandbox_alone_may_be_local() -> None:
    guard = PublicOnly("http://127.0.0.1:8123/")
    assert asyncio.run(guard.refuse("http://127.0.0.1:8123/shop/p/1")) is None
    assert asyncio.run(guard.refuse("http://127.0.0.1:8124/")) is not None
    assert guard.refuse_peer("http://127.0.0.1:8123/", "127.0.0.1") is None
    assert guard.refuse_peer("http://shop.example/", "127.0.0.1") is not None
    assert guard.refuse_peer("http://shop.example/", "93.184.215.14") is None
