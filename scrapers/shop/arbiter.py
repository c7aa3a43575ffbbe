"""Which of a page's candidates is the price, and why.

Order of trust: JSON-LD of the main product, its microdata, the sale price meta, the price meta, what the page shows.
The markup is believed where the page shows its amount too; where it does not, it may be the price without tax, a
former price or another variant's, and what is shown beside the heading wins.

Belongs here: weighing. Does not: finding candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from domain.listing import Availability
from domain.price_kind import PriceKind
from domain.written_amount import guess_amount
from scrapers.shop.amounts import find_numbers, plain_digits
from scrapers.shop.availability import best
from scrapers.shop.candidates import Candidate, Origin

_TRUST = {
    Origin.CONFIGURED: 100.0,
    Origin.JSON_LD: 40.0,
    Origin.MICRODATA: 30.0,
    Origin.SALE_META: 25.0,
    Origin.PRICE_META: 15.0,
    Origin.VISIBLE: 0.0,
}
# A shown price needs so many points of place, name and size to be believed without any markup.
_CONVINCING = 5.0
# Above this a shown price belongs to the product itself, not to another one further down.
_NEAR = 3.0
_SOLD = frozenset({Availability.OUT_OF_STOCK, Availability.DISCONTINUED})


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the page's price is.

    Attributes:
        winner: None where no candidate is believed.
        kind: of the winner; ``from`` where variants cost differently and none is chosen.
        reason: one sentence for the owner: why this one, or why none.
    """

    winner: Candidate | None
    kind: PriceKind
    list_price: Decimal | None
    availability: Availability | None
    reason: str


def decide(candidates: Sequence[Candidate], shown_text: str, availability: Availability | None) -> Decision:
    """Choose among a page's candidates.

    Args:
        candidates: of the main product and of the page; scores of shown ones are set, the others' are set here.
        shown_text: all the text that the page shows, to see whether an amount is shown at all.
        availability: of the product, as markup and page say it.
    """
    shown = [one for one in candidates if one.origin is Origin.VISIBLE]
    current = [one for one in shown if one.kind in {PriceKind.PRICE, PriceKind.FROM, PriceKind.RANGE, PriceKind.NET}]
    marked = [
        one for one in candidates if one.origin is not Origin.VISIBLE and one.amount is not None and one.amount > 0
    ]
    visible_amounts = _amounts(shown_text)
    best_shown = max(current, key=lambda one: one.score, default=None)
    if any(one.kind is PriceKind.PRICE for one in current):
        best_shown = max(
            (one for one in current if one.kind is not PriceKind.NET), key=lambda one: one.score, default=best_shown
        )
    struck = {one.amount for one in shown if one.kind is PriceKind.OLD} - {
        one.amount for one in current if one.score > _NEAR
    }
    for one in marked:
        _weigh(one, marked, visible_amounts, struck, best_shown)
    winner = max(marked, key=lambda one: one.score, default=None)
    if winner is not None and winner.score < _CONVINCING and best_shown is not None and best_shown.score >= _CONVINCING:
        winner = best_shown
    if winner is None and best_shown is not None and best_shown.score >= _CONVINCING and _is_placed(best_shown):
        winner = best_shown
        if availability in _SOLD:
            reason = "sold out, and no markup names a price: what is shown may be another product's"
            return Decision(winner=None, kind=PriceKind.NONE, list_price=None, availability=availability, reason=reason)
    if winner is None:
        return Decision(
            winner=None, kind=PriceKind.NONE, list_price=None, availability=availability, reason="no amount is a price"
        )
    kind = _kind(winner, marked)
    return Decision(
        winner=winner,
        kind=kind,
        list_price=_list_price(winner, marked, shown),
        availability=availability,
        reason=f"{winner.origin}: {'; '.join(winner.reasons) or 'the only one'}",
    )


def _is_placed(shown: Candidate) -> bool:
    """Tell whether a shown amount is more than near the heading: named a price, or beside the buy button."""
    return not {"named a price", "itemprop", "beside the buy button"}.isdisjoint(shown.reasons)


def _weigh(
    one: Candidate,
    marked: Sequence[Candidate],
    visible_amounts: set[Decimal],
    struck: set[Decimal | None],
    best_shown: Candidate | None,
) -> None:
    score, reasons = _TRUST[one.origin], [f"{one.origin} is trusted {_TRUST[one.origin]:g}"]
    amount = one.amount
    convincing = best_shown is not None and best_shown.score >= _CONVINCING and best_shown.amount != amount
    if one.kind in {PriceKind.UNIT, PriceKind.SHIPPING, PriceKind.INSTALLMENT, PriceKind.OLD, PriceKind.COUPON}:
        score -= 100
        reasons.append(f"it is a {one.kind} price")
    if one.kind is PriceKind.NET:
        score -= 20
        reasons.append("without tax")
    if best_shown is not None and best_shown.amount == amount:
        score += 20
        reasons.append("the page shows it as its price")
    elif amount in struck and convincing:
        score -= 50
        reasons.append("the page shows it struck through")
    elif amount not in visible_amounts and convincing and visible_amounts:
        score -= 12 if one.origin is Origin.JSON_LD else 31
        reasons.append("the page does not show it")
    if one.availability in _SOLD and any(
        other.availability not in _SOLD for other in marked if other.product == one.product
    ):
        score -= 5
        reasons.append("this variant is sold out")
    one.score, one.reasons = round(score, 2), reasons


def _kind(winner: Candidate, marked: Iterable[Candidate]) -> PriceKind:
    if winner.kind is PriceKind.RANGE:
        return PriceKind.FROM
    if winner.origin not in {Origin.JSON_LD, Origin.MICRODATA} or winner.kind is not PriceKind.PRICE:
        return winner.kind
    siblings = {one.amount for one in marked if one.origin is winner.origin and one.product == winner.product
                and one.kind is PriceKind.PRICE}  # fmt: skip
    is_shown = any("shows it as its price" in reason for reason in winner.reasons)
    return PriceKind.FROM if len(siblings) > 1 and not is_shown else PriceKind.PRICE


def _list_price(winner: Candidate, marked: Sequence[Candidate], shown: Sequence[Candidate]) -> Decimal | None:
    for one in (winner, *(one for one in marked if one.amount == winner.amount)):
        if one.list_price is not None and one.amount is not None and one.list_price > one.amount:
            return one.list_price
    old = [one.amount for one in shown if one.kind is PriceKind.OLD and one.score > 0 and one.amount is not None]
    above = [amount for amount in old if winner.amount is not None and winner.amount < amount <= winner.amount * 10]
    return above[0] if above else None


def _amounts(text: str) -> set[Decimal]:
    plain = plain_digits(text[:400_000])
    return {guess_amount(number.text) for number in find_numbers(plain) if len(number.text) <= 15}


def merged(*states: Availability | None) -> Availability | None:
    """Return the first state that is told, the markup's before the page's."""
    return next((state for state in states if state is not None), None)


def product_state(candidates: Sequence[Candidate]) -> Availability | None:
    """Return a product's state from its offers: it can be bought if any of them can."""
    return best([one.availability for one in candidates if one.availability is not None])


def similarity(one: str | None, other: str | None) -> float:
    """Return how many words two names share, from 0 to 1."""
    first, second = (set(re.findall(r"\w+", (text or "").lower())) for text in (one, other))
    return len(first & second) / max(1, min(len(first), len(second))) if first and second else 0.0
