"""A stored answer of Reddit into its meaning and its offers: pure, whatever the bytes.

Records are the things for sale and the posts that cannot be read; posts that buy, ask or talk are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from domain.listing import Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading, RawPage, RejectedRecord
from scrapers.meaning import Judgement, meaning_of_refused_status, meaning_of_status, refusal
from scrapers.recorded import starts_like
from scrapers.reddit.posts import Offers, RecordError, read_comment, read_post
from scrapers.reddit.title import is_thread

PARSER_VERSION = 2
_MAX_RECORD = 64 * 1024
_CHANGED_FROM = 3
_ID = re.compile(r"[0-9a-z]{1,13}")
# As the site's own client names them; none is among the recordings.
_CLOSED_SUBREDDITS = frozenset({"private", "quarantined", "banned", "gold_only", "gated"})


def read_page(page: RawPage) -> PageReading:
    """Read an answer: a listing of posts, a thread with its comments, more of its comments, or a refusal."""
    if starts_like(page.body) == "html":
        # Reddit's API never answers in HTML; its block pages do, at 403 and sometimes at 200.
        by_status = meaning_of_status(page.status, page.body)
        blocked = Judgement(PageMeaning.BLOCKED, f"Reddit's block page came in place of JSON ({page.status}).")
        return refusal(by_status or blocked)
    document = _json(page.body)
    exchanges = _exchanges(document)
    if exchanges is not None:
        return _together([_read_answer(body, status, b"") for body, status in exchanges])
    # A subreddit that is not there is answered with a redirect to the search for subreddits, status 200.
    if "/subreddits/search" in page.url or _is_of_subreddits(document):
        return refusal(Judgement(PageMeaning.GONE, "There is no such subreddit: Reddit offers a search for others."))
    return _read_answer(document, page.status, page.body)


def _is_of_subreddits(document: object) -> bool:
    kinds = {_of(one, "kind") for one in _children(document) or []}
    return "t5" in kinds and not kinds & {"t1", "t3"}


def _read_answer(document: object, status: int, body: bytes) -> PageReading:
    said = _refused(document, status) or meaning_of_status(status, body) or meaning_of_refused_status(status)
    if said is not None:
        return refusal(said)
    if isinstance(document, Mapping) and "access_token" in document:
        return PageReading(meaning=PageMeaning.EMPTY, detail="A token answer: no posts in it.")
    records = _records(document)
    if records is None:
        return PageReading(meaning=PageMeaning.CHANGED, detail=f"The answer ({status}) holds no posts or comments.")
    return _offers(list(records))


def _exchanges(document: object) -> list[tuple[object, int]] | None:
    """Return the answers of a recorder's cassette (requests with their responses); None where this is none."""
    found = document if isinstance(document, list) else [document]
    responses = [_of(one, "response") for one in found]
    if not responses or not all(isinstance(one, Mapping) and "body" in one for one in responses):
        return None
    pairs = []
    for response in responses:
        code = _of(_of(response, "status"), "code")
        pairs.append((_of(response, "body"), code if isinstance(code, int) else 200))
    return pairs


def _together(readings: list[PageReading]) -> PageReading:
    """Return several answers of one file as one reading: what was served counts before what was refused."""
    order = (PageMeaning.OK, PageMeaning.EMPTY)
    first = min(readings, key=lambda one: order.index(one.meaning) if one.meaning in order else len(order))
    return msgspec.structs.replace(
        first,
        listings=tuple(one for reading in readings for one in reading.listings),
        unpriced=tuple(one for reading in readings for one in reading.unpriced),
        rejected=tuple(one for reading in readings for one in reading.rejected),
    )


def _offers(records: list[tuple[str, Any, str]]) -> PageReading:
    listings: list[Listing] = []
    unpriced: list[UnpricedOffer] = []
    rejected: list[RejectedRecord] = []
    seen: set[str] = set()
    for index, (kind, data, thread) in enumerate(records):
        try:
            found = _offers_of(kind, data, thread)
        except RecordError as error:
            raw = msgspec.json.encode(data)[:_MAX_RECORD]
            rejected.append(RejectedRecord(index=index, reason=str(error), record=raw))
            continue
        listings += [one for one in found.listings if one.external_id not in seen]
        unpriced += [one for one in found.unpriced if one.external_id not in seen]
        seen |= {one.external_id for one in found.listings} | {one.external_id for one in found.unpriced}
    if rejected and len(rejected) == len(records) >= _CHANGED_FROM:
        detail = f"No record of {len(rejected)} could be read: {rejected[0].reason}"
        return PageReading(meaning=PageMeaning.CHANGED, detail=detail, rejected=tuple(rejected))
    meaning = PageMeaning.OK if records else PageMeaning.EMPTY
    return PageReading(
        meaning=meaning,
        detail="" if records else "There are no posts.",
        listings=tuple(listings),
        unpriced=tuple(unpriced),
        rejected=tuple(rejected),
    )


def _offers_of(kind: str, data: Any, thread: str) -> Offers:
    if kind == "t3":
        return read_post(data)
    return read_comment(data, thread) if kind == "t1" else Offers()


def _records(document: object) -> Iterator[tuple[str, Any, str]] | None:
    """Return kind, data and thread title of each post and comment; None where the answer is no such thing."""
    if isinstance(document, list) and len(document) == 2 and all(_children(one) is not None for one in document):
        posts = _children(document[0]) or []
        title = str(_of(_of(posts[0], "data"), "title") or "") if posts else ""
        return _thread(posts, _children(document[1]) or [], title)
    children = _children(document)
    if children is not None:
        return ((str(_of(one, "kind")), _of(one, "data"), "") for one in children)
    things = _of(_of(_of(document, "json"), "data"), "things")
    if isinstance(things, list):
        return ((str(_of(one, "kind")), _of(one, "data"), "") for one in things)
    return None


def _thread(posts: list[Any], comments: list[Any], title: str) -> Iterator[tuple[str, Any, str]]:
    for post in posts:
        yield str(_of(post, "kind")), _of(post, "data"), ""
    if is_thread(title):
        for comment in comments:
            yield str(_of(comment, "kind")), _of(comment, "data"), title


def _children(document: object) -> list[Any] | None:
    if _of(document, "kind") != "Listing":
        return None
    children = _of(_of(document, "data"), "children")
    return children if isinstance(children, list) else None


def next_cursor(body: bytes) -> str | None:
    """Return the ``after`` of a listing; None at its end (about a thousand posts)."""
    after = _of(_of(_json(body), "data"), "after")
    return after if isinstance(after, str) and after else None


def threads_of(body: bytes) -> list[str]:
    """Return the ids of the posts of a listing that are buy/sell/trade threads."""
    posts = [_of(one, "data") for one in _children(_json(body)) or []]
    return [
        str(post["id"])
        for post in posts
        if isinstance(post, Mapping) and is_thread(str(post.get("title", ""))) and _ID.fullmatch(str(post.get("id")))
    ]


def hidden_comments(body: bytes) -> list[str]:
    """Return the ids behind a thread's top-level ``more`` objects; "continue this thread" (count 0) holds none."""
    document = _json(body)
    if not isinstance(document, list) or len(document) != 2:
        return []
    found: list[str] = []
    for one in _children(document[1]) or []:
        data = _of(one, "data")
        children = _of(data, "children")
        if _of(one, "kind") == "more" and _of(data, "count") and isinstance(children, list):
            found += [str(child) for child in children if _ID.fullmatch(str(child))]
    return found


def _refused(document: object, status: int) -> Judgement | None:
    if not isinstance(document, Mapping):
        return None
    number = document.get("error")
    if isinstance(number, str):
        return Judgement(
            PageMeaning.UNAUTHORISED,
            f"Reddit does not accept the credentials ({number[:60]}); see PRICESCOPE_REDDIT_CLIENT_ID and _SECRET.",
        )
    code = number if isinstance(number, int) and not isinstance(number, bool) else status if status >= 400 else None
    words = str(document.get("message") or document.get("reason") or document.get("explanation") or "")[:120]
    if code in {403, 404} and str(document.get("reason")) in _CLOSED_SUBREDDITS:
        # The app is welcome, this place is not open: no reason to leave the others alone.
        return Judgement(PageMeaning.GONE, f"The subreddit is {document['reason']}: take it out of the watch.")
    if code is None and "kind" not in document and document.get("reason") == "PAGE_NOT_FOUND":
        code = 404
    judged = {
        401: (PageMeaning.UNAUTHORISED, "Reddit does not accept the token"),
        403: (PageMeaning.BLOCKED, "Reddit forbids it to this app"),
        404: (PageMeaning.GONE, "There is no such subreddit or post"),
        429: (PageMeaning.THROTTLED, "Reddit asks for less"),
    }.get(code or 0)
    if judged is not None:
        return Judgement(judged[0], f"{judged[1]} ({code} {words}).")
    if code is not None and code >= 500:
        return Judgement(PageMeaning.BLOCKED, f"Reddit's server failed ({code} {words}).")
    return None if code is None else Judgement(PageMeaning.CHANGED, f"Reddit refuses the request ({code} {words}).")


def _json(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None
