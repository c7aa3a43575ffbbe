"""The grammar of trades on Reddit: what is for sale, at which price, in which state; texts of our own making."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition import Condition
from domain.listing import Availability
from domain.page import PageMeaning, PageReading
from domain.price_kind import PriceKind
from scrapers.recorded import recorded
from scrapers.reddit.allowance import Allowance
from scrapers.reddit.items import read_items
from scrapers.reddit.money import find_asks
from scrapers.reddit.post_url import parse_post_url
from scrapers.reddit.posts import SOURCE_NAME
from scrapers.reddit.reading import hidden_comments, read_page, threads_of
from scrapers.reddit.title import PostKind, kind_of_post, parse_title
from scrapers.reddit.words import condition_of, country_of, currency_of

AT = datetime(2026, 11, 21, tzinfo=UTC)


def read(document: object, status: int = 200, url: str = "https://oauth.reddit.com/") -> PageReading:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_page(recorded(SOURCE_NAME, body, url=url, status=status, fetched_at=AT))


def read_post(title: str, body: str = "", **fields: Any) -> PageReading:
    post = {"id": "abc", "title": title, "selftext": body, "subreddit": "hardwareswap", "author": "u1", **fields}
    return read({"kind": "Listing", "data": {"children": [{"kind": "t3", "data": post}]}})


def read_comment(body: str) -> PageReading:
    post = {"kind": "t3", "data": {"id": "x", "title": "Weekly BST thread"}}
    comment = {"kind": "t1", "data": {"id": "a", "body": body, "parent_id": "t3_x", "subreddit": "rawdenim"}}
    pages = [{"kind": "Listing", "data": {"children": [one]}} for one in (post, comment)]
    return read(pages)


def asks(line: str) -> list[str]:
    return [format(ask.amount.normalize(), "f") for ask in find_asks(line)]


# ---------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("line", "amounts"),
    [
        ("€1.200", ["1200"]),
        ("65,50€ VB", ["65.5"]),
        ("$1,200.50", ["1200.5"]),
        ("asking 12.5k obo", ["12500"]),
        ("3.5k$", ["3500"]),
        ("100 euros", ["100"]),
        ("RX 6800 XT 400 shipped", ["400"]),
        ("400 - shipped", ["400"]),
        ("looking for a 3080, looking for 450 shipped", ["450"]),
        ("looking for 4070 or 3080", []),
        ("FE 3080 firm", []),
        ("eBay sold listings are around $200", []),
        ("bought at the store for $400, MSRP $499", []),
        ("I'd pay $200, no offers under $100", []),
        ("selling my $50 gift card for $45", ["45"]),
        ("shipping to Canada should be around $10-$20", []),
        ("shipping is $12, asking $100", ["100"]),
        ("shipping included. $300", ["300"]),
        ("$500 -> $450", ["450"]),
        ("reduced from $500 to $450", ["450"]),
        ("90 switches (10 at $2.70 each) - $20", ["20"]),
        ("Two boxes ($90 each or $150 together)", ["90", "150"]),
        ("deposit of $50, then $300", ["300"]),
    ],
)
def test_amounts_that_are_asked_for(line: str, amounts: list[str]) -> None:
    assert asks(line) == amounts


def test_a_range_is_one_amount_and_no_comparable_price() -> None:
    (ask,) = find_asks("keycap sets $90\u2013$350")
    assert (ask.amount, ask.is_range) == (Decimal(90), True)
    (listing,) = read_post("[US-NY] [H] Keycap sets [W] PayPal", "From $90-$350 each").listings
    assert listing.price_kind is PriceKind.RANGE
    assert not listing.price_kind.is_comparable


@pytest.mark.parametrize(
    ("line", "shipped"), [("$100 shipped", True), ("$100, shipped", True), ("local $100, shipped $115", False)]
)
def test_shipping_is_in_the_price_that_says_so(line: str, shipped: bool) -> None:
    assert find_asks(line)[0].is_shipped is shipped


@given(st.decimals(min_value=1, max_value=99999, places=2), st.sampled_from(["$", "€", "£"]))
@settings(max_examples=60, deadline=None)
def test_an_amount_is_read_as_it_was_written(amount: Decimal, sign: str) -> None:
    (ask,) = find_asks(f"{sign}{amount:,.2f}")
    assert ask.amount == amount
    (ask,) = find_asks(f"{amount}{sign}")
    assert ask.amount == amount


# ---------------------------------------------------------------- things


def things(body: str, title: str = "PC parts, monitor") -> dict[str, tuple[str | None, str]]:
    return {
        item.name: (None if item.price is None else str(item.price), str(item.availability))
        for item in read_items(body, title)
    }


def test_several_things_on_one_line_have_their_own_state() -> None:
    found = things("Card A1 $500 SOLD, Card B2 $350, and a fan for $10")
    assert found == {"Card A1": ("500", "sold"), "Card B2": ("350", "available"), "a fan": ("10", "available")}


def test_sold_things_stay_in_view_whatever_became_of_their_price() -> None:
    found = things(
        "Card - ~~$500~~ SOLD\n\nBoard - SOLD\n\n~~Mouse~~ - $20\n\nKeyboard (SOLD) - $50\n\n"
        "PSU not sold separately - $9"
    )
    assert found["Card"] == ("500", "sold")
    assert found["Board"] == (None, "sold")
    assert found["Mouse"] == ("20", "sold")
    assert found["Keyboard"] == ("50", "sold")
    assert [state for name, (_, state) in found.items() if name.startswith("PSU")] == ["available"]


def test_tables_with_other_columns_of_money_grids_and_bare_numbers() -> None:
    assert things("|Item|Retail price|My price|\n|-|-|-|\n|Boots|$300|$120|\n|Hat|40|20|") == {
        "Boots": ("120", "available"), "Hat": ("20", "available"),
    }  # fmt: skip
    grid = things("|Cap A: 100 USD|~~Cap B: 60 USD~~ SOLD|\n|:-|:-|\n|Cap C: 50 USD|Cap D: 75 USD|")
    assert grid["Cap B"] == ("60", "sold")
    assert grid["Cap D"] == ("75", "available")
    assert len(grid) == 4
    priced = things("|Thing|Price|\n|-|-|\n|Case|~~60~~ 45|\n|Board|SOLD|\n|~~Fan~~|~~9~~|")
    assert priced == {"Case": ("45", "available"), "Board": (None, "sold"), "Fan": ("9", "sold")}


def test_a_heading_names_the_price_among_its_bullets() -> None:
    body = "**Yellow board**\n\n* tactile switches\n* Price: 65€\n\n**Green board**\n\n* lubed\n* Price: 90€ + shipping"
    assert things(body) == {"Yellow board": ("65", "available"), "Green board": ("90", "available")}


def test_a_price_for_everything_together_is_conditional() -> None:
    body = "Card - $500\n\nBoard - $100\n\nEverything for $550 if bought together"
    listings = {listing.price: listing for listing in read_post("[US-NY] [H] Card, board [W] cash", body).listings}
    assert listings[Decimal(550)].price_kind is PriceKind.CONDITIONAL
    assert listings[Decimal(500)].price_kind is PriceKind.PRICE


def test_a_price_that_stands_in_the_title_only() -> None:
    for title in ("[US-NY] [H] Lamp [W] $80 PayPal", "[US-NY] [H] Lamp $80 [W] PayPal", "[WTS] Lamp - $80 shipped"):
        (listing,) = read_post(title, "Good lamp. Bought at $200 in 2019.").listings
        assert (listing.title, listing.price, listing.external_id) == ("Lamp", Decimal(80), "t3_abc")
    two = read_post("[US-NY] [H] Lamp $80, desk $90 [W] PayPal")
    assert two.listings == ()
    assert len(two.unpriced) == 1


def test_the_thing_of_the_title_keeps_its_id_when_another_is_added() -> None:
    title = "[US-NY] [H] Corsair K70 keyboard [W] PayPal"
    (before,) = read_post(title, "K70 keyboard - $80").listings
    after = {one.price: one.external_id for one in read_post(title, "K70 keyboard - $75\n\nAlso a fan - $9").listings}
    assert after[Decimal(75)] == before.external_id
    assert after[Decimal(9)] != before.external_id


def test_marks_of_state_do_not_change_an_id() -> None:
    title = "[US-NY] [H] Mouse, keyboard [W] PayPal"

    def id_of(line: str) -> str:
        return next(one.external_id for one in read_post(title, f"{line}\n\nPad - $3").listings if "ouse" in one.title)

    plain = id_of("Mouse M1 - $20")
    for line in ("PENDING - Mouse M1 - **$20**", "~~Mouse M1 - $20~~ SOLD", "Mouse M1 (SOLD) - $20", "* Mouse M1: $15"):
        assert id_of(line) == plain


@pytest.mark.parametrize(
    "body", ["SOLD\n\nCard - $500", "Card - $500\n\nEdit: sold to u/somebody", "Card - $500\n\nEverything is sold!"]
)
def test_a_post_that_is_sold_by_its_text(body: str) -> None:
    (listing,) = read_post("[US-NY] [H] Card [W] cash", body).listings
    assert listing.availability is Availability.SOLD


def test_a_removed_post_is_gone() -> None:
    reading = read_post("[US-NY] [H] Card [W] cash", "[removed]", removed_by_category="moderator")
    (offer,) = reading.unpriced
    assert (offer.external_id, offer.availability) == ("t3_abc", Availability.GONE)


# ---------------------------------------------------------------- who wants what


@pytest.mark.parametrize(
    ("title", "flair", "kind"),
    [
        ("[US-NY] [H] Lamp [W] $280", None, PostKind.SELLING),
        ("[H] PayPal [W] Lamp", "Selling", PostKind.BUYING),
        ("[WTS] Lamp", None, PostKind.SELLING),
        ("[WTB] Lamp", None, PostKind.BUYING),
        ("What jeans are selling for $20 near you?", None, PostKind.OTHER),
        ("Best selling jackets of the year", None, PostKind.OTHER),
        ("Anyone selling a lamp?", None, PostKind.OTHER),
        ("Sold my first lamp for $500", "Selling tip", PostKind.OTHER),
        ("Store X: jeans $29 with code", "Deal", PostKind.OTHER),
    ],
)
def test_only_who_offers_is_a_seller(title: str, flair: str | None, kind: PostKind) -> None:
    assert kind_of_post(title, flair) is kind


def test_a_title_with_a_tag_before_its_letters() -> None:
    assert parse_title("[WTS][US-CA][H] Lamp [W] PayPal")[:2] == ("US-CA", "Lamp")
    assert parse_title("[us][w]Lamp[h]paypal")[:3] == ("us", "paypal", "Lamp")


@pytest.mark.parametrize(
    "body", ["Anyone selling a jacket? I'd pay $150", "WTB jacket $200", "ISO: jacket, budget $90", "Price check: $80?"]
)
def test_a_wish_in_a_thread_is_no_offer(body: str) -> None:
    reading = read_comment(body)
    assert (reading.listings, reading.unpriced, reading.rejected) == ((), (), ())


def test_a_comment_that_sells_and_wishes_sells_only_what_it_sells() -> None:
    prices = [listing.price for listing in read_comment("WTS: Jacket $150\n\nBoots $90\n\nWTB: Hat $40").listings]
    assert prices == [Decimal(150), Decimal(90)]
    prices = [listing.price for listing in read_comment("**WTB:**\n\nHat $40\n\n**WTS:**\n\nJacket - $150").listings]
    assert prices == [Decimal(150)]


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("like new, three months old", Condition.LIKE_NEW),
        ("went with a new build", Condition.UNKNOWN),
        ("no dead pixels, not broken", Condition.UNKNOWN),
        ("a fair price, fair offers only", Condition.UNKNOWN),
        ("never worn", Condition.NEW),
        ("worn twice", Condition.LIKE_NEW),
        ("does not boot", Condition.FOR_PARTS),
        ("new, opened to inspect", Condition.NEW),
        ("New drive", Condition.NEW),
        ("a drive, totally new", Condition.NEW),
        ("they upgraded to new machines", Condition.UNKNOWN),
        ("was this way new, has not changed", Condition.UNKNOWN),
    ],
)
def test_condition_by_words(text: str, condition: Condition) -> None:
    assert condition_of(text)[0] is condition


def test_what_is_said_of_one_thing_says_nothing_of_the_others() -> None:
    listings = read_post("[US-NY] [H] Card, board [W] cash", "Card - $500, sealed\n\nBoard - $90").listings
    assert [one.condition for one in listings] == [Condition.NEW_WITH_TAGS, Condition.UNKNOWN]
    listings = read_post("[US-NY] [H] Card, board [W] cash", "Both are sealed.\n\nCard - $500\n\nBoard - $90").listings
    assert {one.condition for one in listings} == {Condition.NEW_WITH_TAGS}


@pytest.mark.parametrize(
    ("subreddit", "text", "is_dollar", "currency"),
    [
        ("mechmarket", "[CA-ON] prices in USD, $500", True, "USD"),
        ("hardwareswap", "all prices are CAD", True, "CAD"),
        ("mechmarket", "[EU-DE] $100, bought for 90€", True, "USD"),
        ("mechmarket", "[EU-DE] asking 100", False, "EUR"),
        ("HardwareSwapUK", "asking 100", False, "GBP"),
    ],
)
def test_currency_of_a_bare_amount(subreddit: str, text: str, is_dollar: bool, currency: str) -> None:
    assert currency_of(subreddit, text, is_dollar=is_dollar) == currency


@pytest.mark.parametrize(
    ("subreddit", "location", "country"),
    [
        ("hardwareswap", "USA-NY", "US"),
        ("hardwareswap", "US - TX", "US"),
        ("mechmarket", "CA-ON", "CA"),
        ("mechmarket", "EU-DE", "DE"),
        ("mechmarket", "EU-UK", "GB"),
        ("CanadianHardwareSwap", "Toronto, ON", "CA"),
        ("mechmarket", "Toronto", None),
        ("mechmarket", None, None),
    ],
)
def test_where_a_thing_is(subreddit: str, location: str | None, country: str | None) -> None:
    assert country_of(subreddit, location) == country


# ---------------------------------------------------------------- answers, counts, addresses


@pytest.mark.parametrize(
    ("document", "status", "url"),
    [
        ({"reason": "private", "message": "Forbidden", "error": 403}, 403, "https://oauth.reddit.com/r/x1/new"),
        ({"reason": "banned", "message": "Not Found", "error": 404}, 404, "https://oauth.reddit.com/r/x1/new"),
        ({"kind": "Listing", "data": {"children": []}}, 200, "https://oauth.reddit.com/subreddits/search?q=x1"),
        ({"kind": "Listing", "data": {"children": [{"kind": "t5", "data": {}}]}}, 200, "https://oauth.reddit.com/"),
    ],
)
def test_a_subreddit_that_is_not_open_is_no_refusal_of_the_app(document: object, status: int, url: str) -> None:
    reading = read(document, status, url)
    assert reading.meaning is PageMeaning.GONE
    assert not reading.meaning.is_refusal


def test_the_app_itself_may_be_forbidden() -> None:
    assert read({"message": "Forbidden", "error": 403}, 403).meaning is PageMeaning.BLOCKED


def test_the_allowance_is_spent_until_its_window_ends() -> None:
    now = [0.0]
    allowance = Allowance(lambda: now[0])
    assert not allowance.is_spent
    allowance.note({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "349"})
    assert (allowance.is_spent, allowance.remaining) == (True, 0.0)
    allowance.note({"x-ratelimit-remaining": "many"})
    assert allowance.is_spent
    now[0] = 350.0
    assert not allowance.is_spent


@pytest.mark.parametrize(
    ("address", "post"),
    [
        ("https://www.reddit.com/r/hardwareswap/comments/1rcy1gl/a_title/?utm_source=share", "1rcy1gl"),
        ("https://old.reddit.com/comments/1rcy1gl", "1rcy1gl"),
        ("https://redd.it/1rcy1gl", "1rcy1gl"),
        ("t3_1rcy1gl.0a1b2c3d-2", "1rcy1gl"),
    ],
)
def test_the_address_of_a_post_is_understood(address: str, post: str) -> None:
    assert parse_post_url(address) == post


@pytest.mark.parametrize(
    "address", ["https://www.reddit.com/r/x1/new/", "https://example.com/comments/abc", "", "t1_a"]
)
def test_what_is_no_post_is_named(address: str) -> None:
    with pytest.raises(ValueError, match=re.escape("is no post of Reddit")):
        parse_post_url(address)


NAMES = st.sampled_from(["kind", "data", "children", "count", "title", "id", "json", "things", "reason", "error"])
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(json_like)
@settings(max_examples=80, deadline=None)
def test_nothing_that_is_asked_of_an_answer_raises(document: object) -> None:
    body = json.dumps(document).encode()
    assert all(isinstance(one, str) for one in [*hidden_comments(body), *threads_of(body)])
    assert isinstance(read(body), PageReading)


@given(st.text(alphabet="ab $€1290.,-~*|#()/\n:SOLDshipedeach", max_size=120))
@settings(max_examples=120, deadline=None)
def test_no_text_of_marks_and_amounts_breaks_the_grammar(text: str) -> None:
    for item in read_items(text, "Lamp"):
        assert item.price is None or item.price > 0
        assert item.name


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["a", "[", "(", "$1 ", "~~a", "shipping to x ", "1,", "|a $1", "not new ", "x - $5\n"]
)
def test_the_longest_post_of_anything_is_read_to_its_end(piece: str) -> None:
    # A pattern that tries every way to match a long line would not come back within the limit.
    body = (piece * 40_000)[:40_000]
    reading = read_post(f"[H] Lamp {body}", body, link_flair_text="Selling")
    assert len(reading.listings) + len(reading.unpriced) >= 1
    assert reading.rejected == ()
