"""Amazon's country sites: currency, decimal sign, hosts, and the same sites in the sandbox.

Belongs here: which sites exist and how their addresses are made. Does not: what a user pastes (``search_url``).

Pages were recorded of .com, .co.uk, .de, .fr, .it (2020-12, search of .de 2019-01), .nl (2023-10) and .ae (2024+);
the other sites' currencies and signs are the countries' own and unverified here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

SOURCE_NAME = "amazon"
DEFAULT_COUNTRY = "com"


class Site(msgspec.Struct, frozen=True):
    """One country's site.

    Attributes:
        country: its domain ending, e.g. ``co.uk``.
        currency: ISO 4217, of its own prices; a visitor from elsewhere may be shown another.
        decimal_sign: between units and cents in the site's own language.
        iso: ISO 3166 alpha-2 of the country whose shop it is.
    """

    country: str
    currency: str
    decimal_sign: str
    iso: str


SITES: dict[str, Site] = {
    site.country: site
    for site in (
        Site("com", "USD", ".", "US"),
        Site("co.uk", "GBP", ".", "GB"),
        Site("de", "EUR", ",", "DE"),
        Site("fr", "EUR", ",", "FR"),
        Site("it", "EUR", ",", "IT"),
        Site("es", "EUR", ",", "ES"),
        Site("nl", "EUR", ",", "NL"),
        Site("pl", "PLN", ",", "PL"),
        Site("se", "SEK", ",", "SE"),
        Site("com.be", "EUR", ",", "BE"),
        Site("ie", "EUR", ".", "IE"),
        Site("ae", "AED", ".", "AE"),
        Site("sa", "SAR", ".", "SA"),
        Site("eg", "EGP", ".", "EG"),
        Site("ca", "CAD", ".", "CA"),
        Site("com.au", "AUD", ".", "AU"),
        Site("com.mx", "MXN", ".", "MX"),
        Site("com.br", "BRL", ",", "BR"),
        Site("com.tr", "TRY", ",", "TR"),
        Site("co.jp", "JPY", ".", "JP"),
        Site("sg", "SGD", ".", "SG"),
    )
}

_HOST = re.compile(r"(?:(?:www|m|smile)\.)?amazon\.([a-z]{2,3}(?:\.[a-z]{2})?)")
_SANDBOX_PATH = re.compile(r"(?P<root>.*?/amazon/(?P<country>[a-z]{2,3}(?:\.[a-z]{2})?))(?=/|$)")


class UnknownCountryError(ValueError):
    """There is no such Amazon site; the message lists those known."""


class Place(msgspec.Struct, frozen=True):
    """Where a page came from: its site, the site's address without a slash at the end, and the path within."""

    site: Site
    base: str
    path: str


def site(country: str) -> Site:
    """Return the site of a country domain such as ``de`` or ``co.uk``.

    Raises:
        UnknownCountryError: listing the known ones.
    """
    found = SITES.get(country.strip().lower().removeprefix("."))
    if found is None:
        raise UnknownCountryError(f"no Amazon site {country[:40]!r} is known; known: {', '.join(SITES)}")
    return found


def base_of(country: str, sandbox_url: str | None = None) -> str:
    """Return a site's address without a slash at the end, or its look-alike's in the sandbox."""
    return f"{sandbox_url.rstrip('/')}/amazon/{country}" if sandbox_url else f"https://www.amazon.{country}"


def place_of(url: str) -> Place | None:
    """Tell the site of an address, real or in a sandbox; None where it is none of Amazon's."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return None
    match = _HOST.fullmatch(host)
    if match and match.group(1) in SITES:
        return Place(SITES[match.group(1)], base_of(match.group(1)), parts.path)
    match = _SANDBOX_PATH.match(parts.path)
    if match and match.group("country") in SITES:
        base = f"{parts.scheme}://{parts.netloc}{match.group('root')}"
        return Place(SITES[match.group("country")], base, parts.path[match.end() :])
    return None
