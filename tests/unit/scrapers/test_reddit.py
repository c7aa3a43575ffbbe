"""Reddit: the recorded posts read by eye, the grammar of trades, answers and addresses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition import Condition
from domain.listing import Availability
from domain.page import PageMeaning, PageReading
from scrapers.contract import SearchUrlError
from scrapers.recorded import recorded
from scrapers.reddit.items import read_items
from scrapers.reddit.money import find_asks
from scrapers.reddit.posts import SOURCE_NAME
from scrapers.reddit.reading import hidden_comments, read_page, threads_of
from scrapers.reddit.search_url import parse_search_url, write_search_url
from scrapers.reddit.title import PostKind, kind_of_post, parse_title
from scrapers.reddit.words import brand_of, condition_of, currency_of
from tests.fixtures import fixture_path

AT = datetime(2026, 11, 21, tzinfo=UTC)


def read(body: bytes, status: int = 200) -> PageReading:
    return read_page(recorded(SOURCE_NAME, body, url="https://oauth.reddit.com/", status=status, fetched_at=AT))


# ---------------------------------------------------------------- recordings

# What a person reads as asked for in each selling post of the recording; buying and moderators' posts ask for nothing.
ASKED = {
    "1rcy1gl": [40], "1rc889d": [100, 550, 100, 140, 100, 140], "1rclf83": [450], "1rbxba7": [100],
    "1rc32wd": [80, 20, 100], "1rc0u5h": [140, 280], "1rbzn5k": [500], "1rbxbve": [325, 425],
    "1rba0ub": [700, 200, 150, 100, 1000],
    "1rb81wy": [20, 150, 175, 175, 125, 35, 65, 10, 80, 280, 65, 30, 10, 5, 30],
}  # fmt: skip


def test_every_ask_of_the_recorded_posts_is_found_and_no_bid_is_one() -> None:
    reading = read(fixture_path("reddit", "listing_r_CanadianHardwareSwap_new_2026-02.json").read_bytes())
    found: dict[str, list[int]] = {}
    for listing in reading.listings:
        found.setdefault(listing.external_id.split(".")[0].removeprefix("t3_"), []).append(int(listing.price))
    assert found == ASKED
    assert {listing.currency for listing in reading.listings} == {"CAD"}
    states = [listing.availability for listing in reading.listings if listing.external_id.startswith("t3_1rc889d")]
    assert states.count(Availability.RESERVED) == 4
    (sold,) = [listing for listing in reading.listings if listing.external_id.startswith("t3_1rbxba7")]
    assert sold.availability is Availability.SOLD
    assert len({listing.external_id for listing in reading.listings}) == len(reading.listings)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("blocked_403_whoa_there_pardner_2022-07.html", PageMeaning.BLOCKED),
        ("comments_more_and_morechildren_2016-03_trimmed.json", PageMeaning.OK),
        ("comments_thread_with_more_2016-12.json", PageMeaning.OK),
        ("listing_pagination_to_the_1000_cap_2016-03.json", PageMeaning.OK),
        ("oauth_token_script_2016-03.json", PageMeaning.EMPTY),
        ("errors_400_401_403_404_500.json", PageMeaning.UNAUTHORISED),
    ],
)
def test_other_recordings_have_their_meaning_and_nothing_for_sale(name: str, meaning: PageMeaning) -> None:
    reading = read(fixture_path("reddit", name).read_bytes())
    assert (reading.meaning, reading.listings) == (meaning, ())


def test_each_recorded_error_has_its_meaning() -> None:
    exchanges = json.loads(fixture_path("reddit", "errors_400_401_403_404_500.json").read_text())
    meanings = {
        400: PageMeaning.CHANGED, 401: PageMeaning.UNAUTHORISED, 403: PageMeaning.BLOCKED, 404: PageMeaning.GONE,
        500: PageMeaning.BLOCKED,
    }  # fmt: skip
    for exchange in exchanges:
        code, body = exchange["response"]["status"]["code"], exchange["response"]["body"]
        reading = read(json.dumps(body).encode(), code)
        assert reading.meaning is meanings[code]
        assert str(code) in reading.detail
        # The same body without its status, as in a file.
        if "error" in body:
            assert read(json.dumps(body).encode()).meaning is meanings[code]


def test_more_objects_of_a_recorded_thread_are_found() -> None:
    first = json.loads(fixture_path("reddit", "comments_more_and_morechildren_2016-03_trimmed.json").read_text())[0]
    body = json.dumps(first["response"]["body"]).encode()
    assert len(hidden_comments(body)) == 9
    assert threads_of(body) == []


# ---------------------------------------------------------------- the grammar


@pytest.mark.parametrize(
    ("title", "flair", "kind", "have"),
    [
        ("[Toronto, ON] [H] RTX 3080 [W] PayPal, Cash", None, PostKind.SELLING, "RTX 3080"),
        ("[CA-ON][H]PayPal[W]RTX 3080", None, PostKind.BUYING, "PayPal"),
        ("[USA-NY] [H] $1450 Cash [W] DDR5", None, PostKind.BUYING, "$1450 Cash"),
        ("[USA-NY] [H] GTX 1080 [W] RTX 3060", None, PostKind.TRADING, "GTX 1080"),
        ("[USA-NY] [W] RTX 3080 [H] PayPal", None, PostKind.BUYING, "PayPal"),
        ("[USA-NY] [H] RTX 3080 + cash [W] PayPal, local cash", None, PostKind.SELLING, "RTX 3080 + cash"),
        ("WTS Iron Heart 634S size 32", None, PostKind.SELLING, None),
        ("Looking for a good tailor", None, PostKind.BUYING, None),
        ("What are you wearing?", None, PostKind.OTHER, None),
        ("[Midland Ont] [H] x [W] y", "Selling", PostKind.SELLING, "x"),
    ],
)
def test_titles(title: str, flair: str | None, kind: PostKind, have: str | None) -> None:
    assert kind_of_post(title, flair) is kind
    assert parse_title(title).have == have


@pytest.mark.parametrize(
    ("line", "amounts"),
    [
        ("RTX 4070 - $450 shipped", ["450"]),
        ("DDR5 6000MHz CL36 32GB, asking 425 obo", ["425"]),
        ("i7-13700K 40$ ea FIRM", ["40"]),
        ("700 CAD", ["700"]),
        ("£1,250.50 or best offer", ["1250.50"]),
        ("Asking for $500 shipping included", ["500"]),
        ("add $15 for shipping", []),
        ("$20 shipping", []),
        ("$10 off if you take both", []),
        ("retails for $900, my budget is $500", []),
        ("Sold local for 150", []),
        ("RTX 3080 12GB, 850W, 27 inch 144Hz", []),
        ("€90 plus shipping", ["90"]),
        ("$1.2k", ["1200"]),
    ],
)
def test_what_is_an_ask(line: str, amounts: list[str]) -> None:
    assert [ask.amount for ask in find_asks(line)] == [Decimal(amount) for amount in amounts]


def test_strikes_tables_and_states() -> None:
    body = (
        "|Item|Price|\n|:-|:-|\n|RTX 3080 12GB|~~$500~~ $450|\n|~~Ryzen 5600X~~|$100|\n|Case|60|\n\n"
        "~~Monitor - $120~~\n\nKeyboard - **$80** PENDING\n\nMouse\n\n$25 each\n"
    )
    items = {item.name: item for item in read_items(body, "PC parts, monitor")}
    assert (items["RTX 3080 12GB"].price, items["RTX 3080 12GB"].old_price) == (Decimal(450), Decimal(500))
    assert items["Ryzen 5600X"].availability is Availability.SOLD
    assert items["Case"].price == Decimal(60)
    assert items["Monitor"].availability is Availability.SOLD
    assert items["Keyboard"].availability is Availability.RESERVED
    assert (items["Mouse"].price, items["Mouse"].is_each) == (Decimal(25), True)


def test_an_edit_of_one_thing_leaves_the_ids_of_the_others() -> None:
    def ids(body: str) -> dict[str, str]:
        post = {
            "id": "abc",
            "title": "[US] [H] Mouse, keyboard, pad [W] PayPal",
            "selftext": body,
            "subreddit": "hardwareswap",
        }
        page = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": post}]}}
        return {one.title: one.external_id for one in read(json.dumps(page).encode()).listings}

    before = ids("Mouse - $20\n\nKeyboard - $50\n\nPad - $5")
    after = ids("~~Mouse - $20~~ SOLD\n\nKeyboard - $45")
    assert len(set(before.values())) == 3
    assert after["Keyboard"] == before["Keyboard"]
    assert after["Mouse"] == before["Mouse"]


def test_comments_of_a_thread_are_offers_and_replies_and_wishes_are_not() -> None:
    def comment(number: str, body: str, parent: str = "t3_x") -> dict[str, Any]:
        return {"kind": "t1", "data": {"id": number, "body": body, "parent_id": parent, "subreddit": "rawdenim"}}

    thread = [
        {"kind": "Listing", "data": {"children": [
            {"kind": "t3", "data": {"id": "x", "title": "Weekly BST thread"}},
        ]}},
        {"kind": "Listing", "data": {"children": [
            comment("a", "WTS: Iron Heart 634S, size 32 - $180 shipped"),
            comment("b", "WTB: Samurai 510, will pay $200"),
            comment("c", "Is it still there? $150?", "t1_a"),
            {"kind": "more", "data": {"count": 0, "id": "_", "children": []}},
        ]}},
    ]  # fmt: skip
    (listing,) = read(json.dumps(thread).encode()).listings
    assert (listing.external_id.split(".")[0], listing.price, listing.brand) == ("t1_a", Decimal(180), "Iron Heart")


def test_words_of_brand_condition_and_currency() -> None:
    assert brand_of("RTX 3080 EVGA FTW3") == "EVGA"
    assert brand_of("Ryzen 5 5600X") == "AMD"
    assert brand_of("levis 501") == "Levi's"
    assert brand_of("Leeds poster") is None
    assert condition_of("BNIB, sealed")[0] is Condition.NEW_WITH_TAGS
    assert condition_of("broken screen, otherwise mint")[0] is Condition.FOR_PARTS
    assert condition_of("a table")[0] is Condition.UNKNOWN
    assert currency_of("CanadianHardwareSwap", "$100") == "CAD"
    assert currency_of("mechmarket", "[EU-DE] 100€") == "EUR"
    assert currency_of("hardwareswap", "$100") == "USD"


@given(st.text(max_size=300))
@settings(max_examples=80, deadline=None)
def test_no_text_breaks_the_grammar(text: str) -> None:
    for item in read_items(text, text[:40]):
        assert item.price is None or item.price > 0
    kind_of_post(text, None)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_to_an_answer_breaks_the_reading(data: st.DataObject) -> None:
    post: dict[str, Any] = {"id": "a1", "title": "[H] x [W] paypal", "selftext": "y - $5", "created_utc": 1.5,
                            "author": "u", "link_flair_text": None,
                            "permalink": "/r/x", "subreddit": "x", "stickied": False}  # fmt: skip
    junk = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
                     st.dictionaries(st.text(max_size=3), st.none(), max_size=2))  # fmt: skip
    post[data.draw(st.sampled_from(sorted(post)))] = data.draw(junk)
    children = [{"kind": "t3", "data": post}, {"kind": "t3", "data": data.draw(junk)}, data.draw(junk)]
    reading = read(json.dumps({"kind": "Listing", "data": {"children": children}}).encode())
    assert isinstance(reading, PageReading)
    assert isinstance(read(data.draw(st.binary(max_size=50))), PageReading)


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "params"),
    [
        ("https://www.reddit.com/r/hardwareswap/new/", {"subreddits": ["hardwareswap"]}),
        ("https://old.reddit.com/r/a1+B2/search?q=rtx+3080&restrict_sr=on&sort=new&t=week",
         {"subreddits": ["a1", "B2"], "search_text": "rtx 3080", "sort": "new", "time": "week"}),
        ("https://www.reddit.com/r/hardwareswap/?f=flair_name%3A%22SELLING%22",
         {"subreddits": ["hardwareswap"], "flair": "SELLING"}),
    ],
)  # fmt: skip
def test_pasted_addresses_are_understood(url: str, params: dict[str, Any]) -> None:
    parsed = parse_search_url(url)
    assert parsed.params == params
    assert parse_search_url(write_search_url(parsed.params)).params.get("subreddits") == params["subreddits"]


def test_a_search_without_a_subreddit_is_of_the_briefs() -> None:
    assert "rawdenim" in parse_search_url("https://www.reddit.com/search?q=levis").params["subreddits"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.reddit.com/r/x1/search?q=a&sort=best", "sort=best"),
        ("https://www.reddit.com/user/somebody/", "not understood"),
        ("https://www.reddit.com/r/x1/search", "searches for nothing"),
        ("https://example.com/r/x1/new", "not an address of reddit.com"),
    ],
)
def test_what_is_not_understood_is_named(url: str, words: str) -> None:
    with pytest.raises(SearchUrlError, match=words):
        parse_search_url(url)
