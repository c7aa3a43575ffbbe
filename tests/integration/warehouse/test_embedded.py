"""The embedded server under the faults that a local server meets. Each test has a server of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from domain.settings import Settings
from warehouse.connect import connect, ensure_database, resolve_database
from warehouse.embedded import EmbeddedServer, EmbeddedServerError

pytestmark = pytest.mark.integration


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that is not under pytest's own, which every other run of pytest closes to other users."""
    with tempfile.TemporaryDirectory(prefix="pricescope-pg-") as folder:
        yield Path(folder)


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedServer]:
    embedded = EmbeddedServer(home)
    embedded.start()
    yield embedded
    embedded.stop()
    assert embedded.pid() is None


def _value(server: EmbeddedServer) -> object:
    with connect(server.url("postgres")) as conn:
        return conn.execute("select count(*) from kept").fetchone()


def _keep_something(server: EmbeddedServer) -> None:
    with connect(server.url("postgres")) as conn:
        conn.execute("create table kept as select g from generate_series(1, 1000) g")


def test_it_keeps_data_over_a_restart_and_listens_on_no_network_address(server: EmbeddedServer) -> None:
    _keep_something(server)
    pid = server.pid()
    server.start()
    EmbeddedServer(server.home).start()
    assert server.pid() == pid
    listening = [c for c in psutil.Process(pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert listening == []
    assert server.socket_directory().stat().st_mode & 0o077 == 0
    with connect(server.url("postgres")) as conn:
        settings = dict(
            conn.execute(
                "select name, setting from pg_settings where name in ('fsync', 'max_connections', 'TimeZone')"
            ).fetchall()
        )
    assert settings == {"fsync": "on", "max_connections": "100", "TimeZone": "UTC"}
    server.stop()
    assert not server.is_running()
    server.stop()
    server.start()
    assert _value(server) == (1000,)


def test_a_killed_postmaster_is_not_taken_for_a_running_one_and_its_data_survive(server: EmbeddedServer) -> None:
    _keep_something(server)
    for _ in range(3):
        pid = server.pid()
        assert pid is not None
        # A session that is busy when its postmaster dies, as a load would be.
        busy = connect(server.url("postgres"))
        busy.pgconn.send_query(b"select pg_sleep(30)")
        os.kill(pid, signal.SIGKILL)
        server.start()
        assert server.pid() not in {None, pid}
        assert _value(server) == (1000,)
        busy.close()


def test_a_pid_file_that_names_a_stranger_does_not_keep_the_server_from_starting(server: EmbeddedServer) -> None:
    _keep_something(server)
    pid_file = server.home / "postgres" / "data" / "postmaster.pid"
    text = pid_file.read_text()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:  # any process will do
        pid_file.write_text(text.replace(text.splitlines()[0], str(stranger.pid), 1))
        assert not server.is_running()
        server.start()
        assert stranger.poll() is None
        stranger.kill()
    assert _value(server) == (1000,)


def test_a_pid_file_that_names_a_zombie_does_not_keep_the_server_from_starting(server: EmbeddedServer) -> None:
    pid_file = server.home / "postgres" / "data" / "postmaster.pid"
    text = pid_file.read_text()
    server.stop()
    zombie = subprocess.Popen(["true"])  # not waited for, so that it stays a zombie
    while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    pid_file.write_text(text.replace(text.splitlines()[0], str(zombie.pid), 1))
    assert not server.is_running()
    server.start()
    assert server.is_running()
    zombie.wait()


def test_an_empty_pid_file_and_half_a_cluster_of_a_killed_first_start_are_overcome(home: Path) -> None:
    server = EmbeddedServer(home)
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    server.stop()
    (home / "postgres" / "data" / "postmaster.pid").write_text("")
    server.start()
    assert server.is_running()
    server.stop()


def test_a_killed_client_neither_stops_nor_leaks_the_server(server: EmbeddedServer) -> None:
    code = (
        "import sys, pathlib\nfrom warehouse.embedded import EmbeddedServer\nfrom warehouse.connect import connect\n"
        f"s = EmbeddedServer(pathlib.Path({str(server.home)!r}))\ns.start()\nc = connect(s.url('postgres'))\n"
        "c.execute('begin'); c.execute('create table half (g int)')\nprint('ready', flush=True)\nsys.stdin.read()\n"
    )
    pid = server.pid()
    client = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    client.kill()
    client.communicate()
    assert server.pid() == pid
    with connect(server.url("postgres")) as conn:
        assert conn.execute("select to_regclass('half')").fetchone() == (None,)
    server.stop()
    assert pid is not None
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_processes_that_start_it_at_once_share_one_server(home: Path) -> None:
    code = (
        "import pathlib\nfrom warehouse.embedded import EmbeddedServer\n"
        f"s = EmbeddedServer(pathlib.Path({str(home)!r}))\ns.start()\nprint(s.pid())\n"
    )
    starters = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    pids = {starter.communicate(timeout=60)[0] for starter in starters}
    assert pids == {f"{EmbeddedServer(home).pid()}\n".encode()}
    EmbeddedServer(home).stop()


def test_a_home_whose_path_is_too_long_for_a_socket_works(home: Path) -> None:
    server = EmbeddedServer(home / ("a long name " * 9).strip() / "it's here")
    server.start()
    try:
        assert len(str(server.socket_directory())) < 60
        assert server.socket_directory().stat().st_mode & 0o077 == 0
        _keep_something(server)
        assert _value(server) == (1000,)
    finally:
        server.stop()
        server.socket_directory().rmdir()


def test_a_socket_directory_that_someone_else_has_planted_is_refused(home: Path) -> None:
    server = EmbeddedServer(home / ("long" * 30))
    elsewhere = home / "theirs"
    elsewhere.mkdir()
    server.socket_directory().symlink_to(elsewhere)
    try:
        with pytest.raises(EmbeddedServerError, match="belongs to another user"):
            server.start()
    finally:
        server.socket_directory().unlink()


def test_a_setting_the_server_refuses_is_told_with_its_own_words(home: Path) -> None:
    server = EmbeddedServer(home, {"shared_buffers": "a lot"})
    with pytest.raises(EmbeddedServerError, match="invalid value for parameter"):
        server.start()


def test_data_of_another_version_are_left_alone(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match="made by PostgreSQL 16"):
        EmbeddedServer(home).start()


def test_without_an_address_the_settings_lead_to_the_embedded_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DAGSTER_DATABASE_URL", raising=False)
    settings = Settings(home=home)
    urls = resolve_database(settings)
    try:
        assert (urls.warehouse.database, urls.dagster.database) == ("pricescope", "dagster")
        assert ensure_database(urls.warehouse) is True
        assert ensure_database(urls.warehouse) is False
        with connect(urls.warehouse) as conn:
            assert conn.execute("show timezone").fetchone() == ("UTC",)
    finally:
        EmbeddedServer(settings.home).stop()
