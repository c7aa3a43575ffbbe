"""What a database holds, in one digest a table: two equal answers mean that nothing was written in between."""

from __future__ import annotations

import psycopg
from psycopg import sql


def digests(conn: psycopg.Connection) -> dict[str, str]:
    """Return a digest of the rows of every table that is not the server's own, by its name."""
    names = conn.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'"
    ).fetchall()
    found = {}
    for schema, table in names:
        query = sql.SQL("select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} as t")
        row = conn.execute(query.format(sql.Identifier(schema, table))).fetchone()
        found[f"{schema}.{table}"] = "" if row is None else str(row[0])
    return found
