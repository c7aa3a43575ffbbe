"""Clusters of a watch, stored: ids that last, runs that fail without harm, listings that join between runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from domain.settings import Settings
from domain.watch import Watch
from ml.embeddings.load import text_encoder
from ml.embeddings.models import MINILM
from pipeline.clusters import PRODUCTS, Method, cluster_new_listings, cluster_watch, photo_notes
from pipeline.embeddings import embed_texts
from tests.embedding_models import models_dir
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.cluster_inputs import watches_with_new_listings
from warehouse.cluster_runs import current_run, list_runs, places
from warehouse.cluster_views import (
    ClusterLine,
    cluster_members,
    cluster_overview,
    places_of_listing,
    resolve_cluster,
    transitions_of_run,
    unique_listings,
)
from warehouse.clusters import KEPT_MEMBERS
from warehouse.connect import DatabaseUrl, connect
from warehouse.locks import clustering_turn
from warehouse.photos import Photo, note_photo
from warehouse.watches import add_watch

pytestmark = pytest.mark.integration

PHONES = [
    "Apple iPhone 13 128GB black",
    "Apple iPhone 13 128GB blue",
    "Apple iPhone 13 128 GB midnight",
    "Apple iPhone 13 128GB unlocked",
    "Apple iPhone 13 128GB boxed",
]
CAMERAS = [
    "Sony Alpha A7 III body",
    "Sony Alpha A7 III body only",
    "Sony Alpha A7 III camera body",
    "Sony Alpha A7 III body boxed",
    "Sony Alpha A7 III body black",
]
BIKES = [
    "Brompton M6L folding bike",
    "Brompton M6L folding bike black",
    "Brompton M6L folding bike red",
    "Brompton M6L folding bike blue",
]
ODD = ["Garden hose 20 m", "Oak bookshelf"]
TITLES = [*PHONES, *CAMERAS, *ODD]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, home=tmp_path, model_threads=1)  # type: ignore[call-arg]  # pydantic's own


@pytest.fixture
def watch(conn: psycopg.Connection) -> Watch:
    return _watch(conn, "things")


def _watch(conn: psycopg.Connection, name: str) -> Watch:
    return add_watch(
        conn,
        Watch(
            watch_id=0,
            owner="owner",
            name=name,
            source="vinted",
            url=f"https://www.vinted.fr/catalog?search_text={name}",
            country="FR",
            currency="EUR",
            params={},
        ),
    )


def _show(
    conn: psycopg.Connection, watch: Watch, titles: Sequence[str], *, first: int = 0, minutes: float = 0
) -> list[int]:
    """Let a watch find listings of these titles, numbered from ``first``; return their ids."""
    found = [listing(first + place, f"{100 + place}.00", title=title) for place, title in enumerate(titles)]
    store_and_load(conn, page(minutes, watch_id=watch.watch_id), found)
    names = [one.external_id for one in found]
    rows = conn.execute("select external_id, listing_id from core.listings where external_id = any(%s)", (names,))
    known = dict(rows.fetchall())
    return [known[name] for name in names]


def _overview(conn: psycopg.Connection, watch: Watch, method: str = "products") -> list[ClusterLine]:
    run = current_run(conn, watch.watch_id, method)
    assert run is not None
    return cluster_overview(conn, run.cluster_run_id)


def _cluster_of(conn: psycopg.Connection, watch: Watch, listing_id: int) -> str | None:
    found = places_of_listing(conn, listing_id, watch_id=watch.watch_id)
    return next(place.cluster_id for place in found if place.level == "product")


@contextmanager
def _broken(conn: psycopg.Connection):  # type: ignore[no-untyped-def]  # a context manager of None
    """While it lasts, storing a transition fails in the database: the last thing but one that a run does."""
    conn.execute("create function fail() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$")
    conn.execute("create trigger fail before insert on ml.cluster_transitions execute function fail()")
    yield
    conn.execute("drop trigger fail on ml.cluster_transitions")


def test_a_run_is_stored_with_its_parameters_its_clusters_and_what_is_in_none(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    ids = _show(conn, watch, TITLES)
    outcome = cluster_watch(conn, settings, watch)
    run = current_run(conn, watch.watch_id)
    assert run is not None
    assert (run.state, run.error, run.n_listings, run.n_clusters, run.n_unique) == ("success", None, 12, 2, 2)
    assert run.params == PRODUCTS.params()
    assert run.ended_at is not None
    assert run.ended_at > run.started_at
    assert run.metrics["cohesion"] == outcome.cohesion
    assert outcome.transitions == {"born": 2}
    phones, cameras = sorted(_overview(conn, watch), key=lambda line: line.label)
    assert "iPhone" in phones.label
    assert "A7" in cameras.label
    assert (phones.size, cameras.size) == (5, 5)
    # Payable prices: 1.70 on top, of 100 to 104.
    assert (phones.lowest_price, phones.median_price, phones.highest_price) == tuple(
        Decimal(price) for price in ("101.70", "103.70", "105.70")
    )
    members = cluster_members(conn, run.cluster_run_id, phones.cluster_id)
    assert {member.listing_id for member in members} == set(ids[:5])
    assert [member.is_representative for member in members] == [True, False, False, False, False]
    assert members[0].listing_id == phones.representative_id
    assert all(member.probability is not None and 0.3 <= member.probability <= 1 for member in members)
    assert {one.title for one in unique_listings(conn, run.cluster_run_id)} == set(ODD)
    assert {place.level for place in places_of_listing(conn, ids[0])} == {"product", "theme"}


def test_a_run_twice_changes_nothing(conn: psycopg.Connection, settings: Settings, watch: Watch) -> None:
    _show(conn, watch, TITLES)
    first = cluster_watch(conn, settings, watch)
    state = "select to_jsonb(c) - 'updated_at' from ml.clusters as c order by cluster_id"
    before, lines = conn.execute(state).fetchall(), _overview(conn, watch)
    again = cluster_watch(conn, settings, watch)
    assert again.run_id != first.run_id
    assert again.transitions == {"survive": 2}
    assert conn.execute(state).fetchall() == before
    assert _overview(conn, watch) == lines


def test_the_exact_median_of_an_even_number_is_between_the_middle_two(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    _show(conn, watch, [*BIKES, *ODD])
    cluster_watch(conn, settings, watch)
    (line,) = _overview(conn, watch)
    stored = conn.execute("select median_price, currency, size from ml.clusters where level = 'product'").fetchone()
    assert line.median_price == Decimal("103.20")
    assert stored == (Decimal("103.20"), "EUR", 4)


def test_prices_are_told_in_the_currency_of_most_listings(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    ids = _show(conn, watch, [*BIKES, *ODD])
    for number, currency in enumerate(("GBP", "GBP", "EUR", "GBP")):
        conn.execute(
            "update core.listing_state set currency = %s, total_price = %s where listing_id = %s",
            (currency, 10 * (number + 1), ids[number]),
        )
    conn.execute("update core.listing_details set price_kind = 'from' where listing_id = %s", (ids[3],))
    cluster_watch(conn, settings, watch)
    (line,) = _overview(conn, watch)
    assert (line.size, line.currency) == (4, "GBP")
    assert (line.lowest_price, line.median_price, line.highest_price) == (10, 15, 20)


def test_other_watches_show_which_words_are_rare(conn: psycopg.Connection, settings: Settings, watch: Watch) -> None:
    _show(conn, watch, PHONES)
    # Where all titles name one product, its words are the common ones.
    alone = cluster_watch(conn, settings, watch)
    assert alone.unique > 0
    _show(conn, _watch(conn, "others"), [*CAMERAS, *BIKES, *ODD], first=50, minutes=5)
    helped = cluster_watch(conn, settings, watch)
    assert (helped.listings, helped.clusters, helped.unique) == (5, 1, 0)
    (green,) = _show(conn, watch, ["Apple iPhone 13 128GB green"], first=20, minutes=10)
    assert cluster_new_listings(conn, settings, watch).joined == 1
    assert _cluster_of(conn, watch, green) == _overview(conn, watch)[0].cluster_id


def test_ids_survive_listings_that_come_and_go(conn: psycopg.Connection, settings: Settings, watch: Watch) -> None:
    ids = _show(conn, watch, TITLES)
    cluster_watch(conn, settings, watch)
    phones, cameras = _cluster_of(conn, watch, ids[0]), _cluster_of(conn, watch, ids[5])
    _show(conn, watch, ["Apple iPhone 13 128GB red", "Sony Alpha A7 III body boxed"], first=50, minutes=5)
    conn.execute("delete from core.listing_details where listing_id = any(%s)", (ids[:2],))
    again = cluster_watch(conn, settings, watch)
    assert again.transitions == {"survive": 2}
    assert (_cluster_of(conn, watch, ids[2]), _cluster_of(conn, watch, ids[5])) == (phones, cameras)
    assert sorted(line.size for line in _overview(conn, watch)) == [4, 6]


def test_a_merged_cluster_leads_to_what_it_went_into_and_a_split_leaves_the_id_with_one_part(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    ids = _show(conn, watch, [*PHONES, *CAMERAS[:4], *BIKES])
    cluster_watch(conn, settings, watch)
    phones, cameras = _cluster_of(conn, watch, ids[0]), _cluster_of(conn, watch, ids[5])
    assert phones is not None
    assert cameras is not None
    _show(conn, watch, [*PHONES, *PHONES[:4], *BIKES], minutes=5)
    merged = cluster_watch(conn, settings, watch)
    assert merged.transitions == {"merge": 1, "survive": 2}
    assert resolve_cluster(conn, cameras) == resolve_cluster(conn, phones) == phones
    assert {(line.kind, line.from_id) for line in transitions_of_run(conn, merged.run_id or 0)} >= {
        ("merge", cameras),
        ("survive", phones),
    }
    _show(conn, watch, [*PHONES, *CAMERAS[:4], *BIKES], minutes=10)
    split = cluster_watch(conn, settings, watch)
    assert split.transitions == {"split": 1, "survive": 2}
    assert _cluster_of(conn, watch, ids[0]) == phones
    assert _cluster_of(conn, watch, ids[5]) not in {None, phones, cameras}
    # Whoever kept the link of the merged cluster still comes to where its listings went first.
    assert resolve_cluster(conn, cameras) == phones


def test_a_cluster_whose_listings_are_no_longer_alike_is_dead_and_leads_nowhere(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    ids = _show(conn, watch, [*PHONES, *CAMERAS[:2], *BIKES])
    cluster_watch(conn, settings, watch)
    cameras = _cluster_of(conn, watch, ids[5])
    assert cameras is not None
    _show(conn, watch, [*PHONES, *ODD, *BIKES], minutes=5)
    assert cluster_watch(conn, settings, watch).transitions == {"dead": 1, "survive": 2}
    assert resolve_cluster(conn, cameras) is None


def test_a_failed_run_says_why_and_leaves_the_clusters_of_the_run_before(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    _show(conn, watch, [*PHONES, *CAMERAS])
    good = cluster_watch(conn, settings, watch)
    lines = _overview(conn, watch)
    _show(conn, watch, [*PHONES, *PHONES], minutes=5)
    with _broken(conn), pytest.raises(psycopg.errors.RaiseException):
        cluster_watch(conn, settings, watch)
    newest, _ = list_runs(conn, watch.watch_id)
    assert newest.state == "failure"
    assert newest.ended_at is not None
    assert "the disk is full" in (newest.error or "")
    assert places(conn, newest.cluster_run_id, "product") == []
    run = current_run(conn, watch.watch_id)
    assert run is not None
    assert run.cluster_run_id == good.run_id
    assert [line.cluster_id for line in _overview(conn, watch)] == [line.cluster_id for line in lines]
    assert cluster_watch(conn, settings, watch).done == "full"


def test_a_killed_run_is_closed_as_failed_by_the_next(
    conn: psycopg.Connection, settings: Settings, watch: Watch, database: DatabaseUrl, tmp_path: Path
) -> None:
    _show(conn, watch, TITLES)
    good = cluster_watch(conn, settings, watch)
    lines = _overview(conn, watch)
    environment = {**os.environ, "DATABASE_URL": database.libpq, "PRICESCOPE_HOME": str(tmp_path)}
    with connect(database) as blocker, blocker.transaction():
        blocker.execute("lock table ml.cluster_transitions in access exclusive mode")
        child = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "clusters", "run", watch.name],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        deadline = time.monotonic() + 60
        while conn.execute(waiting).fetchone() == (0,) and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        # It stored clusters and members by now, and waits for its transaction's end.
        assert child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait(30)
    newest, _ = list_runs(conn, watch.watch_id)
    assert newest.state == "running"
    assert _overview(conn, watch) == lines
    deadline = time.monotonic() + 30
    again = cluster_watch(conn, settings, watch)
    while again.done == "busy" and time.monotonic() < deadline:
        # The server notices the dead client only when it next writes to it.
        time.sleep(0.1)
        again = cluster_watch(conn, settings, watch)
    assert again.transitions == {"survive": 2}
    states = [(run.cluster_run_id, run.state) for run in list_runs(conn, watch.watch_id)]
    assert states == [
        (again.run_id, "success"),
        (newest.cluster_run_id, "failure"),
        (good.run_id, "success"),
    ]
    killed = list_runs(conn, watch.watch_id)[1]
    assert killed.error is not None
    assert "killed" in killed.error


def test_new_listings_join_and_old_ones_stay_where_they_are(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    ids = _show(conn, watch, TITLES)
    full = cluster_watch(conn, settings, watch)
    before = places(conn, full.run_id or 0, "product")
    assert cluster_new_listings(conn, settings, watch).done == "nothing"
    assert watches_with_new_listings(conn) == []
    (phone, stranger) = _show(conn, watch, ["Apple iPhone 13 128GB green", "Piano stool"], first=50, minutes=5)
    assert watches_with_new_listings(conn) == [watch.watch_id]
    outcome = cluster_new_listings(conn, settings, watch)
    assert (outcome.done, outcome.run_id, outcome.joined, outcome.waiting) == ("incremental", full.run_id, 1, 1)
    assert (outcome.listings, outcome.clusters, outcome.unique) == (14, 2, 3)
    assert _cluster_of(conn, watch, phone) == _cluster_of(conn, watch, ids[0])
    assert _cluster_of(conn, watch, stranger) is None
    after = {place.listing_id: place for place in places(conn, full.run_id or 0, "product")}
    assert [after[place.listing_id] for place in before] == before
    assert after[phone].assigned_by == "incremental"
    assert {line.size for line in _overview(conn, watch)} == {5, 6}
    assert watches_with_new_listings(conn) == []


def test_a_listing_that_waits_is_asked_again_when_others_come(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    ids = _show(conn, watch, TITLES)
    cluster_watch(conn, settings, watch)
    (stranger,) = _show(conn, watch, ["Piano stool"], first=50, minutes=5)
    assert cluster_new_listings(conn, settings, watch).waiting == 1
    _show(conn, watch, ["Apple iPhone 13 128GB green"], first=50, minutes=10)
    _show(conn, watch, ["Apple iPhone 13 128GB white"], first=51, minutes=15)
    outcome = cluster_new_listings(conn, settings, watch)
    assert (outcome.joined, outcome.waiting) == (2, 0)
    assert _cluster_of(conn, watch, stranger) == _cluster_of(conn, watch, ids[0])


def test_a_watch_is_clustered_anew_once_more_than_a_fifth_waits(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    _show(conn, watch, TITLES)
    first = cluster_new_listings(conn, settings, watch)
    assert first.done == "full"
    _show(conn, watch, BIKES, first=50, minutes=5)
    second = cluster_new_listings(conn, settings, watch)
    assert (second.done, second.clusters) == ("full", 3)
    assert second.transitions == {"born": 1, "survive": 2}


def test_kinds_do_not_share_a_cluster(conn: psycopg.Connection, settings: Settings, watch: Watch) -> None:
    ids = _show(conn, watch, PHONES)
    conn.execute("update core.listing_details set kind = 'damaged_or_parts' where listing_id = any(%s)", (ids[3:],))
    cluster_watch(conn, settings, watch)
    assert {(line.kind, line.size) for line in _overview(conn, watch)} == {("normal", 3), ("damaged_or_parts", 2)}


def test_what_the_owner_keeps_out_is_not_clustered(conn: psycopg.Connection, settings: Settings, watch: Watch) -> None:
    ids = _show(conn, watch, PHONES)
    conn.execute("update app.watch_listings set is_blacklisted = true where listing_id = %s", (ids[0],))
    assert cluster_watch(conn, settings, watch).listings == 4
    assert places_of_listing(conn, ids[0]) == []
    assert watches_with_new_listings(conn) == []


def test_dbscan_is_kept_beside_the_default_and_says_noise_and_distances(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    _show(conn, watch, TITLES)
    default = cluster_watch(conn, settings, watch)
    outcome = cluster_watch(conn, settings, watch, Method(name="dbscan", eps=0.3, min_samples=3))
    run = current_run(conn, watch.watch_id, "dbscan")
    assert run is not None
    assert run.params == {"eps": 0.3, "min_samples": 3, "metric": "cosine"}
    assert outcome.clusters > 0
    assert outcome.unique == len(unique_listings(conn, run.cluster_run_id)) > 0
    for line in _overview(conn, watch, "dbscan"):
        members = cluster_members(conn, run.cluster_run_id, line.cluster_id)
        distances = [member.distance for member in members]
        assert members[0].distance == min(distances, key=lambda value: value if value is not None else 9)
        assert all(value is not None and 0 <= value <= 2 for value in distances)
    held = current_run(conn, watch.watch_id)
    assert held is not None
    assert held.cluster_run_id == default.run_id
    assert not {line.cluster_id for line in _overview(conn, watch)} & {
        line.cluster_id for line in _overview(conn, watch, "dbscan")
    }


def test_parameters_out_of_range_are_kept_as_a_failure(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    _show(conn, watch, TITLES)
    with pytest.raises(ValueError, match="eps must be above 0"):
        cluster_watch(conn, settings, watch, Method(name="dbscan", eps=-1))
    (run,) = list_runs(conn, watch.watch_id)
    assert (run.state, run.params["eps"]) == ("failure", -1)
    assert "eps must be above 0" in (run.error or "")


def test_stored_vectors_are_used_and_named(conn: psycopg.Connection, settings: Settings, watch: Watch) -> None:
    _show(conn, watch, TITLES)
    encoder = text_encoder(MINILM, models_dir=models_dir(), threads=1)
    embed_texts(conn, settings, encoder=encoder)
    outcome = cluster_watch(conn, settings, watch)
    run = current_run(conn, watch.watch_id)
    assert run is not None
    assert (run.model_ids, run.metrics["vectors"]) == ([encoder.model_id], "of 100% of the listings")
    assert outcome.clusters == 2
    # Few of them would pull the listings that have one together.
    conn.execute("delete from ml.embeddings where listing_id in (select min(listing_id) from core.listings)")
    cluster_watch(conn, settings, watch)
    run = current_run(conn, watch.watch_id)
    assert run is not None
    assert (run.model_ids, run.metrics["vectors"]) == ([], "none: 92% of the listings have one, 95% are needed")


def test_the_same_photo_is_noted_and_nothing_is_dropped(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    ids = _show(conn, watch, PHONES)
    for number, bits in enumerate([0xF0F0_1234_5678_9ABC, 0xF0F0_1234_5678_9ABD, 1, 2**63, 3 << 30]):
        note_photo(
            conn,
            Photo(
                url=f"https://images.example/{number}.webp",
                fetched_at=START,
                content_sha256=bytes([number]) * 32,
                perceptual_hash=bits,
                mirrored_hash=bits ^ 0xFFFF_FFFF,
                is_flat=False,
                width=9,
                height=9,
            ),
        )
    cluster_watch(conn, settings, watch)
    (line,) = _overview(conn, watch)
    run = current_run(conn, watch.watch_id)
    assert run is not None
    members = cluster_members(conn, run.cluster_run_id, line.cluster_id)
    assert len(members) == 5
    notes = photo_notes(conn, members)
    assert (notes[ids[0]].others, notes[ids[1]].others) == ((ids[1],), (ids[0],))


def test_two_runs_of_a_watch_do_not_work_at_once(
    conn: psycopg.Connection, settings: Settings, watch: Watch, database: DatabaseUrl
) -> None:
    _show(conn, watch, PHONES)
    with connect(database) as other, clustering_turn(other, watch.watch_id) as alone:
        assert alone
        assert cluster_watch(conn, settings, watch).done == "busy"
        assert cluster_new_listings(conn, settings, watch).done == "busy"
    assert list_runs(conn, watch.watch_id) == []
    assert cluster_watch(conn, settings, watch).done == "full"


def test_a_watch_without_listings_or_with_one_is_clustered_into_nothing(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    empty = cluster_watch(conn, settings, watch)
    assert (empty.listings, empty.clusters, empty.cohesion) == (0, 0, None)
    _show(conn, watch, ["", "  "])
    alone = cluster_watch(conn, settings, watch)
    assert (alone.listings, alone.clusters, alone.unique) == (2, 0, 2)


def test_members_of_old_runs_go_and_the_rows_of_the_runs_stay(
    conn: psycopg.Connection, settings: Settings, watch: Watch
) -> None:
    _show(conn, watch, PHONES)
    for _ in range(KEPT_MEMBERS + 2):
        cluster_watch(conn, settings, watch)
    runs = list_runs(conn, watch.watch_id)
    assert len(runs) == KEPT_MEMBERS + 2
    assert [len(places(conn, run.cluster_run_id, "product")) for run in runs] == [5] * KEPT_MEMBERS + [0, 0]


def test_watches_have_clusters_of_their_own(conn: psycopg.Connection, settings: Settings, watch: Watch) -> None:
    other = _watch(conn, "others")
    ids = _show(conn, watch, PHONES)
    assert _show(conn, other, PHONES, minutes=5) == ids
    cluster_watch(conn, settings, watch)
    cluster_watch(conn, settings, other)
    (mine,), (theirs,) = _overview(conn, watch), _overview(conn, other)
    assert mine.cluster_id != theirs.cluster_id
    assert {place.cluster_id for place in places_of_listing(conn, ids[0]) if place.level == "product"} == {
        mine.cluster_id,
        theirs.cluster_id,
    }
    conn.execute("delete from app.watches where watch_id = %s", (other.watch_id,))
    assert _cluster_of(conn, watch, ids[0]) == mine.cluster_id
