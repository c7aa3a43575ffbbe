"""A configured shop's page or JSON answer, read by its rule.

Belongs here: selectors and paths of a rule. Does not: reading the rules (``config``), which candidate wins
(``arbiter``).
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from domain.listing import Availability
from domain.price_kind import PriceKind
from scrapers.shop.availability import schema_availability, visible_availability
from scrapers.shop.candidates import Candidate, Origin
from scrapers.shop.config import ShopRule
from scrapers.shop.prices import read_price


def from_selectors(tree: HtmlElement, rule: ShopRule, country_currency: str | None) -> Candidate | None:
    """Return the price that a rule's selectors find; None where they find none, so that the general reading decides."""
    text = selected(tree, rule.price)
    if text is None:
        return None
    old_text, stock = selected(tree, rule.old_price), selected(tree, rule.availability)
    return _candidate(rule, text, old_text, stock, rule.currency, country_currency, where=f"selector {rule.price}")


def from_json(body: bytes, rule: ShopRule) -> tuple[Candidate | None, str | None]:
    """Return the price and the title in a JSON endpoint's answer; None where its path leads nowhere."""
    try:
        document = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None, None
    title = _at(document, rule.json_title)
    price = _at(document, rule.json_price)
    if price is None:
        return None, title
    currency = _at(document, rule.json_currency) or rule.currency
    old, stock = _at(document, rule.json_old_price), _at(document, rule.json_availability)
    return _candidate(rule, price, old, stock, currency, None, where=f"JSON {rule.json_price}"), title


def _candidate(
    rule: ShopRule,
    text: str,
    old_text: str | None,
    stock: str | None,
    currency: str | None,
    country_currency: str | None,
    *,
    where: str,
) -> Candidate:
    factor = Decimal("0.01") if rule.minor_units else Decimal(1)
    reading = read_price(text, currency_hint=currency, country_currency=currency or country_currency)
    old = read_price(old_text).amount if old_text else None
    state: Availability | None = None
    if stock:
        state = schema_availability(stock) or visible_availability(stock)
    kind = PriceKind.NET if rule.is_net else reading.kind
    return Candidate(
        origin=Origin.CONFIGURED,
        where=where,
        text=text[:120],
        amount=None if reading.amount is None else reading.amount * factor,
        currency=rule.currency or reading.currency,
        kind=kind,
        availability=state,
        list_price=None if old is None else old * factor,
    )


def selected(tree: HtmlElement, selector: str | None) -> str | None:
    """Return the text (or the attribute behind ``@``) of the first element that a selector finds."""
    if selector is None:
        return None
    path, _, attribute = selector.rpartition("@")
    for element in CSSSelector(path or selector, translator="html")(tree):
        text = element.get(attribute) if path else str(element.text_content())
        if text and text.strip():
            return " ".join(str(text).split())
    return None


def _at(document: Any, path: str | None) -> str | None:
    if path is None:
        return None
    for part in path.split("."):
        if isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return None
    if isinstance(document, bool):
        return "true" if document else "false"
    return None if document is None or isinstance(document, (dict, list)) else str(document)
