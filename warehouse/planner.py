"""How PostgreSQL is to plan the statements of a load: few rows against tables that grow, always by index.

Belongs here: these settings, within a transaction. Does not: the statements.

Without statistics (a fresh table) or with a plan kept from when a table was small, PostgreSQL would read whole tables
for each page. And a plan that depends on the values is made anew each time, which for a statement over the months of
the history takes longer than to run it.
"""

from __future__ import annotations

import psycopg

_BY_INDEX = {
    "enable_seqscan": ("off", "on"),
    "enable_hashjoin": ("off", "on"),
    "enable_mergejoin": ("off", "on"),
    "enable_memoize": ("off", "on"),
    "plan_cache_mode": ("force_generic_plan", "auto"),
    "jit": ("off", "off"),
}


def plan_by_index(conn: psycopg.Connection) -> None:
    """Have the statements of this transaction planned as look-ups by index, once and for all values."""
    conn.execute(PLAN_BY_INDEX)


def plan_as_usual(conn: psycopg.Connection) -> None:
    """Leave it to the planner again; the end of the transaction does, too."""
    conn.execute(_PLAN_AS_USUAL)


PLAN_BY_INDEX = "select " + ", ".join(f"set_config('{name}', '{load}', true)" for name, (load, _) in _BY_INDEX.items())
"""The statement of ``plan_by_index``, for one that does more in the same round trip."""
_PLAN_AS_USUAL = "select " + ", ".join(
    f"set_config('{name}', '{usual}', true)" for name, (_, usual) in _BY_INDEX.items()
)
