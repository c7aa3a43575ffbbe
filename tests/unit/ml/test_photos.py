"""Photos used again are found, strangers' bytes end no batch, and nothing is dropped."""

from __future__ import annotations

import io
import random
import struct
import zlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from ml.photos.descriptor import DIMENSIONS, describe
from ml.photos.grouping import NEAR, group_photos
from ml.photos.hashing import PhotoHash, distance, hamming, photo_hash
from ml.photos.reading import MAX_BYTES, Refusal, read_photo
from ml.photos.reuse import PhotoRow, PhotoUse, reused_photos

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BITS = st.integers(0, 2**64 - 1)


def picture(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    rng = random.Random(seed)
    drawn = Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(drawn)
    for _ in range(12):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        colour = tuple(rng.randrange(256) for _ in range(3))
        pen.ellipse((x, y, x + rng.randrange(10, 60), y + rng.randrange(10, 60)), fill=colour)
    return drawn


def saved(image: Image.Image, form: str = "PNG", **how: object) -> bytes:
    body = io.BytesIO()
    image.save(body, form, **how)
    return body.getvalue()


# ---------------------------------------------------------------- hashes


def test_a_picture_saved_again_keeps_its_hash_nearly() -> None:
    for seed in range(10):
        shown = picture(seed)
        again = read_photo(saved(shown.resize((400, 300)), "JPEG", quality=40))
        assert isinstance(again, Image.Image)
        assert distance(photo_hash(shown), photo_hash(again)) <= NEAR
        assert distance(photo_hash(shown), photo_hash(ImageEnhance.Brightness(shown).enhance(0.8))) <= NEAR


def test_a_mirrored_picture_is_the_same_picture() -> None:
    for seed in range(10):
        shown = picture(seed)
        mirrored = photo_hash(ImageOps.mirror(shown))
        assert hamming(photo_hash(shown).plain, mirrored.plain) > NEAR
        assert distance(photo_hash(shown), mirrored) <= NEAR


def test_other_pictures_are_far_apart() -> None:
    hashes = [photo_hash(picture(seed)) for seed in range(40)]
    distances = [distance(one, other) for i, one in enumerate(hashes) for other in hashes[:i]]
    assert min(distances) > NEAR


def test_a_picture_of_one_colour_is_in_no_group() -> None:
    flat = [photo_hash(Image.new("RGB", (50, 50), colour)) for colour in ("white", "white", "#fefefe")]
    assert all(one.is_flat for one in flat)
    assert group_photos(flat) == []


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 63), max_size=9), st.booleans()), max_size=14))
@settings(max_examples=60)
def test_groups_are_those_of_comparing_each_with_each(drawn: list[tuple[int, list[int], bool]]) -> None:
    """Hashes near four centres, so that chains at the very edge of the distance come up."""
    centres = [0, 2**64 - 1, 0x5555_0F0F_3333_AAAA, 0x1234_5678_9ABC_DEF0]
    hashes = []
    for centre, bits, is_mirrored in drawn:
        value = centres[centre]
        for bit in bits:
            value ^= 1 << bit
        other = value ^ 0xFFFF_0000_FFFF_0000
        hashes.append(PhotoHash(other, value) if is_mirrored else PhotoHash(value, other))
    parents = list(range(len(hashes)))
    for i, one in enumerate(hashes):
        for j, other_hash in enumerate(hashes[:i]):
            if distance(one, other_hash) <= NEAR:
                old, new = parents[i], parents[j]
                parents = [new if parent == old else parent for parent in parents]
    wanted: dict[int, list[int]] = {}
    for place, parent in enumerate(parents):
        wanted.setdefault(parent, []).append(place)
    assert group_photos(hashes) == sorted(tuple(group) for group in wanted.values() if len(group) > 1)


def test_a_thousand_equal_pictures_are_one_group() -> None:
    assert group_photos([PhotoHash(7, 9)] * 1000) == [tuple(range(1000))]


# ---------------------------------------------------------------- the descriptor


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "CMYK", "1", "I;16"])
def test_a_picture_of_any_mode_is_described_by_708_numbers_of_length_one(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    read = read_photo(saved(picture(1).convert("L" if mode == "I;16" else mode).convert(mode), form))
    assert isinstance(read, Image.Image)
    assert read.mode == "RGB"
    vector = describe(read)
    assert vector.shape == (DIMENSIONS,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)


def test_a_changed_picture_is_nearest_to_its_original() -> None:
    known = np.array([describe(picture(seed)) for seed in range(30)])
    for seed in range(30):
        shown = picture(seed)
        for changed in (
            shown.rotate(5),
            shown.crop((8, 6, 152, 114)),
            ImageEnhance.Brightness(shown).enhance(1.3),
            shown.resize((70, 50)),
        ):
            assert int((known @ describe(changed)).argmax()) == seed
        assert float(describe(ImageOps.mirror(shown), is_mirrored=True) @ known[seed]) > 0.99


def test_a_picture_without_any_structure_is_described_too() -> None:
    assert np.isfinite(describe(Image.new("RGB", (1, 1), "black"))).all()


# ---------------------------------------------------------------- strangers' bytes


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG file that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "0 bytes"),
        (b"<html>blocked</html>", "is no JPEG"),
        (b"\0" * (MAX_BYTES + 1), "bytes"),
        (bomb(60_000, 60_000), "pixels"),
        (bomb(200, 200), "decoded"),
        (saved(picture(2), "JPEG")[:900], "decoded"),
        (saved(picture(2))[:400], "decoded"),
        (saved(picture(2), "BMP"), "is no JPEG"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(body: bytes, why: str) -> None:
    refused = read_photo(body)
    assert isinstance(refused, Refusal)
    assert why in refused.reason


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=40), st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]))
@settings(max_examples=80, deadline=None)
def test_no_damaged_file_raises(at: int, noise: bytes, form: str) -> None:
    body = bytearray(saved(picture(3), form))
    at %= len(body)
    body[at : at + len(noise)] = noise
    assert isinstance(read_photo(bytes(body)), (Image.Image, Refusal))


def test_a_large_photo_is_made_small_and_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6  # taken with the camera turned: the long side is the height
    read = read_photo(saved(picture(4, (1200, 600)), "JPEG", exif=exif))
    assert isinstance(read, Image.Image)
    assert read.size[1] > read.size[0]
    assert max(read.size) <= 512


# ---------------------------------------------------------------- whose photo


def row(listing_id: int, seller: str | None, value: int = 5, minutes: int = 0) -> PhotoRow:
    other = value ^ 0xFFFF_0000_FFFF_0000
    at = NOW + timedelta(minutes=minutes or listing_id)
    return PhotoRow(listing_id=listing_id, seller=seller, hash=PhotoHash(value, other), first_seen_at=at)


def test_a_seller_who_shows_a_photo_again_reposts() -> None:
    first, second = reused_photos([row(1, "a"), row(2, "a", value=5 ^ 1)])
    assert (first.use, first.is_first, first.others, first.distance) == (PhotoUse.REPOST, True, (2,), 1)
    assert (second.use, second.is_first, second.others) == (PhotoUse.REPOST, False, (1,))


def test_the_same_photo_of_other_sellers_is_reused() -> None:
    notes = reused_photos([row(1, "a"), row(2, "a"), row(3, "b"), row(4, "c", value=2**63 + 2**40 - 1)])
    assert [(note.listing_id, note.use) for note in notes] == [(n, PhotoUse.REUSED) for n in (1, 2, 3)]


def test_an_unknown_seller_proves_nothing() -> None:
    assert {note.use for note in reused_photos([row(1, None), row(2, None)])} == {PhotoUse.UNKNOWN_SELLER}
    assert {note.use for note in reused_photos([row(1, "a"), row(2, None)])} == {PhotoUse.UNKNOWN_SELLER}


def test_one_photo_twice_in_a_listing_says_nothing() -> None:
    assert reused_photos([row(1, "a"), row(1, "a")]) == []


@given(st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["a", "b", None]), BITS), max_size=12), st.randoms())
def test_the_order_of_the_rows_does_not_matter(drawn: list[tuple[int, str | None, int]], rng: random.Random) -> None:
    rows = [row(listing_id, seller, value) for listing_id, seller, value in drawn]
    shuffled = rng.sample(rows, len(rows))
    assert reused_photos(rows) == reused_photos(shuffled)
