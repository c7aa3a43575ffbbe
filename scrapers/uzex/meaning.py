"""What an answer without lots is: empty, gone, refused, or changed.

Belongs here: refusals and their sentences for the owner. Does not: reading records.

Known of the refusals: a list asked past its end is HTTP 500 with Oracle's ``ORA-01403`` (no data found). The xarid
services were seen to answer 500 ``Missing User-Agent header`` to clients that name themselves honestly, and 500
``Not Valid`` to auction requests without the web front end's ``Validation`` header (public reports of 2026-06 and
2026-08, not recorded; other clients of the same months worked without it). Both are the owner's choice of whom to
serve; neither a browser's name nor that header is forged here.
"""

from __future__ import annotations

import re

from domain.page import PageMeaning, PageReading

NO_DATA = re.compile(rb"ORA-0?1403", re.IGNORECASE)
_VALIDATION = re.compile(rb"Not Valid\b|\bvalidation\b", re.IGNORECASE)
_USER_AGENT = re.compile(rb"User-?Agent", re.IGNORECASE)
_SEEN = 4096
_VALIDATION_WORDS = (
    "UZEX asks for the Validation header of its own web pages; Pricescope does not forge it. Ask UZEX for access to "
    "the service, or watch the lists that answer without it."
)
_USER_AGENT_WORDS = (
    "UZEX serves browsers only and refuses a client that names itself (PRICESCOPE_USER_AGENT); ask UZEX for access."
)


def refusal(status: int, body: bytes, *, is_list: bool = True) -> PageReading:
    """Return the reading of an answer that holds no records; ``is_list``: a list of lots was asked for, not one lot."""
    start = body[:_SEEN]
    meaning, detail = _words_of_the_service(status, start) or _by_status(status, start, is_list=is_list)
    return PageReading(meaning=meaning, detail=detail)


def _words_of_the_service(status: int, start: bytes) -> tuple[PageMeaning, str] | None:
    if start.lstrip()[:1] == b"<":
        return None
    if status in {200, 204, 500} and NO_DATA.search(start):
        return PageMeaning.EMPTY, "The service has no data for these rows (ORA-01403)."
    if status in {401, 403, 500} and _VALIDATION.search(start):
        return PageMeaning.UNAUTHORISED, _VALIDATION_WORDS
    if status in {401, 403, 500} and _USER_AGENT.search(start):
        return PageMeaning.BLOCKED, _USER_AGENT_WORDS
    return None


def _by_status(status: int, start: bytes, *, is_list: bool) -> tuple[PageMeaning, str]:
    is_html = start.lstrip()[:1] == b"<"
    match status:
        case 0:
            words = start[:300].decode("utf-8", "replace").strip() or "no answer"
            told = PageMeaning.BLOCKED, f"UZEX gave no answer: {words}"
        case 429 | 503:
            told = PageMeaning.THROTTLED, f"UZEX answered {status}: too many requests, or not available for now."
        case 401:
            told = PageMeaning.UNAUTHORISED, "UZEX wants a login or a session (401)."
        case 403:
            told = PageMeaning.BLOCKED, "UZEX refused the request (403)."
        case 200 if is_html:
            told = PageMeaning.BLOCKED, "UZEX answered with a page instead of data (200)."
        case 404 | 410 if not is_list:
            told = PageMeaning.GONE, f"UZEX has no such lot any more ({status})."
        case 404 | 410:
            told = PageMeaning.CHANGED, f"There is no list at this address any more ({status}); the service has moved."
        case _ if status >= 500:
            told = PageMeaning.BLOCKED, f"UZEX's server failed with {status}."
        case _:
            told = PageMeaning.CHANGED, f"The answer ({status}) is not the list of lots that was recorded."
    return told
