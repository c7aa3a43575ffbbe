"""The migrations: up, down, up again, and equal to the tables that the code knows."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from warehouse import migrations
from warehouse.connect import DatabaseUrl, connect
from warehouse.migrate import VERSION_TABLE, current, downgrade, head, upgrade
from warehouse.partitions import drop_month, ensure_partitions, ensure_partitions_ahead, expired_months
from warehouse.tables import metadata

pytestmark = pytest.mark.integration


def _differences(database: DatabaseUrl) -> list[object]:
    engine = create_engine(database.sqlalchemy)
    with engine.connect() as connection:
        partitions = {
            name for (name,) in connection.exec_driver_sql("select relname from pg_class where relispartition")
        }

        def ours(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
            return not (kind == "table" and (name in partitions or name == VERSION_TABLE))

        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "include_schemas": True,
                "include_object": ours,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        found = list(compare_metadata(context, metadata))
    engine.dispose()
    return found


def test_migrations_go_up_down_and_up_and_equal_the_tables(empty_database: DatabaseUrl) -> None:
    assert current(empty_database) is None
    upgrade(empty_database)
    assert current(empty_database) == head()
    assert _differences(empty_database) == []
    downgrade(empty_database, "base")
    with connect(empty_database) as conn:
        left = conn.execute("select nspname from pg_namespace where nspname in ('raw', 'core', 'app', 'ops', 'marts')")
        assert left.fetchall() == []
    upgrade(empty_database)
    upgrade(empty_database)
    assert _differences(empty_database) == []


def test_the_newest_revision_read_without_alembic_is_alembic_s(database: DatabaseUrl) -> None:
    folder = Path(migrations.__file__).parent
    assert head() == ScriptDirectory(str(folder)).get_current_head()
    with create_engine(database.sqlalchemy).connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert current(database) == context.get_current_revision()


def test_asking_whether_a_database_is_migrated_imports_no_alembic() -> None:
    code = "import sys, cli.context; sys.exit('alembic' in sys.modules or 'sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_comparison_sees_a_column_that_only_the_database_has(database: DatabaseUrl) -> None:
    with connect(database) as conn:
        conn.execute("alter table core.listing_details add column stray int")
    assert _differences(database) != []


_LISTING_BEFORE = """
insert into core.listings (source, external_id, url, title, condition, price, currency, fee, total_price,
    original_price, original_currency, list_price, shipping_price, first_seen_at, last_changed_at, last_page_id)
select 'vinted', n::text, 'https://x/' || n, 'Coat ' || n, 'good', n + 0.1234, 'EUR', 0.70, n + 0.8234, n * 2, 'GBP',
    n * 3, 4, '2026-03-01 00:00+00', '2026-03-02 00:00+00', 7
from generate_series(1, 50) n
"""
_STATE_BEFORE = """
insert into core.listing_state (listing_id, content_hash, price_minor, total_minor, currency, availability,
    last_seen_at, last_page_id, price_changed_at)
select listing_id, 'x', price * 100, total_price * 100, currency, 'available', '2026-03-03 00:00+00', 9, now()
from core.listings
"""
_SHOWN = "select to_jsonb(l) from core.listings l order by listing_id"


def test_listings_look_the_same_after_their_prices_moved_and_after_they_moved_back(
    empty_database: DatabaseUrl,
) -> None:
    upgrade(empty_database, "0010")
    with connect(empty_database) as conn:
        conn.execute(_LISTING_BEFORE)
        conn.execute(_STATE_BEFORE)
        # As dbt's staging, and a view upon it: they keep who may read them, and cannot simply be dropped.
        conn.execute(
            "create view marts.everything as with source as (select * from core.listings) select * from source"
        )
        conn.execute("create view marts.coats as select listing_id, price from marts.everything")
        conn.execute("grant select on marts.everything to public")
        shown = conn.execute(_SHOWN).fetchall()
    assert len(shown) == 50
    for move in (upgrade, lambda url: downgrade(url, "0010"), upgrade):
        move(empty_database)
        with connect(empty_database) as conn:
            assert conn.execute(_SHOWN).fetchall() == shown
            seen = conn.execute("select to_jsonb(e) from marts.everything e order by listing_id").fetchall()
            coats = conn.execute("select count(price) from marts.coats").fetchone()
            granted = conn.execute("select relacl::text like '%=r/%' from pg_class where relname = 'everything'")
            assert (seen, coats, granted.fetchone()) == (shown, (50,), (True,))
    assert _differences(empty_database) == []


def test_storage_choices_survive_in_new_partitions(database: DatabaseUrl) -> None:
    with connect(database) as conn:
        ensure_partitions(conn, datetime(2030, 5, 3, tzinfo=UTC).date(), datetime(2030, 5, 4, tzinfo=UTC).date())
        storage = conn.execute(
            "select attstorage::text from pg_attribute where attrelid = 'raw.pages_2030_05'::regclass"
            " and attname = 'body'"
        ).fetchone()
        indexes = conn.execute(
            "select string_agg(indexdef, ' ') from pg_indexes where tablename = 'price_history_2030_05'"
        ).fetchone()
        fill = conn.execute("select reloptions from pg_class where oid = 'core.listing_state'::regclass").fetchone()
    assert storage == ("e",)
    assert indexes is not None
    assert "INCLUDE (price_minor, total_minor, currency, availability)" in indexes[0]
    assert "USING brin (observed_at)" in indexes[0]
    assert fill == (["fillfactor=50"],)


def test_partitions_are_made_ahead_once_and_dropped_whole(database: DatabaseUrl) -> None:
    day = datetime(2031, 11, 30, tzinfo=UTC).date()
    with connect(database) as conn:
        made = ensure_partitions_ahead(conn, day)
        assert [name for name in made if name.startswith("raw")] == [
            "raw.pages_2031_11",
            "raw.pages_2031_12",
            "raw.pages_2032_01",
        ]
        assert ensure_partitions_ahead(conn, day) == []
        november = day.replace(day=1)
        assert november not in expired_months(conn, "raw.pages", 0, day)
        assert november not in expired_months(conn, "raw.pages", 32, datetime(2032, 1, 1, tzinfo=UTC).date())
        assert expired_months(conn, "raw.pages", 31, datetime(2032, 1, 1, tzinfo=UTC).date())[-1] == november
        assert not drop_month(conn, "raw.pages", november, still_wanted=lambda: False)
        assert drop_month(conn, "raw.pages", november)
        assert november not in expired_months(conn, "raw.pages", 31, datetime(2032, 1, 1, tzinfo=UTC).date())
        with pytest.raises(ValueError, match="not partitioned"):
            expired_months(conn, "core.listings", 1, day)


@pytest.mark.parametrize(
    ("edge", "before", "after"),
    [
        (datetime(2032, 3, 1, tzinfo=UTC), "2032_02_26", "2032_03_01"),
        (datetime(2032, 3, 6, tzinfo=UTC), "2032_03_01", "2032_03_06"),
        (datetime(2033, 1, 1, tzinfo=UTC), "2032_12_26", "2033_01_01"),
    ],
)
def test_each_instant_at_an_edge_falls_in_one_part_of_one_month(
    database: DatabaseUrl, edge: datetime, before: str, after: str
) -> None:
    with connect(database) as conn:
        conn.execute("set timezone = 'America/Los_Angeles'")
        ensure_partitions(conn, (edge - timedelta(days=1)).date(), edge.date())
        for moment, part in ((edge - timedelta(microseconds=1), before), (edge, after)):
            row = conn.execute(
                "insert into core.price_history values (1, %s, 1, 1, 'EUR', 'available')"
                " returning tableoid::regclass::text",
                (moment,),
            ).fetchone()
            assert row == (f"core.price_history_{part}",)
