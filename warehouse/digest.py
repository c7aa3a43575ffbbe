"""Digests of the warehouse's rows that do not depend on their order.

Belongs here: what counts as the same state. ``table_digests`` is for tests of crashes and replays: it does not depend
on chance either. Surrogate ids (they skip numbers after a rollback), the raw page that a value was read from, run ids
and times of processing are left out; rows are known by their natural keys. ``row_digests`` is for backups: every value
of every row of every table counts.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

_LISTING = "jsonb_build_array(l.source, l.external_id)"
# A seller is touched once a day; which page of the day did it is chance.
_QUERIES = {
    "raw.pages": "select to_jsonb(p) - 'page_id' - 'run_id' - 'watch_id' from raw.pages p",
    "core.sellers": (
        "select to_jsonb(s) - 'seller_id' - 'last_seen_at' || jsonb_build_object('day',"
        " (s.last_seen_at at time zone 'UTC')::date) from core.sellers s"
    ),
    "core.listings": (
        "select to_jsonb(l) - 'listing_id' - 'seller_id' - 'last_changed_at' - 'last_page_id'"
        " || jsonb_build_object('seller', s.external_id)"
        " from core.listings l left join core.sellers s using (seller_id)"
    ),
    "core.listing_state": (
        f"select to_jsonb(t) - 'listing_id' - 'last_page_id' - 'shown_page_id' - 'last_changed_at'"
        f" || jsonb_build_object('listing', {_LISTING})"
        " from core.listing_state t join core.listings l using (listing_id)"
    ),
    "core.price_history": (
        f"select to_jsonb(t) - 'listing_id' || jsonb_build_object('listing', {_LISTING})"
        " from core.price_history t join core.listings l using (listing_id)"
    ),
    "core.stock_history": (
        f"select to_jsonb(t) - 'listing_id' || jsonb_build_object('listing', {_LISTING})"
        " from core.stock_history t join core.listings l using (listing_id)"
    ),
    "core.lots": "select to_jsonb(t) - 'lot_id' - 'last_page_id' from core.lots t",
    "core.lot_items": (
        "select to_jsonb(t) - 'lot_id' || jsonb_build_object('lot', jsonb_build_array(l.source, l.lot_type,"
        " l.external_id)) from core.lot_items t join core.lots l using (lot_id)"
    ),
    "app.watch_listings": (
        f"select to_jsonb(t) - 'listing_id' - 'watch_id' - 'judged_at' - 'judged_baseline_at'"
        f" || jsonb_build_object('listing', {_LISTING}, 'watch', w.name)"
        " from app.watch_listings t join core.listings l using (listing_id) join app.watches w using (watch_id)"
    ),
    "app.deals": (
        "select to_jsonb(t) - 'deal_id' - 'listing_id' - 'watch_id' - 'page_id' - 'run_id' - 'created_at' - 'evidence'"
        f" || jsonb_build_object('listing', {_LISTING}, 'watch', w.name)"
        " from app.deals t join core.listings l using (listing_id) join app.watches w using (watch_id)"
    ),
    "app.notifications": (
        f"select jsonb_build_object('kind', n.kind, 'channel', n.channel, 'listing', {_LISTING},"
        " 'total', d.total_minor, 'watch', w.name)"
        " from app.notifications n left join app.deals d using (deal_id)"
        " left join core.listings l using (listing_id)"
        " left join app.watches w on w.watch_id = coalesce(d.watch_id, n.watch_id)"
    ),
    "ops.page_readings": (
        "select jsonb_build_object('source', r.source, 'at', r.fetched_at, 'version', r.parser_version,"
        " 'meaning', r.meaning, 'records', r.records, 'quarantined', r.quarantined, 'unpriced', r.unpriced,"
        " 'listings', (select jsonb_agg(l.external_id order by l.external_id) from core.listings l"
        "              where l.listing_id = any(r.listing_ids)))"
        " from ops.page_readings r"
    ),
    "ops.quarantine": (
        "select to_jsonb(q) - 'quarantine_id' - 'page_id' - 'created_at' - 'resolved_at' from ops.quarantine q"
    ),
}
TABLES = tuple(_QUERIES)


def table_digests(conn: psycopg.Connection, tables: tuple[str, ...] = TABLES) -> dict[str, str]:
    """Return for each table ``count:digest`` of its rows, equal exactly when the rows mean the same.

    Raises:
        KeyError: for a table that is not one of ``TABLES``.
    """
    digests = {}
    for table in tables:
        row = conn.execute(
            f"select count(*) || ':' || coalesce(md5(string_agg(md5(r::text), '' order by md5(r::text))), '')"
            f" from ({_QUERIES[table]}) rows (r)"
        ).fetchone()
        digests[table] = "" if row is None else str(row[0])
    return digests


def row_digests(conn: psycopg.Connection) -> dict[str, str]:
    """Return for every table of the database, dbt's and the schema's version too, ``count:digest`` of its whole rows.

    The digest is the sum over the rows of the first eight bytes of each row's MD5: any order gives the same, and a
    table of any size takes no memory. Equal in the databases of one server version whatever the session's settings.
    """
    digests = {}
    with conn.transaction():
        for name, value in _TEXT_SETTINGS.items():
            conn.execute("select set_config(%s, %s, true)", (name, value))
        for table, row in _whole_rows(conn):
            count, total = conn.execute(
                sql.SQL(
                    "select count(*), coalesce(sum(('x' || left(md5(row({})::text), 16))::bit(64)::bigint), 0)"
                    " from {} t"
                ).format(row, sql.Identifier(*table))
            ).fetchone() or (0, 0)
            digests[".".join(table)] = f"{count}:{total}"
    return digests


_TEXT_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "statement_timeout": "0",
}


def _whole_rows(conn: psycopg.Connection) -> list[tuple[tuple[str, str], sql.Composed]]:
    """Return each table (schema, name) with SQL for all its columns; bytes by their digest, which spares their text.

    dbt's come first: they are replaced now and then, and a reader of all is soon done with them.
    """
    columns: dict[tuple[str, str], list[sql.Composable]] = {}
    for schema, table, column, is_bytes in conn.execute(
        """
        select n.nspname, c.relname, a.attname, a.atttypid = 'bytea'::regtype
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
          and n.nspname not in ('pg_catalog', 'information_schema')
        order by n.nspname in ('app', 'core', 'ops', 'raw'), 1, 2, a.attnum
        """
    ).fetchall():
        named = sql.Identifier("t", column)
        columns.setdefault((schema, table), []).append(sql.SQL("md5({})").format(named) if is_bytes else named)
    return [(table, sql.SQL(", ").join(values)) for table, values in columns.items()]
