"""Working one step ahead: order, and errors at their turn."""

from __future__ import annotations

import pytest

from warehouse.ahead import ahead, give_way


def test_items_come_in_order_with_what_was_made_of_them() -> None:
    assert list(ahead(lambda number: number * 2, range(5))) == [(n, n * 2) for n in range(5)]
    assert list(ahead(lambda number: number, [])) == []


def test_an_error_is_raised_at_the_turn_of_its_item() -> None:
    done = ahead(lambda number: 6 // number, [3, 0, 2])
    assert next(done) == (3, 2)
    with pytest.raises(ZeroDivisionError):
        next(done)


def test_giving_way_leaves_no_item_out() -> None:
    assert list(give_way(range(100))) == list(range(100))
