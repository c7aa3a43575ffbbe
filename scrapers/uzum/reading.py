"""An answer of Uzum as a reading: what it means and what is in it.

Belongs here: telling cards, missing products, refusals and rebuilt services apart. Does not: the cards' fields.

A missing id is told in four ways (public clients guard against all): 404, ``payload`` null, no title, no variants; 410
is taken for one too (never seen). The search service without a token answers 401 with ``x-ext-authz-check-result:
denied``. The site's own pages lie behind Yandex SmartCaptcha; the product service did not when it was last seen.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from domain.page import PageMeaning, PageReading, RawPage
from scrapers.bundle import BUNDLE_CONTENT_TYPE, read_bundle
from scrapers.meaning import SMALL_PAGE_BYTES, is_challenge, meaning_of_refused_status, meaning_of_status, refusal
from scrapers.recorded import starts_like
from scrapers.uzum.addresses import site_of_page
from scrapers.uzum.document import load, record, whole
from scrapers.uzum.parse_card import Variants, card_title, read_variants
from scrapers.uzum.parse_graphql import find_cards, read_cards

PARSER_VERSION = 1

_CAPTCHA_MARKUP = (
    'script[src*="smartcaptcha.yandexcloud.net"], script[src*="smartcaptcha.cloud.yandex"], form#checkbox-captcha-form,'
    ' form[action*="checkcaptcha"], .smart-captcha, .SmartCaptcha'
)
_ID_IN_URL = re.compile(r"/product/(?:[^/?#]*-)?([0-9]{1,10})/?(?:[?#]|$)")


def read_page(page: RawPage) -> PageReading:
    """Read one stored answer, or a range scan's bundle of answers."""
    if page.content_type == BUNDLE_CONTENT_TYPE:
        return read_bundle(page, read_page)
    judged = meaning_of_status(page.status, page.body) or meaning_of_refused_status(page.status)
    if judged is not None:
        return refusal(judged)
    if page.status != 200:
        return _changed(f"The service answered {page.status}.")
    return _read_markup(page.body) if starts_like(page.body) == "html" else _read_json(page)


def _read_json(page: RawPage) -> PageReading:
    try:
        document = load(page.body)
    except ValueError:
        return _changed("The answer is neither JSON nor a page.")
    if isinstance(document, dict) and "payload" in document:
        return _read_payload(document["payload"], page)
    cards = find_cards(document)
    return _changed("The answer has no payload.") if cards is None else _told(read_cards(cards), "search cards")


def _read_payload(payload: object, page: RawPage) -> PageReading:
    missing = _sign_of_missing(payload)
    if missing is not None:
        return PageReading(meaning=PageMeaning.GONE, detail=f"There is no such product: {missing}.")
    data = record(record(payload).get("data"))
    rebuilt = _sign_of_rebuilding(payload, data)
    if rebuilt is not None:
        return _changed(rebuilt)
    product_id = whole(data.get("id"))
    if product_id is None:
        found = _ID_IN_URL.search(page.url)
        product_id = int(found[1]) if found else None
    if product_id is None:
        return _changed("Neither the card nor its address says which product it is.")
    return _told(read_variants(data, product_id, site_of_page(page.url)), "variants")


def _sign_of_missing(payload: object) -> str | None:
    """Return by which sign the service says that there is no such product; None where it does not.

    A sign counts only where its field is there: a renamed field must not look like thousands of missing products.
    """
    if payload is None:
        return "payload is null"
    if not isinstance(payload, dict) or "data" not in payload:
        return None
    if payload["data"] is None:
        return "payload.data is null"
    data = record(payload["data"])
    if "title" in data and "skuList" in data and card_title(data) is None:
        return "the card has no title"
    if card_title(data) is not None and data.get("skuList", ()) == []:
        return "skuList is empty"
    return None


def _sign_of_rebuilding(payload: object, data: dict[str, object]) -> str | None:
    """Return what a card must have and has not; None where nothing is wrong."""
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), dict):
        return "payload has no data."
    if card_title(data) is None:
        return "The card has no title."
    return None if isinstance(data.get("skuList"), list) else "The card has no skuList."


def _told(found: Variants, what: str) -> PageReading:
    count = len(found.listings) + len(found.unpriced) + len(found.rejected)
    if not count:
        return PageReading(meaning=PageMeaning.EMPTY, detail=f"The answer has no {what}.")
    meaning, detail = PageMeaning.OK, ""
    if len(found.rejected) == count:
        meaning = PageMeaning.CHANGED
        detail = f"None of {count} {what} could be read; the first: {found.rejected[0].reason}"
    return PageReading(
        meaning=meaning,
        detail=detail,
        listings=tuple(found.listings),
        unpriced=tuple(found.unpriced),
        rejected=tuple(found.rejected),
        total_entries=count,
    )


def _read_markup(body: bytes) -> PageReading:
    tree = LexborHTMLParser(body[:SMALL_PAGE_BYTES].decode("utf-8", "replace"))
    if tree.css_first(_CAPTCHA_MARKUP) is not None or is_challenge(tree):
        return PageReading(meaning=PageMeaning.BLOCKED, detail="Uzum answered with a captcha instead of the product.")
    return _changed("Uzum answered with a page instead of JSON.")


def _changed(detail: str) -> PageReading:
    return PageReading(meaning=PageMeaning.CHANGED, detail=f"{detail} The product service may have been rebuilt.")
