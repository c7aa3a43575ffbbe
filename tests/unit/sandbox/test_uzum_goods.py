"""Uzum's look-alike sells the same things whenever it is asked, and moves their prices over days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from domain.gtin import valid_gtin
from sandbox.uzum.cards import barcode, body, card
from sandbox.uzum.goods import DEFAULT_LAST_ID, Missing, missing, product

AT = datetime(2026, 9, 20, 12, 0, tzinfo=UTC)
IDS = range(1, 4001)


def test_a_quarter_of_the_ids_is_missing_in_all_four_ways() -> None:
    ways = Counter(missing(number) for number in IDS)
    assert 0.22 < 1 - ways[None] / len(IDS) < 0.28
    assert all(ways[way] > 100 for way in Missing)


def test_ids_go_beyond_1300000_and_end() -> None:
    assert any(missing(number) is None for number in range(1_300_000, 1_300_020))
    assert missing(DEFAULT_LAST_ID + 1) is Missing.NOT_FOUND
    assert missing(0) is Missing.NOT_FOUND
    assert missing(50, last_id=49) is Missing.NOT_FOUND


def test_a_product_is_a_function_of_seed_id_and_time() -> None:
    for number in (1, 77, 1_299_999):
        whole = body(card(product(7, number, AT), AT, russian=True), AT)
        assert whole == body(card(product(7, number, AT), AT, russian=True), AT)
        assert product(8, number, AT) != product(7, number, AT)
        assert product(7, number, AT).skus[0].sku_id == product(7, number, AT + timedelta(days=90)).skus[0].sku_id


def test_variants_have_prices_of_their_own_that_move_over_days() -> None:
    some = [product(7, number, AT) for number in IDS]
    assert sum(len(one.skus) > 1 for one in some) > len(some) // 2
    assert sum(len({sku.price for sku in one.skus}) > 1 for one in some) > len(some) // 2
    later = [product(7, number, AT + timedelta(days=30)) for number in IDS]
    pairs = [(a, b) for old, new in zip(some, later, strict=True) for a, b in zip(old.skus, new.skus, strict=True)]
    assert sum(a.price != b.price for a, b in pairs) > len(pairs) // 2
    tomorrow = [product(7, number, AT + timedelta(days=1)) for number in IDS]
    soon = [
        a.price != b.price for x, y in zip(some, tomorrow, strict=True) for a, b in zip(x.skus, y.skus, strict=True)
    ]
    assert 0 < sum(soon) < len(soon) // 2
    assert all(1_000 < sku.price < 5_000_000 for one in some for sku in one.skus)
    assert 0.05 < sum(sku.amount == 0 for sku, _ in pairs) / len(pairs) < 0.25


def test_barcodes_have_their_check_digit_and_some_are_a_makers() -> None:
    for number in IDS[:200]:
        one = product(7, number, AT)
        digits = str(barcode(one, one.skus[0]))
        assert valid_gtin(digits) == digits
        assert digits.startswith("478") is (number % 5 == 0)
