"""Trade posts made from the market: a seller's listings of a few days become one post, in one of several manners."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.money import from_minor
from sandbox import prices
from sandbox.items import Item

Json = dict[str, object]
SUBREDDITS = {"hardwareswap": "USD", "HardwareSwapUK": "GBP", "malefashionmarket": "USD"}
_PLACES = {"USD": "[USA-NY]", "GBP": "[UK]"}
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Post:
    """A post: its things, when it was made and in which manner it is written."""

    number: str
    subreddit: str
    items: tuple[Item, ...]
    created: int
    manner: str
    author: str

    @property
    def currency(self) -> str:
        """What its prices are in."""
        return SUBREDDITS[self.subreddit]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, place = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[place] + digits
    return digits or "0"


def posts_of(items: Sequence[Item], at: int) -> list[Post]:
    """Return the posts made until then, newest first: every listing that Reddit shows is in exactly one."""
    made: list[Post] = []
    waiting: dict[str, list[Item]] = {name: [] for name in SUBREDDITS}
    for item in items:
        if item.item_id % 3:
            continue
        electric = item.family.electric
        place = "malefashionmarket" if not electric else ("HardwareSwapUK" if item.item_id % 2 else "hardwareswap")
        waiting[place].append(item)
        rng = random.Random(f"reddit|{item.item_id}")  # noqa: S311 - reproducible
        if len(waiting[place]) >= rng.randint(1, 5):
            made.append(_post(place, tuple(waiting[place]), rng))
            waiting[place] = []
    return [post for post in reversed(made) if post.created <= at]


def _post(subreddit: str, items: tuple[Item, ...], rng: random.Random) -> Post:
    manner = "single" if len(items) == 1 else rng.choice(("table", "lines", "asking"))
    return Post(
        number=_base36(2_000_000_000 + items[-1].item_id % 1_000_000_000),
        subreddit=subreddit,
        items=items,
        created=items[-1].published_at,
        manner=manner,
        author=f"sandbox_{items[-1].seller.user_id % 100_000}",
    )


def price_text(item: Item, currency: str, at: int) -> str:
    """Write a price as sellers do."""
    amount = from_minor(prices.convert(item.price_at(at), item.currency, currency), currency)
    sign = {"USD": "$", "GBP": "£"}[currency]
    whole = f"{amount:.2f}".removesuffix(".00")
    return f"{sign}{whole}"


def is_over(post: Post, at: int) -> bool:
    """Tell whether everything of a post is sold."""
    return all(not item.is_live(at) for item in post.items)


def post_json(post: Post, at: int, *, escaped: bool) -> Json:
    """Return a post as ``t3`` data; ``escaped`` as without ``raw_json=1``."""
    names = ", ".join(item.title for item in post.items[:3])
    title = f"{_PLACES[post.currency]} [H] {names} [W] PayPal, local cash"
    body = _body(post, at)
    edited = max((item.ended_at for item in post.items if item.ended_at <= at), default=None)
    return {
        "id": post.number,
        "name": f"t3_{post.number}",
        "subreddit": post.subreddit,
        "title": _escape(title) if escaped else title,
        "selftext": _escape(body) if escaped else body,
        "author": post.author,
        "created_utc": float(post.created),
        "edited": False if edited is None else float(edited),
        "link_flair_text": "Sold" if is_over(post, at) else "Selling",
        "num_comments": post.created % 9,
        "permalink": f"/r/{post.subreddit}/comments/{post.number}/trade/",
        "url": f"https://www.reddit.com/r/{post.subreddit}/comments/{post.number}/trade/",
        "stickied": False,
        "removed_by_category": None,
        "over_18": False,
        "score": post.created % 20,
    }


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _body(post: Post, at: int) -> str:
    intro = (
        "Timestamps: https://imgur.com/a/sandbox\n\nPrices in the usual currency, add 15 for shipping. "
        "RTX 4070 not included.\n\n"
    )
    if post.manner == "single":
        item = post.items[0]
        former = item.steps[0][1]
        old = f"~~{price_text(item, post.currency, item.published_at)}~~ " if item.price_at(at) < former else ""
        return f"{intro}Used with care. Asking {old}{price_text(item, post.currency, at)} shipped.\n\nThanks!"
    if post.manner == "table":
        rows = "\n".join(
            f"|{_struck(item, at)}|{price_text(item, post.currency, at)}|good condition|" for item in post.items
        )
        return f"{intro}|Item|Price|Notes|\n|:-|:-|:-|\n{rows}\n"
    if post.manner == "lines":
        lines = "\n\n".join(_line(item, post, at) for item in post.items)
        return f"{intro}{lines}\n\nEverything for {_half_of_all(post, at)} if bought together\n"
    return intro + "\n\n".join(_asking(item, post, at) for item in post.items)


def _asking(item: Item, post: Post, at: int) -> str:
    if not item.is_live(at) and item.item_id % 2:
        return f"{item.title} \\- SOLD"
    return f"{_struck(item, at)} \\- Asking {price_text(item, post.currency, at)} obo"


def _half_of_all(post: Post, at: int) -> str:
    amounts = [price_text(item, post.currency, at) for item in post.items]
    return f"{amounts[0][0]}{max(1, sum(Decimal(amount[1:]) for amount in amounts) // 2)}"


def _struck(item: Item, at: int) -> str:
    name = item.title.replace("|", "/")
    return name if item.is_live(at) else f"~~{name}~~"


def _line(item: Item, post: Post, at: int) -> str:
    text = f"{item.title} - **{price_text(item, post.currency, at)}**"
    if not item.is_live(at):
        return f"~~{text}~~ SOLD"
    return f"PENDING - {text}" if item.item_id % 11 == 0 else text


def buying_json(post: Post, at: int) -> Json:
    """Return a post that wants what another sells, with a bid in it."""
    item = post.items[0]
    wanted = post_json(post, at, escaped=False)
    number = _base36(int(post.number, 36) + 7)
    return wanted | {
        "id": number,
        "name": f"t3_{number}",
        "title": f"{_PLACES[post.currency]} [H] $50 PayPal, cash [W] {item.family.spellings[0]}",
        "selftext": f"Looking for a {item.family.spellings[0]}. Budget is $50.",
        "link_flair_text": "Buying",
        "author": "sandbox_buyer",
        "permalink": f"/r/{post.subreddit}/comments/{number}/wanted/",
    }


def sticky_json(subreddit: str, start: int) -> Json:
    """Return the moderators' weekly thread, weeks old and always first."""
    return {
        "id": "sticky1",
        "name": "t3_sticky1",
        "subreddit": subreddit,
        "title": "Weekly Buy/Sell/Trade Thread",
        "selftext": "One comment an offer.",
        "author": "AutoModerator",
        "created_utc": float(start),
        "edited": False,
        "link_flair_text": "Mod",
        "num_comments": 12,
        "permalink": f"/r/{subreddit}/comments/sticky1/weekly/",
        "url": "",
        "stickied": True,
        "removed_by_category": None,
    }


def comment_json(item: Item, subreddit: str, at: int) -> Json:
    """Return a comment of the weekly thread that sells one thing."""
    number = _base36(3_000_000_000 + item.item_id % 1_000_000_000)
    sold = "" if item.is_live(at) else "SOLD "
    return {
        "id": number,
        "name": f"t1_{number}",
        "parent_id": "t3_sticky1",
        "link_id": "t3_sticky1",
        "subreddit": subreddit,
        "author": f"sandbox_{item.seller.user_id % 100_000}",
        "body": f"WTS {sold}{item.title} - {price_text(item, SUBREDDITS[subreddit], at)} shipped",
        "created_utc": float(item.published_at),
        "permalink": f"/r/{subreddit}/comments/sticky1/weekly/{number}/",
        "replies": "",
        "edited": False,
    }
