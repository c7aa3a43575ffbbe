"""Watches, runs, circuits, quarantine, retention, deals and the outbox, each against the real database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from domain.blacklist import BlacklistError
from domain.deal import Evidence, Verdict, VerdictKind
from domain.page import PageMeaning, RejectedRecord
from domain.source_state import SourceState, after_page
from domain.watch import RuleName, Watch
from tests.integration.warehouse.samples import listing, page, reading, store_and_load
from warehouse.archive import ArchiveError
from warehouse.cadence import watches_to_check
from warehouse.connect import DatabaseUrl, connect
from warehouse.deals import list_deals, record_deal
from warehouse.details import find_listing, listing_details, set_hidden
from warehouse.links import watches_of_listing
from warehouse.load import load_reading
from warehouse.outbox import (
    NewNotification,
    claim_one,
    count_by_state,
    due,
    enqueue,
    mark_failed,
    mark_sent,
    revive,
)
from warehouse.pages import store_page
from warehouse.quarantine import count_open, list_quarantine, pages_to_retry, resolve
from warehouse.retention import Keep, RetentionResult, apply_retention
from warehouse.runs import add_counts, begin_run, finish_run, get_run, recent_runs
from warehouse.source_state import list_source_states, load_source_state, update_source_state
from warehouse.watches import (
    WatchError,
    add_watch,
    get_watch,
    list_watches,
    mark_first_judged,
    pause_watch,
    probe_watch,
    remove_watch,
    resume_watch,
    update_watch,
)

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def _watch(conn: psycopg.Connection, name: str = "coats", **changes: object) -> Watch:
    fields: dict[str, object] = {
        "watch_id": 0,
        "owner": "owner",
        "name": name,
        "source": "vinted",
        "url": "https://www.vinted.fr/catalog?search_text=coat",
        "country": "fr",
        "currency": "EUR",
        "params": {"search_text": "coat", "brand_ids[]": ["53", "14"]},
        "max_price": Decimal("30.0000"),
        "channels": ("email",),
    }
    return add_watch(conn, Watch(**{**fields, **changes}))  # type: ignore[arg-type]  # tests choose the fields


# ---------------------------------------------------------------- watches


def test_a_watch_comes_back_as_it_was_added(conn: psycopg.Connection) -> None:
    watch = _watch(conn, blacklist=("replica", "/x+/"), highlight=("wool",), pages_per_poll=7)
    assert watch.params == {"search_text": "coat", "brand_ids[]": ["53", "14"]}
    assert (watch.rules, watch.sigma_k, watch.blacklist) == (
        (RuleName.ABSOLUTE, RuleName.ROBUST),
        Decimal("1.5"),
        ("replica", "/x+/"),
    )
    assert get_watch(conn, watch.watch_id) == get_watch(conn, str(watch.watch_id)) == get_watch(conn, "coats") == watch
    assert list_watches(conn) == [watch]
    assert list_watches(conn, source="ebay") == []


def test_what_a_watch_cannot_be_is_said(conn: psycopg.Connection) -> None:
    watch = _watch(conn)
    other = _watch(conn, "boots")
    for wrong in (
        lambda: _watch(conn),
        lambda: update_watch(conn, other.watch_id, name="coats"),
        lambda: update_watch(conn, watch.watch_id, created_at=NOW),
        lambda: update_watch(conn, 10**6, name="x"),
        lambda: get_watch(conn, "nothing"),
        lambda: remove_watch(conn, 10**6),
    ):
        with pytest.raises(WatchError):
            wrong()
    with pytest.raises(BlacklistError, match=r"'/\(/'"):
        _watch(conn, "bad", blacklist=("/(/",))
    with pytest.raises(BlacklistError):
        update_watch(conn, watch.watch_id, blacklist=("/(/",), max_price=Decimal(1))
    assert get_watch(conn, watch.watch_id) == watch


def test_pausing_probing_and_turns(conn: psycopg.Connection) -> None:
    first, second = _watch(conn, "first"), _watch(conn, "second")
    pause_watch(conn, first.watch_id)
    assert [watch.name for watch in watches_to_check(conn, "vinted", None)] == ["second"]
    probe = probe_watch(conn, "vinted")
    assert probe is not None
    assert probe.name == "second"
    assert resume_watch(conn, first.watch_id).is_active
    update_watch(conn, second.watch_id, is_probe=True)
    probe = probe_watch(conn, "vinted")
    assert probe is not None
    assert probe.name == "second"
    store_page(conn, page(watch_id=first.watch_id))
    row = conn.execute("update raw.pages set day = current_date returning day").fetchone()
    assert row is not None
    assert [watch.name for watch in watches_to_check(conn, "vinted", None)] == ["second", "first"]
    assert mark_first_judged(conn, first.watch_id, NOW) is True
    assert mark_first_judged(conn, first.watch_id, NOW + timedelta(days=1)) is False
    assert get_watch(conn, "first").first_judged_at == NOW


def test_a_page_links_its_listings_to_its_watch(conn: psycopg.Connection) -> None:
    watch = _watch(conn, blacklist=("broken",))

    def links() -> list[tuple[str, bool, bool]]:
        return conn.execute(
            "select l.title, w.is_initial, w.is_blacklisted from app.watch_listings w"
            " join core.listings l using (listing_id) order by l.external_id"
        ).fetchall()

    store_and_load(conn, page(watch_id=watch.watch_id), [listing(1), listing(2, description="a bit broken")])
    assert links() == [("Coat 1", True, False), ("Coat 2", True, True)]
    mark_first_judged(conn, watch.watch_id, NOW)
    # The search page does not repeat the description that made the second one blacklisted.
    store_and_load(conn, page(5, watch_id=watch.watch_id), [listing(1), listing(2, "9", description=None), listing(3)])
    assert links() == [("Coat 1", True, False), ("Coat 2", True, True), ("Coat 3", False, False)]
    update_watch(conn, watch.watch_id, blacklist=("coat 3",))
    assert links() == [("Coat 1", True, False), ("Coat 2", True, False), ("Coat 3", False, True)]
    store_and_load(conn, page(6, watch_id=10**9), [listing(1)])
    store_and_load(conn, page(7, watch_id=watch.watch_id, source="ebay"), [listing(4, source="ebay")])
    assert len(links()) == 3


def test_removing_a_watch_removes_only_what_no_other_watch_holds(conn: psycopg.Connection) -> None:
    one, two = _watch(conn, "one"), _watch(conn, "two")
    store_and_load(conn, page(0, watch_id=one.watch_id), [listing(1), listing(2)])
    store_and_load(conn, page(1, watch_id=two.watch_id), [listing(2), listing(3)])
    store_and_load(conn, page(2), [listing(4)])
    assert remove_watch(conn, one.watch_id) == 1
    titles = conn.execute("select title from core.listings order by 1").fetchall()
    assert titles == [("Coat 2",), ("Coat 3",), ("Coat 4",)]
    orphans = conn.execute(
        "select count(*) from core.price_history h where not exists"
        " (select from core.listings l where l.listing_id = h.listing_id)"
    ).fetchone()
    assert orphans == (0,)


# ---------------------------------------------------------------- runs, circuits, quarantine


def test_a_run_counts_over_its_assets_and_retries(conn: psycopg.Connection) -> None:
    day = NOW.date()
    run = begin_run(conn, run_id="abc", task="poll", source="vinted", day=day)
    assert begin_run(conn, run_id="abc", task="poll", source="vinted", day=day) == run
    add_counts(conn, run, pages=5, items=480, durations_ms={"fetch": 812.5})
    add_counts(conn, run, items=20, new_items=7, durations_ms={"load": 90.0})
    with pytest.raises(ValueError, match="no such counter: lost"):
        add_counts(conn, run, lost=1)
    finish_run(conn, run, error="vinted refused the session\0")
    kept = get_run(conn, run)
    assert kept is not None
    assert (kept.state, kept.error, kept.pages, kept.items, kept.new_items) == (
        "failure", "vinted refused the session\\0", 5, 500, 7
    )  # fmt: skip
    assert kept.durations_ms == {"fetch": 812.5, "load": 90.0}
    begin_run(conn, run_id="abc", task="poll", source="vinted", day=day)
    finish_run(conn, run)
    assert [(r.state, r.error) for r in recent_runs(conn, source="vinted")] == [("success", None)]


def test_a_circuit_survives_its_process_and_no_refusal_is_lost_between_two(database: DatabaseUrl) -> None:
    def refuse(times: int) -> None:
        with connect(database) as conn:
            for _ in range(times):
                update_source_state(
                    conn, "vinted", NOW, lambda state: after_page(state, PageMeaning.BLOCKED, NOW, 3, detail="wall\0")
                )

    threads = [threading.Thread(target=refuse, args=(10,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connect(database) as conn:
        state = load_source_state(conn, "vinted", NOW + timedelta(days=1))
        assert (state.consecutive_failures, state.is_blocked, state.since) == (30, True, NOW)
        assert state.next_attempt_at == NOW + timedelta(hours=1)
        assert list_source_states(conn) == [state]
        assert load_source_state(conn, "ebay", NOW) == SourceState(source="ebay", since=NOW)


def test_quarantine_names_the_pages_to_read_again_and_forgets_the_repaired(conn: psycopg.Connection) -> None:
    raw = page()
    page_id = store_page(conn, raw)
    bad = [RejectedRecord(index=i, reason="price: absent", record=b'{"id": 1}') for i in (0, 1)]
    load_reading(conn, page_id, raw, reading([], bad), parser_version=1)
    assert [(record.record, record.reason) for record in list_quarantine(conn)] == [(b'{"id": 1}', "price: absent")] * 2
    assert count_open(conn) == {"vinted": 2}
    assert pages_to_retry(conn) == [(page_id, raw.fetched_at)]
    assert pages_to_retry(conn, source="ebay") == []
    load_reading(conn, page_id, raw, reading([listing(1)], bad[1:]), parser_version=2)
    assert count_open(conn) == {"vinted": 1}
    assert resolve(conn, [record.quarantine_id for record in list_quarantine(conn)]) == 1
    assert pages_to_retry(conn) == []
    assert len(list_quarantine(conn, state=None)) == 2


# ---------------------------------------------------------------- retention


KEEP = Keep(raw_page_days=30, item_days=60)


def counts(result: RetentionResult) -> tuple[int, ...]:
    return tuple(result.rows[name] for name in ("raw.pages", "ops.quarantine", "core.listings", "core.sellers"))


def test_retention_drops_what_is_past_its_time_and_nothing_else(conn: psycopg.Connection) -> None:
    day = 24 * 60
    bad = [RejectedRecord(index=0, reason="price: absent", record=b"login-of-a-seller")]
    for offset in (0, 40 * day, 70 * day):
        raw = page(offset)
        load_reading(
            conn, store_page(conn, raw), raw, reading([listing(offset // day), listing(1000)], bad), parser_version=1
        )
    result = apply_retention(conn, KEEP, today=date(2026, 5, 20))
    # 10 March (partition dropped whole), 19 April (row deleted) and 19 May (kept).
    assert result.partitions == ("raw.pages_2026_03",)
    assert counts(result) == (1, 2, 1, 1)
    assert conn.execute("select title from core.listings order by 1").fetchall() == [
        ("Coat 1000",), ("Coat 40",), ("Coat 70",)
    ]  # fmt: skip
    again = apply_retention(conn, KEEP, today=date(2026, 5, 20))
    assert (counts(again), again.partitions) == ((0, 0, 0, 0), ())
    later = apply_retention(conn, KEEP, today=date(2026, 12, 1))
    assert counts(later)[2:] == (3, 1)
    assert "core.price_history_2026_03" in later.partitions


def test_months_are_archived_and_proved_before_they_go(conn: psycopg.Connection, tmp_path: Path) -> None:
    for offset in (0, 5, 40):
        raw = page(offset * 24 * 60)
        load_reading(conn, store_page(conn, raw), raw, reading([listing(1)]), parser_version=1)
    keep = Keep(raw_page_days=30, item_days=30, archive=tmp_path)
    result = apply_retention(conn, keep, today=date(2026, 5, 2))
    assert result.partitions == ("raw.pages_2026_03", "core.price_history_2026_03")
    (history,) = [path for path in result.archived if "price_history" in str(path)]
    assert pq.read_table(history).column("price_minor").to_pylist() == [2000, 2000]
    assert apply_retention(conn, keep, today=date(2026, 5, 2)).archived == ()


def test_a_month_that_cannot_be_archived_stays(conn: psycopg.Connection, tmp_path: Path) -> None:
    raw = page()
    load_reading(conn, store_page(conn, raw), raw, reading([listing(1)]), parser_version=1)
    in_the_way = tmp_path / "table=pages"
    in_the_way.write_text("a file where a folder must be")
    with pytest.raises(ArchiveError, match="is not archived"):
        apply_retention(conn, Keep(raw_page_days=1, item_days=1, archive=tmp_path), today=date(2026, 6, 2))
    assert conn.execute("select count(*) from raw.pages").fetchone() == (1,)


def test_what_models_left_behind_passes_and_what_is_in_use_stays(conn: psycopg.Connection) -> None:
    conn.execute(
        "insert into app.watches (watch_id, name, source, url, country, currency, params, rules)"
        " overriding system value values (1, 'coats', 'vinted', '', 'FR', 'EUR', '{}', '{}')"
    )
    runs = [  # the fourth is the newest success; of the others only the first is the birth of a living cluster
        (1, "success", "2026-01-01"), (2, "success", "2026-01-02"), (3, "failure", "2026-01-03"),
        (4, "success", "2026-01-04"), (5, "failure", "2026-01-05"), (6, "failure", "2026-05-30"),
    ]  # fmt: skip
    conn.cursor().executemany(
        "insert into ml.cluster_runs (cluster_run_id, watch_id, method, state, started_at, ended_at)"
        " overriding system value values (%s, 1, 'products', %s, %s::timestamptz, %s::timestamptz)",
        [(number, state, at, at) for number, state, at in runs],
    )
    conn.execute(
        "insert into ml.clusters (cluster_id, watch_id, level, label, size, born_run_id, died_run_id) values"
        " (gen_random_uuid(), 1, 'product', 'living', 2, 1, null),"
        " (gen_random_uuid(), 1, 'product', 'dead', 0, 1, 2)"
    )
    models = [(1, "success", None), (2, "refused", b"x"), (3, "success", b"x"), (4, "failure", None)]
    conn.cursor().executemany(
        "insert into ml.price_models (price_model_id, scope, method, state, artifact, started_at, ended_at)"
        " overriding system value values (%s, 'EUR/owner', '', %s, %s, '2026-01-01', '2026-01-01')",
        models,
    )
    keep = Keep(raw_page_days=30, item_days=60, run_log_days=90)
    result = apply_retention(conn, keep, today=date(2026, 6, 2))
    assert {table: rows for table, rows in result.rows.items() if rows} == {
        "ml.clusters": 1, "ml.cluster_runs": 3, "ml.price_models": 2,
    }  # fmt: skip
    left = conn.execute("select cluster_run_id from ml.cluster_runs order by 1").fetchall()
    assert [row[0] for row in left] == [1, 4, 6]
    assert conn.execute("select label, born_run_id from ml.clusters").fetchall() == [("living", 1)]
    assert [row[0] for row in conn.execute("select price_model_id from ml.price_models order by 1")] == [2, 3]
    assert not any(apply_retention(conn, keep, today=date(2026, 6, 2)).rows.values())


def test_logs_lots_stock_and_settled_reviews_pass_too(conn: psycopg.Connection) -> None:
    raw = page()
    load_reading(conn, store_page(conn, raw), raw, reading([listing(1, quantity=3)]), parser_version=1)
    conn.execute(
        "insert into core.lots (source, external_id, lot_type, status, url, first_seen_at, last_seen_at, last_page_id)"
        " values ('uzex', '1', 'auction', 'open', 'https://x', '2026-01-01', '2026-01-01', 1)"
    )
    conn.execute(
        "insert into ops.scrape_runs (run_id, task, source, day, state, ended_at)"
        " values ('old', 'poll', 'vinted', '2026-01-01', 'success', '2026-01-01'),"
        " ('running', 'poll', 'vinted', '2026-01-02', 'running', null)"
    )
    result = apply_retention(conn, Keep(raw_page_days=30, item_days=30, run_log_days=90), today=date(2026, 6, 2))
    assert {table for table, rows in result.rows.items() if rows} >= {
        "core.listings", "core.lots", "ops.scrape_runs", "ops.page_readings",
    }  # fmt: skip
    assert conn.execute("select count(*) from core.stock_history").fetchone() == (0,)
    assert conn.execute("select run_id from ops.scrape_runs").fetchall() == [("running",)]


# ---------------------------------------------------------------- deals and the outbox


def _deal(conn: psycopg.Connection, watch: Watch, listing_id: int, total: int = 1170, key: str = "k") -> int | None:
    return record_deal(
        conn,
        watch_id=watch.watch_id,
        listing_id=listing_id,
        rule=RuleName.ROBUST,
        total_minor=total,
        price=Decimal(total) / 100,
        currency="EUR",
        evidence=[
            Verdict(
                rule=RuleName.ROBUST,
                kind=VerdictKind.DEAL,
                reason="far below",
                evidence=Evidence(
                    price=Decimal("11.70"), currency="EUR", n=12, computed_at=NOW, expected=Decimal("30.5"), spread=0.4
                ),
            )
        ],
        is_initial=False,
        page_id=1,
        expected=Decimal("30.5"),
        difference=Decimal("18.8"),
        discount_percent=61.64,
        sigma_below=float("inf"),
        n_comparables=12,
        notifications=[
            NewNotification(channel=channel, idempotency_key=f"{key}-{channel}", payload={"price": Decimal("11.70")})
            for channel in ("email", "slack")
        ],
    )


def test_a_deal_is_recorded_once_a_price_with_its_evidence_and_notifications(conn: psycopg.Connection) -> None:
    watch = _watch(conn)
    (listing_id,) = store_and_load(conn, page(watch_id=watch.watch_id), [listing(1, "10.00")]).listing_ids
    deal_id = _deal(conn, watch, listing_id)
    assert deal_id is not None
    (deal,) = list_deals(conn)
    assert deal.deal_id == deal_id
    assert _deal(conn, watch, listing_id, key="other") is None
    assert count_by_state(conn) == {"pending": 2, "sent": 0, "dead": 0}
    assert _deal(conn, watch, listing_id, total=900, key="lower") is not None
    assert (deal.title, deal.watch_name, deal.sigma_below, deal.discount_percent) == (
        "Coat 1", "coats", None, Decimal("61.64")
    )  # fmt: skip
    assert deal.evidence[0].evidence.expected == Decimal("30.5")
    assert deal.evidence[0].evidence.computed_at == NOW
    assert [found.total_minor for found in list_deals(conn, watch_id=watch.watch_id, source="vinted")] == [900, 1170]
    assert list_deals(conn, is_initial=True) == list_deals(conn, since=NOW + timedelta(days=9999)) == []


def test_a_deal_whose_notification_cannot_be_kept_is_not_kept_either(conn: psycopg.Connection) -> None:
    watch = _watch(conn)
    (listing_id,) = store_and_load(conn, page(), [listing(1)]).listing_ids
    with pytest.raises(psycopg.DataError), conn.transaction():
        record_deal(
            conn,
            watch_id=watch.watch_id,
            listing_id=listing_id,
            rule="robust",
            total_minor=1,
            price=Decimal(1),
            currency="EUR",
            evidence=[],
            is_initial=False,
            page_id=1,
            notifications=[NewNotification(channel="email", idempotency_key="a\0b", payload={})],
        )
    assert list_deals(conn) == []


def test_a_listing_is_found_by_id_and_by_its_marketplace_s_id(conn: psycopg.Connection) -> None:
    watch = _watch(conn)
    shown = listing(1, "10.00")
    (listing_id,) = store_and_load(conn, page(watch_id=watch.watch_id), [shown]).listing_ids
    names = (str(listing_id), f"vinted:{shown.external_id}", shown.external_id, shown.url)
    assert [find_listing(conn, name) for name in names] == [listing_id] * len(names)
    for absent in ("1000000000", "vinted:1", "word", "9" * 30):
        assert find_listing(conn, absent) is None
    detail = listing_details(conn, [listing_id, 10**9], "owner")
    assert list(detail) == [listing_id]
    assert (detail[listing_id].title, detail[listing_id].payable) == (shown.title, shown.payable())
    assert [held.watch_id for held in watches_of_listing(conn, listing_id)] == [watch.watch_id]


def test_a_hidden_listing_is_left_out_of_the_deals_until_it_is_shown_again(conn: psycopg.Connection) -> None:
    watch = _watch(conn)
    (listing_id,) = store_and_load(conn, page(watch_id=watch.watch_id), [listing(1, "10.00")]).listing_ids
    record_deal(
        conn,
        watch_id=watch.watch_id,
        listing_id=listing_id,
        rule="robust",
        total_minor=1000,
        price=Decimal(10),
        currency="EUR",
        evidence=[],
        is_initial=False,
        page_id=1,
    )
    set_hidden(conn, listing_id, hidden=True)
    set_hidden(conn, listing_id, hidden=True)
    assert list_deals(conn, with_hidden=False) == []
    assert len(list_deals(conn)) == 1
    assert listing_details(conn, [listing_id], "owner")[listing_id].is_hidden
    set_hidden(conn, listing_id, hidden=False)
    assert len(list_deals(conn, with_hidden=False)) == 1


def _enqueue(conn: psycopg.Connection, key: str) -> int:
    made = enqueue(conn, kind="test", channel="email", idempotency_key=key, payload={"n": 1})
    assert made is not None
    return made


def test_a_notification_goes_from_pending_to_sent_or_dead(conn: psycopg.Connection) -> None:
    now = datetime.now(UTC) + timedelta(seconds=5)
    first, second = _enqueue(conn, "a"), _enqueue(conn, "b")
    assert enqueue(conn, kind="test", channel="email", idempotency_key="a", payload={"n": 2}) is None
    with conn.transaction():
        claimed = claim_one(conn, now)
        assert claimed is not None
        assert claimed.notification_id == first
        mark_sent(conn, first, now)
    mark_failed(conn, second, error="no route\0", retry_at=now + timedelta(minutes=5))
    assert due(conn, now) == []
    assert [(one.notification_id, one.attempts) for one in due(conn, now + timedelta(minutes=5))] == [(second, 1)]
    mark_failed(conn, second, error="refused", retry_at=None)
    mark_failed(conn, first, error="too late", retry_at=None)
    assert count_by_state(conn) == {"pending": 0, "sent": 1, "dead": 1}
    assert revive(conn, now, channel="slack") == 0
    assert revive(conn, now) == 1
    (again,) = due(conn, now)
    assert (again.notification_id, again.last_error, again.payload) == (second, "refused", {"n": 1})


def test_two_senders_never_hold_the_same_notification(database: DatabaseUrl) -> None:
    now = datetime.now(UTC) + timedelta(seconds=5)
    with connect(database) as one, connect(database) as two:
        first, second = _enqueue(one, "a"), _enqueue(one, "b")
        with pytest.raises(RuntimeError, match="needs a transaction"):
            claim_one(one, now)
        with one.transaction(), two.transaction():
            held, other = claim_one(one, now), claim_one(two, now)
            assert held is not None
            assert other is not None
            assert (held.notification_id, other.notification_id) == (first, second)
            assert claim_one(two, now, channel="slack") is None


def test_a_sender_that_fails_in_its_transaction_leaves_the_notification_pending(conn: psycopg.Connection) -> None:
    now = datetime.now(UTC) + timedelta(seconds=5)
    only = _enqueue(conn, "a")

    def send_and_die() -> None:
        with conn.transaction():
            claimed = claim_one(conn, now)
            assert claimed is not None
            mark_sent(conn, claimed.notification_id, now)
            raise ConnectionError

    attempt: Callable[[], None] = send_and_die
    with pytest.raises(ConnectionError):
        attempt()
    assert [item.notification_id for item in due(conn, now)] == [only]
