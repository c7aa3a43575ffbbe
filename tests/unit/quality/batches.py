"""Good batches of each layer, as the warehouse hands them out, to be spoilt by tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quality.frame import frame_of_rows
from quality.run import Evaluation, evaluate
from quality.vocabulary import Suite

if TYPE_CHECKING:
    import pandas as pd

GOOD: dict[str, dict[str, object]] = {
    "items": {
        "source": "vinted",
        "has_id": True,
        "price": 12.5,
        "total_price": 13.83,
        "currency": "EUR",
        "condition": "good",
        "price_kind": "price",
        "has_brand": True,
        "has_title": True,
        "has_absolute_url": True,
        "changed_after_first_seen": True,
    },
    "pages": {
        "source": "vinted",
        "origin": "fetch",
        "status": 200.0,
        "is_answer": True,
        "digest_bytes": 32.0,
        "body_bytes": 1000.0,
        "answer_bytes": 1000.0,
        "request_seconds": 0.4,
        "has_absolute_url": True,
        "is_in_its_day": True,
        "hours_ahead": -3.0,
        "is_read": True,
    },
    "history": {
        "has_listing": True,
        "price_minor": 1250.0,
        "total_minor": 1383.0,
        "currency": "EUR",
        "availability": "available",
        "hours_ahead": -3.0,
        "rows_that_day": 2.0,
        "keeps_currency": True,
        "times_previous": 1.1,
    },
}


def frame(suite: Suite, count: int = 20, every: int = 0, **changes: object) -> pd.DataFrame:
    """Return a good batch; of ``every`` so many rows the first is changed, 0 changes none."""
    good = GOOD[suite.name]
    rows = [tuple((good | (changes if every and n % every == 0 else {})).values()) for n in range(count)]
    planted = {name for name, value in changes.items() if value is not None and not isinstance(value, float)}
    numbers = {name for name, value in good.items() if isinstance(value, float)} - planted
    return frame_of_rows(list(good), rows, numbers=numbers)


def evaluated(suite: Suite, count: int = 20, every: int = 0, **changes: object) -> Evaluation:
    """Return what the suite finds in such a batch."""
    return evaluate(frame(suite, count, every, **changes), suite)
