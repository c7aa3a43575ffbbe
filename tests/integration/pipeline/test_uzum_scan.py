"""The range scan against the sandbox: every id once a cycle, what is stored, refusals, resuming, staleness."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import httpx2
import msgspec
import psycopg
import pytest

from domain.settings import Settings
from domain.source_state import after_probe
from pipeline.poll import utc_now
from pipeline.read import read_day
from pipeline.scan import PENDING_ROUNDS, ScanError, Scanning, ensure_scans, scan_range, scan_statuses
from pipeline.scan_fetch import ATTEMPTS
from pipeline.scan_progress import STALE_AFTER, ScanProgress, ScanRange, ScanState, as_value, from_value
from sandbox.server import SandboxServer
from sandbox.uzum.goods import missing, product
from scrapers.bundle import BUNDLE_CONTENT_TYPE, pages_of
from tests.sandbox import clear_faults, set_clock, set_fault
from warehouse.checkpoints import load_checkpoint, save_checkpoint
from warehouse.connect import DatabaseUrl, connect
from warehouse.locks import polling_turn
from warehouse.pages import pages_of_day
from warehouse.source_state import load_source_state, update_source_state

pytestmark = pytest.mark.integration
SCAN = ScanRange("uzum", 1, 700)


@pytest.fixture
def quick(settings: Settings, market: SandboxServer) -> Settings:
    """Settings without second attempts; the market stands at today, and nothing was asked yet."""
    set_clock(market, utc_now())
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()
    return settings.model_copy(update={"request_attempts": 1})


def asked(market: SandboxServer) -> Counter[int]:
    """How often each id was asked since the last call."""
    paths: dict[str, int] = httpx2.get(f"{market.url}/control/requests").json()["paths"]
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()
    prefix = "/uzum/api/v2/product/"
    return Counter({int(path.removeprefix(prefix)): n for path, n in paths.items() if path.startswith(prefix)})


def each_once(first: int, last: int) -> Counter[int]:
    return Counter(dict.fromkeys(range(first, last + 1), 1))


def stored(conn: psycopg.Connection) -> Counter[int]:
    """How many stored answers each id has."""
    found: Counter[int] = Counter()
    for day in conn.execute("select distinct day from raw.pages").fetchall():
        for _, page in pages_of_day(conn, "uzum", day[0]):
            assert page.content_type == BUNDLE_CONTENT_TYPE
            found.update(int(answer.url.rpartition("/")[2]) for answer in pages_of(page))
    return found


def variants(market: SandboxServer, scan: ScanRange) -> set[str]:
    """External ids that the sandbox sells."""
    return {
        f"{number}-{sku.sku_id}"
        for number in range(scan.first, scan.last + 1)
        if missing(number) is None
        for sku in product(market.market.seed, number, utc_now()).skus
    }


def kept_variants(conn: psycopg.Connection) -> set[str]:
    return {row[0] for row in conn.execute("select external_id from core.listings where source = 'uzum'").fetchall()}


class Waiting:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def monotonic(self) -> float:
        return self.now

    def how(self) -> Scanning:
        return Scanning(chunk_ids=100, sleep=self.sleep, monotonic=self.monotonic)


def test_every_id_is_asked_once_and_every_variant_is_stored(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    seen: list[int] = []
    progress = scan_range(conn, quick, SCAN, Scanning(chunk_ids=100), on_chunk=lambda now: seen.append(now.next_id))
    assert asked(market) == each_once(1, 700)
    assert seen == [101, 201, 301, 401, 501, 601, 701], "one transaction a chunk, in order"
    assert stored(conn) == each_once(1, 700)
    assert kept_variants(conn) == variants(market, SCAN)
    gone = sum(missing(number) is not None for number in range(1, 701))
    counts = progress.counts
    assert (counts.asked, counts.found, counts.missing, counts.unreadable) == (700, 700 - gone, gone, 0)
    assert (counts.new, counts.changed, counts.pages) == (counts.listings, 0, 7)
    assert (progress.state, progress.pending) == (ScanState.DONE, ())
    kept = load_checkpoint(conn, "uzum:range:1-700")
    assert kept is not None
    assert from_value(kept.value) == progress


def test_the_bundles_are_read_pages_and_reading_them_again_changes_nothing(
    conn: psycopg.Connection, quick: Settings
) -> None:
    progress = scan_range(conn, quick, ScanRange("uzum", 1, 200))
    before = conn.execute("select count(*), sum(checks) from core.listing_state").fetchone()
    today = utc_now().date()
    assert read_day(conn, quick, "uzum", today).pages == 0, "nothing is left unread"
    again = read_day(conn, quick, "uzum", today, again=True)
    assert (again.new, again.changed, again.records) == (0, 0, progress.counts.listings)
    assert conn.execute("select count(*), sum(checks) from core.listing_state").fetchone() == before


def test_cycles_follow_one_another_and_prices_that_moved_make_history(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    scan = ScanRange("uzum", 1, 120)
    first = scan_range(conn, quick, scan)
    set_clock(market, utc_now() + timedelta(days=20))
    progress = scan_range(conn, quick, scan, Scanning(cycles=2))
    assert [cycle.number for cycle in progress.cycles] == [1, 2, 3]
    assert asked(market) == Counter(dict.fromkeys(range(1, 121), 3))
    assert progress.cycles[1].counts.new == 0
    assert progress.cycles[1].counts.changed > first.counts.listings // 4, "in twenty days most prices move"
    assert progress.cycles[2].counts.changed == 0
    moved = conn.execute(
        "select listing_id from core.price_history group by listing_id having count(distinct price_minor) > 1"
    ).fetchall()
    assert len(moved) > first.counts.listings // 4
    stocks = conn.execute("select listing_id from core.stock_history group by 1 having count(*) > 1").fetchall()
    assert len(stocks) > first.counts.listings // 2, "and the stock of most"


@pytest.mark.parametrize("fault", ["challenge", "challenge_200", "unauthorised"])
def test_a_refusing_source_ends_the_scan_and_it_goes_on_where_it_was(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer, fault: str
) -> None:
    def refuse_from_300(progress: ScanProgress) -> None:
        if progress.next_id == 301:
            set_fault(market, fault, source="uzum")

    progress = scan_range(conn, quick, SCAN, Scanning(chunk_ids=100), on_chunk=refuse_from_300)
    assert progress.state is ScanState.BLOCKED
    assert 301 <= progress.next_id <= 601, "what had been fetched by then is kept"
    assert "refusals in a row" in progress.detail
    state = load_source_state(conn, "uzum", utc_now())
    assert (state.state, state.is_blocked) == ("blocked", True)
    with pytest.raises(ScanError, match="not asked until"):
        scan_range(conn, quick, SCAN)
    clear_faults(market)
    assert ensure_scans(conn, utc_now()) == [], "its wait is not over"
    assert progress.not_before is not None
    assert ensure_scans(conn, progress.not_before) == [SCAN]
    update_source_state(conn, "uzum", utc_now(), lambda now: after_probe(now, utc_now(), timedelta(0)))
    assert scan_range(conn, quick, SCAN, Scanning(again=True)).state is ScanState.DONE
    assert stored(conn) == each_once(1, 700)
    assert kept_variants(conn) == variants(market, SCAN)
    assert load_source_state(conn, "uzum", utc_now()).state == "ok"


def test_a_rebuilt_service_ends_the_scan_before_the_range_is_through(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    set_fault(market, "changed", source="uzum")
    progress = scan_range(conn, quick, SCAN, Scanning(chunk_ids=50))
    assert progress.state is ScanState.BLOCKED
    assert "could not be read" in progress.detail
    assert progress.next_id <= 201


def test_throttling_is_waited_out_and_costs_no_id(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    set_fault(market, "throttled", count=30, source="uzum", seconds=0.2)
    progress = scan_range(conn, quick, ScanRange("uzum", 1, 300))
    assert (progress.state, progress.counts.asked) == (ScanState.DONE, 300)
    assert sum(asked(market).values()) == 330
    assert stored(conn) == each_once(1, 300)


def test_an_id_without_an_answer_waits_for_the_end_of_the_cycle_and_is_had_then(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    for number in (117, 141, 213):
        set_fault(market, "server_error", count=2, source="uzum", status=500, path=f"/api/v2/product/{number}")
    pending: list[tuple[int, ...]] = []
    progress = scan_range(
        conn, quick, ScanRange("uzum", 101, 300), Waiting().how(), on_chunk=lambda now: pending.append(now.pending)
    )
    assert pending == [(117, 141), (117, 141, 213), ()]
    assert asked(market) == each_once(101, 300) + Counter({117: 2, 141: 2, 213: 2})
    assert stored(conn) == each_once(101, 300)
    assert (progress.state, progress.counts.asked) == (ScanState.DONE, 200)


def test_an_id_that_never_answers_is_told_and_not_skipped_silently(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    set_fault(market, "server_error", source="uzum", status=500, path="/api/v2/product/17")
    time = Waiting()
    progress = scan_range(conn, quick, ScanRange("uzum", 15, 20), time.how())
    (cycle,) = progress.cycles
    assert (cycle.unanswered, cycle.unanswered_count, cycle.counts.asked) == ((17,), 1, 5)
    assert asked(market)[17] == ATTEMPTS * (1 + PENDING_ROUNDS)
    assert time.now > 60, "its rounds lie further and further apart"
    clear_faults(market)
    assert scan_range(conn, quick, ScanRange("uzum", 15, 20)).counts.asked == 6


def test_an_outage_is_waited_out_without_losing_an_id(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    set_fault(market, "server_error", count=150, source="uzum", status=502)
    time = Waiting()
    progress = scan_range(conn, quick, ScanRange("uzum", 1, 300), time.how())
    assert (progress.state, progress.counts.asked) == (ScanState.DONE, 300)
    assert stored(conn) == each_once(1, 300)
    assert time.now > 2


def test_a_poisoned_record_goes_to_quarantine_and_its_neighbours_are_stored(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    sold = (n for n in range(101, 200) if missing(n) is None)
    number = next(n for n in sold if len(product(market.market.seed, n, utc_now()).skus) > 2)
    set_fault(market, "poison", source="uzum", path=f"/api/v2/product/{number}", record="nan_price")
    scan = ScanRange("uzum", 101, 200)
    progress = scan_range(conn, quick, scan)
    assert progress.counts.quarantined == 1
    assert len(kept_variants(conn)) == len(variants(market, scan)) - 1
    reason = conn.execute("select reason from ops.quarantine").fetchone()
    assert reason is not None
    assert "purchasePrice" in reason[0]


# ---------------------------------------------------------------- one at a time, stale, started again


def test_a_second_process_may_not_scan_the_same_range(
    conn: psycopg.Connection, database: DatabaseUrl, quick: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.scan._LOCK_SECONDS", 0.3)
    with (
        connect(database) as other,
        polling_turn(other, "scan:uzum:range:1-700"),
        pytest.raises(ScanError, match="another process"),
    ):
        scan_range(conn, quick, SCAN)


def _left_running(conn: psycopg.Connection, quick: Settings, age: timedelta) -> ScanProgress:
    done = scan_range(conn, quick, ScanRange("uzum", 1, 50))
    left = msgspec.structs.replace(done, state=ScanState.RUNNING, next_id=20, cycles=())
    save_checkpoint(conn, left.range.name, as_value(left), utc_now() - age)
    return left


def test_a_scan_whose_process_is_gone_is_started_again_and_a_living_one_is_left_alone(
    conn: psycopg.Connection, database: DatabaseUrl, quick: Settings
) -> None:
    left = _left_running(conn, quick, timedelta(minutes=5))
    assert ensure_scans(conn, utc_now()) == [left.range]
    assert [one.is_stale for one in scan_statuses(conn, "uzum", utc_now())] == [False]
    with connect(database) as living, polling_turn(living, f"scan:{left.range.name}"):
        assert ensure_scans(conn, utc_now()) == []


def test_a_stale_scan_is_told_and_its_session_is_ended_so_that_the_next_can_take_over(
    conn: psycopg.Connection, database: DatabaseUrl, quick: Settings
) -> None:
    left = _left_running(conn, quick, STALE_AFTER)
    assert [one.is_stale for one in scan_statuses(conn, "uzum", utc_now())] == [True]
    hanging = connect(database)
    turn = polling_turn(hanging, f"scan:{left.range.name}")
    assert turn.__enter__()
    assert ensure_scans(conn, utc_now()) == [left.range]
    with pytest.raises(psycopg.OperationalError):
        hanging.execute("select 1")
    hanging.close()
    assert scan_range(conn, quick, left.range, Scanning(again=True)).state is ScanState.DONE


@pytest.mark.parametrize("state", [ScanState.DONE, ScanState.STOPPED])
def test_what_is_done_or_was_stopped_is_not_started_again(
    conn: psycopg.Connection, quick: Settings, state: ScanState
) -> None:
    left = msgspec.structs.replace(_left_running(conn, quick, STALE_AFTER), state=state)
    save_checkpoint(conn, left.range.name, as_value(left), utc_now() - STALE_AFTER)
    assert ensure_scans(conn, utc_now()) == []
    assert [one.is_stale for one in scan_statuses(conn, "uzum", utc_now())] == [False]


def test_a_transaction_that_fails_leaves_the_progress_where_it_was(
    conn: psycopg.Connection, quick: Settings, market: SandboxServer
) -> None:
    def closing(at: int) -> Callable[[ScanProgress], None]:
        def close(progress: ScanProgress) -> None:
            if progress.next_id == at:
                raise OSError("the disk is full")

        return close

    with pytest.raises(OSError, match="disk is full"):
        scan_range(conn, quick, SCAN, Scanning(chunk_ids=100), on_chunk=closing(301))
    assert stored(conn) == each_once(1, 300)
    assert scan_range(conn, quick, SCAN, Scanning(again=True, chunk_ids=100)).state is ScanState.DONE
    assert stored(conn) == each_once(1, 700)
    counts = asked(market)
    assert set(counts) == set(range(1, 701))
    assert all(counts[number] == 1 for number in range(1, 301)), "what is stored is not asked again"
