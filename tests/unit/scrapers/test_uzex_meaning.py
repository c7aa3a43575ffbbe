"""What an answer of UZEX without lots means."""

from __future__ import annotations

import pytest

from domain.page import PageMeaning
from scrapers.uzex.reading import read_page
from tests.unit.scrapers.uzex_pages import detail_url, list_url, page

_ORA = '{"status":500,"message":"ORA-01403: no data found"}'
_HTML = "<html><body><h1>Access denied</h1></body></html>"


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (500, _ORA, PageMeaning.EMPTY),
        (500, "ORA-1403", PageMeaning.EMPTY),
        (200, "[]", PageMeaning.EMPTY),
        (204, "", PageMeaning.EMPTY),
        (401, "", PageMeaning.UNAUTHORISED),
        (401, '{"message":"validation required"}', PageMeaning.UNAUTHORISED),
        (403, '{"message":"Validation header is missing"}', PageMeaning.UNAUTHORISED),
        (500, '{"status":500,"message":"Приложение : Not Valid"}', PageMeaning.UNAUTHORISED),
        (500, '{"message":"Приложение : Missing User-Agent header"}', PageMeaning.BLOCKED),
        (403, "", PageMeaning.BLOCKED),
        (403, _HTML, PageMeaning.BLOCKED),
        (200, _HTML, PageMeaning.BLOCKED),
        (0, "ConnectError: refused", PageMeaning.BLOCKED),
        (500, "{}", PageMeaning.BLOCKED),
        (502, _HTML, PageMeaning.BLOCKED),
        (429, "", PageMeaning.THROTTLED),
        (503, _HTML, PageMeaning.THROTTLED),
        (404, '{"error":"not found"}', PageMeaning.CHANGED),
        (400, "{}", PageMeaning.CHANGED),
        (200, "", PageMeaning.CHANGED),
        (200, "null", PageMeaning.CHANGED),
        (200, '{"data":{"lots":[1]}}', PageMeaning.CHANGED),
        (200, "[{", PageMeaning.CHANGED),
    ],
)
def test_a_lists_answer_without_lots_has_its_meaning(status: int, body: str, meaning: PageMeaning) -> None:
    reading = read_page(page(body, status=status))
    assert reading.meaning is meaning
    assert reading.detail
    assert (reading.lots, reading.listings) == ((), ())


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (404, "{}", PageMeaning.GONE),
        (500, _ORA, PageMeaning.EMPTY),
        (200, "[]", PageMeaning.EMPTY),
        (200, '{"js_details":[]}', PageMeaning.EMPTY),
        (200, '{"other":1}', PageMeaning.CHANGED),
    ],
)
def test_a_lots_answer_without_positions_has_its_meaning(status: int, body: str, meaning: PageMeaning) -> None:
    assert read_page(page(body, detail_url(), status)).meaning is meaning


def test_a_refusal_for_the_validation_header_says_that_it_is_not_forged() -> None:
    reading = read_page(page('{"message":"Not Valid"}', status=500))
    assert "does not forge" in reading.detail
    assert "Ask UZEX for access" in reading.detail


def test_an_array_of_unknown_origin_asks_for_its_address() -> None:
    reading = read_page(page('[{"a": 1}]', "https://example.org/"))
    assert reading.meaning is PageMeaning.CHANGED
    assert "give the one it came from" in reading.detail


def test_the_list_of_lots_is_told_by_its_path_where_nothing_was_noted() -> None:
    body = '[{"lot_id": 3, "rn": 1, "total_count": 1}]'
    (lot,) = read_page(page(body, list_url().partition("#")[0])).lots
    assert (lot.lot_type, lot.status) == ("auction", "completed")
