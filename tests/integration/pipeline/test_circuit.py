"""What a poll makes of refusals, of waits asked for, and of the session that the poll before it left."""

from __future__ import annotations

import logging
import stat
from datetime import datetime, timedelta

import httpx2
import psycopg
import pytest

from domain.settings import Settings
from pipeline.poll import PollOutcome, poll_day, utc_now
from sandbox.server import SandboxServer
from tests.sandbox import add_watch, clear_faults, set_clock, set_fault

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"


@pytest.fixture
def plain(settings: Settings, market: SandboxServer) -> Settings:
    """Settings without a browser, one page a poll; the market stands at today."""
    set_clock(market, utc_now())
    return settings.model_copy(
        update={"chromium_path": settings.home / "no-browser", "pages_per_poll": 1, "request_attempts": 1}
    )


def _poll(conn: psycopg.Connection, settings: Settings) -> PollOutcome:
    """Poll as the next process would: nothing but files and tables is left of the poll before."""
    return poll_day(conn, settings, "vinted", utc_now().date(), run_id="r")


def _paths(market: SandboxServer) -> dict[str, int]:
    asked: dict[str, int] = httpx2.get(f"{market.url}/control/requests").json()["paths"]
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()
    return {path.removeprefix("/vinted/"): count for path, count in asked.items() if path.startswith("/vinted/")}


def _sessions(market: SandboxServer, **wish: object) -> None:
    httpx2.post(f"{market.url}/control/sessions", json=wish).raise_for_status()


def _state(conn: psycopg.Connection) -> tuple[str, bool, int, datetime | None]:
    row = conn.execute(
        "select state, is_blocked, consecutive_failures, last_failure_at from ops.source_state"
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3]


# ---------------------------------------------------------------- the session between polls


def test_the_next_poll_uses_the_session_of_the_one_before_and_asks_for_no_homepage(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    add_watch(conn, plain, URL, "jeans")
    _paths(market)
    _poll(conn, plain)
    assert _paths(market) == {"fr/www/": 1, "fr/api/svc-catalogue/items": 1}
    for _ in range(3):
        assert _poll(conn, plain).meanings == {"ok": 1}
    assert _paths(market) == {"fr/api/svc-catalogue/items": 3}
    (kept,) = (plain.home / "sessions").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    token = kept.read_text().split('"token":"')[1].split('"')[0]
    assert len(token) > 40
    assert token not in caplog.text


def test_a_kept_session_that_is_refused_is_replaced_and_counts_toward_nothing(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    add_watch(conn, plain, URL, "jeans")
    _poll(conn, plain)
    since = conn.execute("select since from ops.source_state").fetchone()
    for _ in range(5):
        _sessions(market, revoke=True)
        assert _poll(conn, plain).meanings == {"unauthorised": 1, "ok": 1}
        assert _state(conn) == ("ok", False, 0, None)
    assert conn.execute("select since from ops.source_state").fetchone() == since
    _paths(market)
    assert _poll(conn, plain).meanings == {"ok": 1}
    assert "fr/www/" not in _paths(market)


def test_a_session_about_to_end_is_not_used(conn: psycopg.Connection, plain: Settings, market: SandboxServer) -> None:
    add_watch(conn, plain, URL, "jeans")
    try:
        _sessions(market, ttl_seconds=60)
        for _ in range(2):
            _paths(market)
            assert _poll(conn, plain).meanings == {"ok": 1}
            assert _paths(market)["fr/www/"] == 1
    finally:
        _sessions(market, ttl_seconds=7 * 86400)


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[1]", b"\xff\x00", b'{"www": 1}'])
def test_a_spoilt_session_file_is_as_none(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer, spoilt: bytes
) -> None:
    add_watch(conn, plain, URL, "jeans")
    _poll(conn, plain)
    (kept,) = (plain.home / "sessions").iterdir()
    kept.write_bytes(spoilt)
    _paths(market)
    assert _poll(conn, plain).meanings == {"ok": 1}
    assert _paths(market)["fr/www/"] == 1
    assert len(kept.read_bytes()) > 100


def test_a_session_serves_neither_another_site_nor_another_user_agent(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    add_watch(conn, plain, URL, "jeans")
    _poll(conn, plain)
    (kept,) = (plain.home / "sessions").iterdir()
    kept.write_text(kept.read_text().replace(market.url, "https://www.vinted.fr"))
    for changed in (plain, plain.model_copy(update={"user_agent": "another"})):
        _paths(market)
        assert _poll(conn, changed).meanings == {"ok": 1}
        assert _paths(market)["fr/www/"] == 1


# ---------------------------------------------------------------- the circuit


def test_four_polls_each_refused_open_the_circuit_and_three_do_not(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    add_watch(conn, plain, URL, "jeans")
    set_fault(market, "unauthorised")
    for failures in (1, 2, 3, 4):
        outcome = _poll(conn, plain)
        assert outcome.decision == "poll"
        assert outcome.pages > 1, "a new session and the other route are tried before a search counts as refused"
        assert _state(conn)[:3] == ("unauthorised", failures > 3, failures)
    assert _poll(conn, plain).decision == "wait"


def test_a_probe_whose_session_has_ended_renews_it_and_closes_the_circuit(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    add_watch(conn, plain, URL, "jeans")
    _poll(conn, plain)
    kept = next((plain.home / "sessions").iterdir())
    session = kept.read_bytes()
    set_fault(market, "unauthorised")
    for _ in range(4):
        _poll(conn, plain)
    clear_faults(market)
    _sessions(market, revoke=True)
    kept.write_bytes(session)
    conn.execute("update ops.source_state set next_attempt_at = now() - interval '1 second'")
    probe = _poll(conn, plain)
    assert (probe.decision, probe.meanings) == ("probe", {"unauthorised": 1, "ok": 1})
    assert _state(conn)[:3] == ("ok", False, 0)


def test_four_searches_refused_in_one_poll_open_the_circuit_and_end_the_poll(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    for number in range(6):
        add_watch(conn, plain, f"{URL}&price_to={50 + number}", f"jeans {number}")
    set_fault(market, "unauthorised")
    assert _poll(conn, plain).watches == 4
    assert _state(conn)[:3] == ("unauthorised", True, 4)


# ---------------------------------------------------------------- Retry-After


def test_a_wait_that_was_asked_for_holds_for_the_polls_after(
    conn: psycopg.Connection, plain: Settings, market: SandboxServer
) -> None:
    for number in range(3):
        add_watch(conn, plain, f"{URL}&price_to={50 + number}", f"jeans {number}")
    set_fault(market, "throttled", count=1, seconds=120)
    _paths(market)
    asked_at = utc_now()
    outcome = _poll(conn, plain)
    assert (outcome.watches, outcome.state) == (1, "throttled"), "who asks for peace gets it from every watch"
    row = conn.execute("select next_attempt_at, is_blocked, consecutive_failures from ops.source_state").fetchone()
    assert row is not None
    assert row[0] >= asked_at + timedelta(seconds=120)
    assert row[1:] == (False, 1)
    _paths(market)
    assert _poll(conn, plain).decision == "wait"
    assert _paths(market) == {}
    conn.execute("update ops.source_state set next_attempt_at = now() - interval '1 second'")
    assert _poll(conn, plain).meanings == {"ok": 3}
    assert _state(conn)[:3] == ("ok", False, 0)
