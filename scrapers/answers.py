"""An answer of the polite client as the page that is stored.

Belongs here: what every source's pages have in common. Does not: what a page means.
"""

from __future__ import annotations

from datetime import UTC, datetime

from domain.page import RawPage
from scrapers.contract import Query
from scrapers.http import Answer

SANDBOX_TIME_HEADER = "X-Sandbox-Time"
ERROR_CONTENT_TYPE = "text/x-no-answer"
"""Content type of a page with status 0: its body is our own sentence on why no answer came."""


def page_of_answer(
    source: str, answer: Answer, fetched_at: datetime, query: Query | None = None, number: int | None = None
) -> RawPage:
    """Return the page that an answer is; one that never came is a page with status 0 and our sentence as its body.

    Args:
        fetched_at: the source's own clock, UTC. An answer from the HTTP cache keeps the time it was fetched at instead.
    """
    return RawPage(
        source=source,
        url=answer.url,
        status=answer.status,
        content_type=answer.content_type if answer.status else ERROR_CONTENT_TYPE,
        body=answer.body if answer.status else answer.error.encode("utf-8", "replace"),
        fetched_at=answer.fetched_at if answer.from_cache and answer.fetched_at else fetched_at,
        watch_id=query.watch_id if query else None,
        page_number=number,
        duration_ms=answer.duration_ms,
        retry_after_seconds=answer.retry_after,
    )


def sandbox_headers(market_time: datetime | None, sandbox_url: str | None) -> dict[str, str]:
    """Return the header that asks a sandbox for its market at a time (UTC); empty where no time is wanted.

    Raises:
        ValueError: where a time is asked of a real marketplace.
    """
    if market_time is None:
        return {}
    if not sandbox_url:
        raise ValueError("only a sandbox can show another time: set PRICESCOPE_SANDBOX_URL, or leave market_time out")
    return {SANDBOX_TIME_HEADER: market_time.astimezone(UTC).isoformat()}


def base_url(real: str, sandbox_url: str | None, sandbox_path: str) -> str:
    """Return where a service is: its real address, or ``{sandbox}/{sandbox_path}`` while a sandbox stands in for it."""
    return f"{sandbox_url.rstrip('/')}/{sandbox_path.strip('/')}" if sandbox_url else real.rstrip("/")
