"""What the warehouse knows of listings before a page is loaded, as values to complete the page's records with.

Belongs here: reading it back. Does not: what is made of it (``completion``), writing (``load``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from domain.condition import Condition
from domain.listing import Availability, Listing
from domain.price_kind import PriceKind
from warehouse.completion import Completed, Priced


def known_listings(conn: psycopg.Connection, listing_ids: Sequence[int]) -> dict[int, Completed]:
    """Return listings as they are shown now, without seller and counters."""
    if not listing_ids:
        return {}
    found = conn.execute(
        """
        select l.listing_id, l.source, l.external_id, l.url, l.title, l.price, l.currency, l.total_price, l.fee,
               l.original_price, l.original_currency, l.description, l.brand, l.size, l.color, l.category, l.condition,
               l.condition_label, l.condition_source_id, s.availability, l.image_urls, l.listed_at, l.carried,
               l.price_kind, l.list_price, l.shipping_price, l.sku, l.gtin, l.group_id, l.country, l.ends_at,
               l.attributes
        from core.listings l join core.listing_state s using (listing_id)
        where l.listing_id = any(%s)
        """,
        (list(listing_ids),),
    ).fetchall()
    known = {}
    for (
        listing_id, source, external_id, url, title, price, currency, total, fee, original, original_currency,
        description, brand, size, color, category, condition, label, source_id, availability, images, listed_at,
        carried, price_kind, list_price, shipping_price, sku, gtin, group_id, country, ends_at, attributes,
    ) in found:  # fmt: skip
        listing = Listing(
            source=source,
            external_id=external_id,
            url=url,
            title=title,
            price=price,
            currency=currency,
            total_price=total,
            fee=fee,
            original_price=original,
            original_currency=original_currency,
            description=description,
            brand=brand,
            size=size,
            color=color,
            category=category,
            condition=Condition(condition),
            condition_label=label,
            condition_source_id=source_id,
            availability=Availability(availability),
            image_urls=tuple(images),
            listed_at=listed_at,
            price_kind=PriceKind(price_kind),
            list_price=list_price,
            shipping_price=shipping_price,
            sku=sku,
            gtin=gtin,
            group_id=group_id,
            country=country,
            ends_at=ends_at,
            attributes=attributes,
        )
        known[listing_id] = Completed(listing, tuple(carried))
    return known


def observed_before(conn: psycopg.Connection, values: Mapping[str, Any]) -> dict[int, Priced]:
    """Return price and total before the page at hand of those staged late or again that do not state their total."""
    found = conn.execute(
        """
        select k.listing_id, b.price_minor, b.total_minor, b.currency
        from pricescope_load k
        cross join lateral (
            select * from core.price_history h
            where h.listing_id = k.listing_id
              and (h.observed_at < %(at)s or (h.observed_at = %(at)s and k.is_late and not k.is_counted))
            order by h.observed_at desc limit 1
        ) b
        where (k.is_late or k.is_again) and k.total_minor is null
        """,
        values,
    ).fetchall()
    return {listing_id: Priced(*values) for listing_id, *values in found}
