"""A stored product page into its meaning and its one listing: pure, whatever the bytes.

Belongs here: what a page is, and its listing from what was found. Does not: finding prices (``extract``).
"""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller, UnpricedOffer
from domain.page import PageMeaning, PageReading, RawPage
from domain.price_kind import PriceKind
from scrapers.meaning import (
    SMALL_PAGE_BYTES,
    Judgement,
    is_challenge,
    is_shell,
    meaning_of_refused_status,
    meaning_of_status,
    refusal,
)
from scrapers.recorded import starts_like
from scrapers.shop.candidates import Candidate, ProductFacts
from scrapers.shop.config import ShopRule, ShopRules
from scrapers.shop.configured import from_json, from_selectors, selected
from scrapers.shop.document import parse_document
from scrapers.shop.extract import Extraction, extract
from scrapers.shop.product_url import product_id

SOURCE_NAME = "shop"
PARSER_VERSION = 2
_CONDITIONS = {
    "newcondition": Condition.NEW,
    "new": Condition.NEW,
    "refurbishedcondition": Condition.VERY_GOOD,
    "refurbished": Condition.VERY_GOOD,
    "usedcondition": Condition.GOOD,
    "used": Condition.GOOD,
    "damagedcondition": Condition.FOR_PARTS,
}
_WALL_WORDS = re.compile(
    rb"captcha-delivery\.com|/cdn-cgi/challenge-platform|cf-mitigated|cf_chl_|_Incapsula_Resource|px-captcha|gokuProps|"
    rb"/errors/validateCaptcha|showcaptcha|distil_r_captcha",
    re.IGNORECASE,
)


def read_product_page(page: RawPage, rules: ShopRules) -> PageReading:
    """Read one product page or one JSON answer of a configured shop."""
    by_status = meaning_of_status(page.status, page.body)
    if by_status is not None:
        return refusal(by_status)
    rule = rules.rule_of(page.url)
    if starts_like(page.body) == "json":
        return _read_json(page, rule)
    refused = _wall(page) or meaning_of_refused_status(page.status)
    if refused is not None:
        return refusal(refused)
    found = extract(page.body, page.url if urlsplit(page.url).hostname else None)
    if found is None:
        what = "empty" if not page.body.strip() else "no HTML"
        return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({page.status}) is {what}.")
    ruled = _by_selectors(page, rule)
    if ruled is None and not found.is_product_page:
        return refusal(_without_product(page))
    return _reading(page, found, ruled)


def _wall(page: RawPage) -> Judgement | None:
    if len(page.body) >= SMALL_PAGE_BYTES:
        return None
    if _WALL_WORDS.search(page.body) and (page.status != 200 or is_challenge(LexborHTMLParser(page.body))):
        return Judgement(PageMeaning.BLOCKED, f"A bot wall's page came instead of the product (status {page.status}).")
    if page.status == 200 and _WALL_WORDS.search(page.body) and len(page.body) < 8192:
        return Judgement(PageMeaning.BLOCKED, "A bot wall's page came instead of the product (status 200).")
    return None


def _without_product(page: RawPage) -> Judgement:
    tree = LexborHTMLParser(page.body)
    if is_challenge(tree):
        return Judgement(PageMeaning.BLOCKED, "A bot wall's page came instead of the product.")
    if len(page.body) < SMALL_PAGE_BYTES and is_shell(tree):
        return Judgement(
            PageMeaning.BLOCKED,
            "A shell of a page came, with scripts and no product. If the shop needs JavaScript, set needs_browser for "
            "it (docs/shops.md).",
        )
    return Judgement(
        PageMeaning.CHANGED,
        "No product is on this page: no markup, no price beside a heading. `pricescope shop test URL` shows what is "
        "there.",
    )


def _by_selectors(page: RawPage, rule: ShopRule | None) -> tuple[Candidate, str | None] | None:
    if rule is None:
        return None
    document = parse_document(page.body, page.url)
    if document is None:
        return None
    candidate = from_selectors(document.tree, rule, document.country_currency)
    return None if candidate is None else (candidate, selected(document.tree, rule.title))


def _reading(page: RawPage, found: Extraction, ruled: tuple[Candidate, str | None] | None) -> PageReading:
    decision, facts = found.decision, found.facts
    winner, kind, list_price, reason = decision.winner, decision.kind, decision.list_price, decision.reason
    state = decision.availability
    title = facts.name
    if ruled is not None:
        winner, kind, list_price = ruled[0], ruled[0].kind, ruled[0].list_price
        state, title = winner.availability or state, ruled[1] or title
    url = _address(page, found)
    return _priced_or_not(url, title, winner, kind, list_price, state, reason, facts)


def _read_json(page: RawPage, rule: ShopRule | None) -> PageReading:
    refused = meaning_of_refused_status(page.status)
    if refused is not None:
        return refusal(refused)
    if rule is None or rule.json_url is None:
        return PageReading(
            meaning=PageMeaning.CHANGED, detail="JSON came, and no rule for this shop says how to read it."
        )
    candidate, title = from_json(page.body, rule)
    if candidate is None:
        detail = f"The JSON answer has nothing at {rule.json_price}: the endpoint has changed, or the rule is wrong."
        return PageReading(meaning=PageMeaning.CHANGED, detail=detail)
    return _priced_or_not(
        page.url,
        title,
        candidate,
        candidate.kind,
        candidate.list_price,
        candidate.availability,
        "configured",
        ProductFacts(),
    )


def _priced_or_not(
    url: str,
    title: str | None,
    winner: Candidate | None,
    kind: PriceKind,
    list_price: Decimal | None,
    state: Availability | None,
    reason: str,
    facts: ProductFacts,
) -> PageReading:
    name = (title or "").strip() or urlsplit(url).path.rsplit("/", 1)[-1] or url
    identity = product_id(url) if urlsplit(url).hostname else (facts.sku or facts.gtin or name)[:180]
    currency = None if winner is None else winner.currency
    if winner is None or winner.amount is None or winner.amount <= 0 or currency is None:
        why = reason if winner is None else "a price without a currency" if winner.amount else "the price shown is 0"
        offer = UnpricedOffer(
            source=SOURCE_NAME,
            external_id=identity,
            url=url,
            title=name,
            reason=why,
            availability=state or Availability.UNKNOWN,
            shown_price=None if winner is None else winner.amount,
            currency=currency,
            brand=facts.brand,
            sku=facts.sku,
            gtin=facts.gtin,
        )
        return PageReading(meaning=PageMeaning.OK, detail=f"No price: {why}.", unpriced=(offer,))
    condition = _CONDITIONS.get((facts.condition or "").rstrip("/").rsplit("/", 1)[-1].lower(), Condition.UNKNOWN)
    listing = Listing(
        source=SOURCE_NAME,
        external_id=identity,
        url=url,
        title=name,
        price=winner.amount,
        currency=currency,
        description=facts.description,
        brand=facts.brand,
        category=facts.category,
        condition=condition,
        condition_label=facts.condition,
        availability=state or Availability.AVAILABLE,
        image_urls=tuple(urljoin(url, image) for image in facts.images),
        seller=None if facts.seller is None else Seller(external_id=facts.seller, login=facts.seller, is_business=True),
        price_kind=kind,
        list_price=list_price,
        sku=facts.sku,
        gtin=facts.gtin,
        attributes={} if winner.is_currency_certain else {"currency": "told by the shop's country"},
    )
    return PageReading(meaning=PageMeaning.OK, listings=(listing,))


def _address(page: RawPage, found: Extraction) -> str:
    """Return the product's address: what was asked for; of a recording without one, what the page names."""
    if urlsplit(page.url).hostname:
        return page.url
    return found.url or page.url
