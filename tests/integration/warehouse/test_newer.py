"""Known listings that a newer page shows otherwise: what is written of them, and that it is the same by either lane."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller
from domain.price_kind import PriceKind
from tests.integration.warehouse.samples import START, listing, page, store_and_load
from warehouse.digest import table_digests
from warehouse.listing_rows import DETAIL_COLUMNS

pytestmark = pytest.mark.integration


def _writes(conn: psycopg.Connection, table: str) -> tuple[int, int]:
    """Return how many rows this transaction updated, and how many of them beside their old version (HOT)."""
    row = conn.execute(
        "select pg_stat_get_xact_tuples_updated(%(t)s::regclass), pg_stat_get_xact_tuples_hot_updated(%(t)s::regclass)",
        {"t": table},
    ).fetchone()
    return (0, 0) if row is None else (row[0], row[1])


def test_a_new_price_leaves_the_wide_row_and_every_index_alone(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(n) for n in range(40)])
    with conn.transaction():
        result = store_and_load(conn, page(5), [listing(n, "19.00") for n in range(40)])
        assert result.changed == 40
        assert _writes(conn, "core.listing_details") == (0, 0)
        assert _writes(conn, "core.listing_state") == (40, 40)
    shown = conn.execute(
        "select distinct l.price, l.total_price, l.last_changed_at, s.price_minor, l.last_page_id = s.last_page_id"
        " from core.listings l join core.listing_state s using (listing_id)"
    ).fetchall()
    assert shown == [(Decimal("19.0000"), Decimal("20.7000"), START + timedelta(minutes=5), 1900, True)]


_OTHERWISE: dict[str, Any] = {
    "url": "https://www.vinted.fr/items/other",
    "title": "Another coat",
    "description": "cold",
    "brand": "Cos",
    "size": "L",
    "color": "red",
    "category": "coats",
    "condition": Condition.GOOD,
    "condition_label": "Bon état",
    "condition_source_id": "6",
    "image_urls": ("https://images.example/other.webp",),
    "listed_at": START - timedelta(days=1),
    "price_kind": PriceKind.FROM,
    "sku": "S1",
    "gtin": "4006381333931",
    "group_id": "G1",
    "country": "PL",
    "ends_at": START + timedelta(days=9),
    "attributes": {"ram": "8 GB"},
}


@pytest.mark.parametrize("name", list(_OTHERWISE))
def test_a_detail_that_changes_beside_the_price_is_shown(name: str, conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1)])
    store_and_load(conn, page(5), [listing(1, "19.00", **{name: _OTHERWISE[name]})])
    row = conn.execute(f"select {name}, price from core.listings").fetchone()
    expected = list(_OTHERWISE[name]) if name == "image_urls" else _OTHERWISE[name]
    assert row == (expected, 19)


def test_every_detail_that_a_page_can_tell_is_tried_above() -> None:
    kept = {"listing_id", "source", "external_id", "first_seen_at", "seller_id", "carried"}
    kept |= {"kind", "kind_reason", "kind_version"}
    assert set(DETAIL_COLUMNS.split(", ")) - kept == _OTHERWISE.keys()


def test_a_seller_that_changes_beside_the_price_is_shown(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1)])
    store_and_load(conn, page(5), [listing(1, "19.00", seller=Seller(external_id="77", login="new"))])
    found = conn.execute("select s.login from core.listings join core.sellers s using (seller_id)").fetchall()
    assert found == [("new",)]


def test_photos_signed_anew_are_no_reason_to_write_the_details(conn: psycopg.Connection) -> None:
    store_and_load(conn, page(), [listing(1, image_urls=("https://images.example/1.webp?s=abc",))])
    with conn.transaction():
        store_and_load(conn, page(5), [listing(1, "19.00", image_urls=("https://images.example/1.webp?s=def",))])
        assert _writes(conn, "core.listing_details") == (0, 0)
    store_and_load(conn, page(9), [listing(1, "18.00", image_urls=("https://images.example/2.webp?s=def",))])
    assert conn.execute("select image_urls from core.listings").fetchone() == (["https://images.example/2.webp?s=def"],)


_shown = st.fixed_dictionaries(
    {"price": st.sampled_from(["20.00", "21.00", "2000.00"])},
    optional={
        # A page that leaves out the total, as Vinted's item pages do, leaves out the fee as well.
        "thin": st.just(True),
        "description": st.sampled_from([None, "cold"]),
        "title": st.just("Another coat"),
        "color": st.just("red"),
        "currency": st.sampled_from(["EUR", "PLN"]),
        "original_price": st.sampled_from([None, Decimal(30)]),
        "list_price": st.sampled_from([None, Decimal(40)]),
        "shipping_price": st.sampled_from([None, Decimal(3)]),
        "availability": st.sampled_from([Availability.AVAILABLE, Availability.SOLD]),
        "quantity": st.integers(0, 3),
        "favourite_count": st.sampled_from([None, 9]),
        "seller": st.none(),
        "attributes": st.sampled_from([{}, {"ram": "8 GB"}]),
        "image_urls": st.sampled_from([(), ("https://images.example/9.webp?s=1",)]),
    },
)


def _listing(shown: dict[str, Any]) -> Listing:
    fields = {name: value for name, value in shown.items() if name not in {"price", "thin"}}
    if shown.get("thin"):
        fields |= {"total_price": None, "fee": None}
    if fields.get("original_price") is not None:
        fields["original_currency"] = "GBP"
    return listing(1, shown["price"], **fields)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(st.tuples(st.integers(1, 3000), _shown), min_size=1, max_size=5))
def test_arrays_and_staging_write_the_same(conn: psycopg.Connection, script: list[tuple[int, dict[str, Any]]]) -> None:
    ended = []
    # Shown twice on its page, a record takes the way of those that need a closer look.
    for times in (1, 2):
        with conn.transaction(force_rollback=True):
            minute = 0
            for after, shown in script:
                minute += after
                store_and_load(conn, page(minute), [_listing(shown)] * times)
            digests = table_digests(conn)
            ended.append({name: digest for name, digest in digests.items() if name != "ops.page_readings"})
            rows = conn.execute(
                "select to_jsonb(s) - 'listing_id' - 'last_page_id' - 'shown_page_id' from core.listing_state s"
            ).fetchall()
            ended[-1]["times"] = str(rows)
    assert ended[0] == ended[1]
