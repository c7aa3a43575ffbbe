"""Find out which listings are gone: walk over the complete runs of each watch, once.

Belongs here: the order of the runs and what each changes. Does not: the rule (``domain.absence``), SQL (``warehouse``).

Runs that failed, were refused or were cut short say nothing about any listing. The walk remembers how far it came
(``ops.checkpoints``), in the transaction of what it found, so that it can be killed and repeated.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import psycopg

from domain.absence import RUNS_BEFORE_GONE, CompleteRun, complete_run, is_missed_again, newly_missing
from warehouse.absences import (
    SearchRun,
    add_absences,
    count_missed,
    full_page,
    mark_returned,
    runs_before,
    runs_since,
    still_for_sale,
    tracked,
)
from warehouse.checkpoints import load_checkpoint, save_checkpoint
from warehouse.locks import take_loading_turn

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# A complete run further back than this many says little about what changed since.
_LOOK_BACK = 5


class AbsenceOutcome(msgspec.Struct, kw_only=True):
    """What the walk found: runs looked at, those complete, and listings that went missing, came back or are gone."""

    runs: int = 0
    complete: int = 0
    missing: int = 0
    returned: int = 0
    gone: int = 0


def find_absences(conn: psycopg.Connection, source: str) -> AbsenceOutcome:
    """Bring the absences of a source's watches up to its newest run; the same again changes nothing."""
    outcome = AbsenceOutcome()
    with conn.transaction():
        take_loading_turn(conn, source)
        kept = load_checkpoint(conn, _name(source))
        since = _BEGINNING if kept is None else datetime.fromisoformat(kept.value["until"])
        size = full_page(conn, source)
        before: dict[int, CompleteRun | None] = {}
        until = since
        for run in runs_since(conn, source, since):
            outcome.runs += 1
            until = run.ended_at
            shown = complete_run(run.pages, full_page=size)
            if shown is None:
                continue
            outcome.complete += 1
            if run.watch_id not in before:
                before[run.watch_id] = _complete_before(conn, run, size)
            _compare(conn, run, before[run.watch_id], shown, outcome)
            before[run.watch_id] = shown
        if until > since:
            save_checkpoint(conn, _name(source), {"until": until.isoformat()}, until)
    return outcome


def _name(source: str) -> str:
    return f"absences:{source}"


def _complete_before(conn: psycopg.Connection, run: SearchRun, size: int) -> CompleteRun | None:
    for earlier in runs_before(conn, run.watch_id, run.ended_at, at_most=_LOOK_BACK):
        if earlier.run_id == run.run_id:
            continue
        shown = complete_run(earlier.pages, full_page=size)
        if shown is not None:
            return shown
    return None


def _compare(
    conn: psycopg.Connection,
    run: SearchRun,
    before: CompleteRun | None,
    now: CompleteRun,
    outcome: AbsenceOutcome,
) -> None:
    watch_id, at = run.watch_id, run.ended_at
    shown = set(now.listing_ids)
    known = tracked(conn, watch_id)
    back = [one.listing_id for one in known if one.listing_id in shown or one.seen_since]
    mark_returned(conn, watch_id, at, back)
    outcome.returned += len(back)
    missed = [
        one.listing_id
        for one in known
        if not one.is_gone
        and one.listing_id not in shown
        and not one.seen_since
        and is_missed_again(one.successors, shown, reached_end=now.reached_end)
    ]
    outcome.gone += count_missed(conn, watch_id, at, missed, runs_before_gone=RUNS_BEFORE_GONE)
    if before is None:
        return
    counted = {one.listing_id for one in known}
    new = [
        one
        for one in newly_missing(before.listing_ids, now.listing_ids, reached_end=now.reached_end)
        if one.listing_id not in counted
    ]
    # Sold on its page, or shown by another watch meanwhile: not missing.
    unseen = still_for_sale(conn, [one.listing_id for one in new], at)
    new = [one for one in new if one.listing_id in unseen]
    add_absences(conn, watch_id, at, new)
    outcome.missing += len(new)
