"""Where the databases are, and how a connection to them is opened.

Belongs here: addresses in the forms that each library wants, and connections. Does not: queries.
A password never appears in a repr or a message of this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.settings import Settings
from warehouse.embedded import EmbeddedServer

WAREHOUSE_DATABASE = "pricescope"
DAGSTER_DATABASE = "dagster"
# A silent peer must not hold a poll for ever; aggregates run in dbt, which has its own limits.
STATEMENT_TIMEOUT_MS = 120_000
CONNECT_TIMEOUT_SECONDS = 10


class DatabaseError(Exception):
    """A database that cannot be reached or made; the message names host and database, never the password."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """The address of one database. Make it with ``DatabaseUrl.parse``.

    Attributes:
        host: name, address, or the directory of a Unix socket (starts with ``/``).
        options: the other libpq parameters, e.g. ``sslmode``.
    """

    host: str
    port: int
    user: str
    database: str
    password: str | None = field(default=None, repr=False)
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``postgresql://…``, ``postgres://…`` (with or without ``+driver``) or ``host=… dbname=…``.

        Raises:
            DatabaseError: when it is not such an address; the text is not repeated, since it may hold a password.
        """
        scheme, separator, rest = text.strip().partition("://")
        if separator:
            if scheme.partition("+")[0] not in {"postgresql", "postgres"}:
                raise DatabaseError("DATABASE_URL must start with postgresql://")
            text = f"postgresql://{rest}"
        try:
            parts = {name: str(value) for name, value in conninfo_to_dict(text).items() if value is not None}
        except psycopg.ProgrammingError:
            raise DatabaseError(
                "DATABASE_URL is not an address of a PostgreSQL database. Write postgresql://user:password@host/database."
            ) from None
        try:
            return cls(
                host=parts.pop("host", "localhost"),
                port=int(parts.pop("port", "5432")),
                user=parts.pop("user", "postgres"),
                database=parts.pop("dbname", WAREHOUSE_DATABASE),
                password=parts.pop("password", None),
                options=tuple(sorted(parts.items())),
            )
        except ValueError:
            raise DatabaseError("DATABASE_URL names more than one port, or one that is not a number.") from None

    def with_database(self, database: str) -> DatabaseUrl:
        """Return the address of another database on the same server."""
        return DatabaseUrl(self.host, self.port, self.user, database, self.password, self.options)

    @property
    def libpq(self) -> str:
        """The address for psycopg, psycopg2 and ``psql``; holds the password."""
        return self._url("postgresql")

    @property
    def sqlalchemy(self) -> str:
        """The address for SQLAlchemy with psycopg 3; holds the password."""
        return self._url("postgresql+psycopg")

    @property
    def sqlalchemy_psycopg2(self) -> str:
        """The address for SQLAlchemy with psycopg2, which Dagster's storage needs; holds the password."""
        return self._url("postgresql+psycopg2")

    def dbt_environment(self) -> dict[str, str]:
        """Return the environment variables that ``dbt_project/profiles.yml`` reads.

        dbt scrubs the values of variables named ``DBT_ENV_SECRET_…`` from its logs.
        """
        return {
            "PRICESCOPE_PG_HOST": self.host,
            "PRICESCOPE_PG_PORT": str(self.port),
            "PRICESCOPE_PG_USER": self.user,
            "PRICESCOPE_PG_DATABASE": self.database,
            "DBT_ENV_SECRET_PG_PASSWORD": self.password or "",
        }

    def __str__(self) -> str:
        return f"{self.database} on {self.host}:{self.port}"

    def _url(self, scheme: str) -> str:
        secret = "" if self.password is None else f":{quote(self.password, safe='')}"
        account = f"{quote(self.user, safe='')}{secret}"
        query = dict(self.options)
        if self.host.startswith("/"):
            place = ""
            query |= {"host": self.host, "port": str(self.port)}
        else:
            place = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        tail = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        return f"{scheme}://{account}@{place}/{quote(self.database, safe='')}" + (f"?{tail}" if tail else "")


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """The two databases: what Pricescope keeps, and what Dagster keeps about its runs."""

    warehouse: DatabaseUrl
    dagster: DatabaseUrl


def resolve_database(settings: Settings) -> DatabaseUrls:
    """Return the addresses, starting the embedded server when ``DATABASE_URL`` is not set.

    Without ``DAGSTER_DATABASE_URL``, Dagster's database is ``dagster`` on the same server. Neither database is made
    here: see ``ensure_database`` and ``warehouse.migrate.upgrade``.

    Raises:
        DatabaseError: for an address that cannot be read.
        EmbeddedServerError: when the embedded server does not start.
    """
    if settings.database_url is not None:
        warehouse = DatabaseUrl.parse(settings.database_url.get_secret_value())
    else:
        server = EmbeddedServer(settings.home)
        server.start()
        warehouse = DatabaseUrl.parse(server.url(WAREHOUSE_DATABASE))
    dagster = (
        warehouse.with_database(DAGSTER_DATABASE)
        if settings.dagster_database_url is None
        else DatabaseUrl.parse(settings.dagster_database_url.get_secret_value())
    )
    return DatabaseUrls(warehouse=warehouse, dagster=dagster)


def connect(
    url: DatabaseUrl | str,
    *,
    application_name: str = "pricescope",
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    lock_timeout_ms: int = 60_000,
) -> psycopg.Connection:
    """Open a connection: autocommit, UTC session; use ``with conn.transaction():`` for what belongs together.

    Args:
        url: an address as text or parsed.
        application_name: shown in ``pg_stat_activity``.
        statement_timeout_ms: the server ends longer statements; 0 for no limit.
        lock_timeout_ms: the server ends statements that wait longer for a lock.

    Raises:
        DatabaseError: when the server cannot be reached or refuses.
    """
    address = url if isinstance(url, DatabaseUrl) else DatabaseUrl.parse(url)
    session = (
        f"-c timezone=UTC -c statement_timeout={statement_timeout_ms} -c lock_timeout={lock_timeout_ms} "
        "-c idle_in_transaction_session_timeout=600000"
    )
    given = dict(address.options).get("options")
    conninfo = make_conninfo(
        address.libpq,
        connect_timeout=int(dict(address.options).get("connect_timeout", CONNECT_TIMEOUT_SECONDS)),
        application_name=application_name,
        options=f"{given} {session}" if given else session,
    )
    try:
        return psycopg.connect(conninfo, autocommit=True)
    except psycopg.OperationalError as error:
        reason = str(error).strip()
        if address.password:
            reason = reason.replace(address.password, "***")
        raise DatabaseError(f"Cannot connect to {address}: {reason}") from None


@contextmanager
def snapshot(conn: psycopg.Connection) -> Iterator[None]:
    """Hold one state of the database for several reads, in a transaction in which the server refuses every write."""
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        yield


def ensure_database(url: DatabaseUrl | str) -> bool:
    """Create the database when it is not there; return whether it was created. Safe to run at once in many processes.

    Raises:
        DatabaseError: when the server cannot be reached, or the account may not create databases.
    """
    address = url if isinstance(url, DatabaseUrl) else DatabaseUrl.parse(url)
    try:
        connect(address).close()
    except DatabaseError as unreachable:
        with _maintenance_connection(address, unreachable) as conn:
            return _create_database(conn, address)
    return False


def _maintenance_connection(address: DatabaseUrl, unreachable: DatabaseError) -> psycopg.Connection:
    for database in ("postgres", "template1"):
        try:
            return connect(address.with_database(database))
        except DatabaseError:
            continue
    raise unreachable


def _create_database(conn: psycopg.Connection, address: DatabaseUrl) -> bool:
    if conn.execute("select 1 from pg_database where datname = %s", (address.database,)).fetchone():
        raise DatabaseError(f"Database {address} exists, but refuses this account or is overloaded.")
    try:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(address.database)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return False  # another process was faster
    except psycopg.errors.InsufficientPrivilege:
        raise DatabaseError(
            f"Database {address} does not exist and {address.user} may not create it. Create it, then start again."
        ) from None
    return True
