"""A price string as people write it: amount, currency, and what it is the price of.

price-parser (scrapinghub) reads most plain strings right; on the labelled strings of ``benchmarks/shops.py`` it fails
on currencies that several words or scripts write, on old and new prices in one text, and it knows neither three-decimal
currencies nor kinds. The grammar here covers both; the benchmark prints them side by side.

Belongs here: one string. Does not: where on a page a string stands (``candidates``).
"""

from __future__ import annotations

import functools
import json
import re
import sys
from decimal import Decimal
from typing import TextIO

import msgspec

from domain.price_kind import PriceKind
from domain.written_amount import guess_amount, read_amount
from scrapers.shop.amounts import Number, find_numbers, plain_digits
from scrapers.shop.currencies import AMBIGUOUS, Found, find_currencies, iso_of, resolve
from scrapers.shop.price_words import is_old_price, kind_of, marks_current, marks_old

_LONGEST = 2000
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2060\ufeff]")
# "1250€60", "12 € 90": the sign stands where the separator would.
_SIGN_AS_SEPARATOR = re.compile(r"(?<![\d.,])(\d+) ?(€) ?(\d\d)(?![\d.,])")


class PriceReading(msgspec.Struct, frozen=True, kw_only=True):
    """What a string says.

    Attributes:
        amount: major units; None where the string holds no price.
        currency: ISO 4217; None where nothing tells it.
        currency_text: as written.
        highest: upper end of a range.
        old_amount: a second, struck or former price in the same string.
        is_currency_certain: False for signs that several countries share (``$``, ``kr``) and nothing decides.
    """

    amount: Decimal | None = None
    currency: str | None = None
    currency_text: str | None = None
    kind: PriceKind = PriceKind.NONE
    highest: Decimal | None = None
    old_amount: Decimal | None = None
    is_currency_certain: bool = False


# A page repeats its prices, and each is asked for as a candidate and as its text.
@functools.lru_cache(maxsize=1024)
def read_price(
    text: str,
    *,
    currency_hint: str | None = None,
    country_currency: str | None = None,
    decimal_separator: str | None = None,
) -> PriceReading:
    """Read one price string; never raises.

    Args:
        text: as a page shows it; longer than 2,000 characters is cut.
        currency_hint: what stands beside the string in the page (``€``, ``PLN``), used where the string names none.
        country_currency: ISO code of the page's country; decides what ``$`` or ``kr`` is.
        decimal_separator: ``.`` or ``,`` where it is known.
    """
    plain = plain_digits(_INVISIBLE.sub("", text[:_LONGEST]))
    plain = _SIGN_AS_SEPARATOR.sub(r"\1.\3\2", plain)
    currencies = find_currencies(plain)
    numbers = [number for number in find_numbers(plain) if not _is_no_amount(plain, number)]
    kind = kind_of(plain)
    if kind is PriceKind.FREE_DELIVERY:
        return PriceReading(kind=kind)
    chosen, currency = _choose(plain, numbers, currencies)
    if chosen is None:
        if _says_free(plain):
            return PriceReading(amount=Decimal(0), kind=PriceKind.PRICE)
        return PriceReading(currency=None, kind=PriceKind.NONE)
    iso, written, certain = _currency(currency, currency_hint, country_currency)
    amount = _amount(chosen, iso, decimal_separator)
    others = [_amount(other, iso, decimal_separator) for other in numbers if other is not chosen]
    highest, old = None, None
    if kind in {PriceKind.PRICE, PriceKind.RANGE}:
        after = _next_priced(plain, numbers, chosen, currencies)
        if after is not None:
            second = _amount(after, iso, decimal_separator)
            if re.fullmatch(r"[^\d]{0,12}?[-\u2013\u2014~][^\d]{0,8}|.{0,12}\b(?:to|bis|do|a|à|до)\b.{0,8}",
                            plain[chosen.end : after.start]) and second > amount:  # fmt: skip
                highest, kind = second, PriceKind.RANGE
            elif second > amount or marks_old(plain, after.start):
                old = second
    if old is None and len(others) == 1 and others[0] > amount and is_old_price(plain):
        old = others[0]
    return PriceReading(
        amount=amount,
        currency=iso,
        currency_text=written,
        kind=kind,
        highest=highest,
        old_amount=old,
        is_currency_certain=certain,
    )


def _amount(number: Number, iso: str | None, separator: str | None) -> Decimal:
    if number.is_whole_marked:
        return Decimal(re.sub(r"\D", "", number.text))
    known = read_amount(number.text, decimal_sign=separator) if separator in {".", ","} else None
    return guess_amount(number.text, currency=iso) if known is None else known


def _is_no_amount(text: str, number: Number) -> bool:
    """Tell a percentage, a count in brackets or part of a word (``RTX4070``, ``p123``) from an amount."""
    after = text[number.end :]
    percent = re.match(r"\s?[%\uff05\u066a]", after)
    counted = after.startswith(")") and text[: number.start].endswith("(")
    return percent is not None or counted


def _choose(text: str, numbers: list[Number], currencies: list[Found]) -> tuple[Number | None, Found | None]:
    """Return the number that is the price and the currency beside it."""
    if not numbers:
        return None, None
    pairs = []
    for number in numbers:
        beside = [(gap, found) for found in currencies if (gap := _gap(text, number, found)) is not None]
        if beside:
            # "10 € 20 €": a sign belongs to the number before it as soon as one does so in this text.
            pairs.append((number, min(beside, key=lambda pair: (pair[0], pair[1].start > number.start))[1]))
    if pairs:
        pairs = [(number, _code_beside(currencies, found)) for number, found in pairs]
    lower = _lower_end(text, numbers, pairs)
    if lower is not None:
        return lower
    current = [pair for pair in pairs if marks_current(text, pair[0].start)]
    if current:
        return current[0]
    fresh = [pair for pair in pairs if not marks_old(text, pair[0].start)]
    if fresh or pairs:
        return (fresh or pairs)[0]
    lone = currencies[0] if currencies else None
    if lone is None:
        marked = [number for number in numbers if marks_current(text, number.start)]
        return (marked or numbers)[0], None
    nearest = min(numbers, key=lambda number: min(abs(number.start - lone.end), abs(lone.start - number.end)))
    return nearest, lone


def _code_beside(currencies: list[Found], found: Found) -> Found:
    """Return the code that a shared sign is written together with (``$1,190.00 AUD``), else the sign itself."""
    if not found.is_ambiguous:
        return found
    codes = [
        one for one in currencies if not one.is_ambiguous and found.iso in AMBIGUOUS and one.iso in AMBIGUOUS[found.iso]
    ]
    return codes[0] if codes else found


def _lower_end(text: str, numbers: list[Number], pairs: list[tuple[Number, Found]]) -> tuple[Number, Found] | None:
    """Return the lower end of ``from 26 to 50 €``, whose sign stands at the upper end only."""
    for number, found in pairs:
        before = [one for one in numbers if one.end <= number.start]
        if before and re.fullmatch(r"\s?(?:to|bis|do|a|à|до|[-\u2013\u2014])\s?", text[before[-1].end : number.start]):
            priced = any(one is before[-1] for one, _ in pairs)
            return None if priced else (before[-1], found)
    return None


def _gap(text: str, number: Number, found: Found) -> int | None:
    """Return how many characters lie between a number and a currency beside it; None where it is not beside."""
    between = text[number.end : found.start] if found.start >= number.end else text[found.end : number.start]
    if found.start < number.end and found.end > number.start:
        return None
    return len(between) if re.fullmatch(r"[\s\u00a0\u202f:.\-\u2013=]{0,4}", between) else None


def _next_priced(text: str, numbers: list[Number], chosen: Number, currencies: list[Found]) -> Number | None:
    for number in numbers:
        if number.start > chosen.start:
            beside = any(_gap(text, number, found) is not None for found in currencies)
            return number if beside or number.text.count(".") + number.text.count(",") else None
    return None


def _currency(
    found: Found | None, hint: str | None, country_currency: str | None
) -> tuple[str | None, str | None, bool]:
    if found is not None:
        if not found.is_ambiguous:
            return found.iso, found.text, True
        hinted = None if hint is None else _hinted(hint)
        iso = resolve(found.iso, country_currency=hinted or country_currency)
        return iso, found.text, country_currency is not None
    if hint is not None:
        hinted = _hinted(hint)
        if hinted is not None:
            return resolve(hinted, country_currency=country_currency), hint.strip(), True
    return country_currency, None, False


def _hinted(hint: str) -> str | None:
    whole = iso_of(hint)
    if whole is not None:
        return whole
    found = find_currencies(plain_digits(hint))
    return found[0].iso if found else None


def _says_free(text: str) -> bool:
    return bool(
        re.fullmatch(r"\W*(?:free|gratis|kostenlos|gratuit[eo]?|za darmo|бесплатно|zdarma|ingyenes)\W*", text, re.I)
    )


def reading_as_json(text: str, reading: PriceReading) -> dict[str, object]:
    """Return a reading as the plain JSON values that the command prints (amounts as decimal strings)."""

    def amount(value: Decimal | None) -> str | None:
        return None if value is None else format(value, "f")

    return {
        "text": text,
        "amount": amount(reading.amount),
        "currency": reading.currency,
        "currency_text": reading.currency_text,
        "kind": str(reading.kind),
        "highest": amount(reading.highest),
        "old_amount": amount(reading.old_amount),
    }


def main(lines: TextIO, out: TextIO) -> None:
    """Read price strings, one a line, and write one JSON object each."""
    for line in lines:
        text = line.rstrip("\r\n")
        out.write(json.dumps(reading_as_json(text, read_price(text)), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
