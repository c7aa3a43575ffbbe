"""Allegro's addresses: what a user may paste, what is asked, and which offer an address names.

Belongs here: reading and writing addresses. Does not: fetching.

``/oferta/{slug}-{offer}`` and ``/oferta/{offer}`` redirect to ``/produkt/{slug}-{uuid}?offerId={offer}``; an offer that
has ended lands on the product with ``fromInactiveOffer=archived``, showing another seller's (captures of 2025-12).
The public search is closed: ``GET /offers/listing`` answers 403 to all but verified applications since 2021 and is out
of the documentation since 2026 (allegro/allegro-api issues 4667, 12917, 13431), and the website's search stands
behind a wall, so that only offers are watched.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from scrapers.answers import base_url
from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.pasted_address import place_on_site, refuse_unknown, site_of_page

SOURCE_NAME = "allegro"
COUNTRY = "pl"
CURRENCY = "PLN"
_HOST = "allegro.pl"
REAL_BASE = "https://allegro.pl"
_EXAMPLE = "an offer's address such as https://allegro.pl/oferta/name-12345678901"
ASKED = "asked-offer="
"""Written behind ``#`` of a stored page's address where the site answered with another address than that offer's."""

_OFFER_PATH = re.compile(r"/oferta/(?:[^/]*-)?(?P<offer>[0-9]{6,20})/?")
_PRODUCT_PATH = re.compile(r"/produkt/(?P<slug>[^/]{1,400})/?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OFFER_ID = re.compile(r"[0-9]{6,20}")
_DROPPED = re.compile(
    r"bi_[a-z]+|utm_[a-z]+|reco_id|sid|snapshot|frominactiveoffer|fromvariant|navcategoryid|ref|ev_[a-z_]+|gclid|fbclid"
    r"|gbraid|wbraid|gad_[a-z]+|msclkid|dd_referrer|sh|number|emission_[a-z_]+|placement|sig|ts|type|redirect|offerid"
)
_SEARCHES = ("/listing", "/kategoria", "/uzytkownik", "/producent", "/strefa", "/oferty", "/katalog")


def parse_search_url(url: str, *, sandbox_url: str | None = None) -> ParsedSearch:
    """Read an offer's or a product's address on allegro.pl, or of the sandbox where one is set.

    Raises:
        SearchUrlError: naming what is not understood; a search's address is refused with the reason.
    """
    path, query = place_on_site(url, host=_HOST, source=SOURCE_NAME, sandbox_url=sandbox_url, example=_EXAMPLE)
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    if path.startswith("/events/clicks"):
        # An advertisement's link: the offer is inside it.
        target = next((value for name, value in pairs if name == "redirect"), "")
        if target.startswith("https://allegro.pl/") and "/events/clicks" not in target:
            return parse_search_url(target, sandbox_url=sandbox_url)
    if path.startswith(_SEARCHES):
        raise SearchUrlError(
            "Allegro's searches cannot be watched: its public search service is closed to everybody but verified "
            "partners, and the search pages stand behind a wall; paste the address of an offer "
            "(https://allegro.pl/oferta/...)"
        )
    address = _canonical(path, pairs)
    refuse_unknown([name for name, value in pairs if value and not _DROPPED.fullmatch(name.lower())])
    return ParsedSearch(
        source=SOURCE_NAME, country=COUNTRY, currency=CURRENCY, params={"url": address}, canonical_url=address
    )


def offer_of(url: str) -> str | None:
    """Return the id of the offer that was asked for by an address, None where it names none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.fragment.startswith(ASKED):
        return parts.fragment.removeprefix(ASKED)
    match = _OFFER_PATH.search(parts.path)
    if match:
        return match.group("offer")
    given = [value for name, value in parse_qsl(parts.query) if name == "offerId"]
    return given[0] if given and _OFFER_ID.fullmatch(given[0]) else None


def asked_offer(url: str) -> str | None:
    """Return the offer asked for, None where the address only names the one that is shown in place of an ended one."""
    return None if is_other_offer(url) and f"#{ASKED}" not in url else offer_of(url)


def is_other_offer(url: str) -> bool:
    """Tell whether an address says that the offer asked for has ended and another is shown."""
    return "frominactiveoffer=" in url.lower()


def product_of(url: str) -> str | None:
    """Return the id of the product (a UUID) that an address names."""
    match = _UUID.search(url)
    return match.group(0) if match else None


def is_offer_page(url: str) -> bool:
    """Tell whether an address is one of an offer or a product, real or in a sandbox."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return "/oferta/" in path or "/produkt/" in path


def served_at(address: str, sandbox_url: str | None) -> str:
    """Return where an address is fetched: itself, or its look-alike in the sandbox."""
    parts = urlsplit(address)
    base = base_url(REAL_BASE, sandbox_url, SOURCE_NAME)
    return f"{base}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def base_of(url: str) -> str:
    """Return the site's address that a page came from, without a slash at the end."""
    return site_of_page(url, host=_HOST, source=SOURCE_NAME, real_base=REAL_BASE)


def _canonical(path: str, pairs: list[tuple[str, str]]) -> str:
    offer = _OFFER_PATH.fullmatch(path)
    if offer:
        return f"{REAL_BASE}/oferta/{offer.group('offer')}"
    product = _PRODUCT_PATH.fullmatch(path)
    if product:
        given = next((value for name, value in pairs if name.lower() == "offerid"), "")
        if _OFFER_ID.fullmatch(given):
            return f"{REAL_BASE}/oferta/{given}"
        if _UUID.search(product.group("slug")):
            return f"{REAL_BASE}/produkt/{product.group('slug')}"
    raise SearchUrlError(
        f"the page {path[:80]!r} is not an offer; open an offer on Allegro and paste its address "
        "(https://allegro.pl/oferta/name-12345678901)"
    )
