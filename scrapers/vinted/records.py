"""What both parsers share: texts, amounts, addresses, labels, and a record that cannot become a listing.

Belongs here: small pure checks of one value. Does not: page shapes (``parse_json``, ``parse_html``).
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from domain.condition import Condition
from domain.money import MoneyError, is_usual_number, parse_amount, parse_currency
from domain.page import RejectedRecord
from domain.written_amount import guess_amount
from scrapers.vinted.conditions import BRAND_KEYS, CONDITION_KEYS, SIZE_KEYS, condition_of_label, fold

MAX_RECORD_BYTES = 64 * 1024
_MAX_AMOUNT_TEXT = 40
_MAX_ID = 128
_MAX_TEXT = 100_000
# 2008-10, Vinted's founding year; nothing on the site is older, nothing is from the far future.
_EARLIEST, _LATEST = 1_200_000_000, 7_258_118_400

_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_AMOUNT = (
    r"(?:(?P<{0}sign1>[^\d\s.,:;-]{{1,4}})[\s\u00a0\u202f]*(?P<{0}number1>\d[\d.,\s\u00a0\u202f']*)"
    r"|(?P<{0}number2>\d[\d.,\s\u00a0\u202f']*?)[\s\u00a0\u202f]*(?P<{0}sign2>[^\d\s.,:;-]{{1,4}}\.?))"
)
_ONE_AMOUNT = re.compile(_AMOUNT.format("a"))
_SIGNS = {"€": "EUR", "£": "GBP", "zł": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "$": "USD", "us$": "USD"}
_KRONER = {"SEK", "DKK"}
_LETTERS = re.compile(r"[a-z]{3}")
_DIGIT = re.compile(r"\d")
_DIGIT_OR_COLON = re.compile(r"[\d:]")
_MAX_LABEL = 4000


class RecordError(ValueError):
    """A record cannot become a listing; the message names the field and what is wrong with it."""


class Price(NamedTuple):
    """An amount in major units of an ISO 4217 currency."""

    amount: Decimal
    currency: str


def reject(index: int, reason: str, record: bytes) -> RejectedRecord:
    """Return the record for quarantine, its bytes cut to 64 KiB."""
    return RejectedRecord(index=index, reason=reason[:500], record=bytes(record[:MAX_RECORD_BYTES]))


def clean_text(value: str) -> str:
    """Return a text that a database can hold: no NUL, no control characters, no lone surrogates; else as it came."""
    if value.isprintable():
        return value[:_MAX_TEXT]
    return _BAD.sub("", value)[:_MAX_TEXT]


def optional_text(value: object) -> str | None:
    """Return a text, or None where it is absent, not a text, or blank."""
    if value is None or not isinstance(value, str):
        return None
    text = value if len(value) <= _MAX_TEXT and value.isprintable() else clean_text(value)
    return text if text and not text.isspace() else None


def external_id(value: object, field: str = "id") -> str:
    """Return an id as text; the anonymised recordings' words are ids, too.

    Raises:
        RecordError: where it is missing, negative or not an id.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise RecordError(f"{field}: {'missing' if value is None else f'not an id but {type(value).__name__}'}")
    if isinstance(value, int):
        if not 0 < value < 10**20:
            raise RecordError(f"{field}: out of range")
        return str(value)
    text = value.strip()
    if not text or len(text) > _MAX_ID or _BAD.search(text) or re.fullmatch(r"[-+][0-9]+", text):
        raise RecordError(f"{field}: not an id: {text[:40]!r}")
    return text


def amount(value: object, field: str) -> Decimal:
    """Return an amount from a decimal text or an integer.

    Raises:
        RecordError: for anything else, negative, not finite or absurd amounts.
    """
    if type(value) is str and is_usual_number(value):
        return Decimal(value)
    if isinstance(value, str) and len(value) > _MAX_AMOUNT_TEXT:
        raise RecordError(f"{field}: not an amount ({len(value)} characters)")
    try:
        return parse_amount(value)
    except MoneyError as error:
        raise RecordError(f"{field}: {error}") from error


def currency(value: object, field: str) -> str:
    """Return an ISO 4217 code.

    Raises:
        RecordError: where it is none.
    """
    try:
        return parse_currency(value)
    except MoneyError as error:
        raise RecordError(f"{field}: {error}") from error


def absolute_url(value: object, *, base: str, fallback: str) -> str:
    """Return an absolute http(s) address; ``fallback`` where the given one is missing or of another kind."""
    text = optional_text(value)
    if text is None:
        return fallback
    text = text.strip()
    if text.startswith("/") and not text.startswith("//"):
        return base + text
    try:
        joined = urljoin(base + "/", text)
        parts = urlsplit(joined)
    except ValueError:
        return fallback
    return joined if parts.scheme in {"http", "https"} and parts.netloc else fallback


def web_address(value: object) -> str | None:
    """Return an image address if it is an absolute http(s) one."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return None
    return value if len(value) <= _MAX_TEXT and value.isprintable() else clean_text(value)


def moment(value: object) -> datetime | None:
    """Return UTC from Unix seconds; None where it is absent or cannot be a time on the site."""
    if isinstance(value, bool) or not isinstance(value, int) or not _EARLIEST <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value, tz=UTC)


# ---------------------------------------------------------------- prices as written for people


def written_price(text: str, site_currency: str) -> Price | None:
    """Read a price as the site writes it: ``€ 1299,00``, ``£56.02``, ``4829.82 Kč``; None where it is none."""
    match = _ONE_AMOUNT.fullmatch(text.strip()[:80])
    return _price_of(match, "a", site_currency) if match else None


def _price_of(match: re.Match[str], prefix: str, site_currency: str) -> Price | None:
    groups = match.groupdict()
    sign = (groups[f"{prefix}sign1"] or groups[f"{prefix}sign2"] or "").casefold().rstrip(".")
    number = groups[f"{prefix}number1"] or groups[f"{prefix}number2"] or ""
    code = _SIGNS.get(sign)
    if sign == "kr" and site_currency in _KRONER:
        code = site_currency
    elif code is None and _LETTERS.fullmatch(sign):
        code = sign.upper()
    if code is None:
        return None
    try:
        return Price(parse_amount(guess_amount(number)), code)
    except MoneyError:
        return None


# ---------------------------------------------------------------- the accessibility label


class Label(NamedTuple):
    """A card's label taken apart: ``title, Merk: B, Staat: C, Maat: S, 450.00 €, 473.20 €``."""

    title: str
    brand: str | None
    condition: str | None
    size: str | None
    price: Price | None
    total: Price | None


def read_label(label: str, site_currency: str, known: tuple[str, ...] = ()) -> Label:
    """Take a label apart from its end, since titles hold commas and colons of their own.

    Args:
        label: with entities already decoded.
        site_currency: decides what ``kr`` means.
        known: values shown elsewhere on the card (brand, size, condition); a part ``key: value`` with one of these is
            a field even where the key's language is not known.
    """
    segments = label[:_MAX_LABEL].split(", ")
    prices: list[Price] = []
    while len(segments) > 1 and len(prices) < 2:
        price = _leading_price(segments[-1], site_currency)
        if price is None:
            if prices or not _is_closing_remark(segments[-1]):
                break
        else:
            prices.insert(0, price)
        segments.pop()
    fields, title = _label_fields(segments, {fold(value) for value in known if value})
    return Label(
        title=title,
        brand=fields.get("brand"),
        condition=fields.get("condition"),
        size=fields.get("size"),
        price=prices[0] if prices else None,
        total=prices[1] if len(prices) > 1 else None,
    )


def _leading_price(segment: str, site_currency: str) -> Price | None:
    segment = segment.strip()
    match = _ONE_AMOUNT.match(segment[:120])
    if match is None:
        return None
    rest = segment[match.end() :]
    # "£59.52 includes Buyer Protection": words may follow, digits may not.
    return None if _DIGIT.search(rest) else _price_of(match, "a", site_currency)


def _is_closing_remark(segment: str) -> bool:
    return len(segment) < 60 and not _DIGIT_OR_COLON.search(segment)


def _label_fields(segments: list[str], known: set[str]) -> tuple[dict[str, str], str]:
    fields: dict[str, str] = {}
    pending: list[str] = []
    end = len(segments)
    # At most three fields stand at the end; a value may itself hold commas, so parts without a key wait for theirs.
    for place in range(len(segments) - 1, 0, -1):
        key, colon, value = segments[place].partition(": ")
        whole = ", ".join([value, *reversed(pending)]).strip()
        kind = _kind_of_field(fold(key), whole, known) if colon and len(key) <= 30 else None
        if kind is None and len(pending) < 3:
            pending.append(segments[place])
            continue
        is_known = fold(whole) in known or condition_of_label(whole) is not Condition.UNKNOWN
        if kind is None or kind in fields or (pending and not is_known):
            break
        fields[kind] = whole
        pending.clear()
        end = place
        if len(fields) == 3:
            break
    return fields, ", ".join(segments[:end])


def _kind_of_field(key: str, value: str, known: set[str]) -> str | None:
    shown = fold(value) in known
    if condition_of_label(value) is not Condition.UNKNOWN and (shown or not known or key in CONDITION_KEYS):
        return "condition"
    if known and not shown:
        return None
    for kind, keys in (("condition", CONDITION_KEYS), ("size", SIZE_KEYS), ("brand", BRAND_KEYS)):
        if key in keys:
            return kind
    return f"other {key}" if shown else None


class CardLines(NamedTuple):
    """Size and condition of a card's second line."""

    size: str | None
    condition: str | None


def read_plain_second_line(line: str | None) -> CardLines:
    """Read a second line without its label; remembered, since a market has few sizes and a page many cards."""
    return _short_second_line(line) if line is None or len(line) <= 100 else read_second_line(line, None)


@functools.lru_cache(maxsize=4096)
def _short_second_line(line: str | None) -> CardLines:
    return read_second_line(line, None)


def read_second_line(line: str | None, label: Label | None) -> CardLines:
    """Tell size from condition in ``S / UK 8-10 · Very good`` by what the parts are, since either may be missing."""
    parts = [part.strip() for part in (line or "").split("·") if part.strip()]
    size = condition = None
    rest = []
    for part in parts:
        if condition is None and condition_of_label(part) is not Condition.UNKNOWN:
            condition = part
        else:
            rest.append(part)
    if condition is None and rest:
        named = fold(label.condition) if label and label.condition else None
        if named is not None and fold(rest[-1]) == named:
            condition = rest.pop()
        elif named is None and len(rest) > 1:
            # A language whose words are not known: the site writes the size first.
            condition = rest.pop()
    if rest:
        size = " · ".join(rest)
    if label is not None:
        size = size or label.size
        condition = condition or label.condition
    return CardLines(size, condition)
