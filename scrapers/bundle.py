"""Many small answers of one source kept as one stored page, byte for byte.

Belongs here: how they are put together, taken apart and read. Does not: any marketplace, or when to bundle.

A range scan gets hundreds of thousands of answers of a few KB. One row each would cost more than the answers; together
they also compress several times better. A bundle is a sequence of answers, each a line of JSON (address, status,
content type, time, length of the body) and the body's bytes followed by a newline. What stands for a missing id is kept
like the rest, so a bundle alone shows that every id was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from domain.listing import Listing, UnpricedOffer
from domain.page import PageMeaning, PageReading, RawPage, RejectedRecord

BUNDLE_CONTENT_TYPE = "application/x-pricescope-bundle"
_RECORD_BYTES = 64 * 1024


class BundleError(ValueError):
    """The bytes are no whole bundle."""


class _Head(msgspec.Struct, kw_only=True):
    url: str
    status: int
    content_type: str
    fetched_at: datetime
    duration_ms: int | None
    length: int


_decoder = msgspec.json.Decoder(_Head)


def bundle_of(pages: Sequence[RawPage], url: str) -> RawPage:
    """Return the page that holds these answers, dated by the last of them.

    Raises:
        ValueError: for no answers, or answers of several sources.
    """
    if not pages or len({page.source for page in pages}) != 1:
        raise ValueError("a bundle is made of at least one answer, all of one source")
    parts: list[bytes] = []
    for page in pages:
        head = _Head(
            url=page.url,
            status=page.status,
            content_type=page.content_type,
            fetched_at=page.fetched_at,
            duration_ms=page.duration_ms,
            length=len(page.body),
        )
        parts += [msgspec.json.encode(head), b"\n", page.body, b"\n"]
    return RawPage(
        source=pages[0].source,
        url=url,
        status=200,
        content_type=BUNDLE_CONTENT_TYPE,
        body=b"".join(parts),
        fetched_at=max(page.fetched_at for page in pages),
    )


def pages_of(bundle: RawPage) -> Iterator[RawPage]:
    """Yield the answers as they came.

    Raises:
        BundleError: at the first place that is not what a bundle has there.
    """
    body, place = bundle.body, 0
    while place < len(body):
        end = body.find(b"\n", place)
        try:
            head = _decoder.decode(body[place:end])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BundleError(f"no head of an answer at byte {place}") from error
        start, stop = end + 1, end + 1 + head.length
        if end < 0 or head.length < 0 or body[stop : stop + 1] != b"\n":
            raise BundleError(f"the answer at byte {place} is cut off")
        yield RawPage(
            source=bundle.source,
            url=head.url,
            status=head.status,
            content_type=head.content_type,
            body=body[start:stop],
            fetched_at=head.fetched_at,
            duration_ms=head.duration_ms,
        )
        place = stop + 1


def read_bundle(bundle: RawPage, read: Callable[[RawPage], PageReading]) -> PageReading:
    """Read every answer of a bundle; see `combined`."""
    try:
        pages = list(pages_of(bundle))
    except BundleError as error:
        return PageReading(meaning=PageMeaning.CHANGED, detail=f"The stored bundle cannot be taken apart: {error}.")
    return combined([(page, read(page)) for page in pages])


def combined(answers: Sequence[tuple[RawPage, PageReading]]) -> PageReading:
    """Return the reading of a bundle from the readings of its answers.

    It is ``ok`` where any answer is, else ``gone`` where any product is missing. An answer that could not be read at
    all is a rejected record of its own, so that it is seen and read again.
    """
    listings: list[Listing] = []
    unpriced: list[UnpricedOffer] = []
    rejected: list[RejectedRecord] = []
    counts: dict[PageMeaning, int] = {}
    before = 0
    for page, reading in answers:
        counts[reading.meaning] = counts.get(reading.meaning, 0) + 1
        listings += reading.listings
        unpriced += reading.unpriced
        rejected += [msgspec.structs.replace(one, index=before + one.index) for one in reading.rejected]
        before += len(reading.listings) + len(reading.unpriced) + len(reading.rejected)
        if reading.meaning.is_refusal and not reading.rejected:
            reason = f"{page.url}: {reading.meaning}: {reading.detail}"
            rejected.append(RejectedRecord(index=before, reason=reason, record=page.body[:_RECORD_BYTES]))
            before += 1
    order = (PageMeaning.OK, PageMeaning.GONE, PageMeaning.EMPTY)
    meaning = next((one for one in order if counts.get(one)), PageMeaning.CHANGED if counts else PageMeaning.EMPTY)
    detail = ", ".join(f"{count} {one}" for one, count in sorted(counts.items()))
    return PageReading(
        meaning=meaning,
        detail=f"{len(answers)} answers: {detail}" if detail else "no answers",
        listings=tuple(listings),
        unpriced=tuple(unpriced),
        rejected=tuple(rejected),
        total_entries=before,
    )
