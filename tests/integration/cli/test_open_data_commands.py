"""What docs/open-data.md and docs/backup.md tell a user to type and to ask, typed and asked.

The tests follow one another: the first fills the database.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pytest

from domain.price_rule import PriceRuleKind
from pipeline.judge import judge_pending
from pipeline.poll import poll_day, utc_now
from pipeline.price_alerts import check_prices
from pipeline.read import read_day
from sandbox.server import SandboxServer
from tests.integration.cli.conftest import Command
from tests.sandbox import add_watch, sandbox_settings, set_clock
from tests.unit.deploy.deployment import ROOT
from warehouse.connect import DatabaseUrl, connect
from warehouse.digest import row_digests
from warehouse.pages import read_page
from warehouse.price_rules import NewPriceRule, add_price_rule

pytestmark = pytest.mark.integration
JEANS = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"


def blocks(page: str, language: str) -> list[str]:
    """Return the code that a page of the documentation shows in a language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"docs/{page} shows no {language}"
    return found


def commands(page: str, **places: Path) -> Iterator[list[str]]:
    """Yield the arguments of each ``pricescope`` command of a page, its places replaced by those given."""
    for line in "".join(blocks(page, "bash")).splitlines():
        program, *arguments = shlex.split(line)
        assert program == "pricescope"
        yield [str(places.get(Path(argument).parts[0].replace("-", "_"), argument)) for argument in arguments]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def alerted(market: SandboxServer, own_database: DatabaseUrl, folder: Path) -> None:
    """Two polls of a market five days apart: the first ends in a report, the second in alerts."""
    settings = sandbox_settings(market, own_database, folder)
    with connect(own_database) as conn:
        add_watch(conn, settings, JEANS, "jeans", max_price=Decimal(40))
        for days in (0, 5):
            set_clock(market, utc_now() + timedelta(days=days))
            poll_day(conn, settings, "vinted", utc_now().date(), run_id="run")
            read_day(conn, settings, "vinted", utc_now().date())
            judge_pending(conn, settings, source="vinted", run_id="run", now=utc_now)
            settle_product(conn)
            check_prices(conn, settings, run_id="run", now=utc_now())
            # As if it had cost a euro more: whether the cheapest of the market moved is chance.
            conn.execute("update app.price_rule_states set price = price + 1, value = value + 1")
        kinds = {kind for (kind,) in conn.execute("select kind from app.notifications").fetchall()}
        assert kinds == {"report", "deal", "prices"}


def settle_product(conn: psycopg.Connection) -> None:
    """Follow everything the watch finds as one product, with a rule over its price."""
    conn.execute("insert into core.products (sku, name) values ('J', 'jeans') on conflict do nothing")
    conn.execute(
        "insert into core.product_sources (product_id, source, url, watch_id, matched_by)"
        " select product_id, 'vinted', url, watch_id, 'link' from core.products, app.watches on conflict do nothing"
    )
    add_price_rule(conn, NewPriceRule(owner="owner", kind=PriceRuleKind.CHANGE))


@pytest.mark.usefixtures("alerted")
def test_the_commands_of_the_page_write_the_open_data(pricescope: Command, folder: Path) -> None:
    for arguments in commands("open-data.md", open_data=folder / "open-data"):
        done = pricescope(*arguments)
        assert done.returncode == 0, done.stderr
        if "--check" in arguments:
            assert re.fullmatch(r"[1-9]\d* files in .* are as the manifest says\n", done.stdout)
            continue
        assert re.search(r"price_history: [\d,]+ rows", done.stdout)
        assert f"MB in {folder / 'open-data'}" in done.stdout
    assert (folder / "open-data" / "manifest.json").exists()
    refused = pricescope("export", "--output", folder / "open-data", "--table", "sellers")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "no table sellers" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_file_that_is_not_as_it_was_written_is_named(pricescope: Command, folder: Path) -> None:
    place = folder / "open-data"
    spoilt = next(place.glob("table=price_history/**/*.parquet"))
    content = spoilt.read_bytes()
    spoilt.write_bytes(content[:-1] + b"?")
    told = pricescope("export", "--output", place, "--check")
    assert (told.returncode, told.stdout) == (1, f"missing or changed: {spoilt.relative_to(place)}\n")
    spoilt.write_bytes(content)
    assert pricescope("export", "--output", place, "--check").returncode == 0
    nothing = pricescope("export", "--output", folder / "nothing", "--check")
    assert (nothing.returncode, "holds no export" in nothing.stderr) == (2, True)


def test_the_page_leads_from_every_alert_to_the_bytes_it_was_read_from(
    folder: Path, own_database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    history, lineage, moves = blocks("open-data.md", "sql")
    traced = duckdb.sql(lineage)
    assert traced.columns[:1] == ["notification_id"]
    rows = [dict(zip(traced.columns, row, strict=True)) for row in traced.fetchall()]
    with connect(own_database) as conn:
        told = conn.execute("select notification_id from app.notifications where kind <> 'prices'").fetchall()
        deals = conn.execute("select deal_id from app.deals").fetchall()
        assert {row["notification_id"] for row in rows} == {number for (number,) in told}
        assert [row["deal_id"] for row in rows if row["kind"] == "deal"] != []
        assert {row["deal_id"] for row in rows} == {number for (number,) in deals}
        for row in rows:
            page = read_page(conn, row["page_id"])
            assert (page.url, hashlib.sha256(page.body).hexdigest()) == (row["url"], row["sha256"])
            # The page says the price that was told.
            assert str(row["price"]).rstrip("0").encode() in page.body
        moved = duckdb.sql(moves).fetchall()
        wanted = conn.execute("select notification_id from app.notifications where kind = 'prices'").fetchall()
        assert {number for number, *_ in moved} == {number for (number,) in wanted} != set()
        for _, _, _, reason, page_id, url, _ in moved:
            assert "than the" in reason
            assert read_page(conn, page_id).url == url
        months = duckdb.sql(history).fetchall()
        held = conn.execute(
            "select l.source, external_id, to_char(observed_at, 'YYYY-MM'), min(h.total_minor)::float / 100, count(*)"
            " from core.price_history h join core.listings l using (listing_id) group by 1, 2, 3 order by 1, 2, 3"
        ).fetchall()
    assert months == held


def test_the_python_of_the_page_reads_the_history(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    (code,) = blocks("open-data.md", "python")
    exec(code, names)  # noqa: S102 - the page of this repository
    history = names["history"]
    assert isinstance(history, pd.DataFrame)
    assert len(history) > 100
    assert set(history["source"]) == {"vinted"}


def test_every_table_of_the_page_is_exported_and_every_exported_one_is_on_the_page(folder: Path) -> None:
    page = (ROOT / "docs" / "open-data.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    there = {path.name.removeprefix("table=") for path in (folder / "open-data").glob("table=*")}
    assert {name for name in there if not name.startswith("marts.")} <= named
    assert named >= {"price_history", "listings", "pages", "page_readings", "deals", "notifications"}
    assert {"price_history", "listings", "pages", "page_readings", "deals", "notifications"} <= there


def test_the_commands_of_the_backup_page_bring_everything_back(
    pricescope: Command, folder: Path, own_database: DatabaseUrl
) -> None:
    with connect(own_database) as conn:
        before = row_digests(conn)
    made, brought = commands("backup.md", backups=folder / "monday.dump")
    dumped = pricescope(*made)
    assert dumped.returncode == 0, dumped.stderr
    assert str(folder / "monday.dump") in dumped.stdout
    with connect(own_database) as conn:
        conn.execute("truncate core.listing_details cascade")
    refused = pricescope(*(argument for argument in brought if argument != "--replace"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--replace" in refused.stderr
    assert "Traceback" not in refused.stderr
    restored = pricescope(*brought)
    assert restored.returncode == 0, restored.stderr
    assert "each table's digest as backed up" in restored.stdout
    with connect(own_database) as conn:
        assert row_digests(conn) == before


def test_make_dump_and_restore_are_these_commands() -> None:
    def recipe(*arguments: str) -> str:
        return subprocess.run(
            ["make", "--dry-run", "--no-print-directory", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert recipe("dump").endswith("/pricescope backup backups\n")
    assert recipe("dump", "FILE=a/b.dump").endswith("mkdir -p a/\n.venv/bin/pricescope backup a/b.dump\n")
    assert recipe("restore", "FILE=a/b.dump").endswith("/pricescope restore a/b.dump\n")
