"""What the raw pages must look like. Nothing here blocks: what a page cannot give is missing, not wrong.

How single sources do against their own past is ``orchestration.polling.checks``; this is about the store of pages.
"""

from __future__ import annotations

from quality.vocabulary import Expectation, Severity, Suite, between, is_true, one_of

# As the check constraint of raw.pages has them.
ORIGINS = ("fetch", "import", "sandbox")

PAGES_SUITE = Suite(
    name="pages",
    title="Raw pages",
    reads="the 20,000 pages stored last; their bodies stay where they are",
    expectations=(
        Expectation(
            slug="day_is_the_utc_day_of_the_fetch",
            check=is_true("is_in_its_day"),
            description="a page lies in the partition of the UTC day it was fetched on",
            reason="a day replayed from its pages would leave this one out and take another day's",
        ),
        Expectation(
            slug="fetched_in_the_past",
            check=between("hours_ahead", None, 1),
            description="no page was fetched more than an hour from now",
            reason="its prices would stay the newest for ever, and every later page would count as late",
        ),
        Expectation(
            slug="status_is_http",
            check=between("status", 100, 599),
            description="a status is one of HTTP's",
            reason="blocked, gone and throttled are told apart by it",
        ),
        Expectation(
            slug="digest_is_sha_256",
            check=between("digest_bytes", 32, 32),
            description="a page's digest has 32 bytes",
            reason="the same page stored twice is recognised by it",
        ),
        Expectation(
            slug="origin_known",
            check=one_of("origin", ORIGINS),
            description="a page says how it came here",
            reason="pages of the sandbox must never be taken for a real market",
        ),
        Expectation(
            slug="url_absolute",
            check=is_true("has_absolute_url"),
            description="every address is absolute",
            reason="the way from an alert back to its page ends there",
        ),
        Expectation(
            slug="answers_not_empty",
            check=between("answer_bytes", 1, mostly=0.99),
            description="at most 1 % of the successful answers are empty",
            reason="an empty answer with status 200 is how some walls say no",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="bodies_of_ordinary_size",
            check=between("body_bytes", None, 20_000_000, mostly=0.999),
            description="at most one page in a thousand is over 20 MB",
            reason="a page that grew hundredfold fills the disk and is no page of listings",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="most_pages_are_answers",
            check=is_true("is_answer", mostly=0.5),
            description="at least half of the pages are answers (status 2xx, or 304)",
            reason="we are knocking at closed doors: rates, cookies or keys need a look",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="requests_fast_enough",
            check=between("request_seconds", 0, 30, mostly=0.95),
            description="at most 5 % of the requests took over 30 seconds",
            reason="slow requests eat a run's time, and watches are checked late",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="pages_are_read",
            check=is_true("is_read", mostly=0.99),
            description="at most 1 % of the pages older than a day were never read",
            reason="a page that nobody read is a hole in the price history",
            severity=Severity.WARNING,
        ),
    ),
)
