"""Addresses of databases: every form is read, each library gets its own, and no password is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from warehouse.connect import DatabaseError, DatabaseUrl, connect

_NAMES = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=1, max_size=12)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann:s%40cret@db.example:6000/shop?sslmode=require",
        "postgres://ann:s%40cret@db.example:6000/shop?sslmode=require",
        "postgresql+psycopg2://ann:s%40cret@db.example:6000/shop?sslmode=require",
        "host=db.example port=6000 user=ann password=s@cret dbname=shop sslmode=require",
    ],
)
def test_every_way_to_write_an_address_is_read(text: str) -> None:
    url = DatabaseUrl.parse(text)
    assert (url.host, url.port, url.user, url.password, url.database) == ("db.example", 6000, "ann", "s@cret", "shop")
    assert url.libpq == "postgresql://ann:s%40cret@db.example:6000/shop?sslmode=require"
    assert url.sqlalchemy.startswith("postgresql+psycopg://")
    assert url.sqlalchemy_psycopg2.startswith("postgresql+psycopg2://")
    assert url.dbt_environment() == {
        "PRICESCOPE_PG_HOST": "db.example",
        "PRICESCOPE_PG_PORT": "6000",
        "PRICESCOPE_PG_USER": "ann",
        "PRICESCOPE_PG_DATABASE": "shop",
        "DBT_ENV_SECRET_PG_PASSWORD": "s@cret",
    }


@given(_NAMES, st.none() | _NAMES, _NAMES, st.sampled_from(["db", "::1", "/run/a b/c%d", "10.0.0.1"]))
def test_libpq_and_sqlalchemy_understand_what_is_written(
    user: str, password: str | None, database: str, host: str
) -> None:
    url = DatabaseUrl(host, 5433, user, database, password)
    assert DatabaseUrl.parse(url.libpq) == url
    assert conninfo_to_dict(url.libpq)["host"] == host
    theirs = make_url(url.sqlalchemy)
    assert (theirs.username, theirs.password, theirs.database) == (user, password, database)
    assert theirs.host == host or theirs.query["host"] == host


def test_no_password_in_a_repr_or_an_error() -> None:
    url = DatabaseUrl.parse("postgresql://ann:hunter22@127.0.0.1:1/shop?connect_timeout=2")
    with pytest.raises(DatabaseError) as caught:
        connect(url)
    for shown in (repr(url), str(url), str(caught.value), repr(caught.value)):
        assert "hunter22" not in shown
    assert "shop on 127.0.0.1:1" in str(caught.value)


@pytest.mark.parametrize("text", ["mysql://a:hunter22@b/c", "hunter22", "postgresql://a:hunter22@b:c:d/e"])
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        DatabaseUrl.parse(text)
    assert "hunter22" not in str(caught.value)
