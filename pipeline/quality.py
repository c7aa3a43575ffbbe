"""The cleaned items as one batch, held against the Great Expectations suite. Heavy: never imported by a poll."""

from __future__ import annotations

import psycopg

from quality.frame import COLUMNS, frame_of_rows
from quality.run import ExpectationResult, validate_batch
from quality.suites import ITEMS_SUITE
from warehouse.batches import recent_items

BATCH_DAYS = 2


def check_items(conn: psycopg.Connection) -> list[ExpectationResult]:
    """Validate the listings seen in the last two days; an empty batch has nothing to fail."""
    return validate_batch(frame_of_rows(recent_items(conn, COLUMNS, days=BATCH_DAYS)), ITEMS_SUITE)
