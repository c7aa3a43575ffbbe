"""A watch of the demo, as a look-alike offers it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWatch:
    """A watch to register.

    Attributes:
        url: the marketplace's own search address, which a user would paste.
        sandbox_page: the same search on the sandbox, for a person to open.
        family: key of the market's product family it looks for, for measuring.
        max_price: limit of the absolute rule on the total price, in ``currency``.
        rules: names of deal rules.
    """

    name: str
    url: str
    sandbox_page: str
    source: str
    country: str
    currency: str
    family: str | None = None
    blacklist: tuple[str, ...] = ()
    max_price: Decimal | None = None
    rules: tuple[str, ...] = ("absolute", "robust")
