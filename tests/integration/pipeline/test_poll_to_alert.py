"""From a search URL to a message in a mailbox, over HTTP, PostgreSQL and SMTP; no Dagster."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import httpx2
import psycopg
import pytest

from alerts.channels import configured_channels
from domain.settings import Settings
from pipeline.deliver import deliver_due
from pipeline.judge import judge_pending
from pipeline.poll import PastDayError, poll_day, utc_now
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.sandbox import add_watch, set_clock, set_fault
from warehouse.digest import table_digests

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"


def run_once(conn: psycopg.Connection, settings: Settings, run_id: str = "run") -> tuple[int, int, int]:
    """Poll today, read, judge; return pages fetched, records read, deals alerted."""
    day = utc_now().date()
    fetched = poll_day(conn, settings, "vinted", day, run_id=run_id)
    read = read_day(conn, settings, "vinted", day)
    judged = judge_pending(conn, settings, source="vinted", run_id=run_id, now=utc_now)
    return fetched.pages, read.records, judged.deals


def test_a_first_run_reports_and_a_later_arrival_is_alerted_with_its_evidence(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, settings, URL, "jeans", max_price=Decimal("25"))
    pages, records, deals = run_once(conn, settings)
    assert pages >= 1
    assert records > 50
    assert deals == 0, "what the first run finds is reported, not alerted one by one"
    kinds = conn.execute("select kind, channel from app.notifications order by channel").fetchall()
    assert kinds == [("report", "email"), ("report", "slack")]

    set_clock(market, utc_now() + timedelta(days=5))
    _, _, deals = run_once(conn, settings, "second")
    assert deals > 0
    outcome = deliver_due(conn, configured_channels(settings), now=utc_now)
    assert outcome.retried == outcome.dead == 0
    assert outcome.sent == 2 + 2 * deals

    arrived = httpx2.get(f"{market.url}/mailbox.json").json()
    messages = arrived["messages"] if isinstance(arrived, dict) else arrived
    assert len(messages) >= outcome.sent
    evidence, page_id = conn.execute("select evidence, page_id from app.deals where not is_initial").fetchone()
    assert evidence[0]["evidence"]["price"] is not None
    assert conn.execute("select 1 from raw.pages where page_id = %s", [page_id]).fetchone()


def test_polling_reading_and_judging_again_changes_nothing_but_heartbeats(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, settings, URL, "jeans", max_price=Decimal("25"))
    run_once(conn, settings)
    before = table_digests(conn)
    day = utc_now().date()
    assert read_day(conn, settings, "vinted", day).pages == 0
    assert read_day(conn, settings, "vinted", day, again=True).new == 0
    judge_pending(conn, settings, source="vinted", run_id="again", now=utc_now)
    assert table_digests(conn) == before


def test_a_past_day_is_never_fetched_from_the_web(conn: psycopg.Connection, settings: Settings) -> None:
    real = settings.model_copy(update={"sandbox_url": None})
    with pytest.raises(PastDayError, match="pricescope import"):
        poll_day(conn, real, "vinted", utc_now().date() - timedelta(days=1), run_id="r")


def test_a_past_day_of_the_sandbox_lands_under_its_own_date(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    add_watch(conn, settings, URL, "jeans")
    day = utc_now().date() - timedelta(days=10)
    poll_day(conn, settings, "vinted", day, run_id="r")
    read_day(conn, settings, "vinted", day)
    days = conn.execute("select distinct observed_at::date from core.price_history").fetchall()
    assert days == [(day,)]


def test_more_than_three_refusals_open_the_circuit_and_one_good_probe_closes_it(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, settings, URL, "jeans")
    # The browser would rightly pass this wall; here the question is what happens when nothing does.
    blocked = settings.model_copy(update={"chromium_path": settings.home / "no-browser"})
    set_fault(market, "challenge_200")
    day = utc_now().date()
    for attempt in range(6):
        outcome = poll_day(conn, blocked, "vinted", day, run_id=f"r{attempt}")
        if outcome.decision == "wait":
            break
    state = conn.execute(
        "select state, is_blocked, consecutive_failures, last_failure_at is not null from ops.source_state"
    ).fetchone()
    assert state[:2] == ("blocked", True)
    assert state[2] > 3
    assert state[3]
    assert poll_day(conn, blocked, "vinted", day, run_id="r9").decision == "wait"

    conn.execute("update ops.source_state set next_attempt_at = now() - interval '1 second'")
    market_url = market.url
    httpx2.delete(f"{market_url}/control/faults").raise_for_status()
    probe = poll_day(conn, settings, "vinted", day, run_id="probe")
    assert probe.decision == "probe"
    assert probe.pages == 1
    assert conn.execute("select state, is_blocked from ops.source_state").fetchone() == ("ok", False)


@pytest.mark.parametrize(
    ("fault", "state"),
    [("unauthorised", "unauthorised"), ("throttled", "throttled"), ("changed", "changed")],
)
def test_each_refusal_ends_in_its_own_state(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer, fault: str, state: str
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, settings, URL, "jeans")
    set_fault(market, fault)
    quick = settings.model_copy(update={"chromium_path": settings.home / "no-browser", "request_attempts": 1})
    poll_day(conn, quick, "vinted", utc_now().date(), run_id="r")
    assert conn.execute("select state from ops.source_state").fetchone() == (state,)


def test_one_bad_record_goes_to_quarantine_and_the_rest_of_its_page_is_loaded(
    conn: psycopg.Connection, settings: Settings, market: SandboxServer
) -> None:
    set_clock(market, utc_now())
    add_watch(conn, settings, URL, "jeans")
    set_fault(market, "poison")
    day = utc_now().date()
    poll_day(conn, settings, "vinted", day, run_id="r")
    read = read_day(conn, settings, "vinted", day)
    assert read.quarantined >= 1
    assert read.records == read.new + read.changed + read.unchanged + read.quarantined
    reasons = conn.execute("select reason, record from ops.quarantine").fetchall()
    assert all(reason and record for reason, record in reasons)
