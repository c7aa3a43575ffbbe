"""Exchange rates from the banks to the warehouse, over real HTTP on loopback."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from currency_converter import CURRENCY_FILE

from domain.settings import Settings
from pipeline.fx import CbuProvider, EcbProvider, ensure_rates, refresh_rates
from scrapers.rates.ecb import packaged_history
from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.fx import Rate, rate_to, upsert_rates

pytestmark = pytest.mark.integration
SETTINGS = Settings(_env_file=None, requests_per_second=1000, request_attempts=1)  # type: ignore[call-arg]  # pydantic's
FRIDAY = date(2026, 3, 13)
SUNDAY = FRIDAY + timedelta(days=2)


@contextmanager
def bank(answers: dict[str, tuple[int, bytes]]) -> Iterator[tuple[str, list[str]]]:
    """A bank on loopback: answers by the end of the path; yields its address and the paths asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, body = next(
                (answer for end, answer in answers.items() if self.path.rstrip("/").endswith(end)), (404, b"")
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _so_m(day: date) -> bytes:
    shown = f"{day:%d.%m.%Y}"
    return json.dumps(
        [
            {"Ccy": "USD", "Nominal": "1", "Rate": "12400.50", "Date": shown},
            {"Ccy": "EUR", "Nominal": "1", "Rate": "14100", "Date": shown},
            {"Ccy": "JPY", "Nominal": "10", "Rate": "820", "Date": shown},
        ]
    ).encode()


def _count(conn: psycopg.Connection, where: str = "true") -> int:
    row = conn.execute(f"select count(*) from core.fx_rates where {where}").fetchone()
    assert row is not None
    return int(row[0])


def _rate(conn: psycopg.Connection, source: str, target: str, day: date) -> Decimal | None:
    row = conn.execute(f"select {rate_to('%(s)s', '%(t)s', '%(d)s')}", {"s": source, "t": target, "d": day}).fetchone()
    assert row is not None
    return None if row[0] is None else Decimal(row[0])


def test_the_packaged_history_is_kept_whole_and_once(conn: psycopg.Connection) -> None:
    sandboxed = SETTINGS.model_copy(update={"sandbox_url": "http://127.0.0.1:1"})
    first = refresh_rates(conn, sandboxed, [EcbProvider()], today=FRIDAY)
    assert first.rates == first.changed == _count(conn) > 20_000
    assert "package" in first.said[0]
    assert refresh_rates(conn, sandboxed, [EcbProvider()], today=FRIDAY).changed == 0
    packaged = packaged_history(SETTINGS.first_day)
    assert _count(conn, f"day = '{packaged.last_day}'") == len(packaged.rates[packaged.last_day])


def test_a_newer_file_of_the_bank_is_fetched_once_a_day_and_its_absence_is_said(conn: psycopg.Connection) -> None:
    with bank({"hist.zip": (200, Path(CURRENCY_FILE).read_bytes())}) as (address, asked):
        today = packaged_history(SETTINGS.first_day).last_day + timedelta(days=3)
        done = refresh_rates(conn, SETTINGS, [EcbProvider(url=f"{address}/hist.zip")], today=today)
        assert "own file" in done.said[0]
        assert asked == ["/hist.zip"]
        refused = refresh_rates(conn, SETTINGS, [EcbProvider(url=f"{address}/other")], today=today)
    assert "package" in refused.said[0]
    assert "status 404" in refused.said[0]
    assert refused.rates > 20_000


def test_so_m_are_asked_for_where_something_is_priced_in_them(conn: psycopg.Connection) -> None:
    days = {day.isoformat(): (200, _so_m(day)) for day in (FRIDAY, FRIDAY - timedelta(days=1))}
    # A holiday: the bank answers with the day before.
    days[(FRIDAY - timedelta(days=2)).isoformat()] = (200, _so_m(FRIDAY - timedelta(days=3)))
    with bank(days) as (address, asked):
        settings = SETTINGS.model_copy(update={"sandbox_url": address})
        idle = refresh_rates(conn, settings, [CbuProvider()], today=SUNDAY)
        assert (idle.rates, asked) == (0, [])
        store_and_load(conn, page(source="uzum"), [listing(1, "1000", source="uzum", currency="UZS")])
        done = refresh_rates(conn, settings, [CbuProvider(days_a_run=3)], today=SUNDAY)
        assert [path.split("/")[-2] for path in asked] == [
            (FRIDAY - timedelta(days=back)).isoformat() for back in range(3)
        ]
        assert done.changed == 9
        asked.clear()
        again = refresh_rates(conn, settings, [CbuProvider(days_a_run=3)], today=SUNDAY)
        assert not {path.split("/")[-2] for path in asked} & set(days)
    assert "gave no rates" in again.said[0]
    assert _rate(conn, "JPY", "UZS", SUNDAY) == 82
    assert _rate(conn, "UZS", "EUR", SUNDAY) == round(1 / Decimal(14100), 18)
    assert _rate(conn, "USD", "EUR", SUNDAY) == round(Decimal("12400.50") / 14100, 18)


def test_a_provider_that_fails_costs_no_other_and_what_cannot_be_valued_is_counted(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1, currency="UZS"), listing(2, currency="UZS"), listing(3, currency="GBP")])
    with bank({}) as (address, _):
        settings = SETTINGS.model_copy(update={"sandbox_url": address})
        done = refresh_rates(conn, settings, [CbuProvider(), EcbProvider()], today=FRIDAY)
    assert "gave no rates" in done.said[0]
    assert done.unconvertible == {"UZS": 2}
    assert done.rates > 0


def test_a_weekend_takes_the_rate_before_and_a_rate_to_come_is_not_known_yet(conn: psycopg.Connection) -> None:
    def rate(day: date, value: str) -> Rate:
        return Rate(day=day, currency="USD", base_currency="EUR", rate=Decimal(value), provider="test")

    assert upsert_rates(conn, [rate(FRIDAY, "0.5"), rate(FRIDAY + timedelta(days=3), "0.8")]) == 2
    assert _rate(conn, "USD", "EUR", SUNDAY) == Decimal("0.5")
    assert _rate(conn, "EUR", "USD", SUNDAY) == 2
    assert _rate(conn, "USD", "EUR", FRIDAY - timedelta(days=1)) is None
    assert upsert_rates(conn, [rate(FRIDAY, "0.6"), rate(FRIDAY, "0.7")]) == 1
    assert _rate(conn, "USD", "EUR", SUNDAY) == Decimal("0.7")


def test_the_first_poll_of_a_new_warehouse_need_not_wait_for_the_daily_run(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1)])
    assert ensure_rates(conn, SETTINGS) == 0
    store_and_load(conn, page(5), [listing(2, currency="GBP")])
    assert ensure_rates(conn, SETTINGS) > 20_000
    assert ensure_rates(conn, SETTINGS) == 0
