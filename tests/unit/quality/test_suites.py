"""What each suite catches: for every expectation there is a batch that breaks it and nothing else of its severity."""

from __future__ import annotations

import pytest

from quality.suites import HISTORY_SUITE, ITEMS_SUITE, PAGES_SUITE, mart_suite
from quality.suites.marts import batch_columns
from quality.vocabulary import Severity, Suite
from tests.unit.quality.batches import GOOD, evaluated

LAYERS = [PAGES_SUITE, ITEMS_SUITE, HISTORY_SUITE]
# The expectation, how a batch is spoilt, and of how many rows one.
SPOILT: dict[str, dict[str, tuple[dict[str, object], int]]] = {
    "items": {
        "source_present": ({"source": None}, 5),
        "external_id_not_blank": ({"has_id": False}, 5),
        "price_present": ({"price": None}, 5),
        "price_not_negative": ({"price": -1.0}, 20),
        "currency_present": ({"currency": None}, 5),
        "currency_is_iso_4217": ({"currency": "eu"}, 5),
        "price_positive": ({"price": 0.0}, 5),
        "total_covers_price": ({"total_price": 12.4}, 5),
        "condition_on_our_scale": ({"condition": "shiny"}, 5),
        "condition_known": ({"condition": "unknown"}, 1),
        "price_kind_known": ({"price_kind": "roughly"}, 5),
        "brand_present": ({"has_brand": False}, 1),
        "title_not_blank": ({"has_title": False}, 5),
        "url_absolute": ({"has_absolute_url": False}, 5),
        "changed_after_first_seen": ({"changed_after_first_seen": False}, 5),
    },
    "pages": {
        "day_is_the_utc_day_of_the_fetch": ({"is_in_its_day": False}, 20),
        "fetched_in_the_past": ({"hours_ahead": 2.0}, 20),
        "status_is_http": ({"status": 0.0}, 20),
        "digest_is_sha_256": ({"digest_bytes": 20.0}, 20),
        "origin_known": ({"origin": "dream"}, 20),
        "url_absolute": ({"has_absolute_url": False}, 20),
        "answers_not_empty": ({"answer_bytes": 0.0}, 5),
        "bodies_of_ordinary_size": ({"body_bytes": 3e7}, 5),
        "most_pages_are_answers": ({"is_answer": False}, 1),
        "requests_fast_enough": ({"request_seconds": 31.0}, 5),
        "pages_are_read": ({"is_read": False}, 5),
    },
    "history": {
        "currency_is_iso_4217": ({"currency": "eu"}, 20),
        "price_not_negative": ({"price_minor": -1.0}, 20),
        "observed_in_the_past": ({"hours_ahead": 2.0}, 20),
        "price_positive": ({"price_minor": 0.0}, 5),
        "total_covers_price": ({"total_minor": 1249.0}, 20),
        "availability_known": ({"availability": "perhaps"}, 20),
        "listing_known": ({"has_listing": False}, 5),
        "currency_kept": ({"keeps_currency": False}, 5),
        "jumps_rare": ({"times_previous": 10.5}, 5),
        "changes_a_day_few": ({"rows_that_day": 50.0}, 5),
    },
}
BLOCKING = {
    "items": {
        "source_present",
        "external_id_not_blank",
        "price_present",
        "price_not_negative",
        "currency_present",
        "currency_is_iso_4217",
    },
    "pages": set(),
    "history": {"currency_is_iso_4217", "price_not_negative", "observed_in_the_past"},
}


@pytest.mark.parametrize("suite", LAYERS, ids=lambda suite: str(suite.name))
@pytest.mark.parametrize("count", [0, 20])
def test_a_good_batch_and_an_empty_one_pass(suite: Suite, count: int) -> None:
    assert evaluated(suite, count).failed == ()


@pytest.mark.parametrize(("name", "slug"), [(name, slug) for name, cases in SPOILT.items() for slug in cases])
def test_a_spoilt_batch_breaks_the_expectation_made_for_it(name: str, slug: str) -> None:
    suite = next(suite for suite in LAYERS if suite.name == name)
    changes, every = SPOILT[name][slug]
    broken = {result.slug: result for result in evaluated(suite, 20, every, **changes).failed}
    assert slug in broken
    assert broken[slug].unexpected_count == 20 // every
    # A negative price is not a positive one either; nothing else breaks along.
    assert set(broken) - {slug} <= {"price_positive"}


def test_the_listings_of_a_market_are_in_few_currencies() -> None:
    from quality.frame import frame_of_rows
    from quality.run import evaluate

    good = GOOD["items"]
    codes = [f"A{first}{second}" for first in "ABCD" for second in "ABCD"]
    rows = [tuple((good | {"currency": code}).values()) for code in codes]
    evaluation = evaluate(frame_of_rows(list(good), rows, numbers={"price", "total_price"}), ITEMS_SUITE)
    assert [(result.slug, result.observed) for result in evaluation.failed] == [("currencies_few", 16.0)]


@pytest.mark.parametrize("suite", LAYERS, ids=lambda suite: str(suite.name))
def test_every_expectation_is_spoilt_above_has_its_reason_and_a_name_of_its_own(suite: Suite) -> None:
    slugs = [expectation.slug for expectation in suite.expectations]
    assert len(set(slugs)) == len(slugs)
    assert set(slugs) - {"currencies_few"} == set(SPOILT[suite.name])
    assert all(e.reason.strip() and e.description.strip() for e in suite.expectations)
    assert suite.columns() <= set(GOOD[suite.name])
    assert suite.reads


@pytest.mark.parametrize("suite", LAYERS, ids=lambda suite: str(suite.name))
def test_only_what_corrupts_the_statistics_blocks(suite: Suite) -> None:
    assert {e.slug for e in suite.expectations if e.blocking} == BLOCKING[suite.name]
    assert all(e.severity is Severity.CRITICAL for e in suite.expectations if e.blocking)


MART = {
    "product_id": "bigint",
    "stat_date": "date",
    "computed_at": "timestamp with time zone",
    "sku": "text",
    "currency": "text",
    "offers": "integer",
    "min_price": "numeric(24, 4)",
    "q1": "numeric(18, 4)",
    "median_price": "numeric(24, 4)",
    "mean_price": "numeric(24, 4)",
    "max_price": "numeric(24, 4)",
    "p50_duration_ms": "double precision",
    "p95_duration_ms": "double precision",
    "answered_p50_duration_ms": "double precision",
    "answered_p95_duration_ms": "double precision",
    "log_price": "double precision",
    "listing_share": "numeric(9, 6)",
    "items_7d_median": "numeric(24, 4)",
    "items_share": "numeric(24, 4)",
    "success_percent": "numeric(5, 2)",
    "change_7d_percent": "numeric(24, 2)",
    "price_trend_percent": "numeric(9, 2)",
    "offers_change": "integer",
    "bucket": "integer",
    "changed_pages": "integer",
    "sell_through_30d": "numeric(9, 6)",
    "min_price_30d": "numeric(24, 4)",
    "max_price_30d": "numeric(24, 4)",
    "median_days": "numeric(12, 4)",
    "window_ends_at": "timestamp with time zone",
}


def test_a_mart_is_held_to_what_its_column_names_promise() -> None:
    assert [e.slug for e in mart_suite("anything", MART).expectations] == [
        "stat_date_not_in_the_future",
        "computed_at_not_in_the_future",
        "currency_is_iso_4217",
        "offers_not_negative",
        "min_price_not_negative",
        "q1_not_negative",
        "median_price_not_negative",
        "mean_price_not_negative",
        "max_price_not_negative",
        "listing_share_is_a_share",
        "items_share_not_negative",
        "success_percent_is_a_percentage",
        "change_7d_percent_plausible",
        "price_trend_percent_plausible",
        "changed_pages_not_negative",
        "sell_through_30d_is_a_share",
        "min_price_30d_not_negative",
        "max_price_30d_not_negative",
        "median_days_not_negative",
        "min_price_up_to_q1",
        "q1_up_to_median_price",
        "median_price_up_to_max_price",
        "min_price_up_to_mean_price",
        "mean_price_up_to_max_price",
        "min_price_30d_up_to_max_price_30d",
        "p50_duration_ms_up_to_p95_duration_ms",
        "answered_p50_duration_ms_up_to_answered_p95_duration_ms",
    ]


def test_no_text_of_a_mart_but_currencies_is_read() -> None:
    assert [name for name, kind in MART.items() if kind == "text" and name in batch_columns(MART)] == ["currency"]


def test_a_mart_s_spoilt_figures_are_found() -> None:
    from quality.frame import frame_of_rows
    from quality.run import evaluate

    suite = mart_suite("anything", MART)
    good: dict[str, object] = dict.fromkeys(sorted(suite.columns()), 1.0) | {"currency": "EUR"}
    good |= {name: -1.0 for name in good if name.endswith("_hours_ahead")}
    good["items_share"] = 2.5  # of what is usual
    worse: dict[str, dict[str, object]] = {
        "stat_date_not_in_the_future": {"stat_date_hours_ahead": 30.0},
        "currency_is_iso_4217": {"currency": "euro"},
        "offers_not_negative": {"offers": -1.0},
        "listing_share_is_a_share": {"listing_share": 1.5},
        "items_share_not_negative": {"items_share": -0.1},
        "success_percent_is_a_percentage": {"success_percent": 101.0},
        "change_7d_percent_plausible": {"change_7d_percent": 5000.0},
        "p50_duration_ms_up_to_p95_duration_ms": {"p95_duration_ms": 0.5},
        "mean_price_up_to_max_price": {"mean_price": 2.0},
    }
    numbers = set(good) - {"currency"}
    for slug, changes in worse.items():
        rows = [tuple((good | changes).values())]
        failed = evaluate(frame_of_rows(list(good), rows, numbers=numbers), suite).failed
        assert [result.slug for result in failed] == [slug]
