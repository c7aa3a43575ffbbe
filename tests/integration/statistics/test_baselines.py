"""Candidates: which are pending, and that their statistics leave exactly them out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import psycopg
import pytest

from domain.condition import Condition
from domain.deal import VerdictKind
from domain.statistics import Candidate, GroupStatistics
from domain.watch import RuleName, Watch
from ml.rules import decide, judge
from pipeline.judge import judge_candidate
from tests.integration.statistics.conftest import Market
from tests.integration.statistics.market import FIRST_LISTING, Thing, group_of, oracle, store, store_listing
from warehouse.baselines import candidates, judged, mark_judged, settle_unmoved
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration


@pytest.fixture
def scratch(market: Market) -> Iterator[psycopg.Connection]:
    """A connection to the market whose changes are all taken back."""
    with connect(market.address) as conn, conn.transaction(force_rollback=True):
        yield conn


def watch(watch_id: int, rules: tuple[RuleName, ...] = (RuleName.ROBUST, RuleName.MEAN_SIGMA)) -> Watch:
    return Watch(
        watch_id=watch_id,
        owner="owner",
        name="n",
        source="vinted",
        url="u",
        country="fr",
        currency="EUR",
        params={},
        rules=rules,
    )


def close(have: float | Decimal | None, want: float | Decimal | None) -> bool:
    if have is None or want is None:
        return have is want
    return abs(float(have) - float(want)) <= 1e-6 + 1e-9 * abs(float(want))


def check(group: GroupStatistics, things: list[Thing]) -> None:
    want = oracle(things)
    assert group.n == want.n
    assert close(group.mean, want.mean)
    assert close(group.stddev, want.stddev)
    logs = want.logs
    assert close(group.log_mean, float(logs.mean()))
    assert close(group.log_stddev, float(logs.std(ddof=1)) if want.n > 1 else None)
    assert close(group.log_median, float(np.median(logs)))
    assert close(group.log_q10, float(np.quantile(logs, 0.1)))
    median = float(np.median(np.array([float(price) for price in want.prices])))
    assert float(group.median or -1) == pytest.approx(median, abs=1e-4)


def test_every_candidate_s_statistics_leave_exactly_itself_out(market: Market, scratch: psycopg.Connection) -> None:
    found = candidates(scratch, only_pending=False)
    by_id = {thing.listing_id: thing for thing in market.things}
    assert {candidate.listing_id for candidate in found} == set(by_id)
    members = 0
    for candidate in found:
        thing = by_id[candidate.listing_id]
        assert candidate.price == thing.price
        assert candidate.total_minor == thing.payable
        wanted = {
            level: group_of(market.things, thing.watch_id, condition, without=thing.listing_id)
            for level, condition in (("condition", str(thing.condition)), ("watch", "all"))
        }
        assert [group.level for group in candidate.groups] == [level for level, rest in wanted.items() if rest]
        for group in candidate.groups:
            check(group, wanted[group.level])
            members += thing.is_comparable
    assert members > 300


def test_comparable_ids_are_the_nearest_in_price_of_the_group_that_judges(
    market: Market, scratch: psycopg.Connection
) -> None:
    price_of = {thing.listing_id: thing.price for thing in market.things}
    for candidate in candidates(scratch, only_pending=False):
        usable = [group for group in candidate.groups if group.n >= 8]
        if candidate.price is None or not usable or candidate.condition is Condition.FOR_PARTS:
            continue
        group = usable[0]
        condition = str(candidate.condition) if group.level == "condition" else "all"
        rest = group_of(market.things, candidate.watch_id, condition, without=candidate.listing_id)
        distances = sorted(abs((thing.price or Decimal(0)) - candidate.price) for thing in rest)[:50]
        assert [abs((price_of[i] or Decimal(0)) - candidate.price) for i in group.comparable_ids] == distances
        assert len(set(group.comparable_ids)) == len(distances)


def test_a_listing_that_dbt_has_not_seen_reads_the_group_as_it_is(market: Market, scratch: psycopg.Connection) -> None:
    """The usual case: first seen after the statistics were made."""
    fresh = Thing(12, FIRST_LISTING + 9999, Condition.GOOD, 1500, None)
    store_listing(scratch.cursor(), fresh)
    (candidate,) = candidates(scratch, listing_id=fresh.listing_id)
    check(candidate.groups[0], group_of(market.things, 12, "good"))
    check(candidate.groups[1], group_of(market.things, 12, "all"))
    assert candidate.groups[0].log_mad is not None


def test_a_member_whose_price_dropped_is_left_out_at_its_old_price(market: Market, scratch: psycopg.Connection) -> None:
    thing = group_of(market.things, 12, "good")[3]
    scratch.execute(
        "update core.listing_state set price_minor = 101, total_minor = null where listing_id = %s", (thing.listing_id,)
    )
    (candidate,) = candidates(scratch, listing_id=thing.listing_id)
    assert candidate.total_minor == 101
    check(candidate.groups[0], group_of(market.things, 12, "good", without=thing.listing_id))


def note_all(conn: psycopg.Connection) -> list[Candidate]:
    found = candidates(conn)
    assert mark_judged(conn, [judged(candidate, "no_deal") for candidate in found]) == len(found)
    return found


def test_what_was_judged_is_not_pending_until_its_price_changes(market: Market, scratch: psycopg.Connection) -> None:
    assert len(note_all(scratch)) == len(market.things)
    assert candidates(scratch) == []
    scratch.execute("update core.listing_state set total_minor = 777 where listing_id = %s", (FIRST_LISTING + 20,))
    assert [(c.listing_id, c.total_minor) for c in candidates(scratch)] == [(FIRST_LISTING + 20, 777)]


def test_an_edited_watch_is_judged_again(market: Market, scratch: psycopg.Connection) -> None:
    note_all(scratch)
    scratch.execute("update app.watches set updated_at = now() + interval '1 second' where watch_id = 10")
    assert {c.watch_id for c in candidates(scratch)} == {10}
    assert len(candidates(scratch)) == sum(thing.watch_id == 10 for thing in market.things)


@pytest.mark.parametrize("rule", [RuleName.ROBUST, RuleName.MEAN_SIGMA])
def test_a_moved_baseline_brings_back_all_that_it_could_turn_into_a_deal(
    market: Market, scratch: psycopg.Connection, rule: RuleName
) -> None:
    """The prefilter must not lose a deal that judging everything would find."""
    scratch.execute("update app.watches set rules = %s", ([str(rule)],))
    note_all(scratch)
    scratch.execute("update marts.watch_condition_stats set computed_at = computed_at + interval '1 hour'")
    pending = candidates(scratch)
    everything = candidates(scratch, only_pending=False)
    assert 0 < len(pending) < len(everything)
    deals = {
        (c.watch_id, c.listing_id)
        for c in everything
        if any(v.kind in {VerdictKind.DEAL, VerdictKind.CHECK_FIRST} for v in judge(watch(c.watch_id, (rule,)), c))
        and c.price
        and not c.is_blacklisted
    }
    assert deals
    assert deals <= {(c.watch_id, c.listing_id) for c in pending}


def test_settling_notes_the_rest_in_one_statement_and_keeps_the_pending(
    market: Market, scratch: psycopg.Connection
) -> None:
    note_all(scratch)
    scratch.execute("update marts.watch_condition_stats set computed_at = computed_at + interval '1 hour'")
    before = {(c.watch_id, c.listing_id) for c in candidates(scratch)}
    assert settle_unmoved(scratch) > 0
    assert settle_unmoved(scratch) == 0
    assert {(c.watch_id, c.listing_id) for c in candidates(scratch)} == before
    note_all(scratch)
    assert candidates(scratch) == []


def test_paused_watches_and_things_that_cannot_be_bought_wait(market: Market, scratch: psycopg.Connection) -> None:
    scratch.execute("update app.watches set is_active = false where watch_id <> 12")
    sold = group_of(market.things, 12, "all")[0].listing_id
    scratch.execute("update core.listing_state set availability = 'reserved' where listing_id = %s", (sold,))
    pending = candidates(scratch)
    assert {c.watch_id for c in pending} == {12}
    assert sold not in {c.listing_id for c in pending}
    assert [c.listing_id for c in candidates(scratch, listing_id=sold, only_pending=False)] == [sold]
    scratch.execute("update core.listing_state set availability = 'available' where listing_id = %s", (sold,))
    assert sold in {c.listing_id for c in candidates(scratch)}


def test_a_limit_is_kept_and_repeated_calls_reach_everything(market: Market, scratch: psycopg.Connection) -> None:
    seen: set[tuple[int, int]] = set()
    while found := candidates(scratch, limit=100):
        assert len(found) <= 100
        pairs = {(c.watch_id, c.listing_id) for c in found}
        assert not pairs & seen
        seen |= pairs
        mark_judged(scratch, [judged(c, "no_deal") for c in found])
    assert len(seen) == len(market.things)


def test_before_dbt_ever_ran_candidates_have_no_groups(database: DatabaseUrl) -> None:
    things = [
        Thing(1, FIRST_LISTING, Condition.GOOD, 2000, 2170),
        Thing(1, FIRST_LISTING + 1, Condition.GOOD, 1000, None, currency="GBP"),
        Thing(1, FIRST_LISTING + 2, Condition.GOOD, 4000, None, currency="JPY"),
        Thing(1, FIRST_LISTING + 3, Condition.GOOD, 10, None, is_blacklisted=True),
    ]
    with connect(database) as conn:
        store(conn, things)
        found = candidates(conn)
        assert [c.price for c in found] == [Decimal("21.70"), Decimal("11.70"), None, Decimal("0.10")]
        assert [c.is_blacklisted for c in found] == [False, False, False, True]
        assert all(c.groups == () for c in found)
        assert [decide(judge(watch(1), c)) for c in found] == [None] * 4
        assert mark_judged(conn, [judged(c, "not_enough_data") for c in found]) == 4
        assert candidates(conn) == []
        assert settle_unmoved(conn) == 0
        assert mark_judged(conn, []) == 0


def test_two_foreign_currencies_convert_over_their_shared_base(database: DatabaseUrl) -> None:
    with connect(database) as conn:
        store(conn, [Thing(1, FIRST_LISTING, Condition.GOOD, 1000, None, currency="GBP")])
        conn.execute("update app.watches set currency = 'USD'")
        conn.execute(
            "insert into core.fx_rates (day, currency, base_currency, rate, provider) "
            "values ((now() at time zone 'UTC')::date, 'GBP', 'EUR', 1.2, 't'), "
            "((now() at time zone 'UTC')::date, 'USD', 'EUR', 0.8, 't')"
        )
        (candidate,) = candidates(conn)
    assert candidate.currency == "USD"
    assert candidate.price == Decimal("15.0000")


def test_a_bid_is_never_pending_and_gets_no_verdict(market: Market, scratch: psycopg.Connection) -> None:
    bid = group_of(market.things, 12, "all")[0].listing_id
    scratch.execute("update core.listing_details set price_kind = 'current_bid' where listing_id = %s", (bid,))
    assert bid not in {c.listing_id for c in candidates(scratch)}
    asked = candidates(scratch, listing_id=bid, only_pending=False)
    assert [judge_candidate(watch(12), candidate).verdicts for candidate in asked] == [()]
    scratch.execute("update core.listing_details set price_kind = 'procurement' where listing_id = %s", (bid,))
    assert bid in {c.listing_id for c in candidates(scratch)}


def test_a_thing_last_seen_without_a_price_is_not_judged_by_its_old_one(
    market: Market, scratch: psycopg.Connection
) -> None:
    gone = group_of(market.things, 12, "all")[0].listing_id
    scratch.execute(
        "update core.listing_state set is_active = false, availability = 'unknown' where listing_id = %s", (gone,)
    )
    assert gone not in {c.listing_id for c in candidates(scratch)}
