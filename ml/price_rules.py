"""The rules over a product's price: what each says of it now, beside what it said before.

Belongs here: judging and the sentences; pure. Does not: SQL, the statistics themselves, messages. In the polling path.

A rule that holds is told once: again only where the price went at least half a per cent further, because the rate of a
foreign currency moves every day, and afresh once it held no longer.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from domain.money import format_money
from domain.price_rule import PriceJudgement, PriceMemory, PriceNews, PriceRule, PriceRuleKind, ProductMoment

# Fewer days say nothing: the second day of every product would be a lowest or a highest.
FEWEST_DAYS = 3
_FURTHER = Decimal("0.995")
# A price that was above a limit is above it until it is clearly under: rates again.
_CLEARLY_UNDER = Decimal("0.99")


def judge_price(rule: PriceRule, moment: ProductMoment, before: PriceMemory | None) -> PriceJudgement:
    """Return what a rule makes of a product now.

    Args:
        rule: in whose words it is judged.
        moment: the product now; its past is of the days that the rule asks for.
        before: what the last look left behind; None at the first. One in another base currency counts as none.
    """
    known = before if before is not None and before.base_currency == moment.base_currency else None
    is_met, news = _RULES[rule.kind](rule, moment, known)
    told = None
    if news is not None:
        told = moment.value
    elif is_met and known is not None:
        told = known.told_value
    memory = PriceMemory(
        base_currency=moment.base_currency,
        is_on_offer=moment.is_on_offer,
        is_met=is_met,
        value=moment.value,
        price=moment.price,
        currency=moment.currency,
        told_value=told,
    )
    if moment.value is None and known is not None:
        # Gone for a while or without a rate: what it cost is what its next price is held against.
        memory = msgspec.structs.replace(memory, value=known.value, price=known.price, currency=known.currency)
    return PriceJudgement(memory=memory, news=news)


_Answer = tuple[bool, PriceNews | None]


def _lowest(rule: PriceRule, moment: ProductMoment, before: PriceMemory | None) -> _Answer:
    fewest = FEWEST_DAYS if rule.days is None else min(FEWEST_DAYS, rule.days)
    if moment.value is None or moment.lowest is None or moment.n_days < fewest or moment.value >= moment.lowest:
        return False, None
    since = "ever known" if rule.days is None else f"of the last {rule.days} days"
    reason = (
        f"{_now(moment)} is the lowest price {since}; before it was {_base(moment, moment.lowest)} at the least, "
        f"of {moment.n_days} days with a price"
    )
    return True, _told_once(moment, before, _news(moment, reason, moment.lowest))


def _drop(rule: PriceRule, moment: ProductMoment, before: PriceMemory | None) -> _Answer:
    if moment.value is None or moment.reference is None or rule.amount is None:
        return False, None
    if moment.value > moment.reference * (1 - rule.amount / 100):
        return False, None
    news = _news(moment, "", moment.reference)
    reason = (
        f"{_now(moment)} is {_percent(news.percent)} less than {_base(moment, moment.reference)} on "
        f"{moment.reference_date}"
    )
    return True, _told_once(moment, before, _news(moment, reason, moment.reference))


def _below_average(rule: PriceRule, moment: ProductMoment, before: PriceMemory | None) -> _Answer:
    fewest = min(FEWEST_DAYS, rule.days or FEWEST_DAYS)
    if moment.value is None or moment.mean is None or moment.n_days < fewest:
        return False, None
    if moment.value >= moment.mean * (1 - (rule.amount or Decimal(0)) / 100):
        return False, None
    news = _news(moment, "", moment.mean)
    reason = (
        f"{_now(moment)} is {_percent(news.percent)} under the {_base(moment, moment.mean)} that it cost on average on "
        f"{moment.n_days} of the last {rule.days} days"
    )
    return True, _told_once(moment, before, _news(moment, reason, moment.mean))


def _rise_above(rule: PriceRule, moment: ProductMoment, before: PriceMemory | None) -> _Answer:
    if moment.value is None or rule.amount is None or rule.currency != moment.base_currency:
        return before is not None and before.is_met, None
    was_above = before is not None and before.is_met
    if moment.value <= rule.amount:
        return was_above and moment.value > rule.amount * _CLEARLY_UNDER, None
    if before is None or was_above:
        return True, None
    reason = f"{_now(moment)} is more than the {_base(moment, rule.amount)} you set"
    return True, _news(moment, reason, before.value)


def _change(rule: PriceRule, moment: ProductMoment, before: PriceMemory | None) -> _Answer:
    del rule
    if moment.value is None or before is None or before.value is None or moment.price is None:
        return False, None
    # As the source asks it: in the base currency a foreign price changes every day.
    if (moment.price, moment.currency) == (before.price, before.currency):
        return False, None
    # Another offer at the same worth is no change of price.
    if moment.currency != before.currency and _FURTHER < moment.value / before.value < 1 / _FURTHER:
        return False, None
    news = _news(moment, "", before.value)
    direction = "more" if moment.value > before.value else "less"
    reason = f"{_now(moment)} is {_percent(news.percent)} {direction} than the {_base(moment, before.value)} before"
    return False, _news(moment, reason, before.value)


def _back_in_stock(rule: PriceRule, moment: ProductMoment, before: PriceMemory | None) -> _Answer:
    del rule
    if before is None or before.is_on_offer or not moment.is_on_offer:
        return moment.is_on_offer, None
    price = "" if moment.value is None else f", at {_now(moment)}"
    last = "" if before.value is None else f"; it was {_base(moment, before.value)} before it was gone"
    return True, _news(moment, f"it can be bought again{price}{last}", before.value)


_RULES: dict[PriceRuleKind, Callable[[PriceRule, ProductMoment, PriceMemory | None], _Answer]] = {
    PriceRuleKind.LOWEST: _lowest,
    PriceRuleKind.DROP: _drop,
    PriceRuleKind.BELOW_AVERAGE: _below_average,
    PriceRuleKind.RISE_ABOVE: _rise_above,
    PriceRuleKind.CHANGE: _change,
    PriceRuleKind.BACK_IN_STOCK: _back_in_stock,
}


def _told_once(moment: ProductMoment, before: PriceMemory | None, news: PriceNews) -> PriceNews | None:
    """Return the news where it was not told yet, or the price went clearly further down since."""
    if before is None or not before.is_met or before.told_value is None or moment.value is None:
        return news
    return news if moment.value < before.told_value * _FURTHER else None


def _news(moment: ProductMoment, reason: str, against: Decimal | None) -> PriceNews:
    percent = None
    if against and moment.value is not None:
        percent = (100 * (moment.value - against) / against).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return PriceNews(reason=reason, against=against, percent=percent)


def _now(moment: ProductMoment) -> str:
    if moment.price is None or moment.currency is None or moment.value is None:
        raise AssertionError("a product without a price is refused before it is put into words")
    own = format_money(moment.price, moment.currency)
    return own if moment.currency == moment.base_currency else f"{own} ({_base(moment, moment.value)})"


def _base(moment: ProductMoment, amount: Decimal) -> str:
    return format_money(amount, moment.base_currency)


def _percent(percent: Decimal | None) -> str:
    return "0 %" if percent is None else f"{abs(percent):.1f} %"
