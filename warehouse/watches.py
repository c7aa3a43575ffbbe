"""Watches: what users ask to be watched, kept in ``app.watches``.

Belongs here: adding, finding, changing, removing watches and their listings. Does not: reading a site's search URL.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from domain.blacklist import Blacklist
from domain.exclusion import Facts, exclusions_of
from domain.watch import Watch
from warehouse.locks import take_loading_turn
from warehouse.rows import columns, read_one, read_rows

_COLUMNS = columns(Watch)
# What the database itself fills or what has functions of its own.
_FIXED = frozenset({"watch_id", "owner", "created_at", "updated_at", "first_judged_at"})
_EXCLUDING = frozenset({"blacklist", "seller_countries", "excluded_sellers", "personal_sellers_only"})
_SETTABLE = frozenset(Watch.__struct_fields__) - _FIXED


class WatchError(Exception):
    """A watch that does not exist or cannot be as asked; the message says what to do."""


def add_watch(conn: psycopg.Connection, watch: Watch) -> Watch:
    """Keep a new watch and return it with its id; ``watch_id`` and the times of the argument are not used.

    Raises:
        WatchError: when the owner has a watch of that name.
        BlacklistError: naming the blacklist entry that cannot be used.
    """
    exclusions_of(watch)
    values = {name: _value(name, getattr(watch, name)) for name in (*sorted(_SETTABLE), "owner")}
    try:
        added = read_one(
            conn,
            Watch,
            f"insert into app.watches ({', '.join(values)}) values ({', '.join(f'%({name})s' for name in values)})"
            f" returning {_COLUMNS}",
            values,
        )
    except psycopg.errors.UniqueViolation:
        raise WatchError(f"there is a watch named {watch.name!r} already; choose another name, or edit it") from None
    if added is None:
        raise WatchError(f"the watch {watch.name!r} was not kept")
    return added


def get_watch(conn: psycopg.Connection, key: int | str, *, owner: str = "owner") -> Watch:
    """Return a watch by its id, or by its name for an owner; digits mean the id, unless a watch is so named.

    Raises:
        WatchError: when there is none.
    """
    if isinstance(key, str):
        query = f"select {_COLUMNS} from app.watches where owner = %s and name = %s"
        found = read_one(conn, Watch, query, (owner, key))
        if found is not None:
            return found
    if isinstance(key, int) or (key.isdecimal() and len(key) < 19):
        found = read_one(conn, Watch, f"select {_COLUMNS} from app.watches where watch_id = %s", (int(key),))
        if found is not None:
            return found
    raise WatchError(f"there is no watch {key!r}; `pricescope watch list` shows them")


def list_watches(conn: psycopg.Connection, *, source: str | None = None, active_only: bool = False) -> list[Watch]:
    """Return watches by id."""
    return read_rows(
        conn,
        Watch,
        f"select {_COLUMNS} from app.watches where (%(source)s::text is null or source = %(source)s)"
        " and (is_active or not %(active)s) order by watch_id",
        {"source": source, "active": active_only},
    )


def probe_watch(conn: psycopg.Connection, source: str) -> Watch | None:
    """Return the watch to probe a blocked source with: the one marked for it, else the oldest active."""
    return read_one(
        conn,
        Watch,
        f"select {_COLUMNS} from app.watches where source = %s and (is_active or is_probe)"
        " order by is_probe desc, watch_id limit 1",
        (source,),
    )


def update_watch(conn: psycopg.Connection, watch_id: int, **changes: Any) -> Watch:
    """Change fields of a watch, named as in ``domain.watch.Watch``; return it as it is now.

    What it leaves out by words or sellers is applied at once to the listings found so far.

    Raises:
        WatchError: for no such watch, an unknown or fixed field, or a name that is taken.
        BlacklistError: naming the blacklist entry that cannot be used.
    """
    unknown = sorted(set(changes) - _SETTABLE)
    if unknown:
        raise WatchError(f"a watch's {', '.join(unknown)} cannot be set; one can set {', '.join(sorted(_SETTABLE))}")
    Blacklist(changes.get("blacklist", ()))
    assignments = sql.SQL(", ").join(
        [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes]
        + [sql.SQL("updated_at = now()")]
    )
    try:
        with conn.transaction():
            changed = conn.execute(
                sql.SQL("update app.watches set {} where watch_id = %(watch_id)s").format(assignments),
                {name: _value(name, value) for name, value in changes.items()} | {"watch_id": watch_id},
            )
            if changed.rowcount == 0:
                raise WatchError(f"there is no watch {watch_id}; `pricescope watch list` shows them")
            if _EXCLUDING & changes.keys():
                _apply_exclusions(conn, get_watch(conn, watch_id))
            return get_watch(conn, watch_id)
    except psycopg.errors.UniqueViolation:
        raise WatchError(f"there is a watch named {changes['name']!r} already; choose another name") from None


def pause_watch(conn: psycopg.Connection, watch_id: int) -> Watch:
    """Stop polling a watch; its listings stay."""
    return update_watch(conn, watch_id, is_active=False)


def resume_watch(conn: psycopg.Connection, watch_id: int) -> Watch:
    """Poll a paused watch again."""
    return update_watch(conn, watch_id, is_active=True)


def remove_watch(conn: psycopg.Connection, watch_id: int) -> int:
    """Remove a watch with its deals, and the listings that no other watch or product holds; return how many went.

    Listings that came without any watch (imports) are not touched.

    Raises:
        WatchError: when there is no such watch.
    """
    with conn.transaction():
        take_loading_turn(conn, get_watch(conn, watch_id).source)
        orphans = [
            listing_id
            for (listing_id,) in conn.execute(
                "select listing_id from app.watch_listings w where watch_id = %(id)s and not exists"
                " (select from app.watch_listings o where o.listing_id = w.listing_id and o.watch_id <> %(id)s)"
                " and not exists (select from core.product_sources p where p.listing_id = w.listing_id"
                " and p.state = 'approved' and p.watch_id is distinct from %(id)s)",
                {"id": watch_id},
            ).fetchall()
        ]
        if conn.execute("delete from app.watches where watch_id = %s", (watch_id,)).rowcount == 0:
            raise WatchError(f"there is no watch {watch_id}; `pricescope watch list` shows them")
        return delete_listings(conn, orphans)


def delete_listings(conn: psycopg.Connection, listing_ids: list[int]) -> int:
    """Delete listings with all that hangs on them, their history included; return how many there were."""
    with conn.transaction():
        # The histories have no foreign key: checking each row would slow every load.
        for history in ("price_history_packed", "price_history_months", "stock_history"):
            conn.execute(f"delete from core.{history} where listing_id = any(%s)", (listing_ids,))
        # What is packed has lost the same rows, so no month need be packed again.
        conn.execute("select set_config('pricescope.packed_follows', 'on', true)")
        conn.execute("delete from core.price_history where listing_id = any(%s)", (listing_ids,))
        conn.execute("select set_config('pricescope.packed_follows', '', true)")
        return conn.execute("delete from core.listing_details where listing_id = any(%s)", (listing_ids,)).rowcount


def mark_first_judged(conn: psycopg.Connection, watch_id: int, at: datetime) -> bool:
    """End a watch's first run: what it finds from now on is alerted. Return False when it had ended before."""
    return (
        conn.execute(
            "update app.watches set first_judged_at = %s where watch_id = %s and first_judged_at is null",
            (at, watch_id),
        ).rowcount
        == 1
    )


class _Linked(msgspec.Struct, frozen=True, kw_only=True):
    """A listing of a watch: its facts, and whether it is left out so far."""

    listing_id: int
    is_blacklisted: bool
    title: str
    description: str | None
    country: str | None
    seller_id: str | None
    seller_login: str | None
    is_business: bool | None

    @property
    def facts(self) -> Facts:
        return msgspec.convert(self, Facts, from_attributes=True)


def _apply_exclusions(conn: psycopg.Connection, watch: Watch) -> None:
    exclusions = exclusions_of(watch)
    rows = read_rows(
        conn,
        _Linked,
        "select listing_id, is_blacklisted, title, description, country, s.external_id as seller_id,"
        " s.login as seller_login, s.is_business from app.watch_listings join core.listings using (listing_id)"
        " left join core.sellers s using (seller_id) where watch_id = %s",
        (watch.watch_id,),
    )
    turned = [row.listing_id for row in rows if (exclusions.reason(row.facts) is not None) != row.is_blacklisted]
    conn.execute(
        "update app.watch_listings set is_blacklisted = not is_blacklisted"
        " where watch_id = %s and listing_id = any(%s)",
        (watch.watch_id, turned),
    )


def _value(name: str, value: Any) -> Any:
    if name == "params":
        return Jsonb(value)
    return msgspec.to_builtins(list(value)) if isinstance(value, (tuple, list)) else value
