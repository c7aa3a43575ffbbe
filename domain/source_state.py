"""The circuit of a source: what its answers say about whether it may be asked, as pure transitions.

Belongs here: the state and its rules. Does not: where the state is kept (warehouse.source_state), or fetching.

More than ``refusals_before_blocked`` consecutive refusals open the circuit. While it is open, one probe each
``probe_interval`` is sent; the first page that is understood closes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.page import PageMeaning

OK = "ok"
NOT_CONFIGURED = "not_configured"
# A Retry-After beyond this is a mistake or a trap; the hourly probe finds out sooner.
RETRY_AFTER_MAX = timedelta(days=1)


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """How a source has been answering. Times are UTC.

    Attributes:
        state: ``ok``, the PageMeaning of the last refusal, or ``not_configured``.
        since: when ``state`` became what it is.
        is_blocked: the circuit is open: only probes are sent.
        next_attempt_at: not before this time; None: any time.
        detail: a sentence for the owner about the last refusal.
    """

    source: str
    since: datetime
    state: str = OK
    is_blocked: bool = False
    consecutive_failures: int = 0
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_probe_at: datetime | None = None
    next_attempt_at: datetime | None = None
    detail: str = ""


def configured(state: SourceState, now: datetime) -> SourceState:
    """Return the state of a source whose credentials are there: one that lacked them may be asked again."""
    if state.state != NOT_CONFIGURED:
        return state
    return msgspec.structs.replace(state, state=OK, since=now, next_attempt_at=None, detail="")


def after_page(
    state: SourceState,
    meaning: PageMeaning,
    now: datetime,
    refusals_before_blocked: int = 3,
    probe_interval: timedelta = timedelta(hours=1),
    *,
    retry_after: timedelta | None = None,
    detail: str = "",
) -> SourceState:
    """Return the state after one more page.

    ``empty`` and ``gone`` are answers like ``ok``: the source served us. The others are refusals.

    Args:
        state: before the page.
        meaning: of the page.
        now: when it was fetched.
        refusals_before_blocked: so many refusals in a row are borne; one more opens the circuit.
        probe_interval: how long the open circuit waits between probes.
        retry_after: what the source asked for, if it did; capped at a day.
        detail: a sentence for the owner, kept with a refusal.
    """
    if not meaning.is_refusal:
        return msgspec.structs.replace(
            state,
            state=OK,
            since=state.since if state.state == OK else now,
            is_blocked=False,
            consecutive_failures=0,
            last_success_at=now,
            next_attempt_at=None,
            detail="",
        )
    failures = state.consecutive_failures + 1
    is_blocked = state.is_blocked or failures > refusals_before_blocked
    waits = [now + probe_interval] if is_blocked else []
    if retry_after is not None and retry_after > timedelta(0):
        waits.append(now + min(retry_after, RETRY_AFTER_MAX))
    return msgspec.structs.replace(
        state,
        state=str(meaning),
        since=state.since if state.state == str(meaning) else now,
        is_blocked=is_blocked,
        consecutive_failures=failures,
        last_failure_at=now,
        next_attempt_at=max(waits, default=None),
        detail=detail,
    )


def may_poll(state: SourceState, now: datetime) -> Literal["poll", "probe", "wait"]:
    """Return what may be done now: a whole poll, one probe with the test watch, or nothing."""
    if state.state == NOT_CONFIGURED:
        return "wait"
    if state.next_attempt_at is not None and now < state.next_attempt_at:
        return "wait"
    return "probe" if state.is_blocked else "poll"


def after_probe(state: SourceState, now: datetime, probe_interval: timedelta = timedelta(hours=1)) -> SourceState:
    """Return the state once a probe is on its way, so that no second one follows even if this one never returns."""
    return msgspec.structs.replace(state, last_probe_at=now, next_attempt_at=now + probe_interval)


def not_configured(state: SourceState, now: datetime, detail: str) -> SourceState:
    """Return the state of a source whose credentials are missing; ``detail`` says how to get them."""
    return msgspec.structs.replace(
        state,
        state=NOT_CONFIGURED,
        since=state.since if state.state == NOT_CONFIGURED else now,
        detail=detail,
    )
