"""The truth about the market, for measuring detection: which listings are planted deals and which are traps.

Only tests, benchmarks and the demo's summary ask for it; the pipeline never does.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox import prices
from sandbox.items import Item
from sandbox.locales import Country
from sandbox.market import Market
from sandbox.traps import Kind


def truth_of(item: Item, at: int, country: Country | None) -> dict[str, object]:
    """Return one listing's truth at a Unix time; amounts in the country site's currency, else the seller's.

    ``reference_price`` is what the listing would have cost as the genuine thing at an ordinary price; what ends after
    ``at`` has not ended yet.
    """
    currency = item.currency if country is None else country.currency
    ended = datetime.fromtimestamp(item.ended_at, UTC).isoformat() if item.ended_at <= at else None
    return {
        "external_id": str(item.item_id),
        "family": item.family.key,
        "kind": str(item.kind),
        "planted": item.kind is Kind.PLANTED,
        "reference_price": prices.amount_text(prices.convert(item.reference_minor, item.currency, currency), currency),
        "price": prices.amount_text(prices.convert(item.price_at(at), item.currency, currency), currency),
        "currency": currency,
        "published_at": item.published.isoformat(),
        "sold_at": ended if item.end == "sold" else None,
        "removed_at": ended if item.end == "removed" else None,
    }


def truth(market: Market, at: datetime, country: Country | None = None) -> list[dict[str, object]]:
    """Return the truth about every listing published until then, in order of publication.

    Raises:
        MarketTimeError: for a time the market cannot tell about.
    """
    moment = int(at.timestamp())
    return [truth_of(item, moment, country) for item in market.items(at)]
