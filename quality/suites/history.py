"""What the price history must look like: every row of it is drawn in a chart, and never changed again."""

from __future__ import annotations

from domain.listing import Availability
from quality.vocabulary import Expectation, Severity, Suite, above, between, currency_code, is_true, not_below, one_of

HISTORY_SUITE = Suite(
    name="history",
    title="Price history",
    reads="the observations of the two days up to the newest one, of at most 50,000 rows a sample by listing, another "
    "one each day; each beside the observation before it",
    expectations=(
        Expectation(
            slug="currency_is_iso_4217",
            check=currency_code("currency"),
            description="a currency is three capital letters",
            reason="another word finds no exchange rate, and the price drops out of every trend",
            blocking=True,
        ),
        Expectation(
            slug="price_not_negative",
            check=between("price_minor", 0),
            description="no price is negative",
            reason="it would be the all-time low of its product for ever",
            blocking=True,
        ),
        Expectation(
            slug="observed_in_the_past",
            check=between("hours_ahead", None, 1),
            description="nothing was observed more than an hour from now",
            reason="an observation of tomorrow stays the newest: every later page loses against it",
            blocking=True,
        ),
        Expectation(
            slug="price_positive",
            check=above("price_minor", 0, mostly=0.95),
            description="at most 5 % of the prices are 0",
            reason="a free trial or a price on request in the history looks like the best offer ever",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="total_covers_price",
            check=not_below("total_minor", "price_minor"),
            description="what the buyer pays is never less than the price listed",
            reason="a bare price beside a total draws a drop that never was",
        ),
        Expectation(
            slug="availability_known",
            check=one_of("availability", map(str, Availability)),
            description="an availability is one we know",
            reason="what is sold is told from what is on offer by it",
        ),
        Expectation(
            slug="listing_known",
            check=is_true("has_listing", mostly=0.999),
            description="at most one price in a thousand is of a listing that is gone",
            reason="such rows take room, and are in no chart; `care` should have taken them along",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="currency_kept",
            check=is_true("keeps_currency", mostly=0.99),
            description="at most 1 % of the prices are in another currency than the one before",
            reason="a shop that shows us another country's prices makes drops and rises of exchange rates",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="jumps_rare",
            check=between("times_previous", None, 10, mostly=0.995),
            description="at most 0.5 % of the prices are ten times the one before, or a tenth of it",
            reason="that is a typo, a slipped decimal point or another currency, and an alert for each of them",
            severity=Severity.WARNING,
        ),
        Expectation(
            slug="changes_a_day_few",
            check=between("rows_that_day", None, 48, mostly=0.99),
            description="at most 1 % of the prices are of listings with over 48 rows a day",
            reason="a price that flips at every poll is usually two prices read in turn",
            severity=Severity.WARNING,
        ),
    ),
)
