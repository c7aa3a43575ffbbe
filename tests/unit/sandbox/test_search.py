from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.locales import COUNTRIES
from sandbox.market import Market
from sandbox.prices import convert
from sandbox.search import SearchIndex, SearchRequest, search

START = datetime(2026, 9, 1, tzinfo=UTC)
AT = START + timedelta(days=30)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(seed=11, start=START)


@pytest.mark.parametrize("query", ["levi's 501", "LEVIS 501", "levi\u2019s 501", "501 levis"])
def test_apostrophes_case_and_order_of_words_do_not_matter(query: str) -> None:
    index = SearchIndex()
    index.add("Jean Levi's 501 bleu", None)
    index.add("501 Original", "Levi's")
    index.add("Levi's 511", "Levi's")
    assert list(index.newest_first(query, 3)) == [1, 0]


@pytest.mark.parametrize("title", ["Sony WH-1000XM4", "sony wh1000xm4 noir", "SONY WH 1000XM4"])
def test_a_model_is_found_however_it_is_spelt(title: str) -> None:
    index = SearchIndex()
    index.add(title, None)
    assert list(index.newest_first("sony wh-1000xm4", 1)) == [0]
    assert list(index.newest_first("sony wh-1000xm5", 1)) == []


def test_every_word_must_be_there(market: Market) -> None:
    assert market.matching("barbour", AT)
    assert not market.matching("barbour rtx", AT)


def test_newest_first_is_the_order_of_publication_not_of_ids(market: Market) -> None:
    request = SearchRequest(text="nike", order="newest_first")
    items = search(market, request, COUNTRIES["fr"], AT).items
    published = [item.published_at for item in items]
    assert published == sorted(published, reverse=True)
    ids = [item.item_id for item in items]
    assert ids != sorted(ids, reverse=True)


def test_prices_filter_and_sort_in_the_currency_of_the_site(market: Market) -> None:
    country, moment = COUNTRIES["pl"], int(AT.timestamp())
    request = SearchRequest(text="", order="price_low_to_high", price_from=20000, price_to=30000)
    result = search(market, request, country, AT)
    amounts = [convert(item.price_at(moment), item.currency, "PLN") for item in result.items]
    assert amounts == sorted(amounts)
    assert all(20000 <= amount <= 30000 for amount in amounts)
    assert 0 < result.found < search(market, SearchRequest(), country, AT).found


def test_relevance_is_another_draw_a_minute_later(market: Market) -> None:
    def ids(at: datetime) -> list[int]:
        return [item.item_id for item in search(market, SearchRequest(text=""), COUNTRIES["fr"], at).items]

    assert ids(AT) == ids(AT)
    assert ids(AT) != ids(AT + timedelta(minutes=1))


def test_pages_cover_the_search_without_gap_or_repeat(market: Market) -> None:
    pages = [
        search(market, SearchRequest(order="newest_first", page=page, per_page=50), COUNTRIES["fr"], AT)
        for page in range(1, 60)
    ]
    ids = [item.item_id for page in pages for item in page.items]
    assert len(ids) == len(set(ids)) == pages[0].found
