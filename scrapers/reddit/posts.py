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
from domain.price_kind import PriceKind
from scrapers.reddit.item import Item, slug_of
from scrapers.reddit.items import read_items, title_items
from scrapers.reddit.marks import is_all_sold
from scrapers.reddit.title import PostKind, is_sold, is_thread, kind_of_post, parse_title, wants_to_buy
from scrapers.reddit.words import brand_of, condition_of, country_of, currency_of, sentences_on_all

SOURCE_NAME = "reddit"
_LONGEST_TEXT = 4000
# Reddit's own bound.
_LONGEST_TITLE = 300


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
    title = (_text(post.get("title")) or "")[:_LONGEST_TITLE]
    if not title:
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
        sold=is_sold(flair) or is_sold(_bracketed(title)) or is_all_sold(body),
    )
    offered = parts.have or title
    items = read_items(body, offered)
    if not any(item.price for item in items):
        items = title_items(parts.have or "", parts.want or "") or items
    return _offers(place, items, offered)


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
    first = next((line for line in html.unescape(body).splitlines() if line.strip()), "")[:_LONGEST_TITLE]
    if kind_of_post(first, None) is PostKind.TRADING or wants_to_buy(body):
        return Offers()
    items = [item for item in read_items(body, "") if item.name]
    if not items:
        return Offers()
    subreddit = _text(comment.get("subreddit")) or ""
    place = _Place(
        fullname=f"t1_{number}",
        url=_address(comment.get("permalink"), f"/comments/{str(comment.get('link_id', ''))[3:]}/_/{number}"),
        author=_author(comment),
        created=_time(comment.get("created_utc")),
        subreddit=subreddit,
        text=body,
        attributes={n: text for n, text in (("subreddit", subreddit), ("thread", thread_title[:120])) if text},
        sold=is_all_sold(body),
    )
    return _offers(place, items, first)


def _bracketed(title: str) -> str:
    return " ".join(re.findall(r"\[[^\]]*\]", title))


def _offers(place: _Place, items: list[Item], title_item: str) -> Offers:
    """Return the listings of the things with a price, and offers of those without; of a post, at least one."""
    listings: list[Listing] = []
    unpriced: list[UnpricedOffer] = []
    taken: set[str] = set()
    for item in items:
        key = _key(place.fullname, item, taken)
        taken.add(key)
        if item.price is None or item.price <= 0:
            unpriced.append(_unpriced(place, key, item.name, "marked as sold, its price taken out", item.availability))
        else:
            listings.append(_listing(place, item, key, is_only=len(items) == 1))
    if not taken:
        why = "the post was removed" if place.gone else "the post names no price that can be told"
        unpriced.append(_unpriced(place, place.fullname, title_item, why, Availability.UNKNOWN))
    return Offers(tuple(listings), tuple(unpriced))


def _state(place: _Place, own: Availability) -> Availability:
    if place.gone:
        return Availability.GONE
    return Availability.SOLD if place.sold else own


def _unpriced(place: _Place, key: str, name: str, reason: str, own: Availability) -> UnpricedOffer:
    return UnpricedOffer(
        source=SOURCE_NAME,
        external_id=key,
        url=place.url,
        title=name[:300],
        reason=reason,
        availability=_state(place, own),
        brand=brand_of(name),
    )


def _key(fullname: str, item: Item, taken: set[str]) -> str:
    """Return an id that stays when other things of the post are edited: made of the thing's name, not of its place."""
    if item.is_titles_own and fullname not in taken:
        return fullname
    key = f"{fullname}.{hashlib.blake2b(slug_of(item.name).encode(), digest_size=4).hexdigest()}"
    number = 2
    unique = key
    while unique in taken:
        unique, number = f"{key}-{number}", number + 1
    return unique


def _listing(place: _Place, item: Item, key: str, *, is_only: bool) -> Listing:
    assert item.price is not None  # noqa: S101 - the caller leaves the others out
    text = html.unescape(place.text)
    # What is said of one thing of several says nothing of the others.
    for said in (f"{item.name}\n{item.notes}", text if is_only else sentences_on_all(text)):
        condition, words = condition_of(said)
        if words is not None:
            break
    flags = {
        "shipping": "included" if item.is_shipped else "",
        "price_is": "each" if item.is_each else "",
        "negotiable": "yes" if item.is_negotiable else "",
        "bundle": "yes" if item.is_bundle or item.is_conditional else "",
    }
    kind = PriceKind.CONDITIONAL if item.is_conditional else PriceKind.RANGE if item.is_range else PriceKind.PRICE
    return Listing(
        source=SOURCE_NAME,
        external_id=key,
        url=place.url,
        title=item.name,
        price=item.price,
        price_kind=kind,
        currency=item.currency or currency_of(place.subreddit, text, is_dollar=item.is_dollar),
        list_price=item.old_price if item.old_price is not None and item.old_price > item.price else None,
        description=text[:_LONGEST_TEXT],
        brand=brand_of(item.name),
        condition=condition,
        condition_label=words,
        availability=_state(place, item.availability),
        seller=None if place.author is None else Seller(external_id=place.author, login=place.author),
        listed_at=place.created,
        country=country_of(place.subreddit, place.attributes.get("location")),
        group_id=None if is_only else place.fullname,
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
