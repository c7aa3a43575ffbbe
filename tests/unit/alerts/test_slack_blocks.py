import json
import re
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings

from alerts.message import Message
from alerts.slack_blocks import MAX_BLOCKS, MAX_BUTTON, MAX_FIELD, MAX_FIELDS, MAX_HEADER, MAX_TEXT, render_slack
from tests.alert_samples import ALL, BARE_DEAL, DEAL, REPORT, nasty_deal, nasty_text


def _text_objects(value: object) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value
        for part in value.values():
            yield from _text_objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from _text_objects(part)


def _assert_within_limits(body: dict[str, object]) -> None:
    blocks = body["blocks"]
    assert isinstance(blocks, list)
    assert 1 <= len(blocks) <= MAX_BLOCKS
    for block in blocks:
        match block["type"]:
            case "header":
                assert block["text"]["type"] == "plain_text"
                assert 1 <= len(block["text"]["text"]) <= MAX_HEADER
            case "section":
                assert ("text" in block) != ("fields" in block)
                assert len(block.get("fields", [])) <= MAX_FIELDS
                assert all(len(field["text"]) <= MAX_FIELD for field in block.get("fields", []))
            case "actions":
                assert 1 <= len(block["elements"]) <= 25
                assert all(len(button["text"]["text"]) <= MAX_BUTTON for button in block["elements"])
                assert len({button["action_id"] for button in block["elements"]}) == len(block["elements"])
            case "context":
                assert 1 <= len(block["elements"]) <= 10
            case other:
                pytest.fail(f"an unexpected block: {other}")
    assert all(1 <= len(text["text"]) <= MAX_TEXT for text in _text_objects(blocks))
    json.dumps(body).encode()


@pytest.mark.parametrize("message", [*ALL, BARE_DEAL], ids=lambda message: type(message).__name__)
def test_every_message_keeps_within_the_limits_of_block_kit(message: Message) -> None:
    _assert_within_limits(render_slack(message))


def test_a_deal_has_header_picture_fields_buttons_and_context() -> None:
    body = render_slack(DEAL)
    blocks = body["blocks"]
    assert isinstance(blocks, list)
    assert blocks[0]["text"]["text"] == "\N{MINUS SIGN}41 % · 42.00 EUR · Blue straight jeans W32"
    assert blocks[1]["accessory"]["image_url"] == DEAL.image_url
    assert [button["url"] for block in blocks if block["type"] == "actions" for button in block["elements"]] == [
        DEAL.url,
        DEAL.dashboard_url,
    ]
    shown = json.dumps(blocks, ensure_ascii=False)
    for fact in ("*Median*\\n71.00 EUR", "37 in 30 days", "Très bon état", "~55.00 EUR~", "pricescope explain 18231"):
        assert fact in shown


def test_the_fallback_text_is_the_subject() -> None:
    assert str(render_slack(REPORT)["text"]).startswith("240 indexed, 3 already under your limit")


def test_the_picture_can_be_left_out() -> None:
    assert DEAL.image_url is not None
    assert DEAL.image_url not in json.dumps(render_slack(DEAL, with_picture=False))


def test_addresses_in_links_are_escaped_as_slack_asks() -> None:
    section = render_slack(DEAL)["blocks"][1]["text"]["text"]
    assert "<https://market.example/items/12345678901-blue-jeans?ref=a&amp;b=c|Blue straight jeans W32>" in section


def test_a_long_report_drops_whole_lines_only() -> None:
    long = msgspec.structs.replace(REPORT.items[0], title="t" * 400, url="https://market.example/" + "p" * 900)
    body = render_slack(msgspec.structs.replace(REPORT, items=(long,) * 10))
    _assert_within_limits(body)
    text = next(block["text"]["text"] for block in body["blocks"] if "items" in str(block) or "ppp" in str(block))
    assert all(line.endswith(">") for line in text.splitlines()[1:])


@settings(max_examples=60, deadline=None)
@given(nasty_text)
def test_nothing_a_seller_writes_becomes_a_mention_a_link_or_formatting(text: str) -> None:
    body = render_slack(nasty_deal(text))
    _assert_within_limits(body)
    for shown in _text_objects(body["blocks"]):
        if shown["type"] == "mrkdwn":
            assert shown["verbatim"] is True
            # Every address of this deal is the text itself, which is none: so no link may be left at all.
            assert "<" not in shown["text"] or text.startswith("http")
            assert not re.search(r"[`]", shown["text"])
            # Our own bold labels only, in pairs.
            assert shown["text"].count("*") % 2 == 0
            assert "_" not in shown["text"]
        else:
            assert shown["emoji"] is False
    assert "<" not in str(body["text"])
