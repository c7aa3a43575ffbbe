"""Runs a suite over a frame with Great Expectations, and keeps counts only.

Belongs here: the one place that imports Great Expectations, lazily (about 5 s and 145 MB, once a process). Does not:
what is expected (``quality.suites``), asset checks.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from quality.suites import Expectation, Severity, Suite

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)


class ExpectationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one expectation found. Counts and percentages only: values of rows never leave the batch.

    Attributes:
        slug, description, severity, blocking: the expectation's own.
        rows: rows looked at.
        unexpected_count, unexpected_percent: rows that broke it, and of the rows that could be judged; None where the
            expectation is about the whole column or could not be evaluated.
        observed: the figure of an expectation about the whole column.
        detail: what is wrong with the check itself where it could not be evaluated, else empty.
    """

    slug: str
    description: str
    severity: Severity
    blocking: bool
    passed: bool
    rows: int
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed: float | None = None
    detail: str = ""


def validate_batch(frame: pd.DataFrame, suite: Suite) -> list[ExpectationResult]:
    """Return one result for each expectation, in the suite's order; never raises for what the frame holds.

    A check that cannot be evaluated (a column is missing, a type is wrong) is a failed result with a detail.
    """
    known = [e for e in suite.expectations if all(column in frame.columns for column in e.columns())]
    found: Mapping[str, Any] = {}
    trouble = ""
    try:
        found = _validate(frame, suite.name, known)
    except Exception as error:  # noqa: BLE001  # whatever the library trips over, the batch counts as unchecked
        trouble = f"Great Expectations failed with {type(error).__name__}; run the suite by hand to see why"
        _log.warning("suite %s could not be run: %s", suite.name, type(error).__name__)
    return [_result(expectation, found.get(expectation.slug), frame, trouble) for expectation in suite.expectations]


@functools.cache
def _context() -> Any:
    import great_expectations as gx  # noqa: PLC0415  # takes seconds, see the module's charter
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415  # as above

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


@functools.cache
def _batch_definition() -> Any:
    source = _context().data_sources.add_pandas("batches")
    return source.add_dataframe_asset(name="batch").add_batch_definition_whole_dataframe("whole")


def _validate(frame: pd.DataFrame, name: str, expectations: list[Expectation]) -> dict[str, Any]:
    import great_expectations as gx  # noqa: PLC0415  # takes seconds, see the module's charter
    import great_expectations.expectations as gxe  # noqa: PLC0415  # as above

    whole = _batch_definition()  # makes the context, without which a suite cannot be built
    suite = gx.ExpectationSuite(name=name)
    for expectation in expectations:
        kind = getattr(gxe, expectation.kind)
        suite.add_expectation(
            kind(**expectation.arguments, severity=str(expectation.severity), meta={"slug": expectation.slug})
        )
    batch = whole.get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(suite, result_format="BASIC")
    # Results come in the order of columns, not of the suite.
    return {result.expectation_config.meta["slug"]: result for result in outcome.results}


def _result(expectation: Expectation, found: Any, frame: pd.DataFrame, trouble: str) -> ExpectationResult:
    passed, detail = False, trouble
    figures: Mapping[str, Any] = {}
    missing = [column for column in expectation.columns() if column not in frame.columns]
    if missing:
        detail = f"the batch has no column {', '.join(missing)}"
    elif found is not None and _raised(found.exception_info):
        detail = f"could not be evaluated; is {', '.join(expectation.columns())} of the right type?"
    elif found is not None:
        passed, figures = bool(found.success), found.result or {}
    elif not detail:
        detail = "Great Expectations returned no result for it"
    observed = figures.get("observed_value")
    return ExpectationResult(
        slug=expectation.slug,
        description=expectation.description,
        severity=expectation.severity,
        blocking=expectation.blocking,
        passed=passed,
        rows=len(frame),
        unexpected_count=figures.get("unexpected_count"),
        unexpected_percent=_number(figures.get("unexpected_percent")),
        observed=_number(observed),
        detail=detail,
    )


def _raised(info: Mapping[str, Any] | None) -> bool:
    """Tell whether the check raised: the library gives one flat record, or one a metric."""
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(entry, Mapping) and bool(entry.get("raised_exception")) for entry in info.values())


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
