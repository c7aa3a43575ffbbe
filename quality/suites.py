"""What a cleaned batch must look like, as a declarative list; ``quality.run`` turns it into a GX suite.

Belongs here: expectations with their severity. Does not: Great Expectations itself (it takes seconds to import), SQL.
Relational rules on stored tables are dbt tests; freshness and volume of a source are Python checks.

Only what would corrupt the history blocks: an id, an amount or a currency that is not one. Everything else is a fault
that the owner should see while the good records still go in; single bad records went to quarantine before.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from domain.condition import Condition


class Severity(StrEnum):
    """How bad a broken expectation is; the names are Great Expectations' own."""

    CRITICAL = "critical"
    WARNING = "warning"


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation.

    Attributes:
        slug: stable name, used as the asset check's.
        kind: name of the class in ``great_expectations.expectations``; arguments: its keyword arguments.
        blocking: the batch must not be loaded where it is broken.
        description: one sentence for the owner.
    """

    slug: str
    kind: str
    arguments: Mapping[str, object]
    description: str
    severity: Severity = Severity.CRITICAL
    blocking: bool = False

    def columns(self) -> tuple[str, ...]:
        """Return the columns the expectation looks at."""
        names = (self.arguments.get(key) for key in ("column", "column_A", "column_B"))
        return tuple(name for name in names if isinstance(name, str))


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """Expectations that are checked together on one frame."""

    name: str
    expectations: tuple[Expectation, ...]


def _present(column: str, description: str) -> Expectation:
    return Expectation(
        slug=f"{column}_present",
        kind="ExpectColumnValuesToNotBeNull",
        arguments={"column": column},
        description=description,
        blocking=True,
    )


# The frame is quality.frame.items_frame's: one row a listing as its page showed it.
ITEMS_SUITE = Suite(
    name="items",
    expectations=(
        _present("source", "every listing names its marketplace"),
        _present("external_id", "every listing has the marketplace's own id"),
        _present("price", "every listing has a price"),
        _present("currency", "every price has a currency"),
        Expectation(
            slug="external_id_not_blank",
            kind="ExpectColumnValuesToMatchRegex",
            arguments={"column": "external_id", "regex": r"^\S+$"},
            description="an id is not blank and holds no blanks",
            blocking=True,
        ),
        Expectation(
            slug="price_not_negative",
            kind="ExpectColumnValuesToBeBetween",
            arguments={"column": "price", "min_value": 0},
            description="no price is negative",
            blocking=True,
        ),
        Expectation(
            slug="currency_is_iso_4217",
            kind="ExpectColumnValuesToMatchRegex",
            arguments={"column": "currency", "regex": "^[A-Z]{3}$"},
            description="a currency is three capital letters",
            blocking=True,
        ),
        Expectation(
            slug="price_positive",
            kind="ExpectColumnValuesToBeBetween",
            arguments={"column": "price", "min_value": 0, "strict_min": True, "mostly": 0.95},
            description="at most 5 % of the prices are 0, which stands for a price on request",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="total_covers_price",
            kind="ExpectColumnPairValuesAToBeGreaterThanB",
            arguments={
                "column_A": "total_price",
                "column_B": "price",
                "or_equal": True,
                "ignore_row_if": "either_value_is_missing",
            },
            description="what the buyer pays is never less than the price listed",
        ),
        Expectation(
            slug="currencies_few",
            kind="ExpectColumnUniqueValueCountToBeBetween",
            arguments={"column": "currency", "max_value": 6},
            description="a batch is in a handful of currencies",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="external_id_unique",
            kind="ExpectColumnValuesToBeUnique",
            arguments={"column": "external_id", "mostly": 0.9},
            description="at most 10 % of the listings occur twice, as when pages shift while they are read",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="condition_on_our_scale",
            kind="ExpectColumnValuesToBeInSet",
            arguments={"column": "condition", "value_set": [str(condition) for condition in Condition]},
            description="every condition is one of our scale",
        ),
        Expectation(
            slug="condition_known",
            kind="ExpectColumnValuesToNotBeInSet",
            arguments={"column": "condition", "value_set": [str(Condition.UNKNOWN)], "mostly": 0.5},
            description="at least half of the conditions could be read",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="brand_present",
            kind="ExpectColumnValuesToNotBeNull",
            arguments={"column": "brand", "mostly": 0.5},
            description="at least half of the listings name a brand",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="title_not_blank",
            kind="ExpectColumnValuesToMatchRegex",
            arguments={"column": "title", "regex": r"\S", "mostly": 0.99},
            description="at most 1 % of the titles are blank",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="url_absolute",
            kind="ExpectColumnValuesToMatchRegex",
            arguments={"column": "url", "regex": "^https?://"},
            description="every address is absolute",
        ),
    ),
)
