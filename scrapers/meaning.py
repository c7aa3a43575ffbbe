"""What an answer is, told by its structure, as far as all sites are alike: statuses, bot walls, shells.

Belongs here: codes, markup and sizes that tell a refusal from an answer at any site. Does not: one marketplace's codes.

Words prove nothing: the name of a wall and the text for "no results" stand in the scripts of normal pages, and texts
are in the site's language. Status 200 proves nothing either.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from domain.page import PageMeaning, PageReading, RawPage

# Real pages are large, error and challenge pages a few KB.
SMALL_PAGE_BYTES = 64 * 1024

_CHALLENGE_MARKUP = ", ".join((
    'script[src*="captcha-delivery.com"]',
    'iframe[src*="captcha-delivery.com"]',
    'script[src*="/cdn-cgi/challenge-platform/"]',
    'form[action*="__cf_chl"]',
    "form#challenge-form",
    "#challenge-running",
    "#challenge-error-text",
    "#cf-error-details",
    "#cf-wrapper",
    ".cf-turnstile",
    "#px-captcha",
    "#sec-if-cpt-container",
    'iframe[src*="_Incapsula_Resource"]',
    "p#cmsg",
))  # fmt: skip
# The bot wall's own object: var dd={'rt':'c','cid':...,'host':'geo.captcha-delivery.com'}. Normal pages have none.
_WALL_OBJECT = re.compile(r"\s*var\s+dd\s*=\s*\{\s*['\"]rt['\"]\s*:")


class Judgement(NamedTuple):
    """A meaning and, where it is not ``ok``, a sentence for the owner."""

    meaning: PageMeaning
    detail: str


def meaning_of_status(status: int, body: bytes) -> Judgement | None:
    """Judge what the status alone decides: no answer, throttled, a server's own failure; else None."""
    if status == 0:
        words = body[:300].decode("utf-8", "replace").strip() or "no answer"
        return Judgement(PageMeaning.BLOCKED, f"The site gave no answer: {words}")
    if status == 429:
        return Judgement(PageMeaning.THROTTLED, "The site answered 429: too many requests.")
    if status == 503:
        return Judgement(PageMeaning.THROTTLED, "The site answered 503: not available for now.")
    if status >= 500:
        return Judgement(PageMeaning.BLOCKED, f"The site's server failed with {status}.")
    return None


def meaning_of_refused_status(status: int) -> Judgement | None:
    """Judge a refusal's status: 401, 403, 404 and 410; else None."""
    if status == 401:
        return Judgement(PageMeaning.UNAUTHORISED, "The site answered 401: the session is missing or has expired.")
    if status == 403:
        return Judgement(PageMeaning.BLOCKED, "The site answered 403: it refuses us.")
    if status in {404, 410}:
        return Judgement(PageMeaning.GONE, f"The site answered {status}: there is no such page any more.")
    return None


def is_challenge(tree: LexborHTMLParser) -> bool:
    """Tell whether a small page is a bot wall's, by its markup."""
    if tree.css_first(_CHALLENGE_MARKUP) is not None:
        return True
    return any(_WALL_OBJECT.match(script.text(deep=True)) for script in tree.css("script:not([src])"))


def is_shell(tree: LexborHTMLParser) -> bool:
    """Tell whether a page has scripts and no text of its own."""
    if tree.css_first("script") is None or tree.body is None:
        return False
    return not any(
        node.text(deep=False, strip=True)
        for node in tree.body.css("*")
        if node.tag not in {"script", "style", "noscript", "template"}
    )


def refusal(judgement: Judgement) -> PageReading:
    """Return the reading of a page that holds no records."""
    return PageReading(meaning=judgement.meaning, detail=judgement.detail)


def never_raising(read: Callable[[RawPage], PageReading]) -> Callable[[RawPage], PageReading]:
    """Return a reader of pages that says ``changed`` where it would raise, whatever the bytes."""

    @functools.wraps(read)
    def reading_of(page: RawPage) -> PageReading:
        try:
            return read(page)
        except Exception as error:  # noqa: BLE001 - the contract: one bad page never fails a run; the owner sees why
            return PageReading(
                meaning=PageMeaning.CHANGED, detail=f"The parser failed on this page: {type(error).__name__}"
            )

    return reading_of
