"""What a listing costs moves from its wide row to the narrow one; ``core.listings`` becomes a view of both.

Revision: 0011, after 0010. Frozen: later changes are revisions of their own.

Every step is one statement over the whole table or touches the catalogue alone. Views that others made of
``core.listings`` (dbt's, a dashboard's) keep their names, their columns and who may read them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MONEY = sa.Numeric(18, 4)
_VIEW = """
create view core.listings as
select d.listing_id, d.source, d.external_id, d.url, d.title, d.description, d.brand, d.size, d.color, d.category,
       d.condition, d.condition_label, d.condition_source_id, s.price, s.currency, s.fee, s.total_price,
       s.original_price, s.original_currency, d.image_urls, d.seller_id, d.listed_at, d.first_seen_at,
       s.last_changed_at, s.shown_page_id as last_page_id, d.carried, d.price_kind, s.list_price, s.shipping_price,
       d.sku, d.gtin, d.group_id, d.country, d.ends_at, d.attributes, d.kind, d.kind_reason, d.kind_version
from core.listing_details d
left join core.listing_state s on s.listing_id = d.listing_id
"""


def upgrade() -> None:
    dependents = _dependents()
    _rename("listings", "listing_details")
    for column in _moved():
        op.add_column("listing_state", column, schema="core")
    op.execute(
        """
        update core.listing_state s
        set shown_page_id = d.last_page_id, last_changed_at = d.last_changed_at, price = d.price,
            currency = d.currency, fee = d.fee, total_price = d.total_price, original_price = d.original_price,
            original_currency = d.original_currency, list_price = d.list_price, shipping_price = d.shipping_price
        from core.listing_details d where d.listing_id = s.listing_id
        """
    )
    for name in ("shown_page_id", "last_changed_at", "price"):
        op.alter_column("listing_state", name, nullable=False, schema="core")
    op.create_check_constraint(
        op.f("ck_listing_state_price_not_negative"), "listing_state", "price >= 0", schema="core"
    )
    op.create_check_constraint(
        op.f("ck_listing_state_currency_iso"), "listing_state", "currency ~ '^[A-Z]{3}$'", schema="core"
    )
    op.alter_column("listing_state", "has_carried", comment="core.listing_details.carried is not empty", schema="core")
    op.execute(_VIEW)
    op.execute("comment on view core.listings is 'a thing for sale, as last read: its details and what it costs'")
    _repoint(dependents)
    # Their constraints and the index of condition and price go with them; condition and listed_at has one still.
    for name in (
        *("price", "currency", "fee", "total_price", "original_price", "original_currency", "last_changed_at"),
        *("last_page_id", "list_price", "shipping_price"),
    ):
        op.drop_column("listing_details", name, schema="core")


def downgrade() -> None:
    dependents = _dependents()
    added: list[sa.Column[Any]] = [
        sa.Column("price", _MONEY),
        sa.Column("currency", sa.Text()),
        sa.Column("last_page_id", sa.BigInteger(), comment="raw page of the values shown here"),
        *(column for column in _moved() if column.name not in {"price", "shown_page_id"}),
    ]
    for column in added:
        op.add_column("listing_details", column, schema="core")
    op.execute(
        """
        update core.listing_details d
        set last_page_id = s.shown_page_id, last_changed_at = s.last_changed_at, price = s.price,
            currency = s.currency, fee = s.fee, total_price = s.total_price, original_price = s.original_price,
            original_currency = s.original_currency, list_price = s.list_price, shipping_price = s.shipping_price
        from core.listing_state s where s.listing_id = d.listing_id
        """
    )
    for name in ("price", "currency", "last_changed_at", "last_page_id"):
        op.alter_column("listing_details", name, nullable=False, schema="core")
    op.execute("alter view core.listings rename to listings_gone")
    _rename("listing_details", "listings")
    op.create_check_constraint(op.f("ck_listings_price_not_negative"), "listings", "price >= 0", schema="core")
    op.create_check_constraint(op.f("ck_listings_currency_iso"), "listings", "currency ~ '^[A-Z]{3}$'", schema="core")
    op.create_index("ix_listings_condition_price", "listings", ["condition", "price"], schema="core")
    _repoint(dependents)
    op.execute("drop view core.listings_gone")
    op.alter_column("listing_state", "has_carried", comment="core.listings.carried is not empty", schema="core")
    op.drop_constraint(op.f("ck_listing_state_currency_iso"), "listing_state", schema="core")
    for column in _moved():
        op.drop_column("listing_state", column.name, schema="core")


def _moved() -> list[sa.Column[Any]]:
    return [
        sa.Column("shown_page_id", sa.BigInteger(), comment="raw page of the newest change to what is shown"),
        sa.Column("last_changed_at", sa.DateTime(timezone=True)),
        sa.Column("price", _MONEY),
        sa.Column("fee", _MONEY),
        sa.Column("total_price", _MONEY, comment="what the buyer pays, fees included, shipping not"),
        sa.Column("original_price", _MONEY),
        sa.Column("original_currency", sa.Text()),
        sa.Column("list_price", _MONEY, comment="struck through or recommended, same currency"),
        sa.Column("shipping_price", _MONEY, comment="cheapest delivery; 0 is free, null is unknown"),
    ]


def _dependents() -> list[tuple[str, str]]:
    """Return the views that read core.listings, each with its query as it is now."""
    found = op.get_bind().execute(
        sa.text(
            """
            select distinct r.ev_class::regclass::text, pg_get_viewdef(r.ev_class)
            from pg_depend p
            join pg_rewrite r on p.classid = 'pg_rewrite'::regclass and p.objid = r.oid
            join pg_class c on c.oid = r.ev_class and c.relkind = 'v'
            where p.refclassid = 'pg_class'::regclass and p.refobjid = 'core.listings'::regclass
              and r.ev_class <> p.refobjid
            order by 1
            """
        )
    )
    return [(str(name), str(query)) for name, query in found]


def _repoint(dependents: list[tuple[str, str]]) -> None:
    """Let the views read what is called core.listings now."""
    for name, query in dependents:
        op.get_bind().exec_driver_sql(f"create or replace view {name} as {query}".replace("%", "%%"))


def _rename(old: str, new: str) -> None:
    """Rename the table and all that is called after it: sequence, indexes, constraints, and what points to it."""
    op.execute(f"alter table core.{old} rename to {new}")
    op.execute(f"alter sequence core.{old}_listing_id_seq rename to {new}_listing_id_seq")
    op.execute(
        f"""
        do $$
        declare one record;
        begin
            for one in
                select conrelid::regclass as on_table, conname,
                       regexp_replace(conname, '_{old}(_|$)', '_{new}\\1') as name
                from pg_constraint
                where conrelid = 'core.{new}'::regclass and conname ~ '_{old}(_|$)'
                union all
                select conrelid::regclass, conname, regexp_replace(conname, '_{old}$', '_{new}')
                from pg_constraint
                where confrelid = 'core.{new}'::regclass and conname ~ '_{old}$'
            loop
                execute format('alter table %s rename constraint %I to %I', one.on_table, one.conname, one.name);
            end loop;
            for one in
                select c.oid::regclass as index, regexp_replace(c.relname, '_{old}_', '_{new}_') as name
                from pg_index i join pg_class c on c.oid = i.indexrelid
                where i.indrelid = 'core.{new}'::regclass and c.relname ~ '_{old}_'
            loop
                execute format('alter index %s rename to %I', one.index, one.name);
            end loop;
        end $$
        """
    )
