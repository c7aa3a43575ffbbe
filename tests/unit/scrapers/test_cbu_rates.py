"""The Central Bank of Uzbekistan's rates: exact, for one unit, and nothing guessed."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cbu.site import rates_of
from scrapers.rates.cbu import RatesError, rates_url, read_rates


def _record(**changes: object) -> dict[str, object]:
    return {"id": 1, "Code": "840", "Ccy": "USD", "Nominal": "1", "Rate": "12400.55", "Date": "02.10.2026", **changes}


def _read(*records: object) -> dict[str, Decimal]:
    return read_rates(json.dumps(records).encode()).rates


def test_a_rate_is_sums_for_one_unit() -> None:
    read = read_rates(json.dumps([_record(), _record(Ccy="JPY", Nominal="10", Rate="820.50")]).encode())
    assert read.rates == {"USD": Decimal("12400.55"), "JPY": Decimal("82.05")}
    assert (read.day, read.skipped) == (date(2026, 10, 2), ())


@pytest.mark.parametrize("rate", [12400.55, "12400,55", "12400.55"])
def test_numbers_and_commas_are_read_exactly(rate: object) -> None:
    assert _read(_record(Rate=rate)) == {"USD": Decimal("12400.55")}


@pytest.mark.parametrize(
    ("spoilt", "field"),
    [
        ({"Rate": "NaN"}, "Rate"),
        ({"Rate": "0"}, "Rate"),
        ({"Rate": "-1"}, "Rate"),
        ({"Rate": None}, "Rate"),
        ({"Rate": "1e999999"}, "Rate"),
        ({"Nominal": "0"}, "Nominal"),
        ({"Nominal": "1.5"}, "Nominal"),
        ({"Nominal": None}, "Nominal"),
        ({"Date": "2026-10-02"}, "Date"),
        ({"Date": None}, "Date"),
        ({"Ccy": "dollars"}, "currency"),
    ],
)
def test_a_broken_record_is_skipped_and_named(spoilt: dict[str, object], field: str) -> None:
    read = read_rates(json.dumps([_record(Ccy="EUR"), _record(**spoilt)]).encode())
    assert list(read.rates) == ["EUR"]
    assert field in read.skipped[0]


def test_a_rate_of_another_day_is_not_taken_for_the_days() -> None:
    read = read_rates(json.dumps([_record(), _record(Ccy="EUR", Date="01.10.2026")]).encode())
    assert (list(read.rates), read.skipped) == (["USD"], ("EUR: the rate is of 2026-10-01, the others of 2026-10-02",))


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b"[]", b"<html>", b"[1, null]", b"[" * 100_000, b"\xff"])
def test_what_is_not_the_banks_answer_is_said(body: bytes) -> None:
    with pytest.raises(RatesError, match="Central Bank of Uzbekistan"):
        read_rates(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_rates_or_the_named_error(body: bytes) -> None:
    with contextlib.suppress(RatesError):
        assert read_rates(body).rates


@given(
    st.decimals(min_value="0.01", max_value="99999999", places=2), st.sampled_from([1, 10, 100, 1000]), st.booleans()
)
def test_rate_by_nominal_is_exact(rate: Decimal, nominal: int, is_text: bool) -> None:
    read = _read(_record(Rate=str(rate), Nominal=str(nominal) if is_text else nominal))
    assert read["USD"] * nominal == rate


@given(st.integers(0, 1000), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_the_sandboxes_rates_are_read_and_never_of_a_later_day(seed: int, day: date) -> None:
    read = read_rates(json.dumps(rates_of(seed, day)).encode())
    assert len(read.rates) == 8
    assert (day - read.day).days in {0, 1, 2}
    assert read.day.weekday() < 5


def test_the_address_names_the_day() -> None:
    assert rates_url(date(2026, 1, 2)) == "https://cbu.uz/ru/arkhiv-kursov-valyut/json/all/2026-01-02/"
