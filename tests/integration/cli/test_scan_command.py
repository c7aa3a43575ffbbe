"""`pricescope scan` as a user types it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.scan_progress import ScanRange, ScanState, as_value, from_value
from tests.integration.cli.conftest import Command
from warehouse.checkpoints import load_checkpoint, save_checkpoint
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration
SCAN = ScanRange("uzum", 1, 120)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("uzum",), "--from 1 --to 100000"),
        (("uzum", "--from", "9", "--to", "3"), "--from 9 --to 3"),
        (("vinted", "--from", "1", "--to", "3"), "uzum"),
        (("vintd", "--status"), "known"),
    ],
)
def test_a_scan_that_makes_no_sense_is_one_clear_line(
    pricescope: Command, arguments: tuple[str, ...], said: str
) -> None:
    refused = pricescope("scan", *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_scan_is_run_told_and_found_stale(pricescope: Command, own_database: DatabaseUrl) -> None:
    none = pricescope("scan", "uzum", "--status")
    assert (none.returncode, "was ever begun" in none.stdout) == (0, True)
    done = pricescope("scan", "uzum", "--from", "1", "--to", "120", "--cycles", "2")
    assert done.returncode == 0, done.stderr
    assert "uzum:range:1-120: done, cycle 2 of 2" in done.stdout
    assert "120 ids answered" in done.stdout
    fresh = pricescope("scan", "uzum", "--status")
    assert fresh.returncode == 0
    assert "last progress 0 min ago" in fresh.stdout
    with connect(own_database) as conn:
        kept = load_checkpoint(conn, SCAN.name)
        assert kept is not None
        left = msgspec.structs.replace(from_value(kept.value), state=ScanState.RUNNING)
        save_checkpoint(conn, SCAN.name, as_value(left), datetime.now(UTC) - timedelta(hours=2))
    stale = pricescope("scan", "uzum", "--status")
    assert stale.returncode == 3
    assert "stale" in stale.stdout
