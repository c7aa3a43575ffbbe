from __future__ import annotations

import json
from decimal import Decimal

import httpx2
import pytest

from sandbox.server import SandboxServer
from tests.fixtures import fixture_path
from tests.integration.sandbox.conftest import AT
from tests.integration.sandbox.helpers import open_session, search

pytestmark = pytest.mark.integration


def test_the_homepage_opens_a_session_with_cookies_for_its_country(client: httpx2.Client) -> None:
    answer = client.get("/vinted/fr/www/")
    cookies = {cookie.name: cookie for cookie in client.cookies.jar}
    assert {"access_token_web", "refresh_token_web", "anon_id", "v_udt"} <= set(cookies)
    assert all(cookie.path == "/vinted/fr" for cookie in cookies.values())
    assert answer.headers["X-Anon-Id"] == cookies["anon_id"].value
    assert cookies["access_token_web"].value.count(".") == 2
    assert len(answer.text) > 100_000
    assert "datadome" in answer.text


def test_a_head_request_opens_a_session_too(client: httpx2.Client) -> None:
    answer = client.head("/vinted/de/www/")
    assert answer.headers["X-Anon-Id"]
    assert any(cookie.name == "access_token_web" for cookie in client.cookies.jar)


@pytest.mark.parametrize("missing", ["Authorization", "X-Anon-Id"])
def test_searching_without_token_or_anon_id_is_unauthorised(client: httpx2.Client, missing: str) -> None:
    session = open_session(client)
    answer = search(client, {name: value for name, value in session.items() if name != missing})
    assert answer.status_code == 401
    assert answer.json()["code"] == 100
    assert answer.json()["message_code"] == "invalid_authentication_token"


def test_a_token_of_one_country_does_not_serve_another(client: httpx2.Client) -> None:
    session = open_session(client, "pl")
    assert search(client, session, "pl").status_code == 200
    assert search(client, session, "fr").status_code == 401


def test_a_token_expires_after_its_number_of_requests_and_a_new_one_works(client: httpx2.Client) -> None:
    client.post("/control/sessions", json={"max_requests": 2})
    session = open_session(client)
    assert [search(client, session).status_code for _ in range(4)] == [200, 200, 401, 401]
    assert search(client, open_session(client)).status_code == 200


def test_a_token_expires_with_its_time_and_can_be_revoked(client: httpx2.Client) -> None:
    client.post("/control/sessions", json={"ttl_seconds": 0})
    assert search(client, open_session(client)).status_code == 401
    client.post("/control/sessions", json={"ttl_seconds": 3600})
    session = open_session(client)
    assert search(client, session).status_code == 200
    client.post("/control/sessions", json={"revoke": True})
    assert search(client, session).status_code == 401


def test_the_same_time_gives_the_same_bytes_whatever_was_asked_between(client: httpx2.Client) -> None:
    session = open_session(client)
    asked = {"search_text": "levi's 501", "order": "newest_first"}
    first = search(client, session, **asked).content
    other = search(client, session, headers={"X-Sandbox-Time": "2026-11-05T00:00:00Z"}, **asked).content
    assert search(client, session, **asked).content == first != other


def test_the_query_parameter_tells_the_time_where_there_is_no_header(sandbox: SandboxServer) -> None:
    with httpx2.Client(base_url=sandbox.url) as client:
        session = open_session(client)
        page = search(client, session, sandbox_time="2026-09-15T12:00:00+02:00").json()
        assert page["pagination"]["time"] == 1789466400
        assert search(client, session, sandbox_time="yesterday").status_code == 400


def test_the_clock_can_be_set_for_everybody(sandbox: SandboxServer) -> None:
    with httpx2.Client(base_url=sandbox.url) as client:
        client.post("/control/clock", json={"time": "2026-09-20T00:00:00Z"}).raise_for_status()
        page = search(client, open_session(client)).json()
        assert 0 <= page["pagination"]["time"] - 1789862400 < 60


def test_an_item_has_the_thin_shape_of_the_new_service(client: httpx2.Client) -> None:
    recorded = json.loads(fixture_path("vinted", "catalog_items_api_v2_couk_2026-09-09.json").read_bytes())
    old = recorded["items"][0]
    page = search(client, open_session(client, "co.uk"), "co.uk", search_text="patagonia").json()
    assert set(page["pagination"]) == set(recorded["pagination"])
    for item in page["items"]:
        assert set(item) <= set(old)
        assert not {"brand_title", "size_title", "status"} & set(item)
        assert {"id", "title", "price", "photo", "photos", "user", "favourite_count", "promoted"} <= set(item)
        for name in ("price", "service_fee", "total_item_price"):
            assert set(item[name]) == set(old[name])
        assert set(item["user"]) == set(old["user"])
        assert set(item["item_box"]) <= set(old["item_box"])
        assert {"first_line", "second_line", "accessibility_label"} <= set(item["item_box"])
        assert set(item["photo"]) == set(old["photo"])
        assert item["photo"] == item["photos"][0]
        assert set(item["photo"]["thumbnails"][0]) == set(old["photo"]["thumbnails"][0])
        assert [t["type"] for t in item["photo"]["thumbnails"]] == [t["type"] for t in old["photo"]["thumbnails"]]
        # The new photos carry no upload time.
        assert "timestamp" not in item["photo"]["high_resolution"]
        assert item["view_count"] == 0
        assert item["url"].startswith(f"/items/{item['id']}-")
    converted = [item["conversion"] for item in page["items"] if item["conversion"]]
    assert converted
    assert all(set(conversion) == set(old["conversion"]) for conversion in converted)


def test_totals_are_price_plus_fee_and_labels_carry_both(client: httpx2.Client) -> None:
    for item in search(client, open_session(client, "nl"), "nl").json()["items"]:
        price, fee, total = (Decimal(item[n]["amount"]) for n in ("price", "service_fee", "total_item_price"))
        assert total == price + fee
        label = item["item_box"]["accessibility_label"]
        assert label.startswith(item["title"])
        assert f"{price:.2f} €, {total:.2f} € inclusief Kopersbescherming" in label


def test_brand_condition_and_size_may_each_be_missing_from_the_item_box(client: httpx2.Client) -> None:
    session = open_session(client, "co.uk")
    boxes = [
        item["item_box"]
        for number in range(1, 8)
        for item in search(client, session, "co.uk", page=number).json()["items"]
    ]
    lines = {box["second_line"] for box in boxes}
    assert any(box["first_line"] == "" for box in boxes)
    assert "M · Very good" in lines
    assert "Very good" in lines
    assert any(line and "ood" not in line and "New" not in line and "Sat" not in line for line in lines)


def test_the_number_of_results_is_capped_at_960(client: httpx2.Client) -> None:
    session = open_session(client)
    page = search(client, session, per_page=96).json()
    assert page["pagination"]["total_entries"] == 960
    assert page["pagination"]["total_pages"] == 10
    assert len(search(client, session, per_page=96, page=10).json()["items"]) == 96
    assert search(client, session, per_page=96, page=11).json()["items"] == []
    assert len(search(client, session, per_page=500).json()["items"]) == 96
    assert search(client, session, per_page=3).json()["pagination"]["total_pages"] == 320


def test_old_filter_names_are_accepted_and_silently_ignored(client: httpx2.Client) -> None:
    session, text = open_session(client), {"search_text": "air max", "order": "newest_first"}
    plain = search(client, session, **text).json()["items"]
    ignored = search(client, session, **text, **{"status_ids": "6", "brand_ids[]": "10", "sort": "x"}).json()["items"]
    assert ignored == plain


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("attribute_ids[status]", "6,1", "Neuf"),
        ("attribute_ids[brand]", "53", "Nike"),
        ("attribute_ids[size]", "63", "42 "),
        ("attribute_ids[color]", "1", ""),
        ("attribute_ids[catalog]", "1242", ""),
    ],
)
def test_new_filter_names_are_applied(client: httpx2.Client, name: str, value: str, expected: str) -> None:
    session = open_session(client)
    everything = search(client, session, search_text="air max").json()["pagination"]["total_entries"]
    page = search(client, session, search_text="air max", **{name: value}).json()
    assert page["items"]
    assert page["pagination"]["total_entries"] < everything or name == "attribute_ids[catalog]"
    for item in page["items"]:
        box = item["item_box"]
        assert expected in f"{box['first_line']} {box['second_line']} " or "·" not in box["second_line"]
    assert search(client, session, search_text="air max", **{name: "999999"}).json()["items"] == []


def test_price_limits_are_in_the_currency_of_the_site(client: httpx2.Client) -> None:
    session = open_session(client, "pl")
    items = search(client, session, "pl", price_from="100", price_to="200").json()["items"]
    assert items
    assert all(100 <= Decimal(item["price"]["amount"]) <= 200 for item in items)
    assert {item["price"]["currency_code"] for item in items} == {"PLN"}


@pytest.mark.parametrize("params", [{"price_from": ""}, {"price_to": "cheap"}, {"page": "0"}, {"per_page": "x"}])
def test_an_empty_or_senseless_parameter_is_an_invalid_request(client: httpx2.Client, params: dict[str, str]) -> None:
    answer = search(client, open_session(client), **params)
    assert answer.status_code == 400
    assert "INVALID_REQUEST" in answer.text


def test_the_withdrawn_endpoint_answers_as_recorded(client: httpx2.Client) -> None:
    recorded = json.loads(fixture_path("vinted", "error_404_catalog_endpoint_withdrawn_2026-09.json").read_bytes())
    answer = client.get("/vinted/fr/www/api/v2/catalog/items", params={"search_text": "nike"})
    assert (answer.status_code, answer.json()) == (404, recorded)


def test_an_unauthorised_answer_is_the_recorded_one(client: httpx2.Client) -> None:
    recorded = json.loads(fixture_path("vinted", "error_401_invalid_authentication_token_2024-11.json").read_bytes())
    assert client.get("/vinted/fr/api/svc-catalogue/items").json() == recorded


def test_details_are_refused_by_default_and_have_string_prices_when_opened(client: httpx2.Client) -> None:
    item = search(client, open_session(client)).json()["items"][0]
    path = f"/vinted/fr/www/api/v2/items/{item['id']}/details"
    refused = client.get(path)
    assert refused.status_code == 403
    assert "captcha-delivery" in refused.text
    client.post("/control/sessions", json={"details_open": True})
    details = client.get(path).json()["item"]
    recorded = json.loads(fixture_path("vinted", "item_details_api_v2_2025-08_anonymised.json").read_bytes())["item"]
    assert details["price"] == item["price"]["amount"]
    assert {name for name in details if name not in recorded} <= {"size_title"}


def test_a_seller_can_be_looked_up(client: httpx2.Client) -> None:
    seller = search(client, open_session(client)).json()["items"][0]["user"]
    user = client.get(f"/vinted/fr/www/api/v2/users/{seller['id']}").json()["user"]
    assert (user["id"], user["login"]) == (seller["id"], seller["login"])
    assert client.get("/vinted/fr/www/api/v2/users/3").status_code == 404


def test_pictures_are_small_and_drawn(client: httpx2.Client) -> None:
    item = search(client, open_session(client)).json()["items"][0]
    answer = httpx2.get(item["photo"]["url"])
    assert answer.content.startswith(b"\x89PNG")
    assert len(answer.content) < 20_000
    assert client.get("/vinted/fr/images/40000000001.png").status_code == 404


def test_an_unknown_country_says_which_there_are(client: httpx2.Client) -> None:
    answer = client.get("/vinted/xx/www/")
    assert answer.status_code == 404
    assert "co.uk" in answer.text


def test_the_truth_names_the_planted_deals_a_search_shows(client: httpx2.Client) -> None:
    rows = client.get("/truth/vinted", params={"country": "co.uk"}).json()
    by_id = {row["external_id"]: row for row in rows}
    session = open_session(client, "co.uk")
    planted = 0
    for number in range(1, 11):
        for item in search(client, session, "co.uk", page=number).json()["items"]:
            row = by_id[str(item["id"])]
            assert row["price"] == item["price"]["amount"]
            assert row["currency"] == "GBP"
            assert row["sold_at"] is None
            planted += row["planted"]
    assert planted
    assert client.get("/truth/nowhere").status_code == 404
    assert max(row["published_at"] for row in rows) <= AT.isoformat()
