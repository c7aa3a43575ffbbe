"""Working one step ahead: order, errors at their turn, and the interpreter as it was before."""

from __future__ import annotations

import sys

import pytest

from warehouse.ahead import ahead


def test_items_come_in_order_with_what_was_made_of_them() -> None:
    assert list(ahead(lambda number: number * 2, range(5))) == [(n, n * 2) for n in range(5)]
    assert list(ahead(lambda number: number, [])) == []


def test_an_error_is_raised_at_the_turn_of_its_item() -> None:
    done = ahead(lambda number: 6 // number, [3, 0, 2])
    assert next(done) == (3, 2)
    with pytest.raises(ZeroDivisionError):
        next(done)


def test_threads_switch_as_before_once_the_last_of_several_is_done() -> None:
    usual = sys.getswitchinterval()
    first, second = ahead(abs, [1, 2]), ahead(abs, [1, 2])
    next(first)
    assert sys.getswitchinterval() < usual
    next(second)
    first.close()
    assert sys.getswitchinterval() < usual
    second.close()
    assert sys.getswitchinterval() == usual
