"""The commands of a first week, in a user's order: each test stands on what the ones before it did.

`make test` gives a file to one worker (``--dist loadfile``).
"""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import psycopg
import pytest

from sandbox.server import SandboxServer
from tests.fixtures import fixture_path
from tests.integration.cli.conftest import Command
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration
JEANS = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"


@pytest.fixture
def own_conn(own_database: DatabaseUrl) -> psycopg.Connection:
    return connect(own_database)


def test_a_search_address_is_shown_back_and_an_unknown_parameter_is_named(pricescope: Command) -> None:
    refused = pricescope("watch", "add", JEANS + "&colour=red&foo[]=1")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert "colour" in refused.stderr
    assert "foo[]" in refused.stderr
    assert "Traceback" not in refused.stderr

    added = pricescope("watch", "add", JEANS + "&price_to=200", "--name", "jeans", "--max-price", "40")
    assert added.returncode == 0, added.stderr
    assert "levi's 501" in added.stdout
    assert "price_to" in added.stdout
    assert "40.00 EUR" in added.stdout
    wished = pricescope("watch", "edit", "jeans", "--country", "de", "--exclude-seller", "anna", "--personal-only")
    assert wished.returncode == 0, wished.stderr
    assert "DE" in wished.stdout
    assert "personal only, not anna" in wished.stdout
    pricescope("watch", "edit", "jeans", "--country", "", "--exclude-seller", "", "--any-seller")
    assert "any country" in pricescope("watch", "show", "jeans").stdout
    wished = pricescope("watch", "edit", "jeans", "--kind", "normal", "--kind", "bundle")
    assert "normal, bundle" in wished.stdout, wished.stderr
    again = pricescope("watch", "add", JEANS, "--name", "jeans")
    assert (again.returncode, again.stdout) == (2, "")
    assert "jeans" in again.stderr


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--max-price", "cheap", "--max-price"),
        ("--max-price", "-1", "--max-price"),
        ("--rules", "robust,magic", "magic"),
        ("--blacklist", "/(/", "regular expression"),
        ("--country", "Poland", "two letters"),
        ("--kind", "boxes", "accessory"),
    ],
)
def test_a_bad_option_is_one_clear_line(pricescope: Command, option: str, value: str, said: str) -> None:
    refused = pricescope("watch", "add", JEANS, "--name", "bad", option, value)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_watch_is_tried_out_without_storing_anything(pricescope: Command, own_conn: psycopg.Connection) -> None:
    tried = pricescope("watch", "test", JEANS)
    assert tried.returncode == 0, tried.stderr
    assert "501" in tried.stdout
    assert own_conn.execute("select count(*) from raw.pages").fetchone() == (0,)


def test_a_poll_finds_deals_that_are_listed_and_explained(pricescope: Command, own_conn: psycopg.Connection) -> None:
    polled = pricescope("poll", "vinted")
    assert polled.returncode == 0, polled.stderr
    assert "poll success" in polled.stdout

    listed = pricescope("deals", "--json")
    deals = json.loads(listed.stdout)
    assert deals, "something costs less than 40 EUR"
    assert {"listing_id", "price", "currency", "evidence", "url", "watch_name"} <= set(deals[0])
    run_id, dagster_run = own_conn.execute("select run_id, state from ops.scrape_runs").fetchone()
    assert run_id
    assert dagster_run == "success"

    deal = deals[0]
    for name in (str(deal["listing_id"]), f"vinted:{deal['external_id']}", deal["url"]):
        explained = pricescope("explain", name, "--watch", "jeans")
        assert explained.returncode == 0, explained.stderr
        assert "absolute: deal" in explained.stdout
        assert "robust: not_enough_data" in explained.stdout
    dear = own_conn.execute(
        "select listing_id from core.listings where total_price > 60 order by total_price limit 1"
    ).fetchone()
    silent = pricescope("explain", str(dear[0]))
    assert "absolute: no_deal" in silent.stdout

    told = own_conn.execute("select count(*) from app.notifications").fetchone()
    checked = pricescope("check", deal["url"], "--watch", "jeans")
    assert checked.returncode == 0, checked.stderr
    assert "absolute: deal" in checked.stdout
    assert own_conn.execute("select count(*) from app.notifications").fetchone() == told
    assert pricescope("check", "https://www.vinted.fr/items/1", "--watch", "jeans").returncode == 2
    assert pricescope("check", "no address", "--watch", "jeans").returncode == 2

    assert pricescope("hide", str(deal["listing_id"])).returncode == 0
    left = json.loads(pricescope("deals", "--json").stdout)
    assert deal["listing_id"] not in {row["listing_id"] for row in left}
    assert pricescope("explain", "vinted:none").returncode == 2
    assert pricescope("poll", "nowhere").returncode == 2


def test_recorded_pages_are_imported_without_fetching_and_end_in_an_alert(
    pricescope: Command, market: SandboxServer, own_conn: psycopg.Connection, tmp_path: Path
) -> None:
    folder = fixture_path("vinted")
    search = "https://www.vinted.co.uk/catalog?search_text=patagonia+manoa"
    added = pricescope("watch", "add", search, "--name", "fleece", "--max-price", "100")
    assert added.returncode == 0, added.stderr
    httpx2.delete(f"{market.url}/control/requests").raise_for_status()
    imported = pricescope("import", folder)
    assert imported.returncode == 0, imported.stderr
    asked = httpx2.get(f"{market.url}/control/requests").json()
    assert not [path for path in asked.get("paths", asked) if "svc-catalogue" in str(path)]
    told = own_conn.execute(
        "select n.kind, n.state, d.currency from app.notifications n join app.deals d using (deal_id)"
        " join app.watches w on w.watch_id = d.watch_id where w.name = 'fleece'"
    ).fetchall()
    assert told == [("deal", "sent", "GBP")]

    rows = own_conn.execute("select count(*) from core.price_history").fetchone()
    again = pricescope("import", folder, tmp_path / "absent.json")
    assert again.returncode == 1, "the absent file is said to be unreadable, the others are imported"
    assert "absent.json" in again.stderr
    assert "already stored" in again.stderr
    assert own_conn.execute("select count(*) from core.price_history").fetchone() == rows


def test_parse_prints_json_lines_alone_on_stdout(pricescope: Command, tmp_path: Path) -> None:
    recorded = fixture_path("vinted", "catalog_items_api_v2_couk_2026-09-09.json")
    broken = tmp_path / "broken.json"
    broken.write_text('{"items": [{"id": 1')
    parsed = pricescope("parse", "vinted", recorded, broken)
    assert parsed.returncode == 0
    rows = [json.loads(line) for line in parsed.stdout.splitlines()]
    assert len(rows) == 3
    wanted = {
        "source", "external_id", "title", "price", "currency", "total_price", "condition", "brand", "size", "url",
        "image_urls", "seller_id", "listed_at", "file",
    }  # fmt: skip
    assert all(wanted <= set(row) for row in rows)
    assert f"{broken}: changed" in parsed.stderr
    assert pricescope("parse", "vinted", tmp_path / "absent").returncode == 1


def test_record_keeps_what_a_poll_would_fetch_for_parse_to_read(pricescope: Command, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    recorded = pricescope("record", "vinted", JEANS, "jeans", "--dir", folder)
    assert recorded.returncode == 0, recorded.stderr
    assert "personal data" in recorded.stderr
    pages = sorted(path for path in folder.iterdir() if not path.name.endswith(".meta.json"))
    assert len(pages) == 2
    parsed = pricescope("parse", "vinted", *pages)
    assert parsed.returncode == 0, parsed.stderr
    rows = [json.loads(line) for line in parsed.stdout.splitlines()]
    assert {row["file"] for row in rows} == {str(page) for page in pages}
    assert pricescope("record", "vinted", "https://shop.example/x", "--dir", folder).returncode == 2
    assert pricescope("record", "vinted", "no such watch", "--dir", folder).returncode == 2


def test_a_watch_is_edited_paused_and_removed_with_its_orphans(pricescope: Command) -> None:
    edited = pricescope("watch", "edit", "jeans", "--max-price", "none", "--sigma-k", "2", "--blacklist", "replica")
    assert edited.returncode == 0, edited.stderr
    watches = [json.loads(line) for line in pricescope("watch", "list", "--json").stdout.splitlines()]
    (row,) = [watch for watch in watches if watch["name"] == "jeans"]
    assert (row["max_price"], float(row["sigma_k"]), row["blacklist"]) == (None, 2.0, ["replica"])
    assert "paused" in pricescope("watch", "pause", "jeans").stdout
    assert "active" in pricescope("watch", "resume", "jeans").stdout
    removed = pricescope("watch", "remove", "jeans")
    assert removed.returncode == 0
    assert pricescope("watch", "show", "jeans").returncode == 2


def test_channels_are_tested_and_a_dead_one_says_why(pricescope: Command, market: SandboxServer) -> None:
    assert pricescope("notify", "test", "email").returncode == 0
    assert pricescope("notify", "retry").stdout.startswith("0 notifications")
    missing = pricescope("notify", "test", "slack")
    assert missing.returncode == 2
    assert "not configured" in missing.stderr
    secret = "https://127.0.0.1:9/services/T0/B0/verysecret"
    dead = pricescope("notify", "test", "slack", PRICESCOPE_SLACK_WEBHOOK_URL=secret)
    assert dead.returncode == 1
    assert "not delivered" in dead.stderr
    assert "verysecret" not in dead.stderr + dead.stdout


def test_the_doctor_finds_a_sound_installation_and_a_configuration_mistake_stops_everything(
    pricescope: Command,
) -> None:
    sound = pricescope("doctor")
    assert sound.returncode == 0, sound.stdout
    wrong = pricescope("watch", "list", PRICESCOPE_SMTP_PORT="0", PRICESCOPE_BASE_CURRENCY="euro")
    assert wrong.returncode == 2
    assert "PRICESCOPE_SMTP_PORT" in wrong.stderr
    assert "PRICESCOPE_BASE_CURRENCY" in wrong.stderr
