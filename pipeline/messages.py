"""What is told about a deal or a first run, frozen when it is decided.

Belongs here: choosing what is told. Does not: its look (``alerts``), whether it is told (``judge``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.message import MAX_COMPARABLES, Comparable, DealMessage, ReportItem, ReportMessage
from domain.condition import Condition
from domain.deal import Verdict, VerdictKind
from domain.money import from_minor
from domain.settings import Settings
from domain.statistics import Candidate
from domain.watch import Watch
from pipeline.judged import Judged
from warehouse.details import ListingDetail


def highlights_in(words: Sequence[str], *texts: str | None) -> tuple[str, ...]:
    """Return the highlight words that occur as whole words, case-insensitively."""
    text = " ".join(part for part in texts if part)
    return tuple(word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE))


def _sentences(deciding: Verdict, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    others = [verdict.reason for verdict in verdicts if verdict.kind is VerdictKind.DEAL and verdict != deciding]
    return (deciding.reason, *others)


def deal_message(
    settings: Settings,
    watch: Watch,
    candidate: Candidate,
    deciding: Verdict,
    verdicts: Sequence[Verdict],
    details: Mapping[int, ListingDetail],
    *,
    now: datetime,
) -> DealMessage:
    """Return the message of one deal; ``details`` holds the listing and its nearest comparables."""
    listing, evidence = details[candidate.listing_id], deciding.evidence
    before = candidate.judged_total_minor
    dropped = before is not None and candidate.total_minor < before
    comparables = [details[key] for key in evidence.comparable_ids if key in details][:MAX_COMPARABLES]
    return DealMessage(
        watch_name=watch.name,
        source=watch.source,
        title=listing.title,
        url=listing.url,
        price=listing.price,
        fee=listing.fee,
        total=listing.payable,
        currency=listing.currency,
        original_price=listing.original_price,
        original_currency=listing.original_currency,
        image_url=listing.image_url,
        condition=Condition(listing.condition),
        condition_label=listing.condition_label,
        size=listing.size,
        brand=listing.brand,
        seller_login=listing.seller_login,
        seller_is_business=listing.seller_is_business,
        listed_at=listing.listed_at,
        first_seen_at=listing.first_seen_at,
        judged_at=now,
        why=_sentences(deciding, verdicts),
        rule=deciding.rule,
        evidence_currency=evidence.currency,
        expected=evidence.expected,
        median=evidence.median,
        n=evidence.n,
        window_days=evidence.window_days,
        percent=evidence.percent,
        difference=evidence.difference,
        sigma_below=evidence.sigma_below,
        previous_total=from_minor(before, candidate.listing_currency) if dropped and before is not None else None,
        comparables=tuple(
            Comparable(title=row.title, price=row.payable, currency=row.currency, url=row.url) for row in comparables
        ),
        highlights=highlights_in(watch.highlight, listing.title, listing.description),
        explain_command=f"pricescope explain {candidate.listing_id} --watch {watch.watch_id}",
        hide_command=f"pricescope hide {candidate.listing_id}",
        dashboard_url=settings.dashboard_url,
    )


def report_message(
    settings: Settings,
    watch: Watch,
    indexed: int,
    reported: Sequence[Judged],
    details: Mapping[int, ListingDetail],
    *,
    now: datetime,
) -> ReportMessage:
    """Return one report over the listings of a first run that already meet a rule, the deepest discount first."""
    ranked = sorted(reported, key=lambda item: -_percent(item))
    items = []
    for item in ranked[:20]:
        listing = details[item.candidate.listing_id]
        items.append(
            ReportItem(
                title=listing.title,
                url=listing.url,
                total=listing.payable,
                currency=listing.currency,
                condition=Condition(listing.condition),
                condition_label=listing.condition_label,
                percent=_percent(item) or None,
            )
        )
    return ReportMessage(
        watch_name=watch.name,
        source=watch.source,
        indexed=indexed,
        under_limit=len(reported),
        judged_at=now,
        watch_url=watch.url,
        items=tuple(items),
        dashboard_url=settings.dashboard_url,
    )


def _percent(item: Judged) -> float:
    return (item.deal.evidence.percent or 0.0) if item.deal is not None else 0.0
