"""`pricescope product alert` as a user types it, and what it says of mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.context import out
from cli.main import USER_ERRORS, app
from domain.settings import settings
from services.doctor import findings
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration
Run = Callable[..., Result]


@pytest.fixture
def run(database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run `pricescope product alert` with the mail channel configured and one product known."""
    for name, value in {
        "DATABASE_URL": database.libpq,
        "PRICESCOPE_SMTP_HOST": "127.0.0.1",
        "PRICESCOPE_EMAIL_FROM": "pricescope@example.org",
        "PRICESCOPE_EMAIL_TO": "owner@example.org",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(out, "width", 200)  # its own look at the terminal was when it was made
    settings.cache_clear()
    with connect(database) as conn:
        conn.execute("insert into core.products (sku, name) values ('M1', 'Coat')")
    yield lambda *arguments: CliRunner().invoke(app, ["product", "alert", *arguments])
    settings.cache_clear()


def test_moves_of_prices_are_asked_for_looked_at_and_forgotten(run: Run) -> None:
    asked = run("add", "M1", "--lowest", "90", "--drop", "10%", "--above", "99.90", "--back", "--channel", "email")
    assert asked.stdout.splitlines() == [
        "1: M1: its price is the lowest of 90 days",
        "2: M1: its price falls by 10 % within a day",
        "3: M1: its price rises above 99.90 EUR",
        "4: M1: it can be bought again",
    ]
    assert run("add", "M1", "--back").stdout.startswith("4: "), "the same wish again is the one that is there"
    every = run("add", "--all", "--below-average", "5", "--lowest", "ever", "--change").stdout
    assert "every product: its price is 5 % under the average of 30 days" in every
    assert "every product: its price is the lowest ever" in every
    assert run("check").stdout == "7 rules, 0 looks, 0 with news, 0 messages queued\n"
    assert "Nothing was told yet" in run("told").stderr
    listed = run("list").stdout
    assert "its lowest price changes" in listed
    assert "removed" in run("remove", "4").stdout
    assert "it can be bought again" not in run("list").stdout


def test_a_limit_in_another_base_currency_is_said_to_be_silent(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("add", "M1", "--above", "99.90")
    monkeypatch.setenv("PRICESCOPE_BASE_CURRENCY", "PLN")
    settings.cache_clear()
    assert "99.90 EUR (silent: the base currency is PLN now)" in run("list").stdout
    checked = run("check")
    assert "1 rules say nothing: their limit is in another currency than the base currency, PLN" in checked.stderr
    [found] = [one for one in findings(settings()) if one.what == "price limits"]
    assert not found.ok
    assert "their limits are in EUR, but PRICESCOPE_BASE_CURRENCY is PLN now" in found.sentence
    monkeypatch.setenv("PRICESCOPE_BASE_CURRENCY", "EUR")
    settings.cache_clear()
    assert "say nothing" not in run("check").stderr
    assert "price limits" not in [one.what for one in findings(settings())]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("remove", "4"), "no rule 4"),
        (("add", "M1"), "say what of"),
        (("add", "M1", "--all", "--back"), "name one product"),
        (("add", "none", "--back"), "no product 'none'"),
        (("add", "M1", "--drop", "120"), "--drop must be 0.1 to under 100"),
        (("add", "M1", "--drop", "nan"), "--drop must be 0.1 to under 100"),
        (("add", "M1", "--drop", "much"), "must be a number of per cent"),
        (("add", "M1", "--lowest", "soon"), "--lowest must be 2 to 3650 days, or ever"),
        (("add", "M1", "--days", "3", "--back"), "--days goes with"),
        (("add", "M1", "--days", "0", "--drop", "5"), "--days must be 1 to"),
        (("add", "M1", "--above", "0"), "--above"),
        (("add", "M1", "--above", "dear"), "--above"),
        (("add", "M1", "--back", "--channel", "pigeon"), "pigeon is not configured; configured: email"),
    ],
)
def test_a_mistake_is_told_by_what_to_do(run: Run, arguments: tuple[str, ...], said: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, USER_ERRORS)
    assert said in str(error)
