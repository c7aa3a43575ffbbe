"""What an aggregate must look like, said by column names, so that a new mart is held to it without a line here.

The columns of the marts follow one grammar (docs/quality.md): counts are integers, prices are numeric and named for
what they are, a share is of 1 and a percentage of 100. dbt tests hold keys and relations; these hold the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from quality.vocabulary import Expectation, Severity, Suite, between, currency_code, not_below

SAMPLE = 20_000
# Each is at most the next where a mart has both, of all time or of one window (min_price_30d, max_price_30d); of the
# names in brackets a mart has one.
_ORDER: tuple[tuple[str, ...], ...] = (
    ("min_price", "min", "lower_price"),
    ("q1",),
    ("median", "median_price"),
    ("q3",),
    ("max_price", "max", "upper_price"),
)
_MEANS = ("mean", "mean_price", "average_price", "avg_price")
_CURRENCY = re.compile(r"(^|_)currency(_code)?$")
_WINDOW = re.compile(r"_\d+d$")
_PERCENTILE = re.compile(r"(^|_)p(\d+)_")
_LOGARITHM = re.compile(r"^log_")
_PRICE = re.compile(r"((^|_)price|^mean|^median|^min|^max|^q1|^q3|^stddev|(^|_)days(_on_market)?)$")
_SHARE = re.compile(r"(^|_)(share|sell_through|confidence|(success|failure|error)_rate)$")
_OF_A_HUNDRED = re.compile(r"(^|_)((success|failure|error|coverage)_percent|percentile)$")
_INTEGERS = ("integer", "bigint", "smallint")
_NUMBERS = ("numeric", "double precision", "real", *_INTEGERS)
# A bucket is numbered by the logarithm of its price: one of cents has a negative number.
_SIGNED = re.compile(r"(^|_)(bucket|change|delta|difference|drop|rise|net|balance|trend)(_|$)")
# Days and times that may lie ahead.
_AHEAD = re.compile(r"(^|_)(ends?|until|next|expires?|due|to)(_|$)")


def mart_suite(table: str, columns: Mapping[str, str]) -> Suite:
    """Return the suite of one mart.

    Args:
        table: its name without the schema.
        columns: its columns with their types, as the contract in its yml has them.
    """
    return Suite(
        name=table,
        title=f"marts.{table}",
        reads=f"all rows, where there are more than {SAMPLE:,} a sample of blocks, another one each day",
        expectations=tuple(_expectations(columns)),
    )


def batch_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that the batch of a mart holds, with their types: numbers, days, times and currencies.

    Any other text stays in the database, since it could name somebody.
    """
    return {
        name: kind for name, kind in columns.items() if _is_number(kind) or _is_time(kind) or _CURRENCY.search(name)
    }


def hours_ahead(column: str) -> str:
    """Return the name of the number that a batch holds for a day or time: hours from now, negative for the past."""
    return f"{column}_hours_ahead"


def _is_time(kind: str) -> bool:
    return kind == "date" or kind.startswith("timestamp")


def _is_number(kind: str) -> bool:
    return kind.split("(", maxsplit=1)[0].strip() in _NUMBERS


def _expectations(columns: Mapping[str, str]) -> Iterator[Expectation]:
    for name, kind in columns.items():
        if _CURRENCY.search(name):
            yield Expectation(
                slug=f"{name}_is_iso_4217",
                check=currency_code(name),
                description=f"{name} is three capital letters",
                reason="figures of different currencies would be compared as if they were one",
            )
        elif _is_time(kind) and not _AHEAD.search(name):
            yield Expectation(
                slug=f"{name}_not_in_the_future",
                check=between(hours_ahead(name), None, 1),
                description=f"{name} is not in the future",
                reason="it would be shown as the newest figure until that day comes",
            )
        elif _is_number(kind):
            yield from _of_number(name, kind, of_the_past=_is_of_the_past(name, columns))
    yield from _orders(columns)


def _is_of_the_past(name: str, columns: Mapping[str, str]) -> bool:
    """Say whether a share is of what was usual (``items_share`` beside ``items_7d_median``): a good day has over 1."""
    usual = re.compile(rf"{re.escape(name.removesuffix('_share'))}_\d+d_median")
    return name.endswith("_share") and any(usual.fullmatch(other) for other in columns)


def _of_number(name: str, kind: str, *, of_the_past: bool) -> Iterator[Expectation]:
    meaning = _WINDOW.sub("", name)
    if of_the_past:
        yield Expectation(
            slug=f"{name}_not_negative",
            check=between(name, 0),
            description=f"{name} is not negative",
            reason="it is a count beside the usual one: below nothing, rows were subtracted that were never added",
        )
    elif _SHARE.search(meaning) and kind not in _INTEGERS:
        yield Expectation(
            slug=f"{name}_is_a_share",
            check=between(name, 0, 1),
            description=f"{name} lies between 0 and 1",
            reason="a share outside was divided by the wrong total",
        )
    elif _OF_A_HUNDRED.search(meaning):
        yield Expectation(
            slug=f"{name}_is_a_percentage",
            check=between(name, 0, 100),
            description=f"{name} lies between 0 and 100",
            reason="a percentage outside was divided by the wrong total",
        )
    elif meaning.endswith("_percent"):
        yield Expectation(
            slug=f"{name}_plausible",
            check=between(name, -100, 1000, mostly=0.99),
            description=f"at most 1 % of {name} are under -100 % or over +1000 %",
            reason="nothing falls by more than all; a price ten times yesterday's is a typo or another currency",
            severity=Severity.WARNING,
        )
    elif _SIGNED.search(meaning) or _LOGARITHM.search(meaning):
        return
    elif kind in _INTEGERS and not name.endswith("_id"):
        yield Expectation(
            slug=f"{name}_not_negative",
            check=between(name, 0),
            description=f"{name} is not negative",
            reason="it is a count: below nothing, rows were subtracted that were never added",
        )
    elif _PRICE.search(meaning):
        yield Expectation(
            slug=f"{name}_not_negative",
            check=between(name, 0),
            description=f"{name} is not negative",
            reason="nothing costs or lasts less than nothing: something was read or converted wrongly",
        )


def _orders(columns: Mapping[str, str]) -> Iterator[Expectation]:
    windows = ["", *sorted({found.group() for name in columns if (found := _WINDOW.search(name))})]
    for window in windows:
        ladder = [next((name + window for name in names if name + window in columns), None) for names in _ORDER]
        for lower, upper in pairwise(name for name in ladder if name is not None):
            yield _ordered(lower, upper)
        mean = next((name + window for name in _MEANS if name + window in columns), None)
        if mean is not None and ladder[0] is not None and ladder[-1] is not None:
            yield _ordered(ladder[0], mean)
            yield _ordered(mean, ladder[-1])
    percentiles: dict[str, list[tuple[int, str]]] = {}
    for name in columns:
        if found := _PERCENTILE.search(name):
            percentiles.setdefault(_PERCENTILE.sub("_", name), []).append((int(found.group(2)), name))
    for names in percentiles.values():
        for (_, lower), (_, upper) in pairwise(sorted(names)):
            yield _ordered(lower, upper)


def _ordered(lower: str, upper: str) -> Expectation:
    return Expectation(
        slug=f"{lower}_up_to_{upper}",
        check=not_below(upper, lower),
        description=f"{lower} is at most {upper}",
        reason="the figures of one row are of different rows or currencies",
    )
