"""Vectors of listings: which are missing, and storing and reading them. Set-based throughout.

Belongs here: ``ml.embeddings``. Does not: computing vectors (``ml.embeddings``, a room that this one does not know),
searching among them (``warehouse.neighbours``).

A vector belongs to the content it was made from, by its sha256: while the content stands, nothing is computed again;
when a title changes, one vector is. Listings with the same words share the numbers. Not imported by the polling path.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

import msgspec
import numpy as np
import psycopg
from numpy.typing import NDArray

from warehouse.photo_key import photo_key

Kind = Literal["title", "description", "image"]
TextKind = Literal["title", "description"]

Vectors = NDArray[np.float32]
ListingIds = NDArray[np.int64]

_COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_SHA256_BYTES = 32

# What each kind is a vector of: the digest of the content, null where there is none. `l` is the listing, `s` its
# state, `p` its first photo's row.
_DIGEST = {
    "title": "case when btrim(l.title) <> '' then sha256(convert_to(l.title, 'UTF8')) end",
    "description": "case when btrim(l.description) <> '' then sha256(convert_to(l.description, 'UTF8')) end",
    "image": "p.content_sha256",
}
_FROM = """
    from core.listing_details as l
    join core.listing_state as s on s.listing_id = l.listing_id
    left join ml.embeddings as e
      on e.listing_id = l.listing_id and e.kind = %(kind)s and e.model_id = %(model_id)s
"""
_PHOTO = f"left join ml.photos as p on p.url_sha256 = {photo_key('l.image_urls[1]')}"
_IN_SCOPE = """
    (%(sources)s::text[] is null or l.source = any(%(sources)s))
    and s.last_changed_at >= %(since)s::timestamptz and s.last_changed_at < %(until)s::timestamptz
"""
_STORE = """
    on conflict (listing_id, kind, model_id) do update
    set content_sha256 = excluded.content_sha256, vec = excluded.vec, created_at = now()
"""


class Scope(msgspec.Struct, frozen=True):
    """Which listings: of these sources (None: all), last new or changed on these UTC days (both included; None: ever).

    So every listing belongs to one source and day, and what is new or changed belongs to today.
    """

    sources: tuple[str, ...] | None = None
    first_day: date | None = None
    last_day: date | None = None


class Space(msgspec.Struct, frozen=True):
    """What may be compared with one another: vectors of one kind by one model id."""

    kind: Kind
    model_id: str


class Content(msgspec.Struct, frozen=True):
    """A text to be embedded, with the digest it will be known by."""

    listing_id: int
    text: str
    sha256: bytes


def scope_condition() -> str:
    """Return the condition that a listing is of the scope; see ``scope_values``.

    It is on ``core.listing_details as l`` and ``core.listing_state as s``.
    """
    return _IN_SCOPE


def scope_values(scope: Scope) -> dict[str, Any]:
    """Return the values of the names in ``scope_condition``."""
    return {
        "sources": None if scope.sources is None else list(scope.sources),
        "since": "-infinity" if scope.first_day is None else _midnight(scope.first_day),
        "until": "infinity" if scope.last_day is None else _midnight(scope.last_day + timedelta(days=1)),
    }


def missing_ids(conn: psycopg.Connection, space: Space, scope: Scope) -> list[int]:
    """Return the listings whose content has no vector, or one of other content; the same contents stand together."""
    rows = conn.execute(
        f"select l.listing_id {_missing(space.kind)} order by {_DIGEST[space.kind]}, l.listing_id",
        _values(space, scope),
    ).fetchall()
    return [listing_id for (listing_id,) in rows]


def oldest_missing_day(conn: psycopg.Connection, space: Space, scope: Scope) -> date | None:
    """Return the first UTC day of the scope with a listing whose vector is missing, None where none is."""
    row = conn.execute(f"select min(s.last_changed_at) {_missing(space.kind)}", _values(space, scope)).fetchone()
    return None if row is None or row[0] is None else row[0].astimezone(UTC).date()


def count_contents(conn: psycopg.Connection, space: Space, scope: Scope) -> tuple[int, int]:
    """Return how many listings of the scope have such a content, and how many of those have their vector."""
    digest = _DIGEST[space.kind]
    row = conn.execute(
        f"select count(*), count(*) filter (where e.content_sha256 = {digest}) {_from(space.kind)}"
        f" where {_IN_SCOPE} and {digest} is not null",
        _values(space, scope),
    ).fetchone()
    return (0, 0) if row is None else (row[0], row[1])


def read_texts(conn: psycopg.Connection, kind: TextKind, listing_ids: Sequence[int]) -> list[Content]:
    """Return the texts of listings as they are now, in the order of the ids; those without text or gone are left out.

    Args:
        conn: any connection.
        kind: ``title`` or ``description``.
        listing_ids: of which listings.
    """
    rows = conn.execute(
        f"select listing_id, {kind}, sha256(convert_to({kind}, 'UTF8')) from core.listings"
        f" where listing_id = any(%s) and btrim({kind}) <> ''",
        (list(listing_ids),),
    ).fetchall()
    found = {row[0]: Content(*row) for row in rows}
    return [found[listing_id] for listing_id in listing_ids if listing_id in found]


def copy_known(conn: psycopg.Connection, space: Space, scope: Scope) -> int:
    """Give listings whose content has a vector elsewhere (a relisting, the same words) that vector; return how many."""
    digest = _DIGEST[space.kind]
    return conn.execute(
        f"""
        with needed as materialized (
            select l.listing_id, {digest} as content_sha256
            {_from(space.kind)}
            where {_IN_SCOPE} and {digest} is not null and e.content_sha256 is distinct from {digest}
            order by l.listing_id
            for key share of l
        )
        insert into ml.embeddings (listing_id, kind, model_id, content_sha256, vec)
        select needed.listing_id, %(kind)s, %(model_id)s, needed.content_sha256, known.vec
        from needed
        cross join lateral (
            select k.vec from ml.embeddings as k
            where k.content_sha256 = needed.content_sha256 and k.model_id = %(model_id)s
            limit 1
        ) as known
        {_STORE}
        """,
        _values(space, scope),
    ).rowcount


def store_vectors(
    conn: psycopg.Connection, space: Space, listing_ids: Sequence[int], digests: Sequence[bytes], vectors: Vectors
) -> int:
    """Keep one vector for each listing, in place of an older one; return how many. Listings that are gone are skipped.

    One transaction through a binary COPY; half precision (an error of 0.05 % in each number).

    Args:
        conn: a connection; in the caller's transaction if there is one.
        space: what the vectors are of.
        listing_ids: n different ids.
        digests: n digests (sha256, 32 bytes) of the contents that the vectors were made from.
        vectors: (n, dimensions), rows of unit length.

    Raises:
        ValueError: where the three do not fit together, or a number is not finite.
    """
    if not len(listing_ids) == len(digests) == len(vectors):
        raise ValueError(f"{len(listing_ids)} listings, {len(digests)} digests and {len(vectors)} vectors")
    if not len(listing_ids):
        return 0
    with conn.transaction():
        conn.execute(
            "create temp table embedding_rows (listing_id bigint, content_sha256 bytea, vec halfvec) on commit drop"
        )
        with conn.cursor().copy("copy embedding_rows from stdin (format binary)") as copy:
            copy.write(_COPY_SIGNATURE + _binary_rows(listing_ids, digests, vectors) + _COPY_END)
        stored = conn.execute(
            f"""
            with rows as materialized (
                select r.* from embedding_rows as r
                join core.listing_details as l using (listing_id)
                order by r.listing_id
                for key share of l
            )
            insert into ml.embeddings (listing_id, kind, model_id, content_sha256, vec)
            select listing_id, %(kind)s, %(model_id)s, content_sha256, vec from rows
            {_STORE}
            """,
            {"kind": space.kind, "model_id": space.model_id},
        ).rowcount
        # The caller's transaction may store more.
        conn.execute("drop table embedding_rows")
    return stored


def read_vectors(
    conn: psycopg.Connection,
    space: Space,
    *,
    watch_id: int | None = None,
    listing_ids: Sequence[int] | None = None,
) -> tuple[ListingIds, Vectors]:
    """Return the vectors of a space as float32 by rising listing id: (n,) ids and (n, dimensions) rows.

    Args:
        conn: any connection.
        space: one kind and model id.
        watch_id: only the listings that this watch found.
        listing_ids: only these; those without a vector are left out.

    Raises:
        ValueError: where vectors of several dimensions are kept under the one model id.
    """
    with conn.cursor(binary=True) as cursor:
        cursor.execute(
            """
            select e.listing_id, e.vec
            from ml.embeddings as e
            where
                e.kind = %(kind)s and e.model_id = %(model_id)s
                and (
                    %(watch_id)s::bigint is null
                    or e.listing_id in (select listing_id from app.watch_listings where watch_id = %(watch_id)s)
                )
                and (%(ids)s::bigint[] is null or e.listing_id = any(%(ids)s))
            order by e.listing_id
            """,
            {
                "kind": space.kind,
                "model_id": space.model_id,
                "watch_id": watch_id,
                "ids": None if listing_ids is None else [int(one) for one in listing_ids],
            },
        )
        rows = cursor.fetchall()
    if not rows:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32)
    if len({len(vec) for _, vec in rows}) > 1:
        raise ValueError(f"vectors of several dimensions under {space.model_id}; compute them again")
    # Two bytes of dimensions, two unused, then half-precision numbers, all big-endian.
    flat = np.frombuffer(b"".join(vec[4:] for _, vec in rows), ">f2")
    ids = np.fromiter((listing_id for listing_id, _ in rows), np.int64, len(rows))
    return ids, flat.reshape(len(rows), -1).astype(np.float32)


def count_spaces(conn: psycopg.Connection) -> dict[Space, int]:
    """Return how many vectors there are of each kind and model id."""
    rows = conn.execute("select kind, model_id, count(*) from ml.embeddings group by 1, 2 order by 1, 2").fetchall()
    return {Space(kind, model_id): count for kind, model_id, count in rows}


def space_dimensions(conn: psycopg.Connection, space: Space) -> int:
    """Return how many numbers a vector of a space has, 0 for an empty space."""
    row = conn.execute(
        "select vector_dims(vec) from ml.embeddings where kind = %s and model_id = %s limit 1",
        (space.kind, space.model_id),
    ).fetchone()
    return 0 if row is None else int(row[0])


def delete_space(conn: psycopg.Connection, space: Space) -> int:
    """Delete the vectors of a space; return how many. Its index stays (``warehouse.neighbours.drop_index``)."""
    return conn.execute(
        "delete from ml.embeddings where kind = %s and model_id = %s", (space.kind, space.model_id)
    ).rowcount


def _from(kind: Kind) -> str:
    return f"{_FROM} {_PHOTO}" if kind == "image" else _FROM


def _missing(kind: Kind) -> str:
    digest = _DIGEST[kind]
    waits = f"{digest} is not null and e.content_sha256 is distinct from {digest}"
    return f"{_from(kind)} where {_IN_SCOPE} and {waits}"


def _values(space: Space, scope: Scope) -> dict[str, Any]:
    return {**scope_values(scope), "kind": space.kind, "model_id": space.model_id}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _binary_rows(listing_ids: Sequence[int], digests: Sequence[bytes], vectors: Vectors) -> bytes:
    """Return rows of (bigint, bytea, halfvec) in PostgreSQL's binary COPY format, big-endian throughout.

    All rows are of one length, so that numpy lays them out as one array of records.
    """
    if any(len(digest) != _SHA256_BYTES for digest in digests):
        raise ValueError("a digest is 32 bytes of sha256")
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds a number that is not finite; the model or its input is broken")
    n, dimensions = vectors.shape
    rows = np.zeros(
        n,
        [
            ("fields", ">i2"),
            ("id_size", ">i4"),
            ("id", ">i8"),
            ("digest_size", ">i4"),
            ("digest", f"V{_SHA256_BYTES}"),
            ("vec_size", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("vec", ">f2", (dimensions,)),
        ],
    )
    rows["fields"], rows["id_size"], rows["digest_size"] = 3, 8, _SHA256_BYTES
    rows["id"] = np.asarray(listing_ids, np.int64)
    rows["digest"] = np.frombuffer(b"".join(digests), f"V{_SHA256_BYTES}")
    rows["vec_size"], rows["dimensions"] = 4 + 2 * dimensions, dimensions
    rows["vec"] = vectors
    return rows.tobytes()
