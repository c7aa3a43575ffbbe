from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from sandbox.server import SandboxServer
from tests.integration.sandbox.helpers import SEARCH, open_session, search

pytestmark = pytest.mark.integration
CHROMIUM = Path("/usr/bin/chromium")


def _ask_for(client: httpx2.Client, fault: str, **options: object) -> None:
    client.post("/control/faults", json={"source": "vinted", "fault": fault, **options}).raise_for_status()


def test_a_fault_meets_its_number_of_requests_and_then_all_is_well(client: httpx2.Client) -> None:
    session = open_session(client)
    _ask_for(client, "unauthorised", count=2, path=SEARCH)
    assert [search(client, session).status_code for _ in range(3)] == [401, 401, 200]


def test_a_fault_without_count_stays_until_cleared(client: httpx2.Client) -> None:
    session = open_session(client)
    _ask_for(client, "server_error", status=502)
    assert {search(client, session).status_code for _ in range(4)} == {502}
    client.delete("/control/faults")
    assert search(client, session).status_code == 200


def test_a_fault_limited_to_a_path_leaves_the_others_alone(client: httpx2.Client) -> None:
    session = open_session(client)
    _ask_for(client, "challenge", path="/catalog")
    assert client.get("/vinted/fr/www/catalog").status_code == 403
    assert search(client, session).status_code == 200
    client.delete("/control/faults")
    _ask_for(client, "challenge", path="/")
    assert client.get("/vinted/fr/www/").status_code == 403
    assert client.get("/vinted/fr/www/catalog").status_code == 200


@pytest.mark.parametrize(("fault", "status"), [("challenge", 403), ("challenge_200", 200)])
def test_the_challenge_is_the_same_small_page_with_either_status(
    client: httpx2.Client, fault: str, status: int
) -> None:
    answer = client.get("/vinted/fr/www/catalog", headers={"X-Sandbox-Fault": fault})
    assert answer.status_code == status
    assert len(answer.text) < 5000
    assert "captcha-delivery" in answer.text
    assert not HTMLParser(answer.text).css('[data-testid="grid-item"]')


def test_throttling_says_how_long_to_wait(client: httpx2.Client) -> None:
    answer = client.get("/vinted/fr/www/catalog", headers={"X-Sandbox-Fault": "throttled; seconds=7"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_a_slow_answer_comes_late_but_whole(client: httpx2.Client) -> None:
    session = open_session(client)
    with pytest.raises(httpx2.ReadTimeout):
        client.get(f"/vinted/fr/api{SEARCH}", headers={**session, "X-Sandbox-Fault": "slow; seconds=30"}, timeout=0.2)
    answer = search(client, session, headers={"X-Sandbox-Fault": "slow; seconds=0.05"})
    assert answer.json()["items"]


def test_a_cut_off_body_is_half_of_the_answer(client: httpx2.Client) -> None:
    session = open_session(client)
    whole = search(client, session, order="newest_first").content
    half = search(client, session, order="newest_first", headers={"X-Sandbox-Fault": "cut_off"})
    assert half.status_code == 200
    assert half.content == whole[: len(whole) // 2]
    with pytest.raises(json.JSONDecodeError):
        half.json()


def test_a_cut_off_with_abort_drops_the_connection(client: httpx2.Client) -> None:
    session = open_session(client)
    with pytest.raises(httpx2.RemoteProtocolError):
        search(client, session, headers={"X-Sandbox-Fault": "cut_off; abort=true"})
    assert search(client, session).status_code == 200


def test_a_changed_shape_has_nothing_where_it_was(client: httpx2.Client) -> None:
    session = open_session(client)
    _ask_for(client, "changed")
    page = search(client, session).json()
    assert "items" not in page
    assert page["data"]["products"]
    html = client.get("/vinted/fr/www/catalog").text
    assert "data-testid" not in html
    assert len(html) > 100_000


@pytest.mark.parametrize("record", ["nan_price", "missing_id", "wrong_type"])
def test_poison_spoils_one_record_of_a_page_and_no_other(client: httpx2.Client, record: str) -> None:
    session, asked = open_session(client), {"order": "newest_first"}
    good = search(client, session, **asked).json()["items"]
    _ask_for(client, "poison", record=record)
    bad = search(client, session, **asked).json()["items"]
    different = [place for place, (a, b) in enumerate(zip(good, bad, strict=True)) if a != b]
    assert len(different) == 1
    victim = bad[different[0]]
    wrong = {
        "nan_price": victim["price"] == {"amount": "NaN", "currency_code": "EUR"},
        "missing_id": "id" not in victim,
        "wrong_type": isinstance(victim["price"], list),
    }
    assert wrong[record]


@pytest.mark.parametrize("record", ["nan_price", "missing_id", "wrong_type"])
def test_poison_spoils_one_row_of_a_catalogue_page(client: httpx2.Client, record: str) -> None:
    asked = {"search_text": "nike", "order": "newest_first"}
    good = HTMLParser(client.get("/vinted/fr/www/catalog", params=asked).text).css('[data-testid="grid-item"]')
    _ask_for(client, "poison", record=record)
    bad = HTMLParser(client.get("/vinted/fr/www/catalog", params=asked).text).css('[data-testid="grid-item"]')
    assert sum(a.html != b.html for a, b in zip(good, bad, strict=True)) == 1


def test_pages_shift_while_they_are_read(client: httpx2.Client) -> None:
    session = open_session(client)

    def read() -> list[int]:
        pages = [search(client, session, order="newest_first", per_page=96, page=n).json()["items"] for n in (1, 2, 3)]
        return [item["id"] for page in pages for item in page]

    still = read()
    assert len(set(still)) == len(still)
    _ask_for(client, "shifting")
    shifting = read()
    assert len(set(shifting)) < len(shifting), "a listing pushed on by newer ones is seen twice"
    assert shifting[:96] == still[:96]


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"fault": "earthquake"}, "unknown fault"),
        ({"fault": "slow", "second": 3}, "unknown fields: second"),
        ({"fault": "slow", "seconds": -1}, "seconds must be"),
        ({"fault": "poison", "record": "x"}, "unknown record"),
    ],
)
def test_a_fault_that_does_not_exist_is_refused_with_its_reason(
    client: httpx2.Client, wish: dict[str, object], complaint: str
) -> None:
    answer = client.post("/control/faults", json=wish)
    assert answer.status_code == 400
    assert complaint in answer.json()["sandbox_error"]
    assert client.get("/control/faults").json() == []


def test_requests_are_counted_by_path_and_logged_on_wish(client: httpx2.Client) -> None:
    session = open_session(client)
    for _ in range(3):
        search(client, session, search_text="lego")
    seen = client.get("/control/requests?log=1").json()
    assert seen["paths"] == {"/vinted/fr/www/": 1, f"/vinted/fr/api{SEARCH}": 3}
    assert seen["total"] == 4
    assert seen["statuses"] == {"200": 4}
    assert [entry["query"] for entry in seen["log"]][-1] == "search_text=lego"
    assert session["Authorization"].split()[1] not in json.dumps(seen)


def test_a_blocked_homepage_refuses_plain_http_for_good(client: httpx2.Client) -> None:
    _ask_for(client, "bootstrap_blocked")
    for _ in range(2):
        answer = client.get("/vinted/fr/www/")
        assert answer.status_code == 403
        assert "X-Anon-Id" not in answer.headers
    client.cookies.set("datadome", "ABC-123")
    assert client.get("/vinted/fr/www/").status_code == 403


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs the system's Chromium")
def test_a_real_browser_passes_the_blocked_homepage_and_its_session_serves_plain_http(
    sandbox: SandboxServer, client: httpx2.Client
) -> None:
    from playwright.sync_api import sync_playwright

    _ask_for(client, "bootstrap_blocked")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        )
        page = browser.new_page()
        page.goto(f"{sandbox.url}/vinted/fr/www/")
        page.wait_for_selector('[data-testid="homepage"]', timeout=10_000)
        cookies = {str(cookie["name"]): str(cookie["value"]) for cookie in page.context.cookies()}
        browser.close()
    session = {"Authorization": f"Bearer {cookies['access_token_web']}", "X-Anon-Id": cookies["anon_id"]}
    assert search(client, session).json()["items"]


def test_market_days_can_be_walked_back_and_forth(client: httpx2.Client) -> None:
    session = open_session(client)
    totals = {}
    for day in ("2026-09-28", "2026-09-03", "2026-09-15", "2026-09-03"):
        page = search(client, session, headers={"X-Sandbox-Time": f"{day}T12:00:00Z"}, search_text="rtx 3090").json()
        total = page["pagination"]["total_entries"]
        assert totals.setdefault(day, total) == total
    assert totals["2026-09-03"] < totals["2026-09-15"] < totals["2026-09-28"]
