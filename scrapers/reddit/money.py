"""Asking prices in free text: what is a price, what only looks like one (model numbers, sizes, budgets).

Belongs here: one line of text. Does not: which item a price belongs to (``items``).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

_NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?)"
_CODES = {"cad": "CAD", "cdn": "CAD", "usd": "USD", "us": "USD", "eur": "EUR", "gbp": "GBP", "aud": "AUD", "chf": "CHF"}
_SIGNS = {"€": "EUR", "£": "GBP", "$": None}
# "$100", "CAD $100", "£90", "€1,200": a sign before; "40$", "700 CAD", "90€": one behind.
_BEFORE = rf"(?P<code1>\b(?:cad|cdn|usd|us|aud)\s?)?(?P<sign1>[$€£])\s?(?P<amount1>{_NUMBER})(?:\s?(?P<code3>cad|cdn|usd|aud)\b)?"
_BEHIND = rf"(?<![\w.,])(?P<amount2>{_NUMBER})\s?(?:(?P<sign2>[$€£])|(?P<code2>cad|cdn|usd|eur|gbp|aud|chf)\b)"
# A bare number counts behind a word that asks for it, and only without a unit behind it.
_ASKED = (
    r"\b(?:asking(?: price)?(?: for)?|looking (?:to get|for)|price[ds]?(?: at)?|want(?:ing)?|obo|sell(?:ing)? for)\s*[:\-]?\s*"
    rf"(?P<amount3>{_NUMBER})(?!\s?(?:gb|tb|mb|w\b|watts?|hz|mhz|ghz|mm|cm|k\b|%|x\b|inch|\"|years?|months?|gen|ti\b|super))(?![\w])"
)
_PRICE = re.compile(f"{_BEFORE}|{_BEHIND}|{_ASKED}", re.IGNORECASE)
_K = re.compile(r"^\s?k\b", re.IGNORECASE)
_NOT_AN_ASK = re.compile(
    r"\badd(?:itional)?\s*$|\bplus\s*$|\+\s*$|\boff(?:ering)?(?: up to)?\s*$|\bbudget\b|\bup to\s*$|\bpaid\s*$|\bretail(?:s)?(?: for| at| price)?\s*:?\s*$|"
    r"\bmsrp\s*:?\s*$|\bworth\s*$|\bsold\b.{0,20}\bfor\s*$|\bbought\b.{0,20}\bfor\s*$|\bnew (?:for|at)\s*$|\bwas\s*$|\boriginally\b.{0,15}$|\bsave\s*$|"
    r"\bspend(?:ing)?\b.{0,15}$",
    re.IGNORECASE,
)
_SHIPPING_BEHIND = re.compile(
    r"^\s*(?:for|extra for|flat(?: rate)?)?\s*(?:shipping|ship\b|delivery|postage|for shipping)(?!\s+(?:is )?incl)",
    re.IGNORECASE,
)
_OFF_BEHIND = re.compile(r"^\s*off\b", re.IGNORECASE)


class Ask(NamedTuple):
    """An amount asked for.

    Attributes:
        currency: ISO 4217 where the text names one; None for a bare sign or number.
        is_shipped: shipping is in the price.
        is_each: for one of several.
        is_negotiable: "obo".
    """

    start: int
    end: int
    amount: Decimal
    currency: str | None
    is_shipped: bool
    is_each: bool
    is_negotiable: bool


def find_asks(line: str) -> list[Ask]:
    """Return the asking prices of a line, in order; amounts for shipping, budgets and former prices are none."""
    found = []
    for match in _PRICE.finditer(line):
        before, behind = line[: match.start()], line[match.end() :]
        if _NOT_AN_ASK.search(before[-40:]) or _SHIPPING_BEHIND.match(behind) or _OFF_BEHIND.match(behind):
            continue
        text = match.group("amount1") or match.group("amount2") or match.group("amount3")
        amount = Decimal(text.replace(",", ""))
        if _K.match(behind):
            amount *= 1000
        if amount <= 0:
            continue
        code = match.group("code1") or match.group("code3") or match.group("code2")
        sign = match.group("sign1") or match.group("sign2")
        currency = _CODES.get(code.strip().lower()) if code else _SIGNS.get(sign or "")
        found.append(
            Ask(
                match.start(),
                match.end(),
                amount,
                currency,
                bool(
                    re.match(
                        r"[^\w]{0,3}\s*(?:cad|usd)?\s*(?:shipped|shipping included|incl\w* shipping)",
                        behind,
                        re.IGNORECASE,
                    )
                ),
                bool(
                    re.match(
                        r"[^\w]{0,3}\s*(?:cad|usd)?\s*(?:shipped )?(?:/?\s?ea(?:ch)?\b|per\b|apiece|/)",
                        behind,
                        re.IGNORECASE,
                    )
                ),
                bool(re.search(r"\bobo\b|\bor best offer\b", behind[:30], re.IGNORECASE)),
            )
        )
    return found
