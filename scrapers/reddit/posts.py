"""One post or comment to listings and offers without price.

Belongs here: Reddit's fields. Does not: the grammar of a trade (``title``, ``items``, ``money``), pages (``reading``).
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from domain.listing import Availability, Listing, Seller, UnpricedOffer
from scrapers.reddit.items import Item, read_items
from scrapers.reddit.title import PostKind, is_sold, is_thread, kind_of_post, parse_title
from scrapers.reddit.words import brand_of, condition_of, currency_of

SOURCE_NAME = "reddit"
_LONGEST_TEXT = 4000


class RecordError(ValueError):
    """A record that cannot be read; the message names the field."""


class Offers(msgspec.Struct, frozen=True):
    """What a post offers."""

    listings: tuple[Listing, ...] = ()
    unpriced: tuple[UnpricedOffer, ...] = ()


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the things of one post share."""

    fullname: str
    url: str
    author: str | None
    created: datetime | None
    subreddit: str
    text: str
    attributes: dict[str, str]
    gone: bool = False
    sold: bool = False


def read_post(post: Any) -> Offers:
    """Return what a post offers for sale: nothing for a post that buys, trades or is no trade.

    Raises:
        RecordError: naming the field.
    """
    if not isinstance(post, Mapping):
        raise RecordError("the post is not an object")
    number = post.get("id")
    if not isinstance(number, str) or not re.fullmatch(r"[0-9a-z]{1,13}", number):
        raise RecordError(f"id: {str(number)[:20]!r} is no id")
    title = _text(post.get("title"))
    if title is None:
        raise RecordError("title: absent")
    flair = _text(post.get("link_flair_text"))
    kind = kind_of_post(title, flair)
    if post.get("stickied") is True or is_thread(title) or kind is not PostKind.SELLING:
        return Offers()
    parts = parse_title(title)
    selftext = post.get("selftext")
    body = selftext if isinstance(selftext, str) else ""
    subreddit = _text(post.get("subreddit")) or ""
    attributes = {"subreddit": subreddit, "flair": flair, "location": parts.location, "wants": parts.want}
    place = _Place(
        fullname=f"t3_{number}",
        url=_address(post.get("permalink"), f"/comments/{number}"),
        author=_author(post),
        created=_time(post.get("created_utc")),
        subreddit=subreddit,
        text=f"{title}\n{body}",
        attributes={name: value for name, value in attributes.items() if value},
        gone=bool(post.get("removed_by_category")) or body.strip() in {"[removed]", "[deleted]"},
        sold=is_sold(flair),
    )
    return _offers(place, read_items(body, parts.have or title), parts.have or title)


def read_comment(comment: Any, thread_title: str) -> Offers:
    """Return what a top-level comment of a buy/sell/trade thread offers.

    Raises:
        RecordError: naming the field.
    """
    if not isinstance(comment, Mapping):
        raise RecordError("the comment is not an object")
    number, body = comment.get("id"), comment.get("body")
    if not isinstance(number, str) or not isinstance(body, str):
        raise RecordError("id or body: absent")
    if not str(comment.get("parent_id", "")).startswith("t3_"):
        return Offers()
    first = next((line for line in html.unescape(body).splitlines() if line.strip()), "")
    if kind_of_post(first, None) is PostKind.BUYING or re.match(r"\W*(?:wtb|iso|looking for)\b", first, re.IGNORECASE):
        return Offers()
    items = read_items(body, "")
    if not items:
        return Offers()
    subreddit = _text(comment.get("subreddit")) or ""
    place = _Place(
        fullname=f"t1_{number}",
        url=_address(comment.get("permalink"), f"/comments/{str(comment.get('link_id', ''))[3:]}/_/{number}"),
        author=_author(comment),
        created=_time(comment.get("created_utc")),
        subreddit=subreddit,
        text=f"{thread_title}\n{body}",
        attributes={"subreddit": subreddit, "thread": thread_title[:120]},
    )
    return _offers(place, [item for item in items if item.name], first)


def _offers(place: _Place, items: list[Item], title_item: str) -> Offers:
    if not items:
        state = Availability.GONE if place.gone else Availability.SOLD if place.sold else Availability.UNKNOWN
        offer = UnpricedOffer(
            source=SOURCE_NAME,
            external_id=place.fullname,
            url=place.url,
            title=title_item[:300],
            reason="removed" if place.gone else "the post names no price that can be told",
            availability=state,
            brand=brand_of(title_item),
        )
        return Offers((), (offer,))
    listings: list[Listing] = []
    taken: set[str] = set()
    for item in items:
        if item.price is None or item.price <= 0:
            continue
        key = _key(place.fullname, item, taken)
        taken.add(key)
        listings.append(_listing(place, item, key))
    return Offers(tuple(listings))


def _key(fullname: str, item: Item, taken: set[str]) -> str:
    """Return an id that stays when other things of the post are edited: made of the thing's name, not of its place."""
    if item.is_titles_own and fullname not in taken:
        return fullname
    slug = " ".join(re.findall(r"[a-z0-9]+", item.name.lower())[:8])
    key = f"{fullname}.{hashlib.blake2b(slug.encode(), digest_size=4).hexdigest()}"
    number = 2
    unique = key
    while unique in taken:
        unique, number = f"{key}-{number}", number + 1
    return unique


def _listing(place: _Place, item: Item, key: str) -> Listing:
    condition, words = condition_of(f"{item.name}\n{place.text}" if item.is_titles_own else item.name)
    if words is None:
        condition, words = condition_of(place.text)
    state = item.availability
    if place.gone:
        state = Availability.GONE
    elif place.sold:
        state = Availability.SOLD
    flags = {
        "shipping": "included" if item.is_shipped else "",
        "price_is": "each" if item.is_each else "",
        "negotiable": "yes" if item.is_negotiable else "",
        "bundle": "yes" if item.is_bundle else "",
    }
    assert item.price is not None  # noqa: S101 - the caller leaves the others out
    return Listing(
        source=SOURCE_NAME,
        external_id=key,
        url=place.url,
        title=item.name,
        price=item.price,
        currency=item.currency or currency_of(place.subreddit, place.text),
        list_price=item.old_price if item.old_price is not None and item.old_price > item.price else None,
        description=html.unescape(place.text)[:_LONGEST_TEXT],
        brand=brand_of(item.name),
        condition=condition,
        condition_label=words,
        availability=state,
        seller=None if place.author is None else Seller(external_id=place.author, login=place.author),
        listed_at=place.created,
        group_id=place.fullname if key != place.fullname else None,
        attributes={**place.attributes, **{name: value for name, value in flags.items() if value}},
    )


def _author(record: Mapping[str, Any]) -> str | None:
    author = _text(record.get("author"))
    return None if author in {None, "[deleted]"} else author


def _address(permalink: Any, otherwise: str) -> str:
    path = permalink if isinstance(permalink, str) and permalink.startswith("/") else otherwise
    return f"https://www.reddit.com{path}"


def _time(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(int(value), UTC)


def _text(value: Any) -> str | None:
    """Return a text; entities are undone, since without ``raw_json=1`` Reddit escapes them."""
    return html.unescape(value).strip() or None if isinstance(value, str) else None
