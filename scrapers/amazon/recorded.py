"""A recorded body (a file) as the Amazon page it once was.

Belongs here: telling site and address of bytes that came without them. Does not: reading them.
"""

from __future__ import annotations

import re
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from domain.page import RawPage
from scrapers.amazon.domains import SITES, SOURCE_NAME, base_of, place_of
from scrapers.amazon.search_url import asin_of
from scrapers.page_values import attribute
from scrapers.recorded import gunzip, recorded, starts_like

_HOST = re.compile(rb"https?://(?:www\.)?amazon\.([a-z]{2,3}(?:\.[a-z]{2})?)(?=[/\"'?])")
# What a page of a site always has, told by the site's own marketplace id in its scripts.
_LANGUAGES = {
    "en-gb": "co.uk", "de-de": "de", "fr-fr": "fr", "it-it": "it", "es-es": "es", "nl-nl": "nl", "pl-pl": "pl",
    "sv-se": "se", "ja-jp": "co.jp", "pt-br": "com.br", "tr-tr": "com.tr", "en-ca": "ca", "en-au": "com.au",
    "es-mx": "com.mx", "en-ae": "ae", "en-sg": "sg", "en-us": "com",
}  # fmt: skip

_WORDS = {
    "de": ("lieferung", "versand", "statt:", "uvp:", "sternen"),
    "fr": ("livraison", "prix conseillé", "étoiles", "recevez-le"),
    "it": ("consegna", "spedizione", "prezzo consigliato", "stelle"),
    "es": ("entrega", "envío", "precio recomendado", "estrellas"),
    "nl": ("bezorging", "ontvang", "advies", "sterren", "levering"),
    "pl": ("dostawa", "gwiazdek", "cena katalogowa"),
}


def recorded_page(body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
    """Return a recorded body as a page; never raises, whatever the bytes.

    Args:
        body: as recorded; gzip is undone.
        url: where it came from, if known; else told from the page's canonical link, its language or its links.
        fetched_at: when it was recorded, UTC.
    """
    plain = gunzip(body)
    address = url or _address(plain, is_html=starts_like(plain) == "html")
    return recorded(SOURCE_NAME, plain, url=address, fetched_at=fetched_at)


def _address(body: bytes, *, is_html: bool) -> str:
    if is_html:
        try:
            tree = LexborHTMLParser(body)
            canonical = attribute(tree, 'link[rel="canonical"]', "href") or ""
            place = place_of(canonical)
            if place is not None:
                asin = asin_of(canonical)
                return f"{place.base}/dp/{asin}" if asin else canonical
            language = ((tree.root.attributes.get("lang") or "") if tree.root else "").lower()
        except (ValueError, UnicodeError):
            language = ""
        if language in _LANGUAGES:
            return f"{base_of(_LANGUAGES[language])}/"
    counts: dict[str, int] = {}
    for match in _HOST.finditer(body):
        country = match.group(1).decode("ascii")
        if country in SITES:
            counts[country] = counts.get(country, 0) + 1
    return f"{base_of(max(counts, key=lambda name: counts[name]) if counts else _by_words(body))}/"


def _by_words(body: bytes) -> str:
    """Tell the site of a card that was cut out of a page without its links, by the words on delivery."""
    text = body[: 1024 * 1024].decode("utf-8", "replace").casefold()
    counts = {country: sum(text.count(word) for word in words) for country, words in _WORDS.items()}
    best = max(counts, key=lambda country: counts[country])
    return best if counts[best] else "com"
