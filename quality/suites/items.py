"""What the listings must look like. Single bad records went to quarantine before; this is about the batch.

Only what would corrupt the statistics blocks them: an amount or a currency that is not one, a thing that cannot be told
from another.
"""

from __future__ import annotations

from domain.condition import Condition
from domain.price_kind import PriceKind
from quality.vocabulary import (
    Expectation,
    Severity,
    Suite,
    above,
    between,
    currency_code,
    few,
    is_true,
    none_of,
    not_below,
    one_of,
    present,
)

ITEMS_SUITE = Suite(
    name="items",
    title="Listings",
    reads="the listings seen in the two days up to the newest observation, where there are more than 100,000 a sample "
    "of as many, another one each day",
    expectations=(
        Expectation(
            slug="source_present",
            check=present("source"),
            description="every listing names its marketplace",
            reason="without it nobody knows where to buy the thing, or whose page to read again",
            blocking=True,
        ),
        Expectation(
            slug="external_id_not_blank",
            check=is_true("has_id"),
            description="every listing has the marketplace's own id, without blanks",
            reason="it tells a thing seen again from a new one: two things under one id share one price history",
            blocking=True,
        ),
        Expectation(
            slug="price_present",
            check=present("price"),
            description="every listing has a price",
            reason="a listing without one is neither a comparable nor a deal",
            blocking=True,
        ),
        Expectation(
            slug="price_not_negative",
            check=between("price", 0),
            description="no price is negative",
            reason="it would pull every mean and quartile that deals are judged by",
            blocking=True,
        ),
        Expectation(
            slug="currency_present",
            check=present("currency"),
            description="every price has a currency",
            reason="an amount without one cannot be compared with any other",
            blocking=True,
        ),
        Expectation(
            slug="currency_is_iso_4217",
            check=currency_code("currency"),
            description="a currency is three capital letters",
            reason="another word finds no exchange rate, and its listings drop out of all statistics",
            blocking=True,
        ),
        Expectation(
            slug="price_positive",
            check=above("price", 0, mostly=0.95),
            description="at most 5 % of the prices are 0",
            reason="0 stands for a price on request; many of them mean that a page hides its prices from us",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="total_covers_price",
            check=not_below("total_price", "price"),
            description="what the buyer pays is never less than the price listed",
            reason="a total read from the wrong place makes deals of ordinary listings",
        ),
        Expectation(
            slug="currencies_few",
            check=few("currency", 12),
            description="the listings are in a dozen currencies at most",
            reason="more mean that something else is read as the currency",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="condition_on_our_scale",
            check=one_of("condition", map(str, Condition)),
            description="every condition is one of our scale",
            reason="comparables are grouped by it: an unknown grade is a group of its own, with nothing to compare",
        ),
        Expectation(
            slug="condition_known",
            check=none_of("condition", [str(Condition.UNKNOWN)], mostly=0.5),
            description="at least half of the conditions could be read",
            reason="without it worn things are compared with new ones, and look like deals",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="price_kind_known",
            check=one_of("price_kind", map(str, PriceKind)),
            description="every price is of a kind we know",
            reason="only kinds that compare enter statistics: of another word, nobody knows whether it should",
        ),
        Expectation(
            slug="brand_present",
            check=is_true("has_brand", mostly=0.5),
            description="at least half of the listings name a brand",
            reason="brand trends are built on it; a drop means that the page moved it",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="title_not_blank",
            check=is_true("has_title", mostly=0.99),
            description="at most 1 % of the titles are blank",
            reason="a title is what blacklists, matching and the reader of an alert go by",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="url_absolute",
            check=is_true("has_absolute_url"),
            description="every address is absolute",
            reason="the link in an alert would lead nowhere",
        ),
        Expectation(
            slug="changed_after_first_seen",
            check=is_true("changed_after_first_seen"),
            description="nothing changed before it was first seen",
            reason="time on market would be negative",
            severity=Severity.WARNING,
        ),
    ),
)
