"""Price strings: what people write is read as they mean it."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.price_kind import PriceKind
from scrapers.shop.currencies import iso_of
from scrapers.shop.prices import main, read_price
from tests.fixtures import fixture_path

AMOUNTS = st.integers(1, 99_999_999).map(lambda cents: Decimal(cents) / 100)
# thousands, decimals, sign before, sign after
STYLES = (
    (".", ",", "", " €"),
    (".", ",", "€ ", ""),
    (",", ".", "$", ""),
    (",", ".", "£", ""),
    ("\u00a0", ",", "", " zł"),
    ("\u202f", ",", "", " €"),
    (" ", ",", "", " Kč"),
    ("'", ".", "CHF ", ""),
    ("\u2019", ".", "CHF ", ""),
    ("", ".", "USD ", ""),
    ("", ",", "", " kr"),
)


def written(amount: Decimal, thousands: str, decimals: str) -> str:
    whole, cents = divmod(int(amount * 100), 100)
    return f"{whole:,}".replace(",", thousands) + f"{decimals}{cents:02d}"


@given(AMOUNTS, st.sampled_from(STYLES))
def test_an_amount_written_in_any_way_is_read_back(amount: Decimal, style: tuple[str, str, str, str]) -> None:
    thousands, decimals, before, after = style
    text = f"{before}{written(amount, thousands, decimals)}{after}"
    reading = read_price(text)
    assert (reading.amount, reading.kind) == (amount, PriceKind.PRICE), text
    assert reading.currency == iso_of((before or after).strip())


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    reading = read_price(text)
    assert reading.amount is None or reading.amount >= 0


@pytest.mark.parametrize(
    ("text", "hint", "amount", "currency", "kind"),
    [
        ("1.299,00 zł", None, "1299.00", "PLN", PriceKind.PRICE),
        ("€ 20,-", None, "20", "EUR", PriceKind.PRICE),
        ("$24.990", "CLP", "24990", "CLP", PriceKind.PRICE),
        ("CHF 1'049,95", None, "1049.95", "CHF", PriceKind.PRICE),
        ("423.923 KD", None, "423.923", "KWD", PriceKind.PRICE),
        ("1.234 KD", None, "1.234", "KWD", PriceKind.PRICE),
        ("₹1,23,456.78", None, "123456.78", "INR", PriceKind.PRICE),
        ("١٢٣٫٥٠ ر.س", None, "123.50", "SAR", PriceKind.PRICE),
        ("30,000 원~", None, "30000", "KRW", PriceKind.FROM),
        ("od 6299,00 zł", None, "6299.00", "PLN", PriceKind.FROM),
        ("ab 99,90 €", None, "99.90", "EUR", PriceKind.FROM),
        ("12,90 € / 100 ml", None, "12.90", "EUR", PriceKind.UNIT),
        ("US$11.99 / Set", None, "11.99", "USD", PriceKind.PRICE),
        ("2 903 so'm/oyiga", None, "2903", "UZS", PriceKind.INSTALLMENT),
        ("103,47 zł z dostawą", None, "103.47", "PLN", PriceKind.WITH_DELIVERY),
        ("+ $99.23 Shipping", None, "99.23", "USD", PriceKind.SHIPPING),
        ("darmowa dostawa", None, None, None, PriceKind.FREE_DELIVERY),
        ("Was $120.00 Now $60.00", None, "60.00", "USD", PriceKind.PRICE),
        ("100,00 € zzgl. MwSt", None, "100.00", "EUR", PriceKind.NET),
        ("$1,190.00 AUD", None, "1190.00", "AUD", PriceKind.PRICE),
        ("1250€ 60", None, "1250.60", "EUR", PriceKind.PRICE),
        ("40% OFF", None, None, None, PriceKind.NONE),
        ("15.08.2017", None, None, None, PriceKind.NONE),
    ],
)
def test_strings_of_every_kind(
    text: str, hint: str | None, amount: str | None, currency: str | None, kind: PriceKind
) -> None:
    reading = read_price(text, country_currency=hint)
    assert reading.amount == (None if amount is None else Decimal(amount))
    assert (reading.currency, reading.kind) == (currency, kind)


def test_a_range_has_two_ends_and_an_old_price_stands_beside_the_new() -> None:
    span = read_price("$3.499 - $4.059", country_currency="ARS")
    assert (span.amount, span.highest, span.kind) == (Decimal(3499), Decimal(4059), PriceKind.RANGE)
    both = read_price("71,91 € 79,90 €")
    assert (both.amount, both.old_amount) == (Decimal("71.91"), Decimal("79.90"))


def test_a_sign_that_countries_share_is_uncertain_until_the_country_is_known() -> None:
    assert not read_price("$10").is_currency_certain
    assert read_price("$10", country_currency="CAD").currency == "CAD"
    assert read_price("US$10", country_currency="CAD").currency == "USD"
    assert read_price("10 kr", country_currency="NOK").currency == "NOK"
    assert read_price("10 €", country_currency="USD").currency == "EUR"


def test_the_labelled_strings_are_read_better_than_97_in_100() -> None:
    rows = json.loads(fixture_path("shops", "price_strings_labelled.json").read_text())
    right = 0
    for row in rows:
        reading = read_price(
            row["text"] or "",
            currency_hint=row["currency_hint"],
            decimal_separator=row.get("decimal_separator"),
        )
        expected = None if row["expected_amount"] is None else Decimal(row["expected_amount"])
        wanted = None if row["expected_currency"] is None else iso_of(row["expected_currency"])
        right += reading.amount == expected and (reading.currency == wanted or expected is None)
    assert right / len(rows) >= 0.97


def test_the_command_reads_lines_and_writes_json_lines() -> None:
    out = io.StringIO()
    main(io.StringIO("1.299,00 zł\nnothing\n"), out)
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert (first["amount"], first["currency"], first["kind"]) == ("1299.00", "PLN", "price")
    assert (second["amount"], second["currency"], second["kind"]) == (None, None, "none")
