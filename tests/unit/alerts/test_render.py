from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from selectolax.lexbor import LexborHTMLParser, LexborNode

from alerts.message import Message
from alerts.render import render_email
from alerts.untrusted import one_line
from tests.alert_samples import ALL, BARE_DEAL, DEAL, PRICES, REPORT, TEST, nasty_deal, nasty_text


def _texts(tree: LexborHTMLParser) -> str:
    assert tree.body is not None
    return " ".join(tree.body.text(separator=" ").split())


def _shape(node: LexborNode) -> object:
    """Return tags and attribute names, so that a change of words does not count and an element more does."""
    return node.tag, sorted(node.attributes), [_shape(child) for child in node.iter()]


def test_the_subject_says_how_much_below_the_price_the_thing_and_the_watch() -> None:
    deal = msgspec.structs.replace(DEAL, previous_total=None)
    assert render_email(deal).subject == (
        "\N{MINUS SIGN}41 % · 42.00 EUR · Blue straight jeans W32 (very good) — Jeans, W32, France"
    )


def test_a_drop_names_the_price_before_in_subject_and_body() -> None:
    mail = render_email(DEAL)
    assert "42.00 EUR (was 55.00 EUR)" in mail.subject
    assert [node.text() for node in LexborHTMLParser(mail.html).css("s")] == ["55.00 EUR"]
    assert "(was 55.00 EUR)" in mail.text


def test_a_deal_mail_shows_picture_total_proof_and_facts() -> None:
    tree = LexborHTMLParser(render_email(DEAL).html)
    assert [node.attributes["src"] for node in tree.css("img")] == [DEAL.image_url]
    shown = _texts(tree)
    for fact in (
        "42.00 EUR",
        "39.30 EUR + 2.70 EUR fee, shipping not included",
        "seller asks 179.00 PLN",
        "42.00 EUR is 41 % below the 71.20 EUR expected.",
        "Median 71.00 EUR",
        "37 in 30 days",
        "2.3 \N{GREEK SMALL LETTER SIGMA}",
        "very good (Très bon état)",
        "seller_1 (private)",
        "12 min before this alert",
        "pricescope explain 18231 --watch 3",
        "pricescope hide 18231",
    ):
        assert fact in shown


def test_the_plain_text_says_the_same_without_mark_up() -> None:
    text = render_email(DEAL).text
    for fact in (
        "42.00 EUR",
        "Median       71.00 EUR",
        "Très bon état",
        DEAL.url,
        "Comparable 4",
        "pricescope explain",
    ):
        assert fact in text
    assert "&amp;" not in text
    assert "\n\n\n" not in text


def test_five_comparables_are_shown_and_linked() -> None:
    tree = LexborHTMLParser(render_email(DEAL).html)
    links = [node.attributes["href"] for node in tree.css("a") if node.text().startswith("Comparable")]
    assert links == [f"https://market.example/items/{number}" for number in range(5)]


def test_the_buttons_lead_to_the_listing_and_the_dashboard() -> None:
    tree = LexborHTMLParser(render_email(DEAL).html)
    assert [(node.text(), node.attributes["href"]) for node in tree.css("a.button")] == [
        ("Open listing", DEAL.url),
        ("Dashboard", DEAL.dashboard_url),
    ]


def test_what_is_not_known_is_left_out_and_nothing_is_invented() -> None:
    mail = render_email(BARE_DEAL)
    tree = LexborHTMLParser(mail.html)
    assert mail.subject == "5 JPY · t — w"
    assert tree.css("img") == []
    assert tree.css(".badge") == []
    assert tree.css(".why") == []
    shown = _texts(tree)
    assert "None" not in mail.html + mail.text
    assert "Seller" not in shown
    assert "as listed; fees and shipping not known" in shown


def test_a_listing_in_another_currency_shows_the_price_that_was_compared() -> None:
    foreign = msgspec.structs.replace(DEAL, currency="GBP", total=Decimal("36.10"), fee=None, price=Decimal("36.10"))
    shown = _texts(LexborHTMLParser(render_email(foreign).html))
    assert "36.10 GBP" in shown
    assert "Compared as 42.00 EUR" in shown
    assert "Compared as" not in render_email(DEAL).text


def test_a_price_above_the_expected_one_bears_no_discount() -> None:
    dear = msgspec.structs.replace(DEAL, percent=-12.0, difference=Decimal(-5))
    assert LexborHTMLParser(render_email(dear).html).css(".badge") == []
    assert render_email(dear).subject.startswith("42.00 EUR")


def test_a_report_counts_and_lists_the_best() -> None:
    mail = render_email(REPORT)
    assert mail.subject == "240 indexed, 3 already under your limit — Jeans, W32, France"
    shown = _texts(LexborHTMLParser(mail.html))
    assert all(f"Jeans {number}" in shown for number in range(3))
    assert "more" not in mail.text


def test_a_report_says_how_many_it_leaves_out() -> None:
    many = msgspec.structs.replace(REPORT, under_limit=40, items=REPORT.items * 5)
    mail = render_email(many)
    assert mail.text.count("https://market.example/items/") == 10
    assert "and 30 more" in mail.text


def test_a_test_names_the_channel() -> None:
    assert "email" in render_email(TEST).subject


@pytest.mark.parametrize("message", [*ALL, BARE_DEAL], ids=lambda message: type(message).__name__)
def test_the_same_message_gives_the_same_mail(message: Message) -> None:
    assert render_email(message) == render_email(message)


@pytest.mark.parametrize("message", [*ALL, BARE_DEAL], ids=lambda message: type(message).__name__)
def test_a_mail_needs_nothing_that_mail_clients_refuse(message: Message) -> None:
    tree = LexborHTMLParser(render_email(message).html)
    assert tree.css("script, link, iframe, form, svg, video, object") == []
    assert all(node.attributes.get("alt") is not None for node in tree.css("img"))
    assert all(str(node.attributes["href"]).startswith(("http://", "https://")) for node in tree.css("a"))
    assert all(node.attributes.get("role") == "presentation" for node in tree.css("table"))
    # Gmail cuts mails off at 102 kB.
    assert len(render_email(message).html.encode()) < 60_000


@settings(max_examples=60, deadline=None)
@given(nasty_text)
def test_nothing_a_seller_writes_changes_the_structure_of_the_mail(text: str) -> None:
    # Text of which nothing is left once it is harmless leaves its lines out, as an empty one does.
    tame = "x" if one_line(text) else ""
    mail, expected = render_email(nasty_deal(text)), render_email(nasty_deal(tame))
    assert len(mail.subject.splitlines()) == 1
    assert _shape(_body(mail.html)) == _shape(_body(expected.html))


def _body(html: str) -> LexborNode:
    body = LexborHTMLParser(html).body
    assert body is not None
    return body


def test_moved_prices_are_one_mail_with_the_biggest_moves_and_what_they_were_held_against() -> None:
    mail = render_email(PRICES)
    assert mail.subject == "12 prices moved — Pricescope"
    tree = LexborHTMLParser(mail.html)
    links = [node.attributes["href"] for node in tree.css("a") if node.text().startswith("S")]
    assert links == [f"https://market.example/items/{number}" for number in range(10)]
    for shown in (_texts(tree), mail.text):
        assert "79.90 EUR" in shown
        assert "is 20.0 % less than 99.90 EUR on 2026-11-19 (shop)" in shown
        assert "\N{MINUS SIGN}20 %" in shown
        assert "+7 %" in shown
        assert "and 2 more: pricescope product alert told" in shown


def test_one_moved_price_is_the_subject_itself() -> None:
    alone = msgspec.structs.replace(PRICES, moved=1, items=PRICES.items[:1])
    assert render_email(alone).subject == "\N{MINUS SIGN}20 % · 79.90 EUR · Coat 0 — S0"
    gone = msgspec.structs.replace(PRICES.items[0], price=None, currency=None, percent=None, url=None)
    assert render_email(msgspec.structs.replace(alone, items=(gone,))).subject == "Coat 0 — S0"
