"""Look at every product by the rules of its owner, and put what moved into the outbox: one message a look and channel.

Belongs here: the order of a look. Does not: the rules (``ml.price_rules``), their SQL (``warehouse.price_rules``).

One transaction: what is remembered, what is recorded and what is told stand or fall together, so a look that was
killed is repeated whole and tells nothing twice.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import msgspec
import psycopg

from alerts.message import PriceItem, PricesMessage, encode
from domain.price_rule import PriceNews, ProductMoment
from domain.settings import Settings
from ml.price_rules import judge_price
from warehouse.outbox import enqueue
from warehouse.price_rules import NewPriceEvent, list_price_rules, moments, record_events, remember, take_turn

logger = logging.getLogger(__name__)

# In the payload; a message shows fewer.
_ITEMS = 50


class PriceAlertOutcome(msgspec.Struct, kw_only=True):
    """What a look found.

    Attributes:
        looked: products times rules; changed: of those whose memory is another now; news: told of them;
        notifications: outbox rows written. silent: rules whose limit is in another currency than the base currency.
    """

    rules: int = 0
    looked: int = 0
    changed: int = 0
    news: int = 0
    notifications: int = 0
    silent: int = 0


def check_prices(conn: psycopg.Connection, settings: Settings, *, run_id: str, now: datetime) -> PriceAlertOutcome:
    """Judge every product by every rule as of ``now`` (UTC); tell what is new."""
    configured = settings.configured_channels()
    with conn.transaction():
        take_turn(conn)
        rules = {rule.price_rule_id: rule for rule in list_price_rules(conn)}
        found = moments(conn, list(rules.values()), base_currency=settings.base_currency, today=now.date())
        judged = [
            (rules[number], moment, judge_price(rules[number], moment, before)) for number, moment, before in found
        ]
        changed = remember(conn, [(rule.price_rule_id, moment.product_id, one.memory) for rule, moment, one in judged])
        news = [NewPriceEvent(rule=rule, moment=moment, judgement=one) for rule, moment, one in judged if one.news]
        told = _tell(conn, settings, news, configured, now)
        record_events(
            conn,
            [msgspec.structs.replace(one, notification_ids=tuple(ids)) for one, ids in zip(news, told, strict=True)],
            run_id=run_id,
        )
    silent = [rule for rule in rules.values() if rule.is_silent(settings.base_currency)]
    for rule in silent:
        logger.warning(
            "price rule %d says nothing: its limit is in %s, but the base currency is %s now; ask again in that one",
            rule.price_rule_id,
            rule.currency,
            settings.base_currency,
        )
    return PriceAlertOutcome(
        silent=len(silent),
        rules=len(rules),
        looked=len(judged),
        changed=changed,
        news=len(news),
        notifications=len({number for ids in told for number in ids}),
    )


def _tell(
    conn: psycopg.Connection,
    settings: Settings,
    news: Sequence[NewPriceEvent],
    configured: Sequence[str],
    now: datetime,
) -> list[list[int]]:
    """Queue a message a channel; return the notifications of each piece of news."""
    by_channel: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(news):
        for channel in configured:
            if not one.rule.channels or channel in one.rule.channels:
                by_channel[channel].append(place)
    told: list[list[int]] = [[] for _ in news]
    for channel, places in by_channel.items():
        message = prices_message(settings, [news[place] for place in places], now=now)
        number = enqueue(
            conn,
            kind="prices",
            channel=channel,
            # Of one look and no other; a look that did not commit has sent nothing.
            idempotency_key=f"prices-{uuid4()}-{channel}",
            payload=encode(message),
        )
        if number is not None:
            for place in places:
                told[place].append(number)
    return told


def prices_message(settings: Settings, news: Sequence[NewPriceEvent], *, now: datetime) -> PricesMessage:
    """Return the message over what moved, the biggest move first."""
    ranked = sorted(news, key=lambda one: (-abs(_percent(one) or Decimal(0)), one.moment.sku))
    return PricesMessage(
        moved=len(news),
        judged_at=now,
        items=tuple(_item(one.moment, one.judgement.news) for one in ranked[:_ITEMS]),
        dashboard_url=settings.dashboard_url,
    )


def _percent(one: NewPriceEvent) -> Decimal | None:
    return None if one.judgement.news is None else one.judgement.news.percent


def _item(moment: ProductMoment, news: PriceNews | None) -> PriceItem:
    percent = None if news is None else news.percent
    return PriceItem(
        sku=moment.sku,
        name=moment.name,
        why="" if news is None else news.reason,
        price=moment.price,
        currency=moment.currency,
        percent=None if percent is None else float(percent),
        source=moment.source,
        url=moment.url,
    )
