"""Meanings come from structure: the words of refusals stand in every normal page."""

from __future__ import annotations

import pytest

from domain.page import PageMeaning
from scrapers.vinted.reading import read_page
from tests.unit.scrapers import pages

_WALL = (
    b"<!DOCTYPE html><html><head><title>vinted.fr</title></head><body><p id='x'>Please enable JS</p><script>"
    b"var dd={'rt':'c','cid':'abc','hsh':'DEF','t':'bv','host':'geo.captcha-delivery.com'}</script>"
    b"<script src='https://ct.captcha-delivery.com/c.js'></script></body></html>"
)
_CLOUDFLARE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><form id='challenge-form'></form>"
    b"<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script></body></html>"
)
_DICTIONARY = b'{"web_datadome_script":true,"catalog.empty_state.title":"Sorry, geen resultaten"}'
_EMPTY = (
    b'<!DOCTYPE html><html><body><script id="__NEXT_DATA__" type="application/json">'
    + _DICTIONARY
    + b'</script><div class="feed-grid"></div></body></html>'
)
_ITEM = "https://www.vinted.nl/items/123-a"
_SEARCH = "https://www.vinted.nl/catalog?search_text=a"


@pytest.mark.parametrize(
    ("body", "url", "status", "meaning"),
    [
        (_WALL, _SEARCH, 403, PageMeaning.BLOCKED),
        (_WALL, _SEARCH, 200, PageMeaning.BLOCKED),
        (_WALL, _ITEM, 200, PageMeaning.BLOCKED),
        (_CLOUDFLARE, _SEARCH, 200, PageMeaning.BLOCKED),
        (_CLOUDFLARE, _SEARCH, 503, PageMeaning.THROTTLED),
        (b'{"url":"https://geo.captcha-delivery.com/captcha/?initialCid=x"}', _SEARCH, 403, PageMeaning.BLOCKED),
        (b'<html><body><form><input type="password"></form></body></html>', _SEARCH, 200, PageMeaning.BLOCKED),
        (b"<html><body><script>start()</script></body></html>", _SEARCH, 200, PageMeaning.BLOCKED),
        (_EMPTY, _SEARCH, 200, PageMeaning.EMPTY),
        (_EMPTY[:-20], _SEARCH, 200, PageMeaning.CHANGED),
        (_EMPTY, _ITEM, 200, PageMeaning.GONE),
        (b"<html><body>404</body></html>", _ITEM, 404, PageMeaning.GONE),
        (b"<html><body><h1>Hello</h1></body></html>", _SEARCH, 200, PageMeaning.CHANGED),
        (b'{"data":{"products":[]},"version":3}', _SEARCH, 200, PageMeaning.CHANGED),
        (b'{"items":{"0":{}}}', _SEARCH, 200, PageMeaning.CHANGED),
        (b'{"code":"INVALID_REQUEST","message_code":"INVALID_REQUEST"}', _SEARCH, 400, PageMeaning.CHANGED),
        (b'{"code":106,"message":"x"}', _SEARCH, 200, PageMeaning.BLOCKED),
        (b'{"code":100,"message":"x"}', _SEARCH, 200, PageMeaning.UNAUTHORISED),
        (b'{"code":true,"message":"x"}', _SEARCH, 401, PageMeaning.UNAUTHORISED),
        (b"", _SEARCH, 401, PageMeaning.UNAUTHORISED),
        (b"", _SEARCH, 200, PageMeaning.CHANGED),
        (b"Forbidden", _SEARCH, 403, PageMeaning.BLOCKED),
        (b"{}", _SEARCH, 429, PageMeaning.THROTTLED),
        (b"<html>502</html>", _SEARCH, 502, PageMeaning.BLOCKED),
        (b"ConnectError: refused", _SEARCH, 0, PageMeaning.BLOCKED),
    ],
)  # fmt: skip
def test_a_page_means_what_its_structure_says(body: bytes, url: str, status: int, meaning: PageMeaning):
    reading = pages.read(body, url=url, status=status)
    assert reading.meaning is meaning
    assert reading.detail


def test_the_words_of_a_wall_in_a_normal_page_are_no_refusal():
    raw = pages.recorded(pages.CATALOG_HTML)
    assert b"datadome" in raw.body
    assert read_page(raw).meaning is PageMeaning.OK


def test_an_item_page_with_suggestions_but_no_product_block_is_gone():
    raw = pages.recorded(pages.CATALOG_HTML)
    assert pages.read(raw.body, url=_ITEM).meaning is PageMeaning.GONE


def test_a_cut_off_item_page_is_not_taken_for_a_sold_one():
    body = b"<html><head><title>x</title></head><body><div>half of a pa"
    assert pages.read(body, url=_ITEM).meaning is PageMeaning.CHANGED


def test_a_row_without_an_id_is_rejected_and_the_others_stay():
    body = pages.recorded(pages.CATALOG_HTML).body.replace(b"product-item-id-9921776649", b"product-item-id-")
    reading = pages.read(body, url=_SEARCH)
    assert [listing.external_id for listing in reading.listings] == ["9903695264", "7881532373"]
    assert len(reading.rejected) == 1
