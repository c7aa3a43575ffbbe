"""A message as Slack Block Kit, within Slack's limits (docs: reference/block-kit/blocks).

Belongs here: layout for Slack. Does not: wording (``view``), sending (``slack_channel``).
Text from marketplaces goes into ``plain_text`` objects wherever a link is not needed; where one is, it is neutralised.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerts.message import DealMessage, Message, PricesMessage, ReportMessage
from alerts.untrusted import shorten, slack_entities, slack_plain
from alerts.view import (
    DealView,
    Line,
    Link,
    Offer,
    ReportView,
    TestView,
    deal_view,
    prices_view,
    report_view,
    test_view,
)

# Slack's own limits: blocks a message, characters of a header, a section, a field, a button and its address.
MAX_BLOCKS = 50
MAX_HEADER = 150
MAX_TEXT = 3000
MAX_FIELD = 2000
MAX_FIELDS = 10
MAX_BUTTON = 75

Block = dict[str, object]


def render_slack(message: Message, *, with_picture: bool = True) -> dict[str, object]:
    """Return the JSON body for an incoming webhook; ``text`` is the fallback shown in notifications.

    Args:
        message: what to say.
        with_picture: False leaves the picture out: Slack refuses a whole message whose picture it cannot fetch.
    """
    if isinstance(message, DealMessage):
        deal = deal_view(message)
        return _body(deal.subject, _deal_blocks(deal, with_picture=with_picture))
    if isinstance(message, (ReportMessage, PricesMessage)):
        report = report_view(message) if isinstance(message, ReportMessage) else prices_view(message)
        return _body(report.subject, _report_blocks(report))
    test = test_view(message)
    return _body(test.subject, _test_blocks(test))


def _body(text: str, blocks: Iterable[Block | None]) -> dict[str, object]:
    return {
        "text": shorten(slack_plain(text), MAX_TEXT),
        "blocks": [block for block in blocks if block is not None][:MAX_BLOCKS],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _deal_blocks(view: DealView, *, with_picture: bool) -> list[Block | None]:
    headline = " · ".join(part for part in (view.badge, view.total) if part)
    price = f"*{slack_entities(view.total)}*"
    if view.was:
        price += f"  ~{slack_entities(view.was)}~"
    if view.badge:
        price += f"  *{slack_entities(view.badge)}*"
    section = _section(f"*{_link(view.title, view.url)}*\n{price}\n{slack_plain(view.breakdown)}")
    if with_picture and view.image_url is not None:
        section["accessory"] = {
            "type": "image",
            "image_url": view.image_url,
            "alt_text": shorten(view.title, MAX_FIELD),
        }
    return [
        _header(f"{headline} · {view.title}"),
        section,
        _section("*Why*\n" + "\n".join(slack_plain(sentence) for sentence in view.why)) if view.why else None,
        _fields(view.numbers),
        _fields(view.facts),
        _offers("*Compared with*", view.comparables),
        _buttons(view.buttons),
        _context([f"Watch: {view.watch}", *_commands(view)]),
    ]


def _commands(view: DealView) -> list[str]:
    explain = [f"Every number: {view.explain}"] if view.explain else []
    return explain + ([f"Not for you? {view.hide}"] if view.hide else [])


def _report_blocks(view: ReportView) -> list[Block | None]:
    return [
        _header(view.headline),
        _section(slack_plain(view.detail)),
        _offers(f"*{view.label}*", view.items),
        _context([view.more]) if view.more else None,
        _buttons(view.buttons),
        _context([f"Watch: {view.watch}"]),
    ]


def _test_blocks(view: TestView) -> list[Block | None]:
    return [_header(view.headline), _section(slack_plain(view.detail)), _buttons(view.buttons)]


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, MAX_HEADER)}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": False}


def _section(mrkdwn: str) -> Block:
    # verbatim: Slack adds no links or mentions of its own to what a seller wrote.
    return {"type": "section", "text": {"type": "mrkdwn", "text": shorten(mrkdwn, MAX_TEXT), "verbatim": True}}


def _fields(lines: tuple[Line, ...]) -> Block | None:
    fields = [
        {
            "type": "mrkdwn",
            "text": shorten(f"*{slack_plain(line.label)}*\n{slack_plain(line.value)}", MAX_FIELD),
            "verbatim": True,
        }
        for line in lines[:MAX_FIELDS]
    ]
    return {"type": "section", "fields": fields} if fields else None


def _offers(heading: str, offers: tuple[Offer, ...]) -> Block | None:
    if not offers:
        return None
    text = heading
    for offer in offers:
        extra = "".join(f" · {slack_plain(part)}" for part in (offer.badge, offer.note) if part)
        line = f"\n• {slack_plain(offer.price)}{extra} · {_link(offer.title, offer.url)}"
        # Whole lines only: a link cut in two would show its raw address.
        if len(text) + len(line) > MAX_TEXT:
            break
        text += line
    return _section(text)


def _link(title: str, url: str | None) -> str:
    return slack_plain(title) if url is None else f"<{slack_entities(url)}|{slack_plain(title)}>"


def _buttons(links: tuple[Link, ...]) -> Block | None:
    elements = [
        {
            "type": "button",
            "text": _plain(link.label, MAX_BUTTON),
            "url": link.url,
            "action_id": f"open_{number}",
            **({"style": "primary"} if number == 0 else {}),
        }
        for number, link in enumerate(links)
    ]
    return {"type": "actions", "elements": elements} if elements else None


def _context(texts: list[str]) -> Block:
    return {"type": "context", "elements": [_plain(text, MAX_FIELD) for text in texts[:MAX_FIELDS]]}
