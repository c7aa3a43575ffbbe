"""Trained price models and the newest fair price of each listing: ``ml.price_models``, ``ml.fair_prices``.

Belongs here: beginning, finishing and reading models; replacing estimates. Does not: training, what the bytes mean.

A model is there from the moment its row says so: its bytes and its estimates are written in one transaction with that
word, so a run that is killed leaves the model before it in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from warehouse.outbox import as_jsonb
from warehouse.rows import read_one

# Older models are known by their figures only; their bytes would grow without end.
_KEPT_ARTIFACTS = 3


class PriceModel(msgspec.Struct, frozen=True, kw_only=True):
    """A finished model without its bytes.

    Times are UTC; ``error`` says why it refuses to alert; ``format`` is that of its bytes.
    """

    price_model_id: int
    scope: str
    state: str
    sha256: str
    n_train: int
    n_calibration: int
    started_at: datetime
    ended_at: datetime
    trained_until: datetime | None = None
    calibrated_from: datetime | None = None
    coverage: float | None = None
    error: str | None = None
    metrics: dict[str, Any] = {}
    format: int | None = None


class FairPriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate to be kept; amounts in ``currency``, None where the model cannot say."""

    watch_id: int
    listing_id: int
    listing_kind: str
    price: Decimal
    currency: str
    tier: str
    verdict: str
    n_effective: float
    expected: Decimal | None
    low: Decimal | None
    high: Decimal | None
    discount_percent: Decimal | None
    p_value: float | None
    score: float | None
    comparables: Sequence[Any]
    notes: Sequence[str]


def begin_model(conn: psycopg.Connection, *, scope: str, method: str, params: Mapping[str, Any]) -> int:
    """Note that a model is being trained and return its number; one left running by a killed run is called failed."""
    with conn.transaction():
        conn.execute(
            "update ml.price_models set state = 'failure', ended_at = now(), error = 'its run was killed'"
            " where scope = %s and state = 'running'",
            (scope,),
        )
        row = conn.execute(
            "insert into ml.price_models (scope, method, params) values (%s, %s, %s) returning price_model_id",
            (scope, method, Jsonb(dict(params))),
        ).fetchone()
    if row is None:
        raise AssertionError("an insert returns its row")
    return int(row[0])


def fail_model(conn: psycopg.Connection, price_model_id: int, error: str) -> None:
    """Note why a model could not be trained; the one before it stays in use."""
    conn.execute(
        "update ml.price_models set state = 'failure', ended_at = now(), error = %s where price_model_id = %s",
        (error, price_model_id),
    )


def finish_model(
    conn: psycopg.Connection,
    price_model_id: int,
    *,
    artifact: bytes,
    sha256: str,
    refusal: str | None,
    n_train: int,
    n_calibration: int,
    trained_until: datetime,
    calibrated_from: datetime,
    coverage: float | None,
    metrics: Mapping[str, Any],
    watch_ids: Sequence[int],
    estimates: Sequence[FairPriceRow],
) -> None:
    """Put a model in use and replace the fair prices of its watches, in one transaction.

    Args:
        conn: a connection.
        price_model_id: from ``begin_model``.
        artifact, sha256: its bytes and their digest.
        refusal: why it gives no alerts; None where it may.
        n_train, n_calibration: rows it compares with, rows it was calibrated on.
        trained_until, calibrated_from: time of the newest row, of the calibration window's first (UTC).
        coverage: share of the last window's prices inside their 90 % intervals; None where too few were known.
        metrics: figures to be shown.
        watch_ids: whose fair prices are replaced. estimates: by what; a listing that is not among them has none.
    """
    with conn.transaction():
        conn.execute(
            """
            update ml.price_models
            set state = %(state)s, error = %(refusal)s, ended_at = now(), artifact = %(artifact)s, sha256 = %(sha256)s,
                n_train = %(n_train)s, n_calibration = %(n_calibration)s, trained_until = %(trained_until)s,
                calibrated_from = %(calibrated_from)s, coverage = %(coverage)s, metrics = %(metrics)s
            where price_model_id = %(id)s
            """,
            {
                "id": price_model_id,
                "state": "success" if refusal is None else "refused",
                "refusal": refusal,
                "artifact": artifact,
                "sha256": sha256,
                "n_train": n_train,
                "n_calibration": n_calibration,
                "trained_until": trained_until,
                "calibrated_from": calibrated_from,
                "coverage": coverage,
                "metrics": Jsonb(dict(metrics)),
            },
        )
        _forget_artifacts(conn, price_model_id)
        _replace(conn, price_model_id, watch_ids, estimates)


def newest_model(conn: psycopg.Connection, scope: str) -> PriceModel | None:
    """Return the model of a scope that counts: the newest that was finished, also where it refuses to alert."""
    return read_one(conn, PriceModel, f"{_MODEL} and scope = %s order by price_model_id desc limit 1", (scope,))


def read_artifact(conn: psycopg.Connection, price_model_id: int) -> bytes | None:
    """Return a model's bytes, None where they are not kept any more."""
    row = conn.execute("select artifact from ml.price_models where price_model_id = %s", (price_model_id,)).fetchone()
    return None if row is None else row[0]


_MODEL = """
select price_model_id, scope, state, sha256, n_train, n_calibration, started_at, ended_at, trained_until,
       calibrated_from, coverage, error, metrics, (params ->> 'format')::int as format
from ml.price_models
where state in ('success', 'refused')
"""

_COLUMNS = (
    "watch_id, listing_id, listing_kind, price, currency, tier, verdict, n_effective, expected, low, high,"
    " discount_percent, p_value, score, comparables, notes"
)


def _forget_artifacts(conn: psycopg.Connection, price_model_id: int) -> None:
    conn.execute(
        """
        update ml.price_models set artifact = null
        where artifact is not null and price_model_id in (
            select m.price_model_id
            from ml.price_models as m
            where m.scope = (select scope from ml.price_models where price_model_id = %s) and m.artifact is not null
            order by m.price_model_id desc offset %s
        )
        """,
        (price_model_id, _KEPT_ARTIFACTS),
    )


def _replace(
    conn: psycopg.Connection, price_model_id: int, watch_ids: Sequence[int], rows: Sequence[FairPriceRow]
) -> None:
    conn.execute("delete from ml.fair_prices where watch_id = any(%s)", (list(watch_ids),))
    conn.execute(
        "create temp table pricescope_fair (watch_id bigint, listing_id bigint, listing_kind text, price numeric,"
        " currency text, tier text, verdict text, n_effective double precision, expected numeric, low numeric,"
        " high numeric, discount_percent numeric, p_value double precision, score double precision, comparables jsonb,"
        " notes jsonb) on commit drop"
    )
    with conn.cursor().copy(f"copy pricescope_fair ({_COLUMNS}) from stdin") as copy:
        for row in rows:
            values = [getattr(row, name) for name in row.__struct_fields__[:-2]]
            copy.write_row([*values, as_jsonb(list(row.comparables)), as_jsonb(list(row.notes))])
    # A watch or a listing may be gone since they were read.
    conn.execute(
        f"insert into ml.fair_prices (price_model_id, {_COLUMNS})"
        f" select %s, {', '.join('f.' + name.strip() for name in _COLUMNS.split(','))} from pricescope_fair as f"
        " where exists (select from app.watches as w where w.watch_id = f.watch_id for key share)"
        " and exists (select from core.listing_details as l where l.listing_id = f.listing_id for key share)",
        (price_model_id,),
    )
    conn.execute("drop table pricescope_fair")
