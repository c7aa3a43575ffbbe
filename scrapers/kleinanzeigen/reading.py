"""A stored result page into its meaning and its listings: pure, whatever the bytes."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from domain.listing import Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading, RawPage, RejectedRecord
from scrapers.kleinanzeigen.parse import RowError, read_row
from scrapers.meaning import Judgement, is_challenge, meaning_of_refused_status, meaning_of_status, refusal

PARSER_VERSION = 1
_CHANGED_FROM = 3


def read_page(page: RawPage) -> PageReading:
    """Read one result page."""
    tree = LexborHTMLParser(page.body)
    said = meaning_of_status(page.status, page.body)
    if said is None and is_challenge(tree):
        said = Judgement(PageMeaning.BLOCKED, f"A bot wall's page came in place of results (status {page.status}).")
    said = said or meaning_of_refused_status(page.status)
    if said is not None:
        return refusal(said)
    results = tree.css_first("#srchrslt-adtable")
    if results is None:
        return PageReading(meaning=PageMeaning.CHANGED, detail="There is no result table on the page.")
    listings: list[Listing] = []
    unpriced: list[UnpricedOffer] = []
    rejected: list[RejectedRecord] = []
    for index, row in enumerate(results.css("article.aditem")):
        try:
            found = read_row(row, page.url, page.fetched_at, index + 1)
        except RowError as error:
            raw = (row.html or "").encode()[: 64 * 1024]
            rejected.append(RejectedRecord(index=index, reason=str(error), record=raw))
            continue
        if isinstance(found, Listing):
            listings.append(found)
        else:
            unpriced.append(found)
    if rejected and not listings and not unpriced and len(rejected) >= _CHANGED_FROM:
        return PageReading(
            meaning=PageMeaning.CHANGED, detail=f"No row could be read: {rejected[0].reason}", rejected=tuple(rejected)
        )
    is_empty = not (listings or unpriced or rejected)
    return PageReading(
        meaning=PageMeaning.EMPTY if is_empty else PageMeaning.OK,
        detail="The search has no results." if is_empty else "",
        listings=tuple(listings),
        unpriced=tuple(unpriced),
        rejected=tuple(rejected),
    )


def has_next(body: bytes) -> bool:
    """Tell whether a result page links to a next one."""
    return LexborHTMLParser(body).css_first("a.pagination-next") is not None
