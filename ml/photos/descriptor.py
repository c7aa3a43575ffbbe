"""The descriptor ``img-desc-v1``: rough shape and colour of a picture as 708 numbers, from no training at all.

It finds pictures used again (cropped, turned a little, brightened) and tells rough shapes apart. It does not know what
a thing is, and real photos have clutter: it is no embedding in CLIP's sense, and the two are never mixed.

Parts, each of length one before its weight: pHash bits (64, weight .4), histogram over hue, saturation and value (8 x 4
x 4 = 128, .6), histograms of oriented gradients after Dalal and Triggs 2005 on 64 x 64 grey (16 x 16 cells, 9 unsigned
directions, 2 x 2 blocks, L2-Hys: 324, 1), and an 8 x 8 RGB thumbnail around its mean (192, .4).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ml.photos.hashing import photo_hash

MODEL_ID = "img-desc-v1"
DIMENSIONS = 708

Vector = npt.NDArray[np.float32]
_Floats = npt.NDArray[np.float64]

_WEIGHTS = (0.4, 0.6, 1.0, 0.4)
_SIDE, _CELL, _DIRECTIONS = 64, 16, 9
_CELLS = _SIDE // _CELL
_rows, _columns = np.divmod(np.arange(_SIDE * _SIDE), _SIDE)
_CELL_OF_PIXEL = ((_rows // _CELL) * _CELLS + _columns // _CELL) * _DIRECTIONS


def describe(picture: Image.Image, *, is_mirrored: bool = False) -> Vector:
    """Return the descriptor of an RGB picture, shape (708,), of length one; the dot product is the similarity.

    Args:
        is_mirrored: describe the mirror image; a search for pictures used again asks for both and keeps the better.
    """
    seen = ImageOps.mirror(picture) if is_mirrored else picture
    # Everything below looks at 64 pixels a side at most.
    small = seen.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    parts = (
        _unit(_signs(photo_hash(seen).plain)),
        _unit(_colours(small)),
        _unit(gradients(small)),
        _unit(_thumbnail(small)),
    )
    whole = np.concatenate([part * weight for part, weight in zip(parts, _WEIGHTS, strict=True)])
    return _unit(whole).astype(np.float32)


def gradients(picture: Image.Image) -> _Floats:
    """Return the histograms of oriented gradients of a picture, shape (324,)."""
    grey = np.asarray(picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float64)
    down, right = np.zeros_like(grey), np.zeros_like(grey)
    down[1:-1] = grey[2:] - grey[:-2]
    right[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    strength = np.hypot(down, right).ravel()
    direction = (np.degrees(np.arctan2(down, right)) % 180 * (_DIRECTIONS / 180)).astype(np.int64).ravel()
    slots = _CELL_OF_PIXEL + np.minimum(direction, _DIRECTIONS - 1)
    cells = np.bincount(slots, weights=strength, minlength=_CELLS * _CELLS * _DIRECTIONS)
    cells = cells.reshape(_CELLS, _CELLS, _DIRECTIONS)
    blocks = np.concatenate([cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]], axis=2)
    blocks = np.minimum(blocks / np.sqrt((blocks**2).sum(axis=2, keepdims=True) + 1e-10), 0.2)
    blocks /= np.sqrt((blocks**2).sum(axis=2, keepdims=True) + 1e-10)
    return np.asarray(blocks.ravel(), dtype=np.float64)


def _signs(bits: int) -> _Floats:
    return np.unpackbits(np.frombuffer(bits.to_bytes(8, "big"), dtype=np.uint8)).astype(np.float64) * 2 - 1


def _colours(picture: Image.Image) -> _Floats:
    hue, saturation, value = np.moveaxis(np.asarray(picture.convert("HSV"), dtype=np.int64), 2, 0)
    slots = (hue >> 5) * 16 + (saturation >> 6) * 4 + (value >> 6)
    return np.bincount(slots.ravel(), minlength=128).astype(np.float64)


def _thumbnail(picture: Image.Image) -> _Floats:
    levels = np.asarray(picture.resize((8, 8), Image.Resampling.BOX), dtype=np.float64).ravel()
    return levels - float(levels.mean())


def _unit(part: _Floats) -> _Floats:
    length = float(np.linalg.norm(part))
    return np.asarray(part / length if length > 0 else part, dtype=np.float64)
