"""The items suite over real frames, with the real library."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from domain.condition import Condition
from domain.listing import Listing
from quality.frame import items_frame
from quality.run import ExpectationResult, validate_batch
from quality.suites import ITEMS_SUITE, Expectation, Severity, Suite


def listing(number: int, **changes: object) -> Listing:
    fields: dict[str, object] = {
        "source": "vinted",
        "external_id": str(9_000_000_000 + number),
        "url": f"https://www.vinted.fr/items/{number}",
        "title": f"thing {number}",
        "price": Decimal("12.50"),
        "total_price": Decimal("13.83"),
        "currency": "EUR",
        "condition": Condition.GOOD,
        "brand": "Acme",
    }
    return Listing(**(fields | changes))  # type: ignore[arg-type]  # a test's own table of fields


def by_slug(listings: list[Listing]) -> dict[str, ExpectationResult]:
    return {result.slug: result for result in validate_batch(items_frame(listings), ITEMS_SUITE)}


def test_a_good_batch_passes_every_expectation_in_the_suite_s_order() -> None:
    results = validate_batch(items_frame([listing(n) for n in range(20)]), ITEMS_SUITE)
    assert [result.slug for result in results] == [expectation.slug for expectation in ITEMS_SUITE.expectations]
    assert [result.slug for result in results if not result.passed] == []
    assert {result.rows for result in results} == {20}


def test_an_empty_batch_passes() -> None:
    assert [result.slug for result in validate_batch(items_frame([]), ITEMS_SUITE) if not result.passed] == []


@pytest.mark.parametrize(
    ("changes", "slug", "blocking"),
    [
        ({"price": Decimal(-1)}, "price_not_negative", True),
        ({"price": Decimal(0), "total_price": None}, "price_positive", False),
        ({"currency": "€"}, "currency_is_iso_4217", True),
        ({"external_id": ""}, "external_id_not_blank", True),
        ({"external_id": None}, "external_id_present", True),
        ({"total_price": Decimal("12.49")}, "total_covers_price", False),
        ({"condition": Condition.UNKNOWN}, "condition_known", False),
        ({"condition": "shiny"}, "condition_on_our_scale", False),
        ({"brand": None}, "brand_present", False),
        ({"title": "  "}, "title_not_blank", False),
        ({"url": "/items/1"}, "url_absolute", False),
        ({"external_id": "1"}, "external_id_unique", False),
    ],
)
def test_a_spoilt_batch_breaks_the_expectation_made_for_it(
    changes: dict[str, object], slug: str, blocking: bool
) -> None:
    spoilt = by_slug([listing(n, **(changes if n % 5 else {})) for n in range(20)])[slug]
    assert not spoilt.passed
    assert spoilt.blocking is blocking
    assert spoilt.unexpected_count is not None
    assert spoilt.unexpected_count > 0


def test_only_the_expectation_concerned_breaks() -> None:
    results = by_slug([listing(n, total_price=Decimal(1) if n == 3 else None) for n in range(20)])
    assert [slug for slug, result in results.items() if not result.passed] == ["total_covers_price"]
    assert results["total_covers_price"].unexpected_count == 1


def test_results_hold_no_value_of_any_row() -> None:
    results = validate_batch(items_frame([listing(n, currency="secret") for n in range(3)]), ITEMS_SUITE)
    assert "secret" not in repr(results)


def test_a_missing_column_is_a_failed_result_that_names_it() -> None:
    frame = items_frame([listing(1)]).drop(columns=["price"])
    broken = {result.slug: result for result in validate_batch(frame, ITEMS_SUITE) if not result.passed}
    assert set(broken) == {"price_present", "price_not_negative", "price_positive", "total_covers_price"}
    assert broken["price_present"].detail == "the batch has no column price"


def test_a_column_of_the_wrong_type_is_a_failed_result_and_no_exception() -> None:
    frame = items_frame([listing(1)]).assign(price=[["secret"]])
    result = {r.slug: r for r in validate_batch(frame, ITEMS_SUITE)}["price_not_negative"]
    assert not result.passed
    assert "right type" in result.detail
    assert "secret" not in repr(result)


def test_a_library_that_fails_as_a_whole_fails_every_expectation() -> None:
    unknown = Expectation(slug="nonsense", kind="NoSuchExpectation", arguments={}, description="")
    suite = Suite(name="broken", expectations=(unknown, *ITEMS_SUITE.expectations[:1]))
    results = validate_batch(items_frame([listing(1)]), suite)
    assert [result.passed for result in results] == [False, False]
    assert "AttributeError" in results[0].detail


def test_only_what_corrupts_the_history_blocks() -> None:
    blocking = {e.slug for e in ITEMS_SUITE.expectations if e.blocking}
    assert blocking == {
        "source_present",
        "external_id_present",
        "price_present",
        "currency_present",
        "external_id_not_blank",
        "price_not_negative",
        "currency_is_iso_4217",
    }
    assert all(e.severity is Severity.CRITICAL for e in ITEMS_SUITE.expectations if e.blocking)
    assert len({e.slug for e in ITEMS_SUITE.expectations}) == len(ITEMS_SUITE.expectations)


def test_importing_quality_and_the_rules_imports_nothing_heavy() -> None:
    """The polling path pays for every import in every run."""
    code = (
        "import sys, quality.run, quality.suites, quality.frame, ml.rules, warehouse.baselines; "
        "print(sorted({'great_expectations', 'pandas', 'numpy', 'dbt', 'sklearn', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # our own code
    assert done.stdout.strip() == "[]"
