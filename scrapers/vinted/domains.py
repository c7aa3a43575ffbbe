"""Vinted's country sites: currency, hosts, and the same sites in the sandbox.

Belongs here: which sites exist and how their addresses are made. Does not: search parameters (``search_url``).

Countries after JakobAIOdev/Vintrack ``regions.ts`` (2026-03) and Giglium/vinted_scraper's README (.com); ``ie`` after
the former's tests. Sessions and cookies belong to one site each: a .pl jar does not serve .fr.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

SOURCE_NAME = "vinted"


class Site(msgspec.Struct, frozen=True):
    """One country's site: its domain ending, e.g. ``co.uk``, and the currency (ISO 4217) it shows prices in."""

    country: str
    currency: str


_CURRENCIES = {
    "EUR": ("at", "be", "de", "es", "fi", "fr", "hr", "ie", "it", "lt", "lu", "nl", "pt", "sk"),
    "GBP": ("co.uk",),
    "USD": ("com",),
    "CZK": ("cz",),
    "DKK": ("dk",),
    "HUF": ("hu",),
    "PLN": ("pl",),
    "RON": ("ro",),
    "SEK": ("se",),
}
SITES: dict[str, Site] = {
    country: Site(country, currency) for currency, countries in _CURRENCIES.items() for country in countries
}
DEFAULT_COUNTRY = "fr"

# <html lang> of a site whose address is not known; a language spoken in several countries gives the largest market.
COUNTRY_OF_LANGUAGE = {
    "cs": "cz", "da": "dk", "de": "de", "en": "co.uk", "es": "es", "fi": "fi", "fr": "fr", "hr": "hr", "hu": "hu",
    "it": "it", "lt": "lt", "nl": "nl", "pl": "pl", "pt": "pt", "ro": "ro", "sk": "sk", "sv": "se",
}  # fmt: skip

_HOST = re.compile(r"(?:www\.|api\.)?vinted\.([a-z]{2,3}(?:\.[a-z]{2})?)")
_SANDBOX_PATH = re.compile(r"(.*?/vinted/([a-z]{2,3}(?:\.[a-z]{2})?))/(?:www|api)(?:/|$)")


class UnknownCountryError(ValueError):
    """There is no such Vinted site; the message lists those known."""


def site(country: str) -> Site:
    """Return the site of a country domain such as ``fr`` or ``co.uk``.

    Raises:
        UnknownCountryError: listing the known ones.
    """
    found = SITES.get(country.strip().lower().removeprefix("."))
    if found is None:
        raise UnknownCountryError(f"no Vinted site {country[:40]!r} is known; known: {', '.join(sorted(SITES))}")
    return found


def site_of_host(host: str) -> Site | None:
    """Return the site that a host name belongs to, or None."""
    match = _HOST.fullmatch(host.lower().rstrip("."))
    return SITES.get(match.group(1)) if match else None


def www_base(country: str, sandbox_url: str | None = None) -> str:
    """Return the address of a country's website without a slash at the end."""
    if sandbox_url:
        return f"{sandbox_url.rstrip('/')}/vinted/{country}/www"
    return f"https://www.vinted.{country}"


def api_base(country: str, sandbox_url: str | None = None) -> str:
    """Return the address of a country's search service without a slash at the end."""
    if sandbox_url:
        return f"{sandbox_url.rstrip('/')}/vinted/{country}/api"
    return f"https://api.vinted.{country}"


class Place(msgspec.Struct, frozen=True):
    """Where a page came from: its site, the site's website address, and the path within the site."""

    site: Site
    www: str
    path: str


def place_of(url: str) -> Place:
    """Tell the site of a page from its address, real or in a sandbox; the French site where it cannot be told."""
    try:
        parts = urlsplit(url)
        found = site_of_host(parts.hostname or "")
    except ValueError:
        return Place(SITES[DEFAULT_COUNTRY], www_base(DEFAULT_COUNTRY), "")
    if found is not None:
        return Place(found, www_base(found.country), parts.path)
    match = _SANDBOX_PATH.match(parts.path)
    if match and match.group(2) in SITES:
        return Place(
            SITES[match.group(2)],
            f"{parts.scheme}://{parts.netloc}{match.group(1)}/www",
            "/" + parts.path[match.end() :],
        )
    return Place(SITES[DEFAULT_COUNTRY], www_base(DEFAULT_COUNTRY), parts.path)
