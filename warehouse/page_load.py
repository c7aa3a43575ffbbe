"""The load of a page, before its records are looked at: what all its steps need to know.

Belongs here: that, in one look. Does not: the steps (``load``, ``staged``).
"""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg

from domain.exclusion import Exclusions
from domain.page import RawPage
from warehouse.listing_rows import TellKind
from warehouse.locks import begin_loading
from warehouse.pages import utc_day
from warehouse.partitions import ensure_partitions, partition_name
from warehouse.readings import reading_values
from warehouse.sightings import Sightings


class PageLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a page before its records are looked at.

    Attributes:
        values: bound into the statements of the load: ``source``, ``page_id``, ``at`` (UTC), ``day``, ``version``,
            ``watch_id``, ``reparse``.
        is_counted: the page was read before.
        is_reparse: and what was read then is to be replaced.
        has_reviews: prices are held for review.
        watch: which it was fetched for, what its owner leaves out, and whether this is its first run.
        tell_kind: asked for what is new or changed.
        sightings: from the page's time on.
    """

    values: dict[str, Any]
    is_counted: bool
    is_reparse: bool
    has_reviews: bool
    watch: tuple[int, Exclusions, bool] | None
    tell_kind: TellKind | None
    sightings: Sightings


def begin_page(
    conn: psycopg.Connection,
    page_id: int,
    page: RawPage,
    parser_version: int,
    tell_kind: TellKind | None,
    sightings: Sightings,
    *,
    again: bool,
    has_turn: bool,
) -> PageLoad:
    """Take the source's turn, unless the caller has it, and look up what the steps need."""
    day = utc_day(page.fetched_at)
    values = {
        **reading_values(page_id, page, parser_version),
        "partition": partition_name("core.price_history", day),
        "watch_id": page.watch_id,
    }
    if not has_turn:
        begin_loading(conn, page.source)
    found = conn.execute(
        """
        select to_regclass(%(partition)s) is not null, r.parser_version, w.watch_id, w.blacklist, w.seller_countries,
               w.excluded_sellers, w.personal_sellers_only, w.first_judged_at is null,
               exists (select from ops.price_reviews where state = 'open')
        from (select 1) as one
        left join ops.page_readings r on r.page_id = %(page_id)s
        left join app.watches w on w.watch_id = %(watch_id)s and w.source = %(source)s
        """,
        values,
    ).fetchone()
    has_partition, read_by, watch_id, *wishes, personal_only, is_initial, has_reviews = found or (False, *(None,) * 8)
    if not has_partition:
        ensure_partitions(conn, day, day)
    is_reparse = read_by is not None and (again or parser_version > read_by)
    return PageLoad(
        values={**values, "reparse": is_reparse},
        is_counted=read_by is not None,
        is_reparse=is_reparse,
        has_reviews=bool(has_reviews),
        watch=None
        if watch_id is None
        else (watch_id, Exclusions(*wishes, personal_sellers_only=personal_only), is_initial),
        tell_kind=tell_kind,
        sightings=sightings,
    )
