"""What a price is the price of: a number alone says little."""

from __future__ import annotations

from enum import StrEnum


class PriceKind(StrEnum):
    """The meaning of an amount on a page or in a string; stored by these values."""

    PRICE = "price"
    """What a buyer pays now for the one thing listed, shipping apart."""
    FROM = "from"
    """The lowest of several variants: the thing wanted may cost more."""
    FROM_OTHER_SELLERS = "from_other_sellers"
    """The lowest of other sellers' offers, perhaps used goods."""
    RANGE = "range"
    CURRENT_BID = "current_bid"
    """An auction's state, not a price."""
    OLD = "old"
    """Struck through, a list price, or the lowest of the last 30 days."""
    NET = "net"
    """Without value-added tax."""
    UNIT = "unit"
    """For a measure: 100 ml, a metre."""
    INSTALLMENT = "installment"
    CONDITIONAL = "conditional"
    """With a card, a subscription or a membership."""
    WITH_DELIVERY = "price_with_delivery"
    SHIPPING = "shipping"
    FREE_DELIVERY = "free_delivery"
    COUPON = "coupon"
    """An amount taken off."""
    PROCUREMENT = "procurement"
    """The unit price of a public purchase."""
    NONE = "none"

    @property
    def is_comparable(self) -> bool:
        """True for what may enter statistics and be called a deal."""
        return self in COMPARABLE_KINDS


COMPARABLE_KINDS = frozenset({PriceKind.PRICE, PriceKind.PROCUREMENT})
