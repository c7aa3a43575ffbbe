"""Answers put into one stored page come out as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.page import PageMeaning, RawPage
from scrapers.bundle import BundleError, bundle_of, combined, pages_of, read_bundle
from tests.unit.scrapers.uzum_samples import ADDRESS, NOON, answer, data, sku, source

_PAGES = st.lists(
    st.builds(
        RawPage,
        source=st.just("uzum"),
        url=st.text(max_size=40),
        status=st.integers(0, 599),
        content_type=st.text(max_size=20),
        body=st.binary(max_size=200),
        fetched_at=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is beside it
        duration_ms=st.none() | st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=8,
)


def page(body: bytes, number: int = 0, status: int = 200) -> RawPage:
    return RawPage(
        source="uzum",
        url=f"{ADDRESS}{number}",
        status=status,
        content_type="application/json",
        body=body,
        fetched_at=NOON + timedelta(seconds=number),
    )


@given(pages=_PAGES)
def test_every_answer_comes_out_byte_for_byte(pages: list[RawPage]) -> None:
    bundle = bundle_of(pages, "https://api.uzum.uz/api/v2/product/1-8")
    assert list(pages_of(bundle)) == pages
    assert bundle.fetched_at == max(one.fetched_at for one in pages)


@given(pages=_PAGES, cut=st.integers(1, 400))
def test_a_bundle_that_is_cut_off_says_so_and_never_raises_out_of_reading(pages: list[RawPage], cut: int) -> None:
    bundle = bundle_of(pages, "x")
    short = msgspec.structs.replace(bundle, body=bundle.body[:-cut])
    try:
        assert list(pages_of(short)) == pages[: len(list(pages_of(short)))]
    except BundleError:
        reading = source().read(short)
        assert reading.meaning is PageMeaning.CHANGED
        assert reading.detail


def test_no_answers_or_those_of_two_sources_make_no_bundle() -> None:
    other = msgspec.structs.replace(page(b""), source="vinted")
    for pages in ([], [page(b""), other]):
        with pytest.raises(ValueError, match="bundle"):
            bundle_of(pages, "x")


def test_a_bundle_reads_as_its_answers_one_after_another() -> None:
    bodies = [
        page(answer(data(sku(70), sku(71, purchasePrice="?"))), 0),
        page(b"", 1, status=404),
        page(answer(data(sku(80, purchasePrice=None), sku(81), id=8)), 2),
        page(b"<html>rebuilt</html>", 3),
        page(answer(data(sku(90, purchasePrice="?"), sku(91), id=9)), 4),
    ]
    read = source().read
    reading = read(bundle_of(bodies, "x"))
    assert reading == combined([(one, read(one)) for one in bodies])
    assert [one.external_id for one in reading.listings] == ["7-70", "8-81", "9-91"]
    assert [one.external_id for one in reading.unpriced] == ["8-80"]
    assert [one.index for one in reading.rejected] == [1, 4, 5]
    assert reading.rejected[1].record == b"<html>rebuilt</html>"
    assert (reading.meaning, reading.total_entries) == (PageMeaning.OK, 7)
    assert reading.detail == "5 answers: 1 changed, 1 gone, 3 ok"


def test_a_bundle_of_missing_products_is_gone_and_one_of_unread_answers_changed() -> None:
    read = source().read
    assert read_bundle(bundle_of([page(b"", 1, 404), page(answer(None), 2)], "x"), read).meaning is PageMeaning.GONE
    broken = read_bundle(bundle_of([page(b"{}", 1), page(b"{}", 2)], "x"), read)
    assert (broken.meaning, len(broken.rejected)) == (PageMeaning.CHANGED, 2)
