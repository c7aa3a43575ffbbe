"""Sources are found by name, and conditions by id and label."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from domain.condition import Condition
from domain.settings import Settings
from scrapers.contract import Source
from scrapers.registry import UnknownSourceError, create_source, search_addresses, source_names, source_of_url
from scrapers.vinted.conditions import condition_of, condition_of_label
from scrapers.vinted.session import Session, session_from_cookie

_SETTINGS = Settings(_env_file=None)


def test_vinted_is_known_and_is_a_source():
    assert "vinted" in source_names()
    source = create_source("vinted", _SETTINGS)
    assert isinstance(source, Source)
    assert source.name == "vinted"
    assert source.parser_version >= 1


def test_an_unknown_source_names_the_known_ones():
    with pytest.raises(UnknownSourceError, match="vinted"):
        create_source("vintd", _SETTINGS)


def test_market_time_is_refused_for_the_real_site():
    with pytest.raises(ValueError, match="SANDBOX"):
        create_source("vinted", _SETTINGS, market_time=_now())


def test_a_recorded_page_belongs_to_its_source():
    page = create_source("vinted", _SETTINGS).recorded_page(b'{"items": []}', fetched_at=_now())
    assert (page.source, page.status, page.content_type) == ("vinted", 200, "application/json")


@pytest.mark.parametrize(
    ("label", "condition"),
    [
        ("New with tags", Condition.NEW_WITH_TAGS),
        ("NEW  WITHOUT TAGS", Condition.NEW),
        ("Très bon état", Condition.VERY_GOOD),
        ("Tres bon etat", Condition.VERY_GOOD),
        ("Heel goed", Condition.VERY_GOOD),
        ("Goed", Condition.GOOD),
        ("Bardzo dobry", Condition.VERY_GOOD),
        ("Ottime", Condition.VERY_GOOD),
        ("Zufriedenstellend", Condition.FAIR),
        ("Neu, mit Etikett", Condition.NEW_WITH_TAGS),
        ("Neu ohne Etikett", Condition.NEW),
        ("Mycket bra", Condition.VERY_GOOD),
        ("Muy bueno", Condition.VERY_GOOD),
        ("Satisfatório", Condition.FAIR),
        ("Nový bez visačky", Condition.NEW),
        ("Not fully functional", Condition.FOR_PARTS),
        ("as good as it gets", Condition.UNKNOWN),
        ("", Condition.UNKNOWN),
    ],
)
def test_labels_of_the_sites_map_to_our_scale(label: str, condition: Condition):
    assert condition_of_label(label) is condition


def test_the_label_wins_over_the_id_and_the_id_helps_where_it_is_unknown():
    assert condition_of("Good", "6") is Condition.GOOD
    assert condition_of("???", "6") is Condition.NEW_WITH_TAGS
    assert condition_of(None, "99") is Condition.UNKNOWN


def test_a_cookie_copied_by_hand_is_a_session_that_does_not_print_itself():
    session = session_from_cookie("Cookie: anon_id=abc; access_token_web=s3cret; v_udt=x")
    assert session is not None
    assert session.service_headers()["Authorization"] == "Bearer s3cret"
    assert session.service_headers()["X-Anon-Id"] == "abc"
    assert "s3cret" not in repr(session)
    assert session_from_cookie("anon_id=abc") is None
    assert Session(origin="http").service_headers() == {}


def test_the_polling_path_imports_nothing_heavy():
    code = (
        "import sys, scrapers.registry; heavy = {'playwright', 'torch', 'pandas', 'dagster', 'sklearn', 'dbt'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _now() -> datetime:
    return datetime(2026, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize("site", ["de", "fr", "co.uk"])
def test_one_search_on_many_sources_is_understood_by_each(site: str) -> None:
    addresses = search_addresses("levi's 501", site)
    assert set(addresses) == {"amazon", "ebay", "empik", "etsy", "reddit", "vinted"}
    for name, url in addresses.items():
        assert source_of_url(url) == name
        assert create_source(name, _SETTINGS).parse_search_url(url).params["search_text"] == "levi's 501"


def test_a_source_without_a_search_by_words_is_named() -> None:
    with pytest.raises(UnknownSourceError, match="uzum: no search by words; these have one: amazon"):
        search_addresses("x", "de", ["ebay", "uzum"])
