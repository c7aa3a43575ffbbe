"""Is this installation sound? Each finding says what to do.

Belongs here: looking, and the advice. Does not: repairing, printing.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg

from domain.settings import Settings
from orchestration.statistics.dbt_files import DBT
from scrapers.browser import find_chromium
from warehouse.connect import DatabaseError, connect, resolve_database
from warehouse.embedded import EmbeddedServerError
from warehouse.migrate import is_migrated
from warehouse.price_rules import list_price_rules
from warehouse.source_state import list_source_states

_WANTED_FREE_GB = 5


class Finding(NamedTuple):
    """One thing looked at."""

    ok: bool
    what: str
    sentence: str


def findings(settings: Settings) -> list[Finding]:
    """Return everything looked at, good and bad."""
    return [*_machine(settings), *_database(settings), *_channels(settings)]


def _machine(settings: Settings) -> Iterator[Finding]:
    version = sys.version_info
    yield Finding((3, 11) <= version[:2] < (3, 14), "Python", f"{version.major}.{version.minor}.{version.micro}")
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free / 1e9
    yield Finding(free > _WANTED_FREE_GB, "disk", f"{free:.0f} GB free under {settings.home.name}")
    yield Finding(Path(DBT).exists(), "dbt", "beside this Python" if Path(DBT).exists() else "missing: run make setup")
    browser = find_chromium(settings)
    if browser is None:
        yield Finding(False, "browser", "no Chromium found: the session fallback is off (PRICESCOPE_CHROMIUM_PATH)")
    else:
        yield Finding(True, "browser", f"{browser.name}, for sessions that plain HTTP is refused")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        url = resolve_database(settings).warehouse
        with connect(url, application_name="pricescope:doctor") as conn:
            server = conn.info.server_version // 10000
            kind = "embedded" if settings.database_url is None else "given by DATABASE_URL"
            yield Finding(server >= 15, "PostgreSQL", f"{server}, {kind}" + ("" if server >= 15 else "; 15 is needed"))
            ok = is_migrated(url)
            yield Finding(ok, "tables", "at this version" if ok else "behind: run pricescope migrate")
            if ok:
                for state in list_source_states(conn):
                    sentence = f"{state.state} since {state.since:%Y-%m-%d %H:%M} UTC {state.detail}".strip()
                    yield Finding(not state.is_blocked, f"source {state.source}", sentence)
                yield from _price_limits(conn, settings.base_currency)
    except (DatabaseError, EmbeddedServerError) as error:
        yield Finding(False, "PostgreSQL", str(error))


def _price_limits(conn: psycopg.Connection, base_currency: str) -> Iterator[Finding]:
    silent = [rule for rule in list_price_rules(conn) if rule.is_silent(base_currency)]
    if silent:
        numbers = ", ".join(str(rule.price_rule_id) for rule in silent)
        yield Finding(
            False,
            "price limits",
            f"rules {numbers} say nothing: their limits are in {silent[0].currency}, but PRICESCOPE_BASE_CURRENCY is"
            f" {base_currency} now. Ask again (pricescope product alert add ... --above), then remove them, or set"
            " the currency back",
        )


def _channels(settings: Settings) -> Iterator[Finding]:
    channels = settings.configured_channels()
    sentence = ", ".join(channels) if channels else "none; deals are only listed by `pricescope deals` (.env.example)"
    yield Finding(bool(channels), "alert channels", sentence)
