"""The words of the suites: check, expectation, severity, suite.

Belongs here: the declarative types. Does not: Great Expectations itself (it takes seconds to import), what is expected
(``quality.suites``), SQL.

Privacy is a matter of what may be said here at all. A suite looks at numbers, flags and closed lists only (its batch is
read that way, see ``warehouse.batches``), and an expectation is of a kind whose outcome is a count: a kind that reports
the values of a column cannot be written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

# Kinds whose ``observed_value`` is a number, if they have one. Left out on purpose: ExpectColumnDistinctValues...,
# ExpectColumnMostCommonValue..., ExpectColumnMin/Max..., which hand out values of rows.
KINDS = frozenset(
    {
        "ExpectColumnPairValuesAToBeGreaterThanB",
        "ExpectColumnUniqueValueCountToBeBetween",
        "ExpectColumnValuesToBeBetween",
        "ExpectColumnValuesToBeInSet",
        "ExpectColumnValuesToMatchRegex",
        "ExpectColumnValuesToNotBeInSet",
        "ExpectColumnValuesToNotBeNull",
    }
)


class Severity(StrEnum):
    """How bad a broken expectation is; the names are Great Expectations' own."""

    CRITICAL = "critical"
    """Shown as an error: a figure that people or rules rely on is wrong."""
    WARNING = "warning"
    """Shown as a warning: somebody should look, and may find that the world changed."""


class Check(msgspec.Struct, frozen=True):
    """A check as Great Expectations knows it; make one with the functions below.

    Attributes:
        kind: name of the class in ``great_expectations.expectations``; arguments: its keyword arguments.

    Raises:
        ValueError: for a kind that could report values of rows.
    """

    kind: str
    arguments: Mapping[str, object]

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                f"{self.kind} is not one of the kinds whose outcome is a count (quality.vocabulary.KINDS); "
                "express it by one of those, over a flag or number computed in warehouse.batches"
            )

    def columns(self) -> tuple[str, ...]:
        """Return the columns the check looks at."""
        names = (self.arguments.get(key) for key in ("column", "column_A", "column_B"))
        return tuple(name for name in names if isinstance(name, str))


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation.

    Attributes:
        slug: stable name, used as the asset check's.
        blocking: what stands on the batch must not be built where it is broken.
        description: what is expected, one clause for the owner.
        reason: what goes wrong for the owner where it is broken.
    """

    slug: str
    check: Check
    description: str
    reason: str
    severity: Severity = Severity.CRITICAL
    blocking: bool = False

    @property
    def sentence(self) -> str:
        """What is expected and why, for the asset check."""
        return f"{self.description}: {self.reason}"


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """Expectations that are checked together on one batch.

    Attributes:
        name: stable, lower case; title: for people.
        reads: which rows are read, and of how many at most.
    """

    name: str
    title: str
    reads: str
    expectations: tuple[Expectation, ...]

    def columns(self) -> frozenset[str]:
        """Return every column that the suite looks at."""
        return frozenset(column for expectation in self.expectations for column in expectation.check.columns())


# A null is not judged by any of these but ``present``. ``mostly`` is the share of judged rows that must pass, 0 to 1.


def present(column: str, *, mostly: float = 1) -> Check:
    """Every row says something."""
    return Check("ExpectColumnValuesToNotBeNull", {"column": column, "mostly": mostly})


def is_true(column: str, *, mostly: float = 1) -> Check:
    """A flag is true."""
    return Check("ExpectColumnValuesToBeInSet", {"column": column, "value_set": [True], "mostly": mostly})


def between(column: str, low: float | None, high: float | None = None, *, mostly: float = 1) -> Check:
    """A number lies between two, both included; None is no bound."""
    return Check(
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high, "mostly": mostly},
    )


def above(column: str, low: float, *, mostly: float = 1) -> Check:
    """A number is greater than another."""
    arguments = {"column": column, "min_value": low, "strict_min": True, "mostly": mostly}
    return Check("ExpectColumnValuesToBeBetween", arguments)


def one_of(column: str, values: Iterable[str]) -> Check:
    """A text is of a closed list."""
    return Check("ExpectColumnValuesToBeInSet", {"column": column, "value_set": sorted(values)})


def none_of(column: str, values: Iterable[str], *, mostly: float = 1) -> Check:
    """A text is not of a list."""
    arguments = {"column": column, "value_set": sorted(values), "mostly": mostly}
    return Check("ExpectColumnValuesToNotBeInSet", arguments)


def currency_code(column: str) -> Check:
    """A text is written like an ISO 4217 code."""
    return Check("ExpectColumnValuesToMatchRegex", {"column": column, "regex": "^[A-Z]{3}$"})


def not_below(upper: str, lower: str, *, mostly: float = 1) -> Check:
    """One number is at least another one of its row."""
    return Check(
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {
            "column_A": upper,
            "column_B": lower,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
            "mostly": mostly,
        },
    )


def few(column: str, most: int) -> Check:
    """A column has few different values."""
    return Check("ExpectColumnUniqueValueCountToBeBetween", {"column": column, "max_value": most})
