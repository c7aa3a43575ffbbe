"""Prices held for review: what cannot be meant waits here instead of in the history.

Belongs here: holding, confirming, withdrawing, and an owner's release or rejection. Does not: what is implausible
(``domain.plausibility``).

Until it is settled, the listing keeps the price known before. The next page that shows the held price again, some
minutes later, confirms it: it then enters the history at the time it was first seen. A page that shows a price as
before withdraws it. What its owner rejected stays out however often it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import psycopg

from domain.money import from_minor
from warehouse.copy_text import integer_array
from warehouse.locks import take_loading_turn

# Two pages of one poll may show a listing twice; that is one observation, not a confirmation.
_CONFIRMS_AFTER_MINUTES = 3


class Suspicion(NamedTuple):
    """An implausible observation on the page at hand; amounts in minor units of their currency."""

    listing_id: int
    price_minor: int
    total_minor: int | None
    currency: str
    availability: str
    reason: str
    known_minor: int
    known_currency: str


def settle(conn: psycopg.Connection, values: Mapping[str, Any], suspicions: Sequence[Suspicion]) -> set[int]:
    """Hold what is implausible on the page at hand, unless it was seen before; return the ids of the held.

    Args:
        conn: in the load's transaction, its records staged.
        values: the load's (``at``, ``page_id``).
        suspicions: at most one a listing.
    """
    if not suspicions:
        return set()
    earlier = {
        row[0]: row[1:]
        for row in conn.execute(
            _EARLIER, {"ids": integer_array(one.listing_id for one in suspicions), "at": values["at"]}
        ).fetchall()
    }
    held: list[Suspicion] = []
    new: list[Suspicion] = []
    confirmed: list[int] = []
    for one in suspicions:
        review_id, price_minor, currency, state, is_old = earlier.get(one.listing_id, (None, None, None, None, False))
        is_same = (price_minor, currency) == (one.price_minor, one.currency)
        if is_same and state == "open" and is_old:
            confirmed.append(review_id)
            continue
        held.append(one)
        if not is_same:
            new.append(one)
    if confirmed:
        conn.execute(_RELEASE, {"ids": integer_array(confirmed)})
        conn.execute(_ENTERED, {"ids": integer_array(confirmed)})
    _hold(conn, values, held, new)
    return {one.listing_id for one in held}


def _hold(
    conn: psycopg.Connection, values: Mapping[str, Any], held: Sequence[Suspicion], new: Sequence[Suspicion]
) -> None:
    if held:
        conn.execute(_KEEP_KNOWN, {"ids": integer_array(one.listing_id for one in held)})
    if new:
        conn.execute(
            "update ops.price_reviews set state = 'withdrawn', decided_at = now()"
            " where state = 'open' and listing_id = any(%s::bigint[])",
            (integer_array(one.listing_id for one in new),),
        )
        with conn.cursor() as cursor:
            cursor.executemany(_INSERT, [{**values, **one._asdict()} for one in new])


def hold_again(conn: psycopg.Connection, values: Mapping[str, Any]) -> set[int]:
    """Hold what was held when the page at hand was read before, unless it was released; return the listings' ids."""
    held = {
        listing_id
        for (listing_id,) in conn.execute(
            "select k.listing_id from pricescope_load k join ops.price_reviews r"
            " on r.listing_id = k.listing_id and r.observed_at = %(at)s and r.price_minor = k.price_minor"
            " where r.state <> 'released' and k.is_again",
            values,
        ).fetchall()
    }
    if held:
        conn.execute(_KEEP_KNOWN, {"ids": integer_array(held)})
    return held


def withdraw(conn: psycopg.Connection, at: datetime, listing_ids: Sequence[int], held: set[int]) -> None:
    """Withdraw open reviews of listings that the page at hand shows at a price that can be meant."""
    shown = [listing_id for listing_id in listing_ids if listing_id not in held]
    conn.execute(
        "update ops.price_reviews set state = 'withdrawn', decided_at = now()"
        " where state = 'open' and observed_at < %s and listing_id = any(%s::bigint[])",
        (at, integer_array(shown)),
    )


# ---------------------------------------------------------------- what an owner does


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A held price; amounts in major units."""

    review_id: int
    listing_id: int
    source: str
    title: str
    url: str
    observed_at: datetime
    price: Decimal
    currency: str
    known_price: Decimal
    known_currency: str
    reason: str
    state: str


class ReviewError(ValueError):
    """The review cannot be decided; the message says why."""


def list_reviews(conn: psycopg.Connection, *, state: str = "open", limit: int = 100) -> list[Review]:
    """Return reviews of one state, oldest first."""
    found = conn.execute(
        """
        select r.review_id, r.listing_id, l.source, l.title, l.url, r.observed_at, r.price_minor, r.currency,
               r.known_minor, r.known_currency, r.reason, r.state
        from ops.price_reviews r join core.listings l using (listing_id)
        where r.state = %s order by r.observed_at, r.review_id limit %s
        """,
        (state, limit),
    ).fetchall()
    return [
        Review(
            review_id=review_id,
            listing_id=listing_id,
            source=source,
            title=title,
            url=url,
            observed_at=observed_at,
            price=from_minor(price, currency),
            currency=currency,
            known_price=from_minor(known, known_currency),
            known_currency=known_currency,
            reason=reason,
            state=kept,
        )
        for (
            review_id,
            listing_id,
            source,
            title,
            url,
            observed_at,
            price,
            currency,
            known,
            known_currency,
            reason,
            kept,
        ) in found
    ]


def release_review(conn: psycopg.Connection, review_id: int) -> None:
    """Let a held price into the history at the time it was seen; where nothing newer was seen, it is the price now.

    Raises:
        ReviewError: when there is no such open review.
    """
    with conn.transaction():
        for (source,) in conn.execute(
            "select source from ops.price_reviews join core.listings using (listing_id) where review_id = %s",
            (review_id,),
        ).fetchall():
            take_loading_turn(conn, source)
        _decide(conn, review_id, "released")
        ids = {"ids": integer_array([review_id])}
        conn.execute(_ENTERED, ids)
        for listing_id, price, total, currency in conn.execute(_SHOW_STATE, ids).fetchall():
            conn.execute(
                "update core.listing_state set price = %s, total_price = %s where listing_id = %s",
                (
                    from_minor(price, currency),
                    None if total is None else from_minor(total, currency),
                    listing_id,
                ),
            )


def reject_review(conn: psycopg.Connection, review_id: int) -> None:
    """Keep a held price out for good.

    Raises:
        ReviewError: when there is no such open review.
    """
    with conn.transaction():
        _decide(conn, review_id, "rejected")


def _decide(conn: psycopg.Connection, review_id: int, state: str) -> None:
    found = conn.execute("select state from ops.price_reviews where review_id = %s for update", (review_id,)).fetchone()
    if found is None:
        raise ReviewError(f"there is no review {review_id}; list them with: pricescope review list")
    if found[0] != "open":
        raise ReviewError(f"review {review_id} is {found[0]} already")
    conn.execute("update ops.price_reviews set state = %s, decided_at = now() where review_id = %s", (state, review_id))


_EARLIER = f"""
select distinct on (listing_id) listing_id, review_id, price_minor, currency, state,
       observed_at <= %(at)s - interval '{_CONFIRMS_AFTER_MINUTES} minutes'
from ops.price_reviews
where listing_id = any(%(ids)s::bigint[]) and state in ('open', 'rejected') and observed_at <= %(at)s
order by listing_id, observed_at desc
"""
_RELEASE = """
update ops.price_reviews set state = 'released', decided_at = now() where review_id = any(%(ids)s::bigint[])
"""
_ENTERED = """
insert into core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)
select listing_id, observed_at, price_minor, total_minor, currency, availability
from ops.price_reviews where review_id = any(%(ids)s::bigint[]) and price_minor > 0
on conflict (listing_id, observed_at) do update
set price_minor = excluded.price_minor, total_minor = excluded.total_minor, currency = excluded.currency
"""
_KEEP_KNOWN = """
update pricescope_load k
set price_minor = s.price_minor, total_minor = s.total_minor, currency = s.currency, price_moved = false,
    value_moved = s.availability is distinct from k.availability
from core.listing_state s
where s.listing_id = k.listing_id and k.listing_id = any(%(ids)s::bigint[])
"""
_INSERT = """
insert into ops.price_reviews (listing_id, page_id, observed_at, price_minor, total_minor, currency, availability,
    reason, known_minor, known_currency)
values (%(listing_id)s, %(page_id)s, %(at)s, %(price_minor)s, %(total_minor)s, %(currency)s, %(availability)s,
    %(reason)s, %(known_minor)s, %(known_currency)s)
on conflict (listing_id, observed_at) do nothing
"""
_SHOW_STATE = """
update core.listing_state s
set price_minor = r.price_minor, total_minor = r.total_minor, currency = r.currency, price_changed_at = r.observed_at
from ops.price_reviews r
where r.review_id = any(%(ids)s::bigint[]) and s.listing_id = r.listing_id and s.last_seen_at <= r.observed_at
returning s.listing_id, r.price_minor, r.total_minor, r.currency
"""
