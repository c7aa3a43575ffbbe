"""Photos of the miniature market: each room is another's, the maker's own picture is everybody's."""

from __future__ import annotations

import io

from PIL import Image

from ml.photos.grouping import group_photos
from ml.photos.hashing import PhotoHash, photo_hash
from sandbox.pictures import picture


def _hash(scene: int, colour: str = "#26417c") -> PhotoHash:
    with Image.open(io.BytesIO(picture("jeans", colour, 0, scene))) as drawn:
        return photo_hash(drawn)


def test_no_two_listings_show_the_same_photo_but_those_that_copied_it() -> None:
    rooms = [_hash(8_000_000_000 + n) for n in range(150)]
    assert group_photos(rooms) == []
    assert group_photos([_hash(0), *rooms[:5], _hash(0)]) == [(0, 6)]


def test_a_photo_is_drawn_the_same_each_time() -> None:
    picture.cache_clear()
    first = picture("camera", "#111111", 1, 7)
    picture.cache_clear()
    assert picture("camera", "#111111", 1, 7) == first
