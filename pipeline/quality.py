"""The cleaned items as one batch, held against the Great Expectations suite. Heavy: never imported by a poll."""

from __future__ import annotations

import pandas as pd
import psycopg

from quality.run import ExpectationResult, validate_batch
from quality.suites import ITEMS_SUITE
from warehouse.batches import recent_items

BATCH_DAYS = 2


def check_items(conn: psycopg.Connection) -> list[ExpectationResult]:
    """Validate the listings seen in the last two days; an empty batch has nothing to fail."""
    columns, rows = recent_items(conn, days=BATCH_DAYS)
    return validate_batch(pd.DataFrame(rows, columns=columns), ITEMS_SUITE)
