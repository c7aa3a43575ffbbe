"""A page's bytes as a tree, with what the whole page says of its country and title.

Belongs here: decoding and parsing that survives broken markup. Does not: prices.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml import etree, html
from lxml.html import HtmlElement

_CURRENCY_OF_COUNTRY = {
    "ad": "EUR", "ae": "AED", "al": "ALL", "am": "AMD", "ar": "ARS", "at": "EUR", "au": "AUD", "az": "AZN", "ba": "BAM",
    "bd": "BDT", "be": "EUR", "bg": "EUR", "bh": "BHD", "bo": "BOB", "br": "BRL", "by": "BYN", "ca": "CAD", "ch": "CHF",
    "cl": "CLP", "cn": "CNY", "cr": "CRC", "cy": "EUR", "cz": "CZK", "de": "EUR", "dk": "DKK", "do": "DOP",
    "dz": "DZD", "ec": "USD", "ee": "EUR", "eg": "EGP", "es": "EUR", "fi": "EUR", "fr": "EUR", "gb": "GBP", "ge": "GEL",
    "gh": "GHS", "gr": "EUR", "gt": "GTQ", "hk": "HKD", "hr": "EUR", "hu": "HUF", "id": "IDR", "ie": "EUR", "il": "ILS",
    "in": "INR", "iq": "IQD", "ir": "IRR", "is": "ISK", "it": "EUR", "jo": "JOD", "jp": "JPY", "ke": "KES",
    "kg": "KGS", "kr": "KRW", "kw": "KWD", "kz": "KZT", "lb": "LBP", "lt": "EUR", "lu": "EUR", "lv": "EUR", "ma": "MAD",
    "md": "MDL", "me": "EUR", "mk": "MKD", "mt": "EUR", "mx": "MXN", "my": "MYR", "ng": "NGN", "nl": "EUR", "no": "NOK",
    "nz": "NZD", "om": "OMR", "pe": "PEN", "ph": "PHP", "pk": "PKR", "pl": "PLN", "pt": "EUR", "py": "PYG",
    "qa": "QAR", "ro": "RON", "rs": "RSD", "ru": "RUB", "sa": "SAR", "se": "SEK", "sg": "SGD", "si": "EUR",
    "sk": "EUR", "th": "THB", "tn": "TND", "tr": "TRY", "tw": "TWD", "ua": "UAH", "uk": "GBP", "us": "USD",
    "uy": "UYU", "uz": "UZS", "ve": "VES", "vn": "VND", "za": "ZAR",
}  # fmt: skip
_LANGUAGE_CURRENCY = {"pl": "PLN", "cs": "CZK", "hu": "HUF", "ro": "RON", "ja": "JPY", "ko": "KRW", "uk": "UAH", "he": "ILS",
                      "da": "DKK", "th": "THB", "vi": "VND", "tr": "TRY", "bg": "EUR", "kk": "KZT", "uz": "UZS"}  # fmt: skip
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:-]+)", re.IGNORECASE)


class Document(NamedTuple):
    """A parsed page.

    Attributes:
        url: its canonical address where it names one, else the address it was fetched from.
        title: of the product as the page shows it: h1, else og:title, else the title element.
        country_currency: currency of the country that the page is for; None where nothing tells it.
    """

    tree: HtmlElement
    url: str | None
    title: str | None
    country_currency: str | None


def parse_document(body: bytes, url: str | None) -> Document | None:
    """Parse a page; None where there is no markup in it."""
    text = _decoded(body)
    if "<" not in text:
        return None
    # A null block or an encoding declaration makes lxml refuse the text.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""))
    try:
        tree = html.document_fromstring(text, parser=html.HTMLParser(huge_tree=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None
    address = _canonical(tree) or url
    return Document(tree, address, _title(tree), _country_currency(tree, url or address))


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    declared = _META_CHARSET.search(body[:4096])
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declared:
        try:
            return body.decode(declared.group(1).decode("ascii", "replace"), "replace")
        except LookupError:
            pass
    return body.decode("utf-8", "replace")


def _canonical(tree: HtmlElement) -> str | None:
    for path in ("//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content"):
        for found in tree.xpath(path):
            if str(found).startswith(("http://", "https://")):
                return str(found).strip()
    return None


def _title(tree: HtmlElement) -> str | None:
    headings = [re.sub(r"\s+", " ", str(one.text_content())).strip() for one in tree.xpath("//h1")]
    named = [str(one).strip() for one in tree.xpath("//meta[@property='og:title']/@content")]
    titles = [re.sub(r"\s+", " ", str(one.text_content())).strip() for one in tree.xpath("//title")]
    return next((text for text in (*headings[:1], *named, *headings[1:], *titles) if text), None)


def currency_of_address(url: str) -> str | None:
    """Return the currency of the country whose top-level domain an address has; None for ``.com`` and the like."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return _CURRENCY_OF_COUNTRY.get(host.rsplit(".", 1)[-1].lower())


def _country_currency(tree: HtmlElement, url: str | None) -> str | None:
    """Tell the currency of the page's country by its locale, its top-level domain and its language, in that order."""
    countries = []
    locales = [str(one) for one in tree.xpath("//meta[@property='og:locale']/@content | /html/@lang | /html/@xml:lang")]
    try:
        parts = urlsplit(url or "")
        host = (parts.hostname or "").lower()
    except ValueError:
        parts, host = urlsplit(""), ""
    top = host.rsplit(".", 1)[-1]
    if len(top) == 2 and top not in {"co", "io", "tv", "me", "ai", "cc", "eu"}:
        countries.append(top)
    # "/ie/en/", "/en-gb/", "ar-sa.shop.example"
    for one in re.findall(r"(?:^|/)(?:[a-z]{2}[-_])?([a-z]{2})(?=/)", parts.path.lower())[:1]:
        if (
            one in _CURRENCY_OF_COUNTRY
            and (not countries or top in {"com", "net", "org"})
            and one not in {"in", "is", "it", "no"}
        ):
            countries.append(one)
    label = re.match(r"(?:[a-z]{2}-)?([a-z]{2})\.", host)
    if label and label.group(1) in _CURRENCY_OF_COUNTRY:
        countries.append(label.group(1))
    for one in locales:
        found = re.fullmatch(r"[a-z]{2}[-_]([a-z]{2})", one.strip().lower())
        if found and found.group(1) in _CURRENCY_OF_COUNTRY:
            countries.append(found.group(1))
    for country in countries:
        if country in _CURRENCY_OF_COUNTRY:
            return _CURRENCY_OF_COUNTRY[country]
    languages = [one.strip().lower()[:2] for one in locales]
    return next((_LANGUAGE_CURRENCY[one] for one in languages if one in _LANGUAGE_CURRENCY), None)
