"""Products and where they are sold (``core.products``, ``core.product_sources``). Set-based throughout.

Belongs here: writing them, matching by GTIN, reading current offers. Does not: reading CSV or addresses.

A product's offers are the listings linked to it (by GTIN) and those that the watches of its links have found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import msgspec
import psycopg

from domain.product import Product, ProductChange, ProductOffer, ProductSummary
from warehouse.fx import rate_to
from warehouse.payable import COMPARABLE, PER_MAJOR_UNIT
from warehouse.rows import columns, read_one, read_rows

_OWNER = "owner"
_MANY = 500


class ProductError(Exception):
    """A product that does not exist or cannot be as asked; the message says what to do."""


class ProductLink(msgspec.Struct, frozen=True, kw_only=True):
    """An offer's or search's address for a product, read into what its watch polls.

    Attributes:
        url: canonical, as the source writes it.
        watch_name: of the watch to make; ``other_name`` where that name is another address's.
        params: the source's canonical parameters.
        external_id: the source's id of the offer, where the address names it.
    """

    source: str
    url: str
    country: str
    currency: str
    params: dict[str, str | list[str]]
    watch_name: str
    other_name: str
    external_id: str | None = None


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """A product to be put into the catalogue, with one link at most; None keeps what is known."""

    sku: str
    name: str
    gtin: str | None = None
    brand: str | None = None
    category: str | None = None
    link: ProductLink | None = None


class ProductCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What putting products did; all zero where everything was there already."""

    new: int = 0
    changed: int = 0
    links: int = 0
    watches: int = 0


def put_products(conn: psycopg.Connection, rows: Sequence[ProductRow]) -> ProductCounts:
    """Insert or update products with their links and watches in one transaction; again, it changes nothing.

    A link's watch is made with the absolute rule only and without a limit: it keeps the price and alerts nothing until
    its owner sets one. A watch that polls the same address already is taken instead. Of several rows of one SKU the
    last that says a field has its say.
    """
    with conn.transaction():
        conn.execute(
            "create temp table pricescope_products (place int, sku text, name text, gtin text, brand text,"
            " category text, source text, url text, country text, currency text, params jsonb, watch_name text,"
            " other_name text, external_id text) on commit drop"
        )
        with conn.cursor().copy("copy pricescope_products from stdin") as copy:
            for place, row in enumerate(rows):
                copy.write_row((place, row.sku, row.name, row.gtin, row.brand, row.category, *_link_columns(row.link)))
        conn.execute("analyze pricescope_products")
        put = conn.execute(_PUT_PRODUCTS).fetchall()
        watches = sum(conn.execute(statement, {"owner": _OWNER}).rowcount for statement in (_WATCH, _WATCH_OTHERWISE))
        if watches + len(put) > _MANY:
            conn.execute("analyze app.watches, core.products")  # or the joins below take them for empty
        links = conn.execute(_PUT_LINKS, {"owner": _OWNER}).rowcount
        conn.execute("drop table pricescope_products")  # a second call in the caller's transaction
    new = sum(is_new for (is_new,) in put)
    return ProductCounts(new=new, changed=len(put) - new, links=links, watches=watches)


def _link_columns(link: ProductLink | None) -> tuple[Any, ...]:
    if link is None:
        return (None,) * 8
    params = msgspec.json.encode(link.params).decode()
    return (
        link.source,
        link.url,
        link.country,
        link.currency,
        params,
        link.watch_name,
        link.other_name,
        link.external_id,
    )


_LAST_SAID = ", ".join(
    f"(array_agg({name} order by place desc) filter (where {name} is not null))[1] as {name}"
    for name in ("name", "gtin", "brand", "category")
)
_PUT_PRODUCTS = f"""
insert into core.products as p (sku, name, gtin, brand, category)
select sku, {_LAST_SAID} from pricescope_products group by sku order by min(place)
on conflict (sku) do update
set name = excluded.name, gtin = coalesce(excluded.gtin, p.gtin), brand = coalesce(excluded.brand, p.brand),
    category = coalesce(excluded.category, p.category), updated_at = now()
where (p.name, p.gtin, p.brand, p.category) is distinct from
      (excluded.name, coalesce(excluded.gtin, p.gtin), coalesce(excluded.brand, p.brand),
       coalesce(excluded.category, p.category))
returning xmax = 0
"""


def _watch(name: str) -> str:
    # Of one address in the file one watch is made; of one name one address's.
    return f"""
    insert into app.watches (owner, name, source, url, country, currency, params, rules, pages_per_poll)
    select %(owner)s, first.{name}, first.source, first.url, first.country, first.currency, first.params,
           '{{absolute}}', 1
    from (select distinct on (source, url) * from pricescope_products where url is not null
          order by source, url, place) as first
    where not exists (select from app.watches w
                      where w.owner = %(owner)s and w.source = first.source and w.url = first.url)
    order by first.place
    on conflict (owner, name) do nothing
    """


_WATCH = _watch("watch_name")
_WATCH_OTHERWISE = _watch("other_name")
_PUT_LINKS = """
insert into core.product_sources as s (product_id, source, url, external_id, listing_id, watch_id, matched_by, state)
select distinct on (p.product_id, r.source, r.url) p.product_id, r.source, r.url, r.external_id, l.listing_id,
       w.watch_id, 'link', 'approved'
from pricescope_products r
join core.products p on p.sku = r.sku
left join (
    select source, url, min(watch_id) as watch_id from app.watches where owner = %(owner)s group by source, url
) w on w.source = r.source and w.url = r.url
left join core.listings l on l.source = r.source and l.external_id = r.external_id
where r.url is not null
order by p.product_id, r.source, r.url, r.place desc
on conflict (product_id, source, url) do update
set watch_id = coalesce(s.watch_id, excluded.watch_id), listing_id = coalesce(s.listing_id, excluded.listing_id),
    external_id = coalesce(s.external_id, excluded.external_id), state = 'approved'
where (s.watch_id, s.listing_id, s.external_id, s.state) is distinct from
      (coalesce(s.watch_id, excluded.watch_id), coalesce(s.listing_id, excluded.listing_id),
       coalesce(s.external_id, excluded.external_id), 'approved')
"""


def get_product(conn: psycopg.Connection, sku: str) -> Product:
    """Return a product by its SKU.

    Raises:
        ProductError: when there is none.
    """
    found = read_one(conn, Product, f"select {columns(Product)} from core.products where sku = %s", (sku,))
    if found is None:
        raise ProductError(f"there is no product {sku[:80]!r}; `pricescope product list` shows them")
    return found


def match_by_gtin(conn: psycopg.Connection, *, source: str | None = None) -> int:
    """Link each listing whose GTIN is a product's to that product; return how many links are new or completed.

    A link that its owner rejected stays rejected.

    Args:
        source: only this marketplace's listings.
    """
    return conn.execute(
        """
        insert into core.product_sources as s (product_id, source, url, external_id, listing_id, matched_by, state)
        select p.product_id, l.source, l.url, l.external_id, min(l.listing_id), 'gtin', 'approved'
        from core.products p
        join core.listings l on lpad(l.gtin, 14, '0') = lpad(p.gtin, 14, '0')
        where p.is_active and p.gtin is not null and l.gtin ~ '^[0-9]{8,14}$'
          and (%(source)s::text is null or l.source = %(source)s)
          and not exists (select from core.product_sources known
                          where known.product_id = p.product_id and known.listing_id = l.listing_id)
        group by p.product_id, l.source, l.url, l.external_id
        on conflict (product_id, source, url) do update
        set listing_id = excluded.listing_id, external_id = coalesce(s.external_id, excluded.external_id)
        where s.listing_id is null
        """,
        {"source": source},
    ).rowcount


# %(product_id)s null: of all products.
OFFERS = f"""
    linked as (
        select ps.product_id, ps.listing_id, ps.matched_by
        from core.product_sources ps
        where ps.state = 'approved' and ps.listing_id is not null
          and (%(product_id)s::bigint is null or ps.product_id = %(product_id)s)
        union all
        select ps.product_id, wl.listing_id, ps.matched_by
        from core.product_sources ps
        join app.watch_listings wl on wl.watch_id = ps.watch_id and not wl.is_blacklisted
        where ps.state = 'approved' and (%(product_id)s::bigint is null or ps.product_id = %(product_id)s)
    ),
    priced as (
        select linked.product_id, linked.listing_id, max(linked.matched_by) as matched_by
        from linked group by linked.product_id, linked.listing_id
    ),
    shown as (
        select priced.product_id, priced.listing_id, priced.matched_by, l.source, l.title, l.url, l.price_kind,
               s.currency, s.availability, s.last_seen_at,
               coalesce(s.total_minor, s.price_minor) / {PER_MAJOR_UNIT} as price,
               s.is_active and s.availability in ('available', 'unknown') and l.price_kind in ({COMPARABLE})
                   and coalesce(s.total_minor, s.price_minor) > 0 as is_on_offer
        from priced
        join core.listings l on l.listing_id = priced.listing_id
        join core.listing_state s on s.listing_id = priced.listing_id
    ),
    rates as materialized (
        select code.currency,
               case when code.currency = %(base)s then 1
                    else {rate_to("code.currency", "%(base)s", "%(today)s::date")} end as rate
        from (select distinct currency from shown) as code
    ),
    offers as (
        select shown.*, round(shown.price * rates.rate, 4) as value
        from shown join rates on rates.currency = shown.currency
    )
"""


def current_offers(conn: psycopg.Connection, product_id: int, *, base_currency: str, today: date) -> list[ProductOffer]:
    """Return a product's offers, what can be bought first and the cheapest of it first, then the rest."""
    return read_rows(
        conn,
        ProductOffer,
        f"with {OFFERS} select {columns(ProductOffer)} from offers"
        " order by is_on_offer desc, value nulls last, listing_id",
        {"product_id": product_id, "base": base_currency, "today": today},
    )


def price_changes(conn: psycopg.Connection, days: Literal[1, 7, 30]) -> list[ProductChange]:
    """Return the products whose lowest price changed over so many days, the biggest drop first.

    Of the newest day on which the product could be bought, as cached in ``marts.product_stats``.

    Raises:
        ProductError: before dbt ever ran.
    """
    made = conn.execute("select to_regclass('marts.product_stats') is not null").fetchone()
    if made != (True,):
        raise ProductError("no statistics were made yet; they are made hourly while `pricescope up` runs")
    return read_rows(
        conn,
        ProductChange,
        f"""
        select sku, p.name, price_date, price, currency, best_source, change_{days:d}d_percent as change_percent
        from marts.product_stats join core.products p using (sku)
        where change_{days:d}d_percent <> 0
        order by change_percent, sku
        """,
    )


def list_products(conn: psycopg.Connection, *, base_currency: str, today: date) -> list[ProductSummary]:
    """Return all products by SKU, each with its cheapest offer in the base currency."""
    return read_rows(
        conn,
        ProductSummary,
        f"""
        with {OFFERS},
        best as (
            select product_id, count(*) as offers,
                   (array_agg(value order by value, listing_id) filter (where value is not null))[1] as best_value,
                   (array_agg(source order by value, listing_id) filter (where value is not null))[1] as best_source
            from offers where is_on_offer group by product_id
        ),
        counted as (
            select product_id, count(*) as links from core.product_sources where state = 'approved' group by product_id
        )
        select p.sku, p.name, p.gtin, p.brand, p.category, p.is_active, coalesce(counted.links, 0) as links,
               coalesce(best.offers, 0) as offers, best.best_value, best.best_source
        from core.products p left join best using (product_id) left join counted using (product_id)
        order by p.sku
        """,
        {"product_id": None, "base": base_currency, "today": today},
    )
