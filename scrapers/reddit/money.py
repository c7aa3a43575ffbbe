"""Asking prices in free text: what is a price, what only looks like one (model numbers, sizes, shipping, budgets).

Belongs here: one line of text. Does not: which item a price belongs to (``items``), whose prices count (``title``).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from domain.written_amount import guess_amount

# "1,200", "1.200,50", "65,50" and "100": the last group of three digits after a separator is never a fraction.
_NUMBER = r"(?:\d{1,3}(?:[,.]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?)(?!\d|[.,]\d)"
_CODES = {"cad": "CAD", "cdn": "CAD", "ca": "CAD", "c": "CAD", "usd": "USD", "us": "USD", "eur": "EUR", "euro": "EUR", "euros": "EUR", "gbp": "GBP",
          "aud": "AUD", "au": "AUD", "a": "AUD", "chf": "CHF"}  # fmt: skip
_SIGNS = {"€": "EUR", "£": "GBP", "$": None}
# "$100", "CAD $100", "CA$100", "£90", "€1,200": a sign before; "40$", "700 CAD", "90€": one behind.
_BEFORE = (
    r"(?P<code1>\b(?:cad|cdn|ca|c|usd|us|aud|au|a)\s?)?(?P<sign1>[$€£])\s?"
    rf"(?P<amount1>{_NUMBER})(?:\s?(?P<code3>cad|cdn|usd|aud)\b)?"
)
_BEHIND = rf"(?<![\w.,])(?P<amount2>{_NUMBER})(?P<k>k)?\s?(?:(?P<sign2>[$€£])(?!\s?\d)|(?P<code2>cad|cdn|usd|eur(?:os?)?|gbp|aud|chf)\b)"
_UNIT = (
    r"(?:gb|tb|mb|w\b|watts?|hz|mhz|ghz|mm|cm|k\b|%|x\b|inch|\"|years?|months?|weeks?|days?|hours?|gen|ti\b|super|pcs|"
    r"pieces|people|trades?)"
)
# What is sold by the number of its model: asked for in trade as often as money is.
_MODEL = (
    r"(?!(?:9[678]0|10[5-8]0|16[56]0|20[678]0|30[5-9]0|40[6-9]0|50[5-9]0|5[567]00|6[4-9][05]0|7[6-9]00|90[67]0)(?!\d))"
)
# A bare number counts behind a word that asks for it, and only without a unit behind it; or before "shipped" and its like.
_ASKED = (
    r"\b(?:asking(?: price)?(?: for)?|looking (?:to get|for)|price[ds]?(?: at)?|want(?:ing)?|obo|sell(?:ing)? for)\s*[:\-]?\s*"
    rf"{_MODEL}(?P<amount3>\d{{2,}}(?:[,.]\d{{3}})*(?:[.,]\d{{1,2}})?(?!\d|[.,]\d))(?!\s?{_UNIT})(?![\w])"
)
_BARE = rf"(?<![\w.,$€£/-]){_MODEL}(?P<amount4>\d{{2,5}})\s?(?:-\s?)?(?=(?:shipped|obo|o\.b\.o|firm)\b)"
_ASKED_K = r"\b(?:asking|price[ds]?|sell(?:ing)? for)\s*[:\-]?\s*(?P<amount5>\d+(?:\.\d{1,2})?)(?=k\b)"
_PRICE = re.compile(f"{_ASKED_K}|{_BEFORE}|{_BEHIND}|{_ASKED}|{_BARE}", re.IGNORECASE)
_K = re.compile(r"^\s?k\b", re.IGNORECASE)
_STORE = r"(?:e-?bay|amazon|newegg|best ?buy|micro ?center|retail\w*|msrp)"
_NOT_AN_ASK = re.compile(
    r"\badd(?:ing|itional)?(?: about| around)?\s*$|\bplus\s*$|\+\s*$|\boff(?:ering)?(?: up to)?\s*$|\bbudget\b|"
    r"\bup to\s*$|\bpaid\b[^.$€£]{0,15}$|\bpay(?:ing)?\s*$|\b(?:i'?d|will|would|willing to|to) pay\b.{0,20}$|\bretail(?:s|ed)?(?: for| at| price)?\s*:?\s*$|"
    r"\bmsrp\b[^.,$€£]{0,12}$|\bworth\s*$|\bvalued? (?:at|of|is)?\s*$|\bsold\b[^.!\n]{0,20}\bfor\s*$|\(\s*sold\s*(?:for|at)?\s*$|\b(?:bought|purchased|got)\b[^.!\n]{0,30}\b(?:for|at)\s*$|"
    r"\bnew (?:for|at)\s*$|\bwas\s*$|\bdown from\s*$|\breduced from\s*$|\boriginally\b.{0,15}$|\boriginal(?: retail)? (?:price|cost)\b[^.$€£]{0,10}$|\bdeposit of\s*$|\bsave\s*$|\bspend(?:ing)?\b.{0,15}$|"
    r"\b(?:over|under|below|above|less than|more than|at least|minimum(?: of)?|cheaper than)\s*$|"
    rf"\b(?:on|at|from) {_STORE}\b(?: (?:right )?now)?(?: (?:for|at|is|are|was|around|about))+\s*$|"
    rf"\b{_STORE} (?:sold|prices?|listings?|comps?|average)\b[^.$€£]{{0,30}}$",
    re.IGNORECASE,
)
# "Shipping to Canada should be around $10", "shipping: $12"; not "shipping included: $100" and not "shipped for $100".
_SHIPPING_BEFORE = re.compile(
    r"\b(?:shipping|ship|postage|delivery|s/?h|insurance)\b(?!\s*(?:is )?incl|\s*[.!])(?:(?!\bincl)[^.;!$€£]){0,60}?"
    r"(?:\b(?:is|are|be|costs?|around|about|approx\w*|roughly|for|at|extra|an|adds?|rate|fee|least)|[:=+~(-]|\bshipping)\s*$|"
    r"\b(?:shipping|postage|delivery)\s*$",
    re.IGNORECASE,
)
_SHIPPING_BEHIND = re.compile(
    r"^\s*(?:for|extra for|to|flat(?: rate)?|towards?|of|in)?\s*(?:shipping|ship\b|delivery|postage|for shipping|insurance)(?!\s+(?:is )?incl)",
    re.IGNORECASE,
)
_OTHER_BEHIND = re.compile(
    rf"^\s*(?:off\b|less\b|more\b|extra\b|discount\b|in fees\b|fees?\b|deposit\b|msrp\b|retail\b|value\b|worth\b|new (?:from|at|on)\b|on {_STORE}\b|"
    r"at (?:retail|msrp)\b|(?:[a-z]+ ){0,2}(?:gift ?cards?|gc|vouchers?|credits?)\b)",
    re.IGNORECASE,
)
_BETWEEN_RANGE = re.compile(r"\s?(?:-|\u2013|\u2014|to)\s?")
# "$500 -> $450", "$500 now $450": the second is the price.
_BETWEEN_DROP = re.compile(r"\s?(?:-+|\u2013|\u2192|now|,? now|to)\s?>?\s?", re.IGNORECASE)
_RANGE_BEHIND = re.compile(rf"^[-\u2013\u2014](?P<upper>{_NUMBER})(?![\w])")
_SHIPPED = re.compile(
    r"[^\w]{0,3}\s*(?:cad|usd)?\s*(?:obo |firm |each )?"
    r"(?:shipped(?!\s*[:\-]?\s*[$€£\d])|shipping included|incl\w* shipping)",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"[^\w]{0,3}\s*(?:cad|usd)?\s*(?:shipped )?(?:/?\s?ea(?:ch)?\b|per\b|apiece|/(?=[a-z]))", re.IGNORECASE
)
_NEGOTIABLE = re.compile(r"\bobo\b|\bo\.b\.o\b|\bor best offer\b", re.IGNORECASE)


class Ask(NamedTuple):
    """An amount asked for.

    Attributes:
        currency: ISO 4217 where the text names one; None for a dollar sign or a bare number.
        is_dollar: a dollar sign without its country stands there.
        is_range: the lower end of a range ("$90-$350"): no price of one thing.
        is_shipped: shipping is in the price.
        is_each: for one of several.
        is_negotiable: "obo".
    """

    start: int
    end: int
    amount: Decimal
    currency: str | None
    is_dollar: bool
    is_range: bool
    is_shipped: bool
    is_each: bool
    is_negotiable: bool


def find_asks(line: str) -> list[Ask]:
    """Return the asking prices of a line, in order; amounts for shipping, budgets and former prices are none."""
    found: list[Ask] = []
    refused: tuple[int, Decimal] | None = None
    for match in _PRICE.finditer(line):
        before, behind = line[: match.start()], line[match.end() :]
        text = next(filter(None, (match.group(f"amount{number}") for number in range(1, 6))))
        amount = guess_amount(text) * (1000 if match.group("k") or _K.match(behind) else 1)
        last = found[-1] if found else None
        if last and amount > last.amount and _BETWEEN_RANGE.fullmatch(line[last.end : match.start()]):
            found[-1] = last._replace(is_range=True, end=match.end())
            continue
        if last and amount < last.amount and _BETWEEN_DROP.fullmatch(line[last.end : match.start()]):
            found.pop()
        ends_refused = refused and amount > refused[1] and _BETWEEN_RANGE.fullmatch(line[refused[0] : match.start()])
        if amount <= 0 or ends_refused or _is_no_ask(before[-90:], behind):
            refused = match.end(), amount
            continue
        upper = _RANGE_BEHIND.match(behind)
        code = match.group("code1") or match.group("code3") or match.group("code2")
        sign = match.group("sign1") or match.group("sign2")
        currency = _CODES.get(code.strip().lower()) if code else _SIGNS.get(sign or "")
        found.append(
            Ask(
                start=match.start(),
                end=match.end(),
                amount=amount,
                currency=currency,
                is_dollar=sign == "$" and currency is None,
                is_range=bool(upper and amount < guess_amount(upper.group("upper")) <= 3 * amount),
                is_shipped=bool(_SHIPPED.match(behind)),
                is_each=bool(_EACH.match(behind)),
                is_negotiable=bool(_NEGOTIABLE.search(behind[:30])),
            )
        )
    return _without_asides(line, found)


def _without_asides(line: str, asks: list[Ask]) -> list[Ask]:
    """Leave out amounts in brackets where one outside follows: "switches (90 at $2.70 for 10) - $20"."""
    depths = [line[: ask.start].count("(") - line[: ask.start].count(")") for ask in asks]
    last = max((place for place, depth in enumerate(depths) if depth <= 0), default=-1)
    return [ask for place, ask in enumerate(asks) if depths[place] <= 0 or place > last]


def _is_no_ask(before: str, behind: str) -> bool:
    return bool(
        _NOT_AN_ASK.search(before)
        or _SHIPPING_BEFORE.search(before)
        or _SHIPPING_BEHIND.match(behind)
        or _OTHER_BEHIND.match(behind)
    )
