"""What the warehouse knows of listings before a page is loaded, as values to complete the page's records with.

Belongs here: reading it back. Does not: what is made of it (``completion``), writing (``load``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller
from domain.price_kind import PriceKind
from warehouse.completion import Completed, Priced
from warehouse.copy_text import integer_array
from warehouse.pages import utc_day


class ShownSeller(NamedTuple):
    """The seller of a listing as it is known; times are UTC."""

    external_id: str
    login: str | None
    is_business: bool | None
    first_seen_at: datetime
    last_seen_at: datetime

    def is_known(self, seller: Seller, at: datetime) -> bool:
        """Say whether writing what a page of this time says of the seller would change nothing (``sellers``)."""
        return (
            self.external_id == seller.external_id
            and seller.login in {None, self.login}
            and seller.is_business in {None, self.is_business}
            and self.first_seen_at <= at
            and utc_day(self.last_seen_at) >= utc_day(at)
        )


class Shown(Completed, frozen=True):
    """A listing as it is shown now, without its counters.

    Attributes:
        seller: None where no page said who sells it.
        kind_version: of the word lists that told its kind.
        has_carried: whether the narrow row says that fields are carried on.
        content_hash, price_minor, total_minor, currency, availability, is_active: of its present state.
        last_seen_at: UTC.
    """

    seller: ShownSeller | None = None
    kind_version: str | None = None
    has_carried: bool = False
    content_hash: bytes = b""
    price_minor: int = 0
    total_minor: int | None = None
    currency: str = ""
    availability: str = ""
    is_active: bool = True
    last_seen_at: datetime = datetime.min.replace(tzinfo=UTC)


def known_listings(conn: psycopg.Connection, listing_ids: Sequence[int]) -> dict[int, Shown]:
    """Return listings as they are shown now, without counters."""
    if not listing_ids:
        return {}
    found = conn.execute(
        """
        select d.listing_id, d.source, d.external_id, d.url, d.title, s.price, s.currency, s.total_price, s.fee,
               s.original_price, s.original_currency, d.description, d.brand, d.size, d.color, d.category, d.condition,
               d.condition_label, d.condition_source_id, s.availability, d.image_urls, d.listed_at, d.carried,
               d.price_kind, s.list_price, s.shipping_price, d.sku, d.gtin, d.group_id, d.country, d.ends_at,
               d.attributes, x.external_id, x.login, x.is_business, x.first_seen_at, x.last_seen_at, d.kind_version,
               s.has_carried, s.content_hash, s.price_minor, s.total_minor, s.is_active, s.last_seen_at
        from core.listing_details d
        join core.listing_state s using (listing_id)
        left join core.sellers x on x.seller_id = d.seller_id
        where d.listing_id = any(%s::bigint[])
        """,
        (integer_array(listing_ids),),
    ).fetchall()
    known = {}
    for (
        listing_id, source, external_id, url, title, price, currency, total, fee, original, original_currency,
        description, brand, size, color, category, condition, label, source_id, availability, images, listed_at,
        carried, price_kind, list_price, shipping_price, sku, gtin, group_id, country, ends_at, attributes, seller_id,
        login, is_business, seller_first_at, seller_last_at, kind_version, has_carried, content_hash, price_minor,
        total_minor, is_active, last_seen_at,
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
        known[listing_id] = Shown(
            listing,
            tuple(carried),
            None if seller_id is None else ShownSeller(seller_id, login, is_business, seller_first_at, seller_last_at),
            kind_version,
            has_carried,
            content_hash,
            price_minor,
            total_minor,
            currency,
            availability,
            is_active,
            last_seen_at,
        )
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


def is_seller_due(seller: Seller | None, shown: Shown, at: datetime) -> bool:
    """Say whether a page of this time says anything new of who sells a known listing."""
    return seller is not None and (shown.seller is None or not shown.seller.is_known(seller, at))
