"""Single values of UZEX answers: numbers, times, texts, currencies, who is a person.

Belongs here: pure checks of one value. Does not: record shapes (``parse_rows``, ``parse_items``), page shapes.

Facts of recordings of 2025-12: amounts are JSON floats in so'm with up to two decimals; times are written without a
zone and are Asia/Tashkent (UTC+5, no summer time since 1992); names hold HTML entities, leading newlines and mixed
alphabets; the currency of an item is the word "Сом".
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from domain.money import MAX_AMOUNT, MoneyError, parse_currency
from domain.page import RejectedRecord

TASHKENT = timezone(timedelta(hours=5), "Asia/Tashkent")
MAX_RECORD_BYTES = 64 * 1024
_MAX_TEXT = 10_000
_MAX_DECIMALS = 12
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_ID = re.compile(r"[0-9]{1,20}")
# Uzbek texts write their apostrophe in half a dozen ways.
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bb\u02bc`\u00b4", "'"))
# Cyrillic letters that look like Latin ones: texts mix the two alphabets, within a word too.
_ALIKE = str.maketrans("авекмнорстух", "abekmhopctyx")
# A sole trader is a private person. Legal entities have tax numbers of nine digits that begin with 2 or 3.
_SOLE_TRADER = re.compile(
    r"\b(?:ya?tt|ятт|ип)\b|yakka\s+tartib|якка\s+тартиб|индивидуальн\w*\s+предприним|sole\s+trader"
)
_COMPANY_NUMBER = re.compile(r"[23][0-9]{8}")
_PARTIES = frozenset({
    "customer_name", "provider_name", "seller_name", "customer_inn", "provider_inn", "seller_tin", "phone", "email",
})  # fmt: skip
_TAX_NUMBER = re.compile(r"[0-9]{9}")


class ValueReadError(ValueError):
    """A value that cannot be read; the message names the field and what is wrong with it."""


def loads(body: bytes) -> object:
    """Parse JSON with exact numbers: fractions are ``Decimal``, NaN and Infinity are texts that no amount accepts.

    Raises:
        ValueError: where the bytes are no JSON (too deep nesting included).
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=str)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def record_bytes(record: object) -> bytes:
    """Return a record for the quarantine, at most 64 KiB of it, without the parties' names: they may be persons'."""
    if isinstance(record, dict):
        record = {name: value for name, value in record.items() if str(name).lower() not in _PARTIES}
    try:
        return json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")[
            :MAX_RECORD_BYTES
        ]
    except (ValueError, RecursionError):
        return repr(type(record)).encode()


def reject(index: int, reason: str, record: object) -> RejectedRecord:
    """Return a record for the quarantine."""
    return RejectedRecord(index=index, reason=reason[:500], record=record_bytes(record))


def text(value: object) -> str | None:
    """Return a text with entities decoded and white space made single; None where it is absent or blank."""
    if not isinstance(value, str):
        return None
    tidy = " ".join(_CONTROL.sub(" ", html.unescape(value[: 2 * _MAX_TEXT])).split())
    return tidy[:_MAX_TEXT] or None


def identity(value: object, field: str) -> str:
    """Return an id as text.

    Raises:
        ValueReadError: where it is missing or not a number.
    """
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and value.adjusted() < 20
        and value == value.to_integral_value()
    ):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueReadError(f"{field}: {'missing' if value is None else f'not an id but {type(value).__name__}'}")
    # int first: the text of a huge number is refused by Python itself.
    written = str(value).strip() if not isinstance(value, int) or abs(value) < 10**20 else ""
    if not _ID.fullmatch(written) or not written.strip("0"):
        raise ValueReadError(f"{field}: not an id: {written[:40]!r}")
    return written


def optional_number(value: object, field: str) -> Decimal | None:
    """Return a finite number of at least 0 as an exact decimal, None where the field is null or absent.

    Raises:
        ValueReadError: for anything else, negative, not finite or absurd numbers.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueReadError(f"{field}: not a number but {type(value).__name__} {str(value)[:40]!r}")
    if isinstance(value, int) and not -MAX_AMOUNT <= value <= MAX_AMOUNT:
        raise ValueReadError(f"{field}: out of range")
    number = Decimal(value)
    if not number.is_finite() or number < 0 or number > MAX_AMOUNT:
        raise ValueReadError(f"{field}: out of range: {str(value)[:40]!r}")
    if not number:
        return Decimal(0)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_MAX_DECIMALS:
        raise ValueReadError(f"{field}: more than {_MAX_DECIMALS} decimals: {str(value)[:40]!r}")
    return plain(number)


def plain(number: Decimal) -> Decimal:
    """Return the number without trailing zeros and without an exponent: 15120.0 and 1.512E+4 are 15120."""
    tidy = number.normalize()
    return tidy.quantize(Decimal(1)) if tidy == tidy.to_integral_value() else tidy


def count(value: object) -> int | None:
    """Return a whole number that fits 32 bits, None where it is absent or anything else; a counter costs no record."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    if isinstance(value, Decimal) and (not value.is_finite() or value.adjusted() > 12):
        return None
    return int(value) if 0 <= value < 2**31 and value == int(value) else None


def moment(value: object) -> datetime | None:
    """Return UTC of a time written without zone in Tashkent's; None where it is absent or no time."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        then = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if not 1990 <= then.year <= 2200:
        return None
    return (then if then.tzinfo else then.replace(tzinfo=TASHKENT)).astimezone(UTC)


def fold(words: str) -> str:
    """Return words for comparison: without case, accents, and differences between apostrophes or look-alike letters."""
    apart = unicodedata.normalize("NFKD", words.translate(_APOSTROPHES).casefold())
    return "".join(one for one in apart if not unicodedata.combining(one)).translate(_ALIKE)


# Words as the site writes them, by language; the Kyrgyz som is not traded there.
_CURRENCIES = {
    fold(word): code
    for code, words in {
        "UZS": ("сом", "сум", "сўм", "so'm", "som", "sum", "узбекский сум", "o'zbek so'mi", "ўзбек сўми"),
        "USD": ("доллар", "доллар сша", "aqsh dollari", "ақш доллари"),
        "EUR": ("евро", "yevro", "evro"),
        "RUB": ("рубль", "российский рубль", "rossiya rubli"),
    }.items()
    for word in words
}


def currency(*values: object) -> str | None:
    """Return the ISO 4217 code of the first code or word that is understood, None where none is; never assumed."""
    for value in values:
        word = text(value)
        if word is None:
            continue
        known = _CURRENCIES.get(fold(word))
        if known:
            return known
        if word.isascii() and len(word) == 3:
            try:
                return parse_currency(word)
            except MoneyError:
                continue
    return None


def flag(value: object) -> bool | None:
    """Return true or false of 0, 1, 0.0, true ..., else None."""
    return bool(value) if isinstance(value, (bool, int, Decimal)) and value in {0, 1} else None


def party(number: object, name: object) -> tuple[str | None, str | None]:
    """Return tax number and name of a buyer or seller; of a private person the name is not kept.

    Args:
        number: ``customer_inn``, ``provider_inn``, ``seller_tin``. Null for sole traders in the recordings; a personal
            number of 14 digits (PINFL) is not kept either.
        name: kept only where the number is a company's and the name has no sole trader's word ("YTT ...").
    """
    tax = text(str(number)) if isinstance(number, (str, int)) and not isinstance(number, bool) else None
    if tax is None or not _TAX_NUMBER.fullmatch(tax):
        return None, None
    called = text(name)
    if called is None or not _COMPANY_NUMBER.fullmatch(tax) or _SOLE_TRADER.search(called.casefold()):
        return tax, None
    return tax, called[:500]


def lower_keys(record: Mapping[str, object]) -> dict[str, object]:
    """Return a record with names in lower case: the tender service writes ``Order_Num`` for ``order_num``."""
    return {str(name).lower(): value for name, value in record.items()}
