"""Runs a suite over a frame with Great Expectations, and keeps counts only.

Belongs here: the one place that makes Great Expectations judge, lazily imported (about 5 s and 145 MB, once a process).
Does not: what is expected (``quality.suites``), asset checks, pages about the outcome (``quality.site``).

Values of rows stay in the frame by three means: the kinds of expectations whose outcome is a count
(``quality.vocabulary.KINDS``); a result format without examples; and a copy of the outcome that holds numbers only,
since the text and the traceback of an exception may quote the value it stumbled over.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from quality.vocabulary import Expectation, Severity, Suite

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)
_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
_FIGURES = (
    "element_count",
    "missing_count",
    "missing_percent",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_total",
    "unexpected_percent_nonmissing",
    "observed_value",
)
NOT_EVALUATED = "could not be evaluated; is the column of the right type?"


class ExpectationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one expectation found. Counts and percentages only: values of rows never leave the batch.

    Attributes:
        slug, description, severity, blocking: the expectation's own; description is what is expected and why.
        rows: rows of the batch.
        evaluated: rows that could be judged: those that say something where the expectation looks.
        unexpected_count, unexpected_percent: rows that broke it, and of the judged ones; None where the expectation is
            about the whole column or could not be evaluated.
        observed: the figure of an expectation about the whole column.
        detail: what is wrong with the check itself where it could not be evaluated, else empty.
    """

    slug: str
    description: str
    severity: Severity
    blocking: bool
    passed: bool
    rows: int
    evaluated: int = 0
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed: float | None = None
    detail: str = ""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A suite with what it found.

    Attributes:
        results: one for each expectation, in the suite's order.
        document: Great Expectations' own validation result with numbers only, for its renderers; None where the
            library failed as a whole.
    """

    suite: Suite
    rows: int
    results: tuple[ExpectationResult, ...]
    document: Any = None

    @property
    def failed(self) -> tuple[ExpectationResult, ...]:
        """The results that did not pass."""
        return tuple(result for result in self.results if not result.passed)


def evaluate(frame: pd.DataFrame, suite: Suite) -> Evaluation:
    """Hold a frame against a suite; never raises for what the frame holds.

    A check that cannot be evaluated (a column is missing, a type is wrong) is a failed result with a detail.
    """
    document, trouble = None, ""
    try:
        document = _validate(frame, suite)
    except Exception as error:  # noqa: BLE001  # whatever the library trips over, the batch counts as unchecked
        trouble = f"Great Expectations failed with {type(error).__name__}; run the suite by hand to see why"
        _log.warning("suite %s could not be run: %s", suite.name, type(error).__name__)
    # Results come in the order of columns, not of the suite.
    found = {} if document is None else {r.expectation_config.meta["slug"]: r for r in document.results}
    results = tuple(_result(e, found.get(e.slug), frame, trouble) for e in suite.expectations)
    return Evaluation(suite=suite, rows=len(frame), results=results, document=document)


@functools.cache
def context() -> Any:
    """Return this process's Great Expectations context: in memory, silent, telling nobody."""
    import great_expectations as gx  # noqa: PLC0415  # takes seconds, see the module's charter
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415  # as above

    # It quotes values and whole tracebacks in its warnings.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    made = gx.get_context(mode="ephemeral")
    made.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return made


@functools.cache
def _batch_definition() -> Any:
    source = context().data_sources.add_pandas("batches")
    return source.add_dataframe_asset(name="batch").add_batch_definition_whole_dataframe("whole")


def gx_suite(suite: Suite) -> Any:
    """Return the suite as Great Expectations has it; what is expected and why is in the notes of each expectation."""
    import great_expectations as gx  # noqa: PLC0415  # takes seconds, see the module's charter
    import great_expectations.expectations as gxe  # noqa: PLC0415  # as above

    context()  # without one a suite cannot be built
    made = gx.ExpectationSuite(name=suite.name, notes=f"Reads {suite.reads}.")
    for expectation in suite.expectations:
        made.add_expectation(
            getattr(gxe, expectation.check.kind)(
                **{name: value for name, value in expectation.check.arguments.items() if value is not None},
                severity=str(expectation.severity),
                notes=expectation.sentence,
                meta={"slug": expectation.slug},
            )
        )
    return made


def _validate(frame: pd.DataFrame, suite: Suite) -> Any:
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": frame})
    return _numbers_only(batch.validate(gx_suite(suite), result_format=_FORMAT))


def _numbers_only(outcome: Any) -> Any:
    """Take everything out of an outcome that is no number: examples, and what exceptions say."""
    for result in outcome.results:
        raised = _raised(result.exception_info)
        result.exception_info = {
            "raised_exception": raised,
            "exception_message": NOT_EVALUATED if raised else None,
            "exception_traceback": None,
        }
        figures = result.result or {}
        result.result = {name: figures[name] for name in _FIGURES if _number(figures.get(name)) is not None}
    outcome.meta = {
        name: value for name, value in outcome.meta.items() if name in {"great_expectations_version", "run_id"}
    }
    return outcome


def _result(expectation: Expectation, found: Any, frame: pd.DataFrame, trouble: str) -> ExpectationResult:
    passed, detail = False, trouble
    figures: Mapping[str, Any] = {}
    columns = expectation.check.columns()
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        detail = f"the batch has no column {', '.join(missing)}"
    elif found is not None and found.exception_info["raised_exception"]:
        detail = f"could not be evaluated; is {', '.join(columns)} of the right type?"
    elif found is not None:
        passed, figures = bool(found.success), found.result
    elif not detail:
        detail = "Great Expectations returned no result for it"
    unexpected = figures.get("unexpected_count")
    return ExpectationResult(
        slug=expectation.slug,
        description=expectation.sentence,
        severity=expectation.severity,
        blocking=expectation.blocking,
        passed=passed,
        rows=len(frame),
        evaluated=0 if detail else int(figures.get("element_count", len(frame)) - figures.get("missing_count", 0)),
        unexpected_count=unexpected,
        unexpected_percent=_number(figures.get("unexpected_percent")),
        observed=_number(figures.get("observed_value")),
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
