"""What a Vinted answer is, told by its structure, never by its words.

Belongs here: codes, markup and sizes that tell a refusal from an answer. Does not: reading listings (the parsers).

The word "datadome" and the text for "no results" stand in the dictionary of every normal page, and texts are in the
site's language, so words prove nothing (yelsed/kaartenjager, 2026-09). Status 200 proves nothing either.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from domain.page import PageMeaning
from scrapers.meaning import SMALL_PAGE_BYTES, Judgement, is_challenge, is_shell, meaning_of_refused_status

_CATALOGUE_MARKUP = ', '.join((
    '[class*="feed-grid"]',
    '[data-testid="grid-item"]',
    '[data-testid*="empty-state"]',
    '[data-testid*="catalog"]',
))  # fmt: skip
_APPLICATION_MARKUP = 'script#__NEXT_DATA__, #__next, script[src*="/_next/"]'


def meaning_of_json(status: int, code: object, message_code: object, url: object) -> Judgement:
    """Judge a JSON object that holds neither items nor an item.

    Args:
        status: HTTP status.
        code: Vinted's own number: 100 invalid token, 104 not found, 106 access denied (Giglium/vinted_scraper#78).
        message_code: Vinted's own word, the same in every language.
        url: set by a bot wall's JSON answer, which points at its captcha.
    """
    if isinstance(url, str) and "captcha-delivery.com" in url:
        return Judgement(
            PageMeaning.BLOCKED, "A bot wall answered in place of the service (JSON with a captcha address)."
        )
    if message_code == "invalid_authentication_token" or (code == 100 and type(code) is int):
        return Judgement(
            PageMeaning.UNAUTHORISED, "The service does not accept the session (invalid_authentication_token)."
        )
    if message_code == "not_found" or (code == 104 and type(code) is int):
        return Judgement(PageMeaning.GONE, "The service answered not_found: the listing or the service is gone.")
    if message_code == "access_denied" or (code == 106 and type(code) is int):
        return Judgement(PageMeaning.BLOCKED, "The service answered access_denied.")
    by_status = meaning_of_refused_status(status)
    if by_status is not None:
        return by_status
    word = message_code if isinstance(message_code, str) else code if isinstance(code, int) else ""
    known = f" ({str(word)[:60]})" if word else ""
    return Judgement(
        PageMeaning.CHANGED,
        f"The service answered {status} with JSON of an unknown form{known}: neither items nor an item.",
    )


def meaning_of_page_without_content(
    tree: LexborHTMLParser, *, status: int, body: bytes, is_item_page: bool
) -> Judgement:
    """Judge an HTML page on which neither result rows nor a product were found."""
    small = len(body) < SMALL_PAGE_BYTES
    if small and is_challenge(tree):
        return Judgement(
            PageMeaning.BLOCKED, f"A bot wall's challenge page came instead of the page (status {status})."
        )
    by_status = meaning_of_refused_status(status)
    if by_status is not None:
        return by_status
    if small and tree.css_first('input[type="password"]') is not None:
        return Judgement(PageMeaning.BLOCKED, "A login page came instead of the page.")
    if b"</html>" not in body[-2048:].lower():
        return Judgement(PageMeaning.CHANGED, "The page is cut off or is not a whole HTML page.")
    return _of_whole_page(tree, small=small, is_item_page=is_item_page)


def _of_whole_page(tree: LexborHTMLParser, *, small: bool, is_item_page: bool) -> Judgement:
    if is_item_page:
        return Judgement(PageMeaning.GONE, "The item page has no product block: it is sold or removed.")
    if tree.css_first(_CATALOGUE_MARKUP) is not None:
        return Judgement(PageMeaning.EMPTY, "The search has no results.")
    if small and tree.css_first(_APPLICATION_MARKUP) is None and is_shell(tree):
        return Judgement(PageMeaning.BLOCKED, "An empty shell of a page came, with scripts and no content.")
    return Judgement(PageMeaning.CHANGED, "The page's structure is not known: no result rows, no product block.")
