"""The price model from training to deal: what is stored, what is alerted, what is not."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from domain.deal import VerdictKind
from domain.settings import Settings
from domain.watch import RuleName
from pipeline.judge import JudgeOutcome, judge_pending
from pipeline.poll import utc_now
from pipeline.price_models import TrainOutcome, scopes_due, train_markets
from pipeline.pricing import markets
from tests.integration.pipeline.priced_market import FIRST_LISTING, Thing, ordinary, store
from tests.postgres import fresh_database, migrated_template
from warehouse.connect import DatabaseUrl, connect
from warehouse.deals import Deal, list_deals
from warehouse.price_models import newest_model
from warehouse.watches import get_watch, update_watch

pytestmark = pytest.mark.integration
SCOPE = "EUR/owner"
COUNT = 700
NEW = FIRST_LISTING + 10_000
OSPREY = "Falco osprey 7 black as new"  # 420 EUR on the middle
CHEAP = Thing(NEW, OSPREY, 23_000, seen_days_ago=0)


@pytest.fixture(scope="module")
def trained(postgres_server: DatabaseUrl) -> Iterator[tuple[DatabaseUrl, TrainOutcome]]:
    """A market with its model, to be copied from; nothing is connected to it."""
    with fresh_database(postgres_server, migrated_template(postgres_server)) as address:
        with connect(address) as conn:
            store(conn, ordinary(COUNT))
            conn.execute("update app.watches set first_judged_at = now()")
            (outcome,) = train_markets(conn)
            judge(conn)
        yield address, outcome


@pytest.fixture
def market(postgres_server: DatabaseUrl, trained: tuple[DatabaseUrl, TrainOutcome]) -> Iterator[psycopg.Connection]:
    with fresh_database(postgres_server, trained[0]) as address, connect(address) as conn:
        yield conn


def judge(conn: psycopg.Connection) -> JudgeOutcome:
    return judge_pending(conn, Settings(_env_file=None), source="vinted", run_id="r", now=utc_now)


def deals(conn: psycopg.Connection) -> list[Deal]:
    return [deal for deal in list_deals(conn) if deal.listing_id >= NEW]


def verdict(conn: psycopg.Connection, thing: Thing) -> tuple[str, str]:
    """Judge a thing that a poll just found; return the word kept of it and the sentence of the model rule."""
    from pipeline.judge import explain

    store(conn, [thing])
    judge(conn)
    (word,) = conn.execute(
        "select verdict from app.watch_listings where watch_id = 1 and listing_id = %s", (thing.listing_id,)
    ).fetchone() or ("",)
    explained = explain(conn, get_watch(conn, 1), thing.listing_id)
    assert explained is not None
    return word, explained[0].verdicts[0].reason


def test_a_market_s_model_is_stored_with_what_it_learnt_from(
    market: psycopg.Connection, trained: tuple[DatabaseUrl, TrainOutcome]
) -> None:
    outcome, known = trained[1], newest_model(market, SCOPE)
    assert known is not None
    assert (known.state, known.error) == ("success", None)
    assert outcome.state == "success"
    assert known.n_train == outcome.listings == COUNT
    assert known.n_calibration == 200
    assert known.coverage is not None
    assert 0.8 < known.coverage < 1
    assert known.metrics["coverage_by_watch"] == outcome.by_watch
    assert 0.8 < outcome.by_watch["watch 1"] <= 1
    (newest,) = markets(market)
    assert known.trained_until == newest.offers[-1].seen_at
    assert known.calibrated_from == newest.offers[-200].seen_at


def test_every_listing_on_offer_gets_a_fair_price_without_itself_and_without_later_ones(
    market: psycopg.Connection,
) -> None:
    rows = market.execute(
        "select f.listing_id, f.price, f.expected, f.low, f.high, f.tier, f.comparables, s.price_changed_at"
        " from ml.fair_prices f join core.listing_state s using (listing_id) order by f.listing_id"
    ).fetchall()
    assert len(rows) == COUNT
    seen = {row[0]: row[7] for row in rows}
    estimated = [row for row in rows if row[5] != "none"]
    assert len(estimated) > 0.95 * COUNT
    for listing_id, _, expected, low, high, _, comparables, _ in estimated:
        assert low <= expected <= high
        ids = [comparable["listing_id"] for comparable in comparables]
        assert listing_id not in ids
        assert all(seen[one] <= seen[listing_id] for one in ids)
    errors = sorted(abs(float(row[1]) / float(row[2]) - 1) for row in estimated[100:])
    assert errors[len(errors) // 2] < 0.12, "prices scatter by 12 % round their model's"


def test_a_planted_cheap_listing_becomes_a_deal_with_its_evidence(market: psycopg.Connection) -> None:
    word, reason = verdict(market, CHEAP)
    assert word == "deal", reason
    (deal,) = deals(market)
    assert (deal.rule, deal.price) == ("model", Decimal("230.0000"))
    assert deal.expected is not None
    assert 380 < deal.expected < 460
    (evidence,) = [one.evidence for one in deal.evidence if one.rule is RuleName.MODEL]
    assert evidence.p_value is not None
    assert evidence.p_value <= 0.005
    assert evidence.low is not None
    assert evidence.high is not None
    assert evidence.low < deal.expected < evidence.high
    assert len(evidence.comparables) == 5
    assert sum("osprey 7" in comparable.title for comparable in evidence.comparables) >= 3
    assert all(comparable.listing_id != NEW and comparable.seen_at for comparable in evidence.comparables)
    known = newest_model(market, SCOPE)
    assert known is not None
    assert evidence.model == f"{known.price_model_id}:{known.sha256[:12]}"
    assert "that the price model expects of it (nine of ten between" in reason
    assert "of 1,000 ordinary listings are as cheap, you accept 5" in reason


def test_an_ordinary_price_is_no_deal(market: psycopg.Connection) -> None:
    assert verdict(market, replace(CHEAP, minor=41_000))[0] == "no_deal"
    assert deals(market) == []


def test_an_accessory_is_no_deal_however_cheap(market: psycopg.Connection) -> None:
    word, reason = verdict(market, replace(CHEAP, title="strap only for Falco osprey 7", kind="accessory"))
    assert word == "excluded", reason
    assert deals(market) == []


def test_what_costs_less_than_a_fifth_is_to_be_looked_at_first(market: psycopg.Connection) -> None:
    word, reason = verdict(market, replace(CHEAP, minor=7_500))
    assert word == "check_first"
    assert "look at it first" in reason
    assert deals(market) == []


def test_the_budget_decides(market: psycopg.Connection) -> None:
    thing = replace(CHEAP, minor=34_500)
    assert verdict(market, thing)[0] == "no_deal"
    update_watch(market, 1, false_alarms_per_1000=Decimal(60))
    judge(market)
    (deal,) = deals(market)
    assert 0.005 < (deal.evidence[0].evidence.p_value or 0) <= 0.06


def test_a_budget_too_small_for_the_window_says_how_much_is_missing(market: psycopg.Connection) -> None:
    update_watch(market, 1, false_alarms_per_1000=Decimal(1))
    word, reason = verdict(market, CHEAP)
    assert word == "not_enough_data"
    assert "it learnt from 200 recent prices how far they scatter, 999 are needed" in reason


def test_a_refused_model_never_alerts(market: psycopg.Connection) -> None:
    market.execute("update ml.price_models set state = 'refused', error = 'the market has moved'")
    word, reason = verdict(market, CHEAP)
    assert word == "not_enough_data"
    assert reason == "the price model gives no alerts now: the market has moved"
    assert deals(market) == []


def test_a_market_that_moves_has_its_model_refused(conn: psycopg.Connection) -> None:
    rng = random.Random(3)
    things = ordinary(600)
    # In the last days everything costs anything: what was learnt of the scatter does not hold.
    moved = [replace(thing, minor=round(thing.minor * rng.choice([0.3, 3.0]))) for thing in things[-70:]]
    store(conn, [*things[:-70], *moved])
    (outcome,) = train_markets(conn)
    assert outcome.state == "refused"
    assert "intervals held only" in outcome.reason
    known = newest_model(conn, SCOPE)
    assert known is not None
    assert known.state == "refused"
    kinds = conn.execute("select distinct verdict from ml.fair_prices").fetchall()
    assert kinds == [("not_enough_data",)]


def test_a_watch_whose_intervals_do_not_hold_is_refused_alone(conn: psycopg.Connection) -> None:
    rng = random.Random(4)
    things = [replace(thing, watches=(1 if place % 7 else 2,)) for place, thing in enumerate(ordinary(1600))]
    moved = [
        replace(thing, minor=round(thing.minor * rng.choice([0.2, 5.0]))) if thing.watches == (2,) else thing
        for thing in things[-160:]
    ]
    store(conn, [*things[:-160], *moved])
    (outcome,) = train_markets(conn)
    assert (outcome.state, list(outcome.refused_watches)) == ("success", ["watch 2"])
    conn.execute("update app.watches set first_judged_at = now()")
    store(conn, [replace(CHEAP, watches=(1, 2))])
    judge(conn)
    kinds = dict(
        conn.execute("select watch_id, verdict from app.watch_listings where listing_id = %s", (NEW,)).fetchall()
    )
    assert kinds == {1: "deal", 2: "not_enough_data"}
    told = "select distinct watch_id from ml.fair_prices where verdict = 'deal'"
    assert (2,) not in conn.execute(told).fetchall()


def test_a_damaged_model_says_so_and_alerts_nothing(market: psycopg.Connection) -> None:
    market.execute("update ml.price_models set artifact = substr(artifact, 1, 1000)")
    word, reason = verdict(market, CHEAP)
    assert word == "not_enough_data"
    assert "is damaged; run the job `price`" in reason


def test_without_a_model_the_other_rules_speak_as_ever(conn: psycopg.Connection) -> None:
    store(conn, ordinary(10), rules=("absolute", "model"))
    conn.execute("update app.watches set first_judged_at = now(), max_price = 250")
    store(conn, [CHEAP])
    judge(conn)
    (deal,) = deals(conn)
    assert deal.rule == "absolute"
    by_rule = {one.rule: one for one in deal.evidence}
    assert by_rule[RuleName.MODEL].kind is VerdictKind.NOT_ENOUGH_DATA
    assert "no price model is trained yet" in by_rule[RuleName.MODEL].reason


def test_a_deal_of_the_past_is_left_out_of_the_next_model(market: psycopg.Connection) -> None:
    verdict(market, CHEAP)
    (outcome,) = train_markets(market)
    assert (outcome.listings, outcome.past_deals) == (COUNT + 1, len(list_deals(market)))
    assert outcome.n_train == outcome.listings - outcome.past_deals
    shown = market.execute("select count(*) from ml.fair_prices where comparables::text like %s", (f"%{NEW}%",))
    assert shown.fetchone() == (0,)


def test_the_same_run_twice_gives_the_same_rows(market: psycopg.Connection) -> None:
    def rows() -> list[tuple[object, ...]]:
        return market.execute(
            "select watch_id, listing_id, price, expected, low, high, p_value, score, tier, verdict, comparables"
            " from ml.fair_prices order by 1, 2"
        ).fetchall()

    market.execute("delete from app.deals")
    train_markets(market)
    first, one = rows(), newest_model(market, SCOPE)
    train_markets(market)
    second, two = rows(), newest_model(market, SCOPE)
    assert first == second
    assert one is not None
    assert two is not None
    assert one.sha256 == two.sha256
    assert one.price_model_id < two.price_model_id


def test_a_model_is_due_when_there_is_none_or_enough_is_new(market: psycopg.Connection) -> None:
    now = utc_now()
    assert scopes_due(market, now) == []
    assert scopes_due(market, now + timedelta(days=2)) == [], "nothing is new"
    store(market, [CHEAP])
    assert scopes_due(market, now) == []
    assert scopes_due(market, now + timedelta(days=2)) == [SCOPE]
    store(market, [replace(CHEAP, listing_id=NEW + n) for n in range(1, COUNT // 20 + 1)])
    assert scopes_due(market, now) == [SCOPE]
    market.execute("delete from ml.price_models")
    assert scopes_due(market, now) == [SCOPE]


def test_too_few_listings_are_not_trained_on(conn: psycopg.Connection) -> None:
    store(conn, ordinary(12))
    (outcome,) = train_markets(conn)
    assert (outcome.state, outcome.reason) == ("skipped", "12 listings are known, 30 are needed")
    assert newest_model(conn, SCOPE) is None
    assert scopes_due(conn, utc_now()) == []


def test_a_run_killed_while_it_saves_leaves_the_model_before_it(
    market: psycopg.Connection, trained: tuple[DatabaseUrl, TrainOutcome]
) -> None:
    address = trained[0].with_database(market.info.dbname)
    code = (
        "import sys; from warehouse.connect import DatabaseUrl, connect; from pipeline.price_models import *\n"
        "with connect(DatabaseUrl.parse(sys.argv[1])) as conn: train_markets(conn)"
    )
    before = newest_model(market, SCOPE)
    with connect(address) as blocker, blocker.transaction():
        blocker.execute("lock table ml.fair_prices in access exclusive mode")
        process = subprocess.Popen([sys.executable, "-c", code, address.libpq])
        while not _is_saving(market) and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, "it waits within its transaction, the model's bytes written"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert newest_model(market, SCOPE) == before
    assert market.execute("select count(*) from ml.fair_prices").fetchone() == (COUNT,)
    assert verdict(market, CHEAP)[0] == "deal"
    while (outcome := train_markets(market)[0]).state == "skipped":
        time.sleep(0.05)  # the server has not noticed yet that the killed run is gone
    assert outcome.state == "success"
    states = market.execute("select state, error from ml.price_models order by price_model_id").fetchall()
    assert states == [("success", None), ("failure", "its run was killed"), ("success", None)]


def _is_saving(conn: psycopg.Connection) -> bool:
    row = conn.execute(
        "select exists (select from pg_locks where not granted and relation = 'ml.fair_prices'::regclass)"
    ).fetchone()
    return bool(row and row[0])


def test_the_polling_path_needs_no_model_to_be_imported() -> None:
    code = (
        "import sys, pipeline.judge, pipeline.poll\n"
        "print([name for name in ('numpy', 'scipy', 'sklearn', 'torch') if name in sys.modules])\n"
        "import pipeline.model_rule\n"
        "print([name for name in ('sklearn', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
