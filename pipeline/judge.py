"""Judge what is new, changed or newly comparable, and put what must be told into the outbox.

Belongs here: which candidates are judged, and what follows from a verdict. Does not: the rules (``ml.rules``), SQL,
words (``messages``).

One transaction a batch: deals, their outbox rows and the marks that say "judged" stand or fall together, so a crash
leaves the batch to be judged again and nothing told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import psycopg

from alerts.message import encode
from domain.deal import Verdict
from domain.settings import Settings
from domain.statistics import Candidate
from domain.watch import RuleName, Watch
from ml.rules import decide, judge, overall
from pipeline.judged import Judged
from pipeline.messages import deal_message, report_message
from warehouse import baselines
from warehouse.deals import record_deal
from warehouse.details import ListingDetail, listing_details
from warehouse.links import count_listings, was_read
from warehouse.outbox import NewNotification, enqueue
from warehouse.watches import list_watches, mark_first_judged

if TYPE_CHECKING:
    from pipeline.model_rule import ModelRule

_BATCH = 2000


class JudgeOutcome(msgspec.Struct, kw_only=True):
    """What judging did.

    Attributes:
        judged: listings given a verdict; deals: new deals; reported: deals of a first run, told in one report;
        notifications: outbox rows written.
    """

    source: str = ""
    watches: int = 0
    judged: int = 0
    deals: int = 0
    reported: int = 0
    notifications: int = 0


class Models:
    """The price models of a judge pass, each read once; nothing is imported before a watch asks for one."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn
        self._rule: ModelRule | None = None

    def estimated(self, watch: Watch, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates with what the price model says of them, where the watch asks it."""
        if RuleName.MODEL not in watch.rules or not candidates:
            return list(candidates)
        if self._rule is None:
            # numpy and scipy: most polls have no watch that asks for the model.
            from pipeline.model_rule import ModelRule  # noqa: PLC0415

            self._rule = ModelRule(self._conn)
        return self._rule.estimated(watch, candidates)


def judge_candidate(watch: Watch, candidate: Candidate) -> Judged:
    """Return every switched-on rule's verdict and the deciding one; none at all for a price that does not compare."""
    if not candidate.price_kind.is_comparable:
        return Judged(candidate=candidate, verdicts=(), deal=None)
    verdicts = judge(watch, candidate)
    return Judged(candidate=candidate, verdicts=tuple(verdicts), deal=decide(verdicts))


def judge_pending(
    conn: psycopg.Connection, settings: Settings, *, source: str, run_id: str, now: Callable[[], datetime]
) -> JudgeOutcome:
    """Judge every pending listing of a source's watches."""
    outcome = JudgeOutcome(source=source)
    models = Models(conn)
    channels = settings.configured_channels()
    for watch in list_watches(conn, source=source, active_only=True):
        outcome.watches += 1
        told = tuple(name for name in channels if not watch.channels or name in watch.channels)
        while True:
            found = baselines.candidates(conn, watch_id=watch.watch_id, limit=_BATCH)
            batch = models.estimated(watch, found)
            with conn.transaction():
                judged = [judge_candidate(watch, candidate) for candidate in batch]
                reported = _record(conn, settings, watch, judged, told, outcome, run_id=run_id, now=now())
                is_first = watch.first_judged_at is None and any(item.candidate.is_initial for item in judged)
                _report_first_run(conn, settings, watch, reported, told, outcome, is_first=is_first, now=now())
                baselines.mark_judged(
                    conn, [baselines.judged(item.candidate, overall(item.verdicts)) for item in judged]
                )
            outcome.judged += len(batch)
            if len(batch) < _BATCH:
                break
        baselines.settle_unmoved(conn, watch_id=watch.watch_id)
        if watch.first_judged_at is None and was_read(conn, watch.watch_id):
            mark_first_judged(conn, watch.watch_id, now())
    return outcome


def _record(
    conn: psycopg.Connection,
    settings: Settings,
    watch: Watch,
    judged: Sequence[Judged],
    channels: Sequence[str],
    outcome: JudgeOutcome,
    *,
    run_id: str,
    now: datetime,
) -> list[Judged]:
    """Write the deals that are new and, for those told one by one, their outbox rows; return those for a report."""
    found = [item for item in judged if item.deal is not None]
    details = listing_details(conn, _ids_needed(found), watch.owner)
    reported = []
    for item in found:
        candidate, verdict = item.candidate, item.deal
        if verdict is None or details[candidate.listing_id].is_hidden:
            continue
        told = [] if item.is_reported else channels
        message = deal_message(settings, watch, candidate, verdict, item.verdicts, details, now=now)
        notifications = [
            NewNotification(channel=name, idempotency_key=deal_key(candidate, name), payload=encode(message))
            for name in told
        ]
        if _record_deal(conn, item, verdict, notifications, run_id=run_id) is None:
            continue
        if item.is_reported:
            reported.append(item)
        else:
            outcome.deals += 1
            outcome.notifications += len(notifications)
    outcome.reported += len(reported)
    return reported


def deal_key(candidate: Candidate, channel: str) -> str:
    """Return the idempotency key of a deal's notification: the same deal, found again after a crash, has the same."""
    price = f"{candidate.listing_currency}{candidate.total_minor}"
    return f"deal-{candidate.watch_id}-{candidate.listing_id}-{price}-{channel}"


def _record_deal(
    conn: psycopg.Connection,
    item: Judged,
    deciding: Verdict,
    notifications: Sequence[NewNotification],
    *,
    run_id: str,
) -> int | None:
    candidate, evidence = item.candidate, deciding.evidence
    return record_deal(
        conn,
        watch_id=candidate.watch_id,
        listing_id=candidate.listing_id,
        rule=deciding.rule,
        total_minor=candidate.total_minor,
        price=evidence.price,
        currency=evidence.currency,
        evidence=item.verdicts,
        is_initial=item.is_reported,
        page_id=candidate.page_id,
        expected=evidence.expected,
        difference=evidence.difference,
        discount_percent=evidence.percent,
        sigma_below=evidence.sigma_below,
        n_comparables=evidence.n,
        run_id=run_id,
        notifications=notifications,
    )


def _ids_needed(found: Sequence[Judged]) -> list[int]:
    ids = {item.candidate.listing_id for item in found}
    for item in found:
        if item.deal is not None:
            ids.update(item.deal.evidence.comparable_ids[:5])
    return sorted(ids)


def _report_first_run(
    conn: psycopg.Connection,
    settings: Settings,
    watch: Watch,
    reported: Sequence[Judged],
    channels: Sequence[str],
    outcome: JudgeOutcome,
    *,
    is_first: bool,
    now: datetime,
) -> None:
    """Put one report in place of a flood: on the first run, and when its listings first meet statistics."""
    if not is_first and not reported:
        return
    details = listing_details(conn, [item.candidate.listing_id for item in reported], watch.owner)
    indexed = count_listings(conn, watch.watch_id)
    message = report_message(settings, watch, indexed, reported, details, now=now)
    moment = "first" if is_first else f"{now:%Y%m%dT%H%M%S}"
    for channel in channels:
        queued = enqueue(
            conn,
            kind="report",
            watch_id=watch.watch_id,
            channel=channel,
            idempotency_key=f"report-{watch.watch_id}-{moment}-{channel}",
            payload=encode(message),
        )
        outcome.notifications += queued is not None


def explain(
    conn: psycopg.Connection, watch: Watch, listing_id: int
) -> tuple[Judged, Mapping[int, ListingDetail]] | None:
    """Return a listing's verdicts under a watch as they would fall now; None where the watch never saw it."""
    found = baselines.candidates(conn, watch_id=watch.watch_id, listing_id=listing_id, only_pending=False)
    if not found:
        return None
    judged = judge_candidate(watch, Models(conn).estimated(watch, found)[0])
    ids = {listing_id, *(comparable for verdict in judged.verdicts for comparable in verdict.evidence.comparable_ids)}
    return judged, listing_details(conn, sorted(ids), watch.owner)
