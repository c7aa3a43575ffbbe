"""Official exchange rates of the Central Bank of Uzbekistan, in so'm.

Belongs here: one day's rates, fetched and read. Does not: storing them, rates of other banks.

``https://cbu.uz/ru/arkhiv-kursov-valyut/json/all/YYYY-MM-DD/`` answers a JSON array, open to anyone, of objects with
``Ccy`` (ISO 4217), ``Nominal`` (how many units the rate is for, a text), ``Rate`` (so'm for that many, a text with a
point) and ``Date`` (dd.mm.yyyy, from which day the rate holds). On days without new rates the bank answers with the
last ones, so ``Date`` may be before the day asked for. Shape as public clients describe it; no recording.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import msgspec

from domain.money import MoneyError, parse_currency
from scrapers.http import PoliteClient

BASE = "https://cbu.uz"
SANDBOX_PATH = "cbu"
"""Argument of ``scrapers.answers.base_url`` for the sandbox's look-alike."""
CURRENCY = "UZS"
# A so'm was never worth more than any currency listed, nor a unit of any worth more than this many so'm.
_MAX_RATE = Decimal(10) ** 9


class RatesError(Exception):
    """The bank's rates cannot be had; the message says what came instead and what to do."""


class _RecordError(ValueError):
    """A record that cannot be read; the message names the field."""


class DayRates(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of one day.

    Attributes:
        day: from which the bank says they hold (Tashkent's calendar); not after the day asked for.
        rates: so'm (UZS) for one unit, by ISO 4217 code.
        skipped: records that could not be read, one sentence each.
    """

    day: date
    rates: dict[str, Decimal]
    skipped: tuple[str, ...] = ()


def rates_url(day: date, base: str = BASE) -> str:
    """Return the address of a day's rates."""
    return f"{base.rstrip('/')}/ru/arkhiv-kursov-valyut/json/all/{day.isoformat()}/"


async def fetch_rates(
    client: PoliteClient, day: date, base: str = BASE, *, headers: dict[str, str] | None = None
) -> DayRates:
    """Fetch and read the rates that hold on a day.

    Args:
        client: keeps the manners.
        day: in Tashkent's calendar.
        base: ``scrapers.answers.base_url(BASE, settings.sandbox_url, SANDBOX_PATH)``.
        headers: e.g. ``scrapers.answers.sandbox_headers``.

    Raises:
        RatesError: where no rates came, or rates of a later day (the day is in the future).
    """
    answer = await client.get(rates_url(day, base), headers={"Accept": "application/json", **(headers or {})})
    if answer.status != 200:
        came = answer.error or f"status {answer.status}"
        raise RatesError(f"the Central Bank of Uzbekistan gave no rates for {day}: {came}; try again later")
    read = read_rates(answer.body)
    if read.day > day:
        raise RatesError(f"the Central Bank of Uzbekistan answered with rates of {read.day} instead of {day}")
    return read


def read_rates(body: bytes) -> DayRates:
    """Read the bank's answer: so'm for one unit of each currency, exact, ``Nominal`` honoured.

    A record that is broken, or of another day than the newest on the page, is skipped and told, never guessed.

    Raises:
        RatesError: where the bytes are not the bank's answer or hold no rate at all.
    """
    try:
        records = json.loads(body, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise RatesError("the Central Bank of Uzbekistan answered with something that is not JSON") from error
    if not isinstance(records, list):
        raise RatesError("the Central Bank of Uzbekistan answered with JSON of an unknown form: not a list")
    found: list[tuple[date, str, Decimal]] = []
    skipped: list[str] = []
    for index, record in enumerate(records):
        try:
            found.append(_read_record(record))
        except (_RecordError, MoneyError) as error:
            skipped.append(f"record {index}: {error}")
    if not found:
        why = f"; the first: {skipped[0]}" if skipped else ""
        raise RatesError(f"the Central Bank of Uzbekistan's answer holds no rate that can be read{why}")
    newest = max(day for day, _, _ in found)
    skipped += [f"{code}: the rate is of {day}, the others of {newest}" for day, code, _ in found if day != newest]
    return DayRates(
        day=newest, rates={code: rate for day, code, rate in found if day == newest}, skipped=tuple(skipped)
    )


def _read_record(record: object) -> tuple[date, str, Decimal]:
    if not isinstance(record, dict):
        raise _RecordError(f"not an object but {type(record).__name__}")
    code = parse_currency(record.get("Ccy"))
    rate, nominal = _positive(record.get("Rate"), "Rate"), _positive(record.get("Nominal", "1"), "Nominal")
    if nominal != nominal.to_integral_value():
        raise _RecordError(f"Nominal: not a whole number: {str(nominal)[:40]!r}")
    written = record.get("Date")
    try:
        day = datetime.strptime(written if isinstance(written, str) else "", "%d.%m.%Y").date()  # noqa: DTZ007 - a day
    except ValueError:
        raise _RecordError(f"Date: not a day written dd.mm.yyyy: {str(written)[:40]!r}") from None
    return day, code, rate / nominal


def _positive(value: object, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise _RecordError(f"{field}: not a number but {type(value).__name__}")
    if isinstance(value, int) and value > _MAX_RATE:
        raise _RecordError(f"{field}: out of range")
    try:
        number = Decimal(value.strip().replace(",", ".") if isinstance(value, str) else value)
    except InvalidOperation:
        raise _RecordError(f"{field}: not a number: {str(value)[:40]!r}") from None
    if not number.is_finite() or not 0 < number <= _MAX_RATE or number < 1 / _MAX_RATE:
        raise _RecordError(f"{field}: out of range: {str(value)[:40]!r}")
    return number
