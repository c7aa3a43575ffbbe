"""A message as the short strings that mail and Slack both show.

Belongs here: wording, rounding, order, leaving out what is not known. Does not: HTML, Block Kit.
Every string from a marketplace has passed ``untrusted`` here, so a template cannot forget to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.message import (
    MAX_COMPARABLES,
    DealMessage,
    PriceItem,
    PricesMessage,
    ReportItem,
    ReportMessage,
    TestMessage,
)
from alerts.untrusted import one_line, shorten, web_address
from domain.condition import Condition
from domain.money import format_money
from domain.watch import RuleName

# Typographic signs by name: they look like a hyphen and an "o" in the source.
_MINUS = "\N{MINUS SIGN}"
_SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
_RULES = {
    RuleName.ABSOLUTE: "your price limit",
    RuleName.MEAN_SIGMA: f"mean {_MINUS} k·{_SIGMA}",
    RuleName.ROBUST: "robust",
    RuleName.MODEL: "price model",
}
_SUBJECT_TITLE = 80
_MAX_REPORT_ITEMS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A listing in one row; ``note`` is its condition, ``badge`` how far below it is; ``url`` None: not linked."""

    title: str
    price: str
    url: str | None
    note: str = ""
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A button."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class DealView:
    """A deal in words. Empty strings and tuples are what is not known and not shown."""

    subject: str
    watch: str
    title: str
    url: str | None
    image_url: str | None
    badge: str
    total: str
    was: str
    breakdown: str
    why: tuple[str, ...]
    numbers: tuple[Line, ...]
    facts: tuple[Line, ...]
    comparables: tuple[Offer, ...]
    buttons: tuple[Link, ...]
    explain: str
    hide: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A list of offers in words: a first-run report, or prices that moved; ``label`` stands over the list."""

    subject: str
    watch: str
    headline: str
    detail: str
    label: str
    items: tuple[Offer, ...]
    more: str
    buttons: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class TestView:
    """A test in words."""

    subject: str
    headline: str
    detail: str
    buttons: tuple[Link, ...]


def deal_view(message: DealMessage) -> DealView:
    """Put a deal into words."""
    title = one_line(message.title) or "(no title)"
    watch = one_line(message.watch_name, 100)
    url = web_address(message.url)
    total = format_money(message.total, message.currency)
    was = ""
    if message.previous_total is not None:
        was = format_money(message.previous_total, message.currency)
    return DealView(
        subject=_deal_subject(message, title=title, watch=watch, total=total, was=was),
        watch=watch,
        title=title,
        url=url,
        image_url=web_address(message.image_url),
        badge=_below(message.percent),
        total=total,
        was=was,
        breakdown=_breakdown(message),
        why=tuple(line for line in (one_line(sentence, 400) for sentence in message.why) if line),
        numbers=_numbers(message),
        facts=_facts(message),
        comparables=tuple(
            Offer(
                title=one_line(other.title, 120) or "(no title)",
                price=format_money(other.price, other.currency),
                url=web_address(other.url),
            )
            for other in message.comparables[:MAX_COMPARABLES]
        ),
        buttons=_buttons(("Open listing", url), ("Dashboard", web_address(message.dashboard_url))),
        explain=one_line(message.explain_command or ""),
        hide=one_line(message.hide_command or ""),
    )


def report_view(message: ReportMessage) -> ReportView:
    """Put a first-run report into words: “240 indexed, 3 already under your limit”."""
    watch = one_line(message.watch_name, 100)
    headline = f"{message.indexed} indexed, {message.under_limit} already under your limit"
    shown = message.items[:_MAX_REPORT_ITEMS]
    missing = message.under_limit - len(shown)
    return ReportView(
        subject=f"{headline} — {watch}",
        watch=watch,
        headline=headline,
        detail="This was the watch's first run. From now on each new deal is told by itself.",
        label="Already under your limit",
        items=tuple(_report_offer(item) for item in shown),
        more=f"and {missing} more" if shown and missing > 0 else "",
        buttons=_buttons(
            ("Open search", web_address(message.watch_url)), ("Dashboard", web_address(message.dashboard_url))
        ),
    )


def prices_view(message: PricesMessage) -> ReportView:
    """Put moved prices into words; one alone is the subject itself."""
    shown = message.items[:_MAX_REPORT_ITEMS]
    missing = message.moved - len(shown)
    headline = f"{message.moved} prices moved" if message.moved != 1 else "1 price moved"
    subject = f"{headline} — Pricescope"
    if message.moved == 1 and len(shown) == 1:
        parts = [_moved(shown[0].percent), _price(shown[0]), shorten(one_line(shown[0].name), _SUBJECT_TITLE)]
        subject = f"{' · '.join(part for part in parts if part)} — {one_line(shown[0].sku, 100)}"
    return ReportView(
        subject=subject,
        watch="your products",
        headline=headline,
        detail=f"As of {_moment(message.judged_at)}, by the rules of “pricescope product alert list”.",
        label="The biggest moves" if missing > 0 else "What moved",
        items=tuple(
            Offer(
                title=one_line(f"{item.sku}: {item.name}", 120),
                price=_price(item) or "-",
                url=web_address(item.url),
                note=one_line(
                    " ".join(part for part in (item.why, f"({item.source})" if item.source else "") if part), 300
                ),
                badge=_moved(item.percent),
            )
            for item in shown
        ),
        more=f"and {missing} more: pricescope product alert told" if shown and missing > 0 else "",
        buttons=_buttons(("Dashboard", web_address(message.dashboard_url))),
    )


def test_view(message: TestMessage) -> TestView:
    """Put a channel's test into words."""
    channel = one_line(message.channel, 40)
    return TestView(
        subject=f"Test: Pricescope can reach you by {channel}",
        headline=f"The {channel} channel works",
        detail=f"Sent {_moment(message.sent_at)} by “pricescope notify test {channel}”. Alerts will arrive here.",
        buttons=_buttons(("Dashboard", web_address(message.dashboard_url))),
    )


def condition_words(condition: Condition, label: str | None) -> str:
    """Return our grade in words, with the source's own words beside it where they say something else."""
    ours = "" if condition is Condition.UNKNOWN else str(condition).replace("_", " ")
    theirs = one_line(label or "", 60)
    if not ours or theirs.casefold() == ours.casefold():
        return theirs or ours
    return f"{ours} ({theirs})" if theirs else ours


def age(since: datetime, now: datetime) -> str:
    """Return how long before ``now`` something was, in one unit: ``12 min``, ``3 h``, ``5 days``."""
    seconds = max(now - since, timedelta()).total_seconds()
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} days"


def _deal_subject(message: DealMessage, *, title: str, watch: str, total: str, was: str) -> str:
    price = f"{total} (was {was})" if was else total
    words = condition_words(message.condition, None) or one_line(message.condition_label or "", 60)
    what = shorten(title, _SUBJECT_TITLE) + (f" ({words})" if words else "")
    parts = [part for part in (_below(message.percent), price, what) if part]
    return f"{' · '.join(parts)} — {watch}"


def _below(percent: float | None) -> str:
    """Return how far below the expected price, as ``-41 %`` with a real minus; nothing where it is not below."""
    return f"{_MINUS}{percent:.0f} %" if percent is not None and percent >= 0.5 else ""


def _moved(percent: float | None) -> str:
    """Return how far a price moved, as ``-12 %`` or ``+8 %``; nothing where it did not."""
    if percent is None or abs(percent) < 0.5:
        return ""
    return f"{_MINUS if percent < 0 else '+'}{abs(percent):.0f} %"


def _price(item: PriceItem) -> str:
    return "" if item.price is None or item.currency is None else format_money(item.price, item.currency)


def _breakdown(message: DealMessage) -> str:
    if message.fee is not None:
        text = (
            f"{format_money(message.price, message.currency)} + {format_money(message.fee, message.currency)} fee, "
            "shipping not included"
        )
    elif message.total != message.price:
        text = f"{format_money(message.price, message.currency)} before fees, shipping not included"
    else:
        text = "as listed; fees and shipping not known"
    if message.original_price is not None and message.original_currency not in {None, message.currency}:
        text += f" · seller asks {format_money(message.original_price, str(message.original_currency))}"
    return text


def _numbers(message: DealMessage) -> tuple[Line, ...]:
    currency = message.evidence_currency or message.currency
    lines = [
        _money_line("Compared as", _compared(message), currency),
        _money_line("Should cost", message.expected, currency),
        _money_line("Median", message.median, currency),
        _money_line("Difference", message.difference if (message.difference or 0) > 0 else None, currency),
        Line("Comparables", _comparables(message)) if message.n else None,
        Line("Below", f"{message.sigma_below:.1f} {_SIGMA}")
        if message.sigma_below and message.sigma_below > 0
        else None,
        Line("Rule", _RULES[message.rule]) if message.rule is not None else None,
    ]
    return tuple(line for line in lines if line is not None)


def _compared(message: DealMessage) -> Decimal | None:
    """Return the payable price in the watch's currency, where the listing has another one."""
    if message.evidence_currency in {None, message.currency} or message.expected is None or message.difference is None:
        return None
    return message.expected - message.difference


def _money_line(label: str, amount: Decimal | None, currency: str) -> Line | None:
    return None if amount is None else Line(label, format_money(amount, currency))


def _comparables(message: DealMessage) -> str:
    return f"{message.n} in {message.window_days} days" if message.window_days else str(message.n)


def _facts(message: DealMessage) -> tuple[Line, ...]:
    lines = (
        Line("Condition", condition_words(message.condition, message.condition_label)),
        Line("Size", one_line(message.size or "", 60)),
        Line("Brand", one_line(message.brand or "", 60)),
        Line("Seller", _seller(message)),
        _age_line(message),
        Line("Marketplace", one_line(message.source, 40).capitalize()),
        Line("Highlights", ", ".join(one_line(word, 60) for word in message.highlights)),
    )
    return tuple(line for line in lines if line.value)


def _seller(message: DealMessage) -> str:
    login = one_line(message.seller_login or "", 60)
    kind = {True: "business", False: "private", None: ""}[message.seller_is_business]
    return f"{login} ({kind})" if login and kind else login or kind


def _age_line(message: DealMessage) -> Line:
    if message.listed_at is not None:
        return Line("Listed", f"{age(message.listed_at, message.judged_at)} before this alert")
    if message.first_seen_at is not None:
        return Line("First seen", f"{age(message.first_seen_at, message.judged_at)} before this alert")
    return Line("Listed", "")


def _report_offer(item: ReportItem) -> Offer:
    return Offer(
        title=one_line(item.title, 120) or "(no title)",
        price=format_money(item.total, item.currency),
        url=web_address(item.url),
        note=condition_words(item.condition, None) or one_line(item.condition_label or "", 60),
        badge=_below(item.percent),
    )


def _buttons(*candidates: tuple[str, str | None]) -> tuple[Link, ...]:
    return tuple(Link(label, url) for label, url in candidates if url is not None)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
