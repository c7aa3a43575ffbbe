"""The suites over real frames, with the real library."""

from __future__ import annotations

import subprocess
import sys

import pytest

from quality.frame import frame_of_rows
from quality.run import Evaluation, ExpectationResult, evaluate
from quality.suites import ITEMS_SUITE
from quality.vocabulary import Check, Expectation, Severity, Suite, between
from tests.unit.quality.batches import evaluated, frame

LOGIN = "xx_private_login_xx"


def items(count: int = 20, every: int = 0, **changes: object) -> dict[str, ExpectationResult]:
    return {result.slug: result for result in evaluated(ITEMS_SUITE, count, every, **changes).results}


def test_a_good_batch_passes_every_expectation_in_the_suite_s_order() -> None:
    evaluation = evaluated(ITEMS_SUITE)
    assert [result.slug for result in evaluation.results] == [e.slug for e in ITEMS_SUITE.expectations]
    assert evaluation.failed == ()
    assert {result.rows for result in evaluation.results} == {20}
    assert {result.evaluated for result in evaluation.results} == {20}


def test_only_the_expectation_concerned_breaks_and_counts_what_it_judged() -> None:
    results = items(20, every=4, total_price=1.0) | {}
    assert [slug for slug, result in results.items() if not result.passed] == ["total_covers_price"]
    assert (results["total_covers_price"].evaluated, results["total_covers_price"].unexpected_count) == (20, 5)
    assert results["total_covers_price"].unexpected_percent == 25
    silent = items(20, every=4, has_absolute_url=None)["url_absolute"]
    assert (silent.passed, silent.evaluated) == (True, 15)


@pytest.mark.parametrize("column", sorted(ITEMS_SUITE.columns()))
def test_no_value_of_a_row_leaves_the_batch(column: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever column a page smuggles a login into: not in the results, not in the log, not in GX's own document."""
    text = {"source", "currency", "condition", "price_kind"}
    planted = [LOGIN] if column not in text else LOGIN
    evaluation = evaluated(ITEMS_SUITE, 20, 1, **{column: planted})
    if column != "source":
        assert evaluation.failed, "the login must have been noticed"
    assert LOGIN not in repr(evaluation.results)
    assert evaluation.document is not None
    assert LOGIN not in str(evaluation.document.to_json_dict())
    assert LOGIN not in caplog.text


def test_a_missing_column_is_a_failed_result_that_names_it() -> None:
    broken = evaluate(frame(ITEMS_SUITE).drop(columns=["price"]), ITEMS_SUITE).failed
    assert {result.slug for result in broken} == {
        "price_present",
        "price_not_negative",
        "price_positive",
        "total_covers_price",
    }
    assert broken[0].detail == "the batch has no column price"


def test_a_column_of_the_wrong_type_is_a_failed_result_and_no_exception() -> None:
    spoilt = frame(ITEMS_SUITE, 1).assign(price=[[LOGIN]])
    result = {r.slug: r for r in evaluate(spoilt, ITEMS_SUITE).results}["price_not_negative"]
    assert not result.passed
    assert "right type" in result.detail
    assert result.evaluated == 0


def test_a_library_that_fails_as_a_whole_fails_every_expectation() -> None:
    nonsense = Expectation(
        slug="nonsense",
        check=Check("ExpectColumnValuesToBeBetween", {"column": "price", "no_such_argument": 1}),
        description="",
        reason="",
    )
    suite = Suite(name="broken", title="", reads="", expectations=(nonsense, *ITEMS_SUITE.expectations[:1]))
    evaluation: Evaluation = evaluate(frame(ITEMS_SUITE, 1), suite)
    assert [result.passed for result in evaluation.results] == [False, False]
    assert "failed with" in evaluation.results[0].detail
    assert evaluation.document is None


def test_a_kind_that_hands_out_values_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="outcome is a count"):
        Check("ExpectColumnDistinctValuesToBeInSet", {"column": "source"})


def test_numbers_of_a_frame_are_numbers_even_where_every_row_is_silent() -> None:
    silent = frame_of_rows(["price"], [(None,), (None,)], numbers={"price"})
    assert str(silent.dtypes["price"]) == "float64"
    suite = Suite(
        name="one",
        title="",
        reads="",
        expectations=(Expectation(slug="a", check=between("price", 0), description="", reason=""),),
    )
    (result,) = evaluate(silent, suite).results
    assert (result.passed, result.evaluated, result.severity) == (True, 0, Severity.CRITICAL)


def test_importing_quality_and_the_rules_imports_nothing_heavy() -> None:
    """The polling path pays for every import in every run."""
    code = (
        "import sys, quality.run, quality.site, quality.suites, quality.frame, ml.rules, warehouse.baselines; "
        "print(sorted({'great_expectations', 'pandas', 'numpy', 'dbt', 'sklearn', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # our own code
    assert done.stdout.strip() == "[]"
