"""What the open data holds: which tables, which of their columns, in which order and partitions.

Belongs here: the tables' queries, and what is left out for the sake of people. Does not: writing files (see open_data).

Left out: seller logins and links, free texts and pictures by sellers, bodies of pages, whom a message went to and what
it said, names and numbers of suppliers (they may be persons). A column that a later version adds to a table here stays
inside until it is named; a test asks for the decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import psycopg
from psycopg import sql

from warehouse.partitions import next_month

MARTS = "marts"
# Columns of marts that may name a person. Our own tables name what goes out; dbt's are told by the database.
_PERSONAL = re.compile(r"(^|_)(login|owner|e?mail|phone)($|_)|^(seller|provider)_(name|link|url)$|^provider_id$")
_DAYS = {"date", "timestamp with time zone"}


@dataclass(frozen=True, slots=True)
class OpenTable:
    """One table of the open data; the texts are SQL of ours, never of a user.

    Attributes:
        name: its folder is ``table=<name>``.
        columns: the columns as they are called in the files.
        origin: what follows ``from``.
        order: what the rows of a partition are sorted by; no two rows are equal in it.
        source: the marketplace that partitions it; empty: none does.
        time: the moment or day whose UTC month partitions it; empty: it is written whole.
        behind: our tables that it shows, each with its columns that do not go out.
        is_replaced: dbt may put a new table in its place at any time.
    """

    name: str
    columns: str
    origin: str
    order: str
    source: str = ""
    time: str = ""
    behind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_replaced: bool = False

    def query(self, month: date | None) -> sql.SQL:
        """Return the rows of the UTC month that begins on this day, or all; ``source`` leads where there is one."""
        select, order = self.columns, self.order
        if self.source:
            known = f"coalesce({self.source}, 'none')"
            select, order = f"{known} as source, {select}", f'{known} collate "C", {order}'
        where = "" if month is None else f" where {self.time} >= '{month}' and {self.time} < '{next_month(month)}'"
        return sql.SQL(f"select {select} from {self.origin}{where} order by {order}")

    def months(self, conn: psycopg.Connection) -> list[date | None]:
        """Return every month from the first row to the last, or None alone for a table that is written whole.

        The session must be in UTC (``parquet.export_session``).
        """
        if not self.time:
            return [None]
        bounds = conn.execute(
            sql.SQL(f"select min({self.time})::date, max({self.time})::date from {self.origin}")
        ).fetchone()
        if bounds is None or bounds[0] is None:
            return []
        months: list[date | None] = []
        month = bounds[0].replace(day=1)
        while month <= bounds[1]:
            months.append(month)
            month = next_month(month)
        return months


OWN_TABLES = (
    OpenTable(
        name="price_history",
        # The address of a listing may pass before its history: with its id at the source, a row explains itself.
        columns="h.listing_id, l.external_id, h.observed_at, h.price_minor, h.total_minor, h.currency, h.availability",
        origin="core.price_history h left join core.listings l using (listing_id)",
        source="l.source",
        time="h.observed_at",
        order="h.listing_id, h.observed_at",
        behind={"core.price_history": ()},
    ),
    OpenTable(
        name="price_history_months",
        columns="h.listing_id, l.external_id, h.days, h.checks",
        origin="core.price_history_months h left join core.listings l using (listing_id)",
        source="l.source",
        time="h.month",
        order="h.listing_id",
        # It is in the path.
        behind={"core.price_history_months": ("month",)},
    ),
    OpenTable(
        name="listings",
        columns=(
            "l.listing_id, l.external_id, l.url, l.title, l.brand, l.size, l.color, l.category, l.condition,"
            " l.condition_label, l.condition_source_id, l.price, l.currency, l.fee, l.total_price, l.original_price,"
            " l.original_currency, l.seller_id, l.listed_at, l.first_seen_at, l.last_changed_at, l.last_page_id,"
            " l.carried, l.price_kind, l.kind, l.kind_version, l.list_price, l.shipping_price, l.sku, l.gtin,"
            " l.group_id, l.country, l.ends_at, (select coalesce(jsonb_object_agg(name, value), '{}')"
            " from jsonb_each(l.attributes) a (name, value) where name not like 'seller%') as attributes,"
            " s.availability, s.quantity, s.favourite_count, s.view_count, s.is_active, s.checks, s.price_changed_at,"
            " s.last_seen_at"
        ),
        origin="core.listings l left join core.listing_state s using (listing_id)",
        source="l.source",
        time="l.first_seen_at",
        order="l.listing_id",
        behind={
            "core.listing_details": ("description", "image_urls", "kind_reason"),
            "core.listing_state": (
                "content_hash",
                "price_minor",
                "total_minor",
                "currency",
                "last_page_id",
                "has_carried",
                # As last_page_id in the view.
                "shown_page_id",
            ),
        },
    ),
    OpenTable(
        name="pages",
        columns=(
            "p.page_id, p.fetched_at, p.day, p.watch_id, p.url, p.page_number, p.status, p.content_type,"
            " p.duration_ms, p.origin, p.run_id, p.sha256, p.body_bytes"
        ),
        origin="raw.pages p",
        source="p.source",
        time="p.fetched_at",
        order="p.fetched_at, p.page_id",
        behind={"raw.pages": ("body",)},
    ),
    OpenTable(
        name="page_readings",
        columns=(
            "r.page_id, r.fetched_at, r.day, r.parser_version, r.meaning, r.records, r.new_items, r.changed_items,"
            " r.unchanged_items, r.quarantined, r.unpriced, r.listing_ids, r.thin_ids, r.unpriced_ids,"
            " r.read_at"
        ),
        origin="ops.page_readings r",
        source="r.source",
        time="r.fetched_at",
        order="r.fetched_at, r.page_id",
        behind={"ops.page_readings": ("detail",)},
    ),
    OpenTable(
        name="deals",
        columns=(
            "d.deal_id, d.watch_id, d.listing_id, d.rule, d.total_minor, d.price, d.currency, d.expected, d.difference,"
            " d.discount_percent, d.sigma_below, d.n_comparables, d.evidence, d.is_initial, d.page_id, d.run_id,"
            " d.created_at"
        ),
        origin="app.deals d left join core.listings l using (listing_id)",
        source="l.source",
        time="d.created_at",
        order="d.listing_id, d.created_at, d.deal_id",
        behind={"app.deals": ()},
    ),
    OpenTable(
        name="notifications",
        columns=(
            "n.notification_id, n.kind, n.deal_id, n.watch_id, n.channel, n.state, n.attempts, n.created_at, n.sent_at"
        ),
        origin=(
            "app.notifications n left join app.deals d using (deal_id) left join core.listings l using (listing_id)"
            " left join app.watches w on w.watch_id = n.watch_id"
        ),
        source="coalesce(l.source, w.source)",
        time="n.created_at",
        order="n.created_at, n.notification_id",
        behind={"app.notifications": ("idempotency_key", "payload", "next_attempt_at", "last_error")},
    ),
    OpenTable(
        name="price_events",
        columns=(
            "e.price_event_id, e.price_rule_id, e.product_id, e.kind, e.listing_id, e.page_id, e.value,"
            " e.base_currency, e.price, e.currency, e.against, e.change_percent, e.reason, e.notification_ids,"
            " e.run_id, e.created_at"
        ),
        origin="app.price_events e left join core.listings l using (listing_id)",
        source="l.source",
        time="e.created_at",
        order="e.created_at, e.price_event_id",
        behind={"app.price_events": ()},
    ),
    OpenTable(
        name="fx_rates",
        columns="f.day, f.currency, f.base_currency, f.rate, f.provider",
        origin="core.fx_rates f",
        time="f.day",
        order='f.day, f.currency collate "C", f.base_currency collate "C"',
        behind={"core.fx_rates": ()},
    ),
    OpenTable(
        name="products",
        columns=("p.product_id, p.sku, p.name, p.gtin, p.brand, p.category, p.is_active, p.created_at, p.updated_at"),
        origin="core.products p",
        order="p.product_id",
        behind={"core.products": ()},
    ),
    OpenTable(
        name="product_sources",
        columns=(
            "s.product_source_id, s.product_id, s.url, s.external_id, s.listing_id, s.watch_id, s.matched_by, s.state,"
            " s.created_at"
        ),
        origin="core.product_sources s",
        source="s.source",
        order="s.product_id, s.product_source_id",
        behind={"core.product_sources": ()},
    ),
    OpenTable(
        name="lots",
        columns=(
            "l.lot_id, l.external_id, l.lot_type, l.status, l.url, l.title, l.display_number, l.category, l.region,"
            " l.customer_id, l.customer_name, l.start_price, l.deal_price, l.currency, l.bidders, l.is_budget,"
            " l.starts_at, l.ends_at, l.deal_at, l.first_seen_at, l.last_seen_at, l.last_page_id"
        ),
        origin="core.lots l",
        source="l.source",
        time="l.first_seen_at",
        order="l.lot_id",
        behind={"core.lots": ("provider_id", "provider_name")},
    ),
    OpenTable(
        name="lot_items",
        columns=(
            "i.lot_id, i.number, i.name, i.description, i.quantity, i.unit, i.unit_price, i.cost, i.currency,"
            " i.country, i.attributes"
        ),
        origin="core.lot_items i join core.lots l using (lot_id)",
        source="l.source",
        time="l.first_seen_at",
        order="i.lot_id, i.number",
        behind={"core.lot_items": ()},
    ),
)


def open_tables(conn: psycopg.Connection) -> tuple[OpenTable, ...]:
    """Return the tables of the open data: ours, then dbt's marts as they are in this database."""
    return (*OWN_TABLES, *_marts(conn))


def _marts(conn: psycopg.Connection) -> list[OpenTable]:
    rows = conn.execute(
        """
        select c.relname, a.attname, format_type(a.atttypid, null),
               -- Without the columns that a covering key merely carries.
               array_position((i.indkey::smallint[])[0:i.indnkeyatts - 1], a.attnum)
        from pg_class c
        join pg_namespace s on s.oid = c.relnamespace and s.nspname = %s
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_index i on i.indrelid = c.oid and i.indisprimary
        where c.relkind in ('r', 'p', 'v') and not c.relispartition and c.relname not like '%%\\_\\_dbt\\_%%'
        order by c.relname collate "C", a.attnum
        """,
        (MARTS,),
    ).fetchall()
    found: dict[str, list[tuple[str, str, int | None]]] = {}
    for table, column, kind, place in rows:
        if not _PERSONAL.search(column):
            found.setdefault(table, []).append((column, kind, place))
    return [_mart(name, columns) for name, columns in found.items()]


def _mart(name: str, columns: list[tuple[str, str, int | None]]) -> OpenTable:
    key = sorted((place, column, kind) for column, kind, place in columns if place is not None)
    days = [column for _, column, kind in key if kind in _DAYS]
    # Text is compared by its bytes, whatever the server's language.
    order = [f'{_quoted(column)} collate "C"' if kind == "text" else _quoted(column) for _, column, kind in key]
    return OpenTable(
        name=f"{MARTS}.{name}",
        columns=", ".join(_quoted(column) for column, _, _ in columns),
        origin=f"{MARTS}.{_quoted(name)}",
        time=_quoted(days[0]) if days else "",
        order=", ".join(order) if order else f'{_quoted(name)}::text collate "C"',
        is_replaced=True,
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
