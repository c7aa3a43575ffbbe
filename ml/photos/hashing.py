"""Perceptual hashes: 64 bits that stay nearly the same when a picture is saved again, resized or brightened.

pHash after Zauner (2010), "Implementation and Benchmarking of Perceptual Image Hash Functions": the signs of the lowest
8 x 8 coefficients of the DCT of the 32 x 32 grey picture against their median.
Belongs here: hashes and their distance. Does not: grouping (``grouping``).
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

_SIDE = 32
_LOW = 8
# Standard deviation of grey levels under which a picture shows nothing that could be compared.
_FLAT = 2.0

_steps = np.arange(_SIDE)
# DCT-II of 32 points, its first 8 rows.
_DCT = np.cos(np.pi * (2 * _steps[None, :] + 1) * _steps[:_LOW, None] / (2 * _SIDE))


class PhotoHash(msgspec.Struct, frozen=True):
    """A picture's pHash and that of its mirror image, unsigned 64 bits each.

    Attributes:
        is_flat: the picture is nearly of one colour; its hash says nothing.
    """

    plain: int
    mirrored: int
    is_flat: bool = False


def photo_hash(picture: Image.Image) -> PhotoHash:
    """Return the hash of a picture of any mode and size."""
    grey = np.asarray(picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), dtype=np.float64)
    low = _DCT @ grey @ _DCT.T
    # The mirror image has the same coefficients, those of odd horizontal frequency with the other sign.
    mirrored = low * np.where(np.arange(_LOW) % 2, -1.0, 1.0)
    return PhotoHash(_bits(low > np.median(low)), _bits(mirrored > np.median(mirrored)), bool(grey.std() < _FLAT))


def hamming(one: int, other: int) -> int:
    """Return in how many bits two hashes differ."""
    return (one ^ other).bit_count()


def distance(one: PhotoHash, other: PhotoHash) -> int:
    """Return the Hamming distance of two pictures, 0 to 64, the smaller of as they are and mirrored."""
    return min(hamming(one.plain, other.plain), hamming(one.plain, other.mirrored), hamming(one.mirrored, other.plain))


def _bits(signs: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(signs.ravel()).tobytes(), "big")
