"""Prices as the page shows them: elements that look like a price, and how likely each is the main one.

For pages without markup, and to see whether what the markup says is what a buyer is shown.

Belongs here: finding and describing shown prices. Does not: weighing them against the markup (``arbiter``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml.html import HtmlElement

from domain.listing import Availability
from domain.price_kind import PriceKind
from scrapers.shop.amounts import find_numbers, plain_digits
from scrapers.shop.availability import visible_availability
from scrapers.shop.candidates import Candidate, Origin
from scrapers.shop.price_words import bid_kind, is_conditional, kind_of, marks_old
from scrapers.shop.prices import PriceReading, read_price

_PRICE_NAME = re.compile(
    r"price|prix|preis|precio|prezzo|cena|preco|preço|amount|цена|pris\b|hinta|fiyat|kaina|価格|money", re.I
)
_MAIN_NAME = re.compile(
    r"sale|special|final|current|now|today|our|actual|promo|offer|aktuell|nowa|value|main|big|total(?!-?items)", re.I
)
_OLD_NAME = re.compile(
    r"old|was|before|list-?price|regular|original|crossed|strike|line-?through|rrp|msrp|uvp|previous|compare|normal-?price|"
    r"retail|full-?price|antes|stara|base-?price|lowest|omnibus|standard-?price|non-?sale",
    re.I,
)
_OTHER_NAME = re.compile(
    r"relat|recommend|similar|cross-?sell|up-?sell|carousel|slider|also|recent|bundle|accessor|suggest|teaser|listing|grid|"
    r"search-?result|mini-?cart|basket|cart-?total|header|footer|nav\b|menu|shipping|delivery|install|monthly|finance|credit|"
    r"coupon|voucher|saving|save|discount-?(?:amount|value|percent)|filter|widget|banner|widget|review|comment|"
    r"product-?(?:list|item|card|tile)|item-?card|modal|popup|warranty|insurance|bid-?increment|estimate",
    re.I,
)
_STRUCK = frozenset({"del", "s", "strike"})
_HIDDEN = frozenset({"script", "style", "noscript", "template", "option", "select", "svg", "head"})
_LONGEST_TEXT = 90
_BUY = re.compile(
    r"add to (?:cart|bag|basket|trolley)|buy (?:it )?now|in den (?:warenkorb|einkaufswagen)|jetzt kaufen|ajouter au panier|acheter|"
    r"aggiungi al carrello|acquista|añadir al carrito|agregar al carr|comprar|adicionar ao carrinho|do koszyka|kup teraz|"
    r"в корзину|купить|in (?:winkelwagen|winkelmandje)|do košíku|v košarico|lägg i|læg i|kosárba|adaug[aă]|sepete|加入購物車|"
    r"カートに|구매하기|장바구니|أضف|savatga|i grozā|pievienot",
    re.I,
)


def shown_prices(tree: HtmlElement, country_currency: str | None) -> list[Candidate]:
    """Return the prices that the page shows, likeliest first by place, name and size; at most 40."""
    order = _order(tree)
    heading = next((order[one] for one in tree.xpath("//h1")), None)
    place = _Place(heading, _buy_button(tree, order, heading), len(order))
    found: list[Candidate] = []
    for element in _price_elements(tree):
        candidate = _candidate(element, order[element], place, country_currency)
        if candidate is not None:
            found.append(candidate)
    found.sort(key=lambda one: -one.score)
    return found[:40]


def shown_amount_texts(tree: HtmlElement) -> str:
    """Return the text that the page shows, scripts left out, in one line."""
    parts = [
        str(text)
        for text in tree.xpath("//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]")
    ]
    return re.sub(r"\s+", " ", " ".join(parts))


def shown_availability(tree: HtmlElement) -> Availability | None:
    """Return what the page says of stock near its heading and buy button; None where it says nothing clear."""
    order = _order(tree)
    heading = next((order[one] for one in tree.xpath("//h1")), 0)
    said: list[tuple[int, Availability]] = []
    for element in tree.xpath("//*[contains(translate(concat(@class, ' ', @id), 'STOCKAVILBEDN', 'stockavilbedn'), 'stock')"
                              " or contains(translate(concat(@class, ' ', @id), 'STOCKAVILBEDN', 'stockavilbedn'), 'availab')"
                              " or contains(translate(concat(@class, ' ', @id), 'SOLDUT', 'soldut'), 'sold')]"):  # fmt: skip
        if _is_hidden(element) or _OTHER_NAME.search(_names(element)):
            continue
        text = re.sub(r"\s+", " ", str(element.text_content())).strip()
        if 2 < len(text) <= 120 and (state := visible_availability(text)) is not None:
            said.append((abs(order[element] - heading), state))
    return min(said, key=lambda pair: pair[0])[1] if said else None


def _order(tree: HtmlElement) -> dict[HtmlElement, int]:
    """Return each element's place; broken pages have some beside the root, which `//` finds too."""
    return {element: place for place, element in enumerate(tree.getroottree().xpath("//*"))}


def _buy_button(tree: HtmlElement, order: dict[HtmlElement, int], heading: int | None) -> int | None:
    places = []
    for element in tree.xpath("//button | //input[@type='submit' or @type='button'] | //a[contains(@class, 'b')]"):
        text = f"{element.text_content()} {element.get('value') or ''} {element.get('title') or ''} {element.get('aria-label') or ''}"
        if len(text) < 200 and _BUY.search(text) and element.get("disabled") is None:
            places.append(order[element])
    if heading is not None:
        after = [place for place in places if place > heading]
        return min(after, default=min(places, default=None))
    return min(places, default=None)


def _price_elements(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the innermost elements that are named like a price or whose short text is one."""
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag in _HIDDEN or element.tag == "meta":
            continue
        own = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''} {element.get('data-testid') or ''}"
        named = not own.isspace() and bool(_PRICE_NAME.search(own))  # most elements have no name at all
        direct = (element.text or "").strip() or any((child.tail or "").strip() for child in element)
        if not named and not direct:
            continue
        if not named and not _looks_like_price(str(element.text_content())):
            continue
        yield element


def _looks_like_price(text: str) -> bool:
    text = text.strip()
    return 1 < len(text) <= 40 and any(c.isdigit() for c in text) and _names_currency(text, read_price(text))


def _names_currency(text: str, reading: PriceReading) -> bool:
    """Tell whether a text names a currency; a single letter is one beside its number only ("R 499", never "Keyboard K65")."""
    written = reading.currency_text
    if written is None:
        return False
    if len(written) > 1 or not written.isalpha():
        return True
    return not any(c.isalpha() for c in text.replace(written, "", 1))


class _Place(NamedTuple):
    """Where the heading and the buy button stand in a page of so many elements."""

    heading: int | None
    button: int | None
    size: int

    def points(self, order: int) -> tuple[float, list[str]]:
        """Return what an element's place is worth, and why."""
        score, reasons = 0.0, []
        if self.heading is not None and order < self.heading:
            score -= 1.5
            reasons.append("above the heading")
        elif self.heading is not None:
            score += 3.0 * max(0.0, 1 - (order - self.heading) / max(150.0, self.size * 0.15))
            reasons.append(f"{order - self.heading} elements below the heading")
        if self.button is not None and abs(order - self.button) < 120:
            score += 2.0 * (1 - abs(order - self.button) / 120)
            reasons.append("beside the buy button")
        return score, reasons


def _points(element: HtmlElement, text: str, own: str, has_currency: bool) -> tuple[float, list[str]]:
    """Return what an element's names and text are worth, and why."""
    signs = (
        (has_currency, 2.0, "has a currency"),
        (bool(_PRICE_NAME.search(own)), 1.5, "named a price"),
        (bool(_MAIN_NAME.search(own)), 0.5, "named current"),
        (bool(element.get("itemprop")), 1.0, "itemprop"),
        (bool(_OTHER_NAME.search(_names(element))), -4.0, "in another part of the page"),
        (element.tag in {"h1", "h2", "b", "strong"}, 0.3, "set off"),
        (len(text) <= 20, 0.5, "nothing else in it"),
    )
    return sum(points for given, points, _ in signs if given), [why for given, _, why in signs if given]


def _kind(element: HtmlElement, text: str, own: str, said: PriceKind) -> PriceKind:
    """Return what an amount is the price of, by its markup and the words beside it."""
    if _is_struck(element) or _OLD_NAME.search(own) or marks_old(_before(element), 10**6):
        return PriceKind.OLD
    if said is not PriceKind.PRICE:
        return said
    if is_conditional(text) or is_conditional(own):
        return PriceKind.CONDITIONAL
    around = kind_of(_around(element, text))
    bid = bid_kind(_around(element, text))
    if bid is not None:
        return bid
    return around if around in {PriceKind.INSTALLMENT, PriceKind.SHIPPING, PriceKind.COUPON} else said


def _candidate(element: HtmlElement, order: int, place: _Place, country_currency: str | None) -> Candidate | None:
    text = re.sub(r"\s+", " ", _shown_text(element)).strip()
    if not text or len(text) > _LONGEST_TEXT or not any(c.isdigit() for c in text) or _is_hidden(element):
        return None
    reading = read_price(text, country_currency=country_currency)
    if reading.amount is None or reading.amount <= 0:
        return None
    own = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"
    kind = _kind(element, text, own, reading.kind)
    has_currency = _names_currency(text, reading)
    if not has_currency and not _PRICE_NAME.search(own):
        return None
    score, reasons = _points(element, text, own, has_currency)
    place_score, place_reasons = place.points(order)
    return Candidate(
        origin=Origin.VISIBLE,
        where=f"<{element.tag} class={(element.get('class') or '')[:60]!r} id={(element.get('id') or '')[:30]!r}>",
        text=text,
        amount=reading.amount,
        currency=reading.currency if has_currency else country_currency,
        kind=kind,
        list_price=reading.old_amount,
        is_currency_certain=reading.is_currency_certain,
        score=round(score + place_score, 2),
        reasons=reasons + place_reasons,
    )


def _shown_text(element: HtmlElement) -> str:
    """Return an element's text without what is struck through or for screen readers only inside it."""
    parts: list[str] = [element.text or ""]
    for child in element:
        if (
            isinstance(child.tag, str)
            and child.tag not in _STRUCK
            and child.tag not in _HIDDEN
            and not _is_struck(child)
        ):
            parts.append(_shown_text(child))
        parts.append(child.tail or "")
    joined = "".join(parts) if len(parts) <= 3 else " ".join(parts)
    # "1.299 <sup>99</sup>": cents are often set smaller, in an element of their own.
    return re.sub(r"(\d[.,]) (\d\d)\b", r"\1\2", joined)


def _is_struck(element: HtmlElement) -> bool:
    for one in (element, *list(element.iterancestors())[:3]):
        if one.tag in _STRUCK or "line-through" in (one.get("style") or ""):
            return True
    return False


def _is_hidden(element: HtmlElement) -> bool:
    for one in (element, *element.iterancestors()):
        style = (one.get("style") or "").replace(" ", "").lower()
        if "display:none" in style or one.tag in _HIDDEN or one.get("hidden") is not None:
            return True
    return False


def _names(element: HtmlElement) -> str:
    """Return the classes and ids of an element and its ancestors below the body."""
    parts = []
    for one in (element, *list(element.iterancestors())[:12]):
        if one.tag in {"body", "html"}:
            break
        parts.append(f"{one.get('class') or ''} {one.get('id') or ''}")
    return " ".join(parts)


def _before(element: HtmlElement) -> str:
    previous = element.getprevious()
    text = (previous.tail or "") if previous is not None else ""
    if not text.strip() and previous is not None and isinstance(previous.tag, str):
        text = str(previous.text_content())
    parent = element.getparent()
    if not text.strip() and previous is None and parent is not None:
        text = parent.text or ""
    return text.strip()[-40:]


def _around(element: HtmlElement, text: str) -> str:
    parent = element.getparent()
    if parent is None:
        return text
    around = re.sub(r"\s+", " ", str(parent.text_content())).strip()
    # A label belongs to the amount that it stands with alone: "Versand 4,90 €".
    return around if len(around) <= _LONGEST_TEXT and len(find_numbers(plain_digits(around))) == 1 else text
