"""eBay's sites: hosts, marketplace ids, currencies, and where the API is."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from scrapers.answers import base_url

SOURCE_NAME = "ebay"
_API = "https://api.ebay.com"


class Site(NamedTuple):
    """One country's site; ``country`` is its host's ending, as watches keep it."""

    country: str
    marketplace: str
    currency: str

    @property
    def www(self) -> str:
        """Address of the website."""
        return f"https://www.ebay.{self.country}"


# Marketplace ids: eBay's MarketplaceIdEnum; the header that carries them was not seen in a recording.
SITES = {
    site.country: site
    for site in (
        Site("com", "EBAY_US", "USD"), Site("co.uk", "EBAY_GB", "GBP"), Site("de", "EBAY_DE", "EUR"),
        Site("fr", "EBAY_FR", "EUR"), Site("it", "EBAY_IT", "EUR"), Site("es", "EBAY_ES", "EUR"),
        Site("nl", "EBAY_NL", "EUR"), Site("at", "EBAY_AT", "EUR"), Site("ie", "EBAY_IE", "EUR"),
        Site("be", "EBAY_BE", "EUR"), Site("pl", "EBAY_PL", "PLN"), Site("ch", "EBAY_CH", "CHF"),
        Site("ca", "EBAY_CA", "CAD"), Site("com.au", "EBAY_AU", "AUD"), Site("com.hk", "EBAY_HK", "HKD"),
        Site("com.sg", "EBAY_SG", "SGD"),
    )
}  # fmt: skip
_BY_MARKETPLACE = {site.marketplace: site for site in SITES.values()}
_HOST = re.compile(r"(?:www\.|m\.|befr\.|benl\.)?ebay\.([a-z]{2,3}(?:\.[a-z]{2})?)")


class UnknownSiteError(ValueError):
    """There is no such eBay site; the message lists those known."""


def site(country: str) -> Site:
    """Return the site of a host's ending such as ``de`` or ``co.uk``.

    Raises:
        UnknownSiteError: listing the known ones.
    """
    found = SITES.get(country.strip().lower().removeprefix("."))
    if found is None:
        raise UnknownSiteError(f"no eBay site {country[:40]!r} is known; known: {', '.join(sorted(SITES))}")
    return found


def site_of_host(host: str) -> Site | None:
    """Return the site of a host name, or None."""
    match = _HOST.fullmatch(host.lower())
    return SITES.get(match.group(1)) if match else None


def site_of_marketplace(marketplace: object) -> Site | None:
    """Return the site of a marketplace id such as ``EBAY_DE``, or None."""
    return _BY_MARKETPLACE.get(marketplace) if isinstance(marketplace, str) else None


def site_of_page(url: str) -> Site | None:
    """Return the site that a stored API address was asked for: the client notes it behind ``#``."""
    try:
        return site_of_marketplace(urlsplit(url).fragment)
    except ValueError:
        return None


def api(sandbox_url: str | None) -> str:
    """Return where the API is, without a slash at the end."""
    return base_url(_API, sandbox_url, SOURCE_NAME)
