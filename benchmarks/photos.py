"""Claim: ``img-desc-v1`` finds pictures used again where a hash alone loses them, at hundreds of pictures a CPU-second.

Run: ``python -m benchmarks.photos [SPRITE]``: a PNG of 30 x 30 pictures of 28 x 28, three rows a class (of
Fashion-MNIST). Class accuracy: nearest other picture, leave-one-out. Recall: of 300 changed pictures, how often the
original of 900 ranks first. "+ mirror" asks for the picture and its mirror image and keeps the better.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageOps

from benchmarks.fixtures import fixture
from ml.photos.descriptor import describe, gradients
from ml.photos.grouping import group_photos
from ml.photos.hashing import PhotoHash, photo_hash

_GRID, _SIDE, _SCALE = 30, 28, 4
_Floats = npt.NDArray[np.float64]
_Describe = Callable[[Image.Image], _Floats]


def pictures(sprite: Path) -> list[Image.Image]:
    """Return the sprite's pictures, row by row, as RGB of 112 pixels a side."""
    whole = Image.open(sprite).convert("RGB")
    boxes = [
        (column * _SIDE, row * _SIDE, (column + 1) * _SIDE, (row + 1) * _SIDE)
        for row in range(_GRID)
        for column in range(_GRID)
    ]
    return [whole.crop(box).resize((_SIDE * _SCALE, _SIDE * _SCALE), Image.Resampling.BICUBIC) for box in boxes]


def _saved(picture: Image.Image) -> Image.Image:
    body = io.BytesIO()
    picture.save(body, "JPEG", quality=40)
    return Image.open(io.BytesIO(body.getvalue())).convert("RGB")


def _cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width // 20, height // 20, width - width // 20, height - height // 20)).resize((width, height))


_CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg q40": _saved,
    "resize": lambda picture: picture.resize((64, 64)).resize((90, 90)),
    "bright": lambda picture: ImageEnhance.Brightness(picture).enhance(1.4),
    "crop 10%": _cropped,
    "rotate 5": lambda picture: picture.rotate(5, Image.Resampling.BICUBIC),
    "mirror": ImageOps.mirror,
}


def difference_hash(picture: Image.Image) -> int:
    """Return the dHash: whether each of 8 x 8 places is darker than the one to its right, unsigned 64 bits."""
    grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.LANCZOS), dtype=np.int16)
    return int.from_bytes(np.packbits((grey[:, 1:] > grey[:, :-1]).ravel()).tobytes(), "big")


def _signs(bits: int) -> _Floats:
    signs = np.unpackbits(np.frombuffer(bits.to_bytes(8, "big"), dtype=np.uint8)).astype(np.float64) * 2 - 1
    return signs / 8


def _plain(vector: npt.NDArray[np.float32]) -> _Floats:
    return vector.astype(np.float64)


_METHODS: dict[str, _Describe] = {
    "dHash": lambda picture: _signs(difference_hash(picture)),
    "pHash": lambda picture: _signs(photo_hash(picture).plain),
    "HOG 324": lambda picture: gradients(picture) / 3,
    "img-desc-v1": lambda picture: _plain(describe(picture)),
}


def recall(known: _Floats, asked: _Floats, wanted: npt.NDArray[np.int64]) -> float:
    """Return how often the wanted row is the nearest to each asked one."""
    return float(((asked @ known.T).argmax(axis=1) == wanted).mean())


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sprite", nargs="?", type=Path)
    path = parser.parse_args().sprite or fixture("ml", "garments_sprite.png")
    if path is None:
        return
    shown = pictures(path)
    classes = np.arange(len(shown)) // (3 * _GRID)
    wanted = np.arange(0, len(shown), 3)
    changed = {name: [change(shown[place]) for place in wanted] for name, change in _CHANGES.items()}
    print(f"{'':<22}{'1-NN class':>11}{'per CPU-s':>11}" + "".join(f"{name:>10}" for name in _CHANGES))
    for name, method in _METHODS.items():
        begin = time.process_time()
        known = np.array([method(picture) for picture in shown])
        rate = len(shown) / (time.process_time() - begin)
        alike = known @ known.T
        np.fill_diagonal(alike, -np.inf)
        accuracy = float((classes[alike.argmax(axis=1)] == classes).mean())
        cells = {change: np.array([method(picture) for picture in queries]) for change, queries in changed.items()}
        row = [recall(known, asked, wanted) for asked in cells.values()]
        print(f"{name:<22}{accuracy:>11.3f}{rate:>11.0f}" + "".join(f"{cell:>10.3f}" for cell in row))
        if name in {"pHash", "img-desc-v1"}:
            both = np.concatenate([known, np.array([method(ImageOps.mirror(picture)) for picture in shown])])
            row = [float(((asked @ both.T).argmax(axis=1) % len(shown) == wanted).mean()) for asked in cells.values()]
            print(f"{name + ' + mirror':<22}{'':>11}{rate / 2:>11.0f}" + "".join(f"{cell:>10.3f}" for cell in row))
    _time_grouping()


def _time_grouping() -> None:
    rng = np.random.default_rng(0)
    for count in (10_000, 50_000):
        bits = rng.integers(0, 2**63, size=(count, 2), dtype=np.uint64)
        begin = time.process_time()
        groups = group_photos([PhotoHash(int(one), int(other)) for one, other in bits])
        print(f"grouping {count:,} different hashes: {time.process_time() - begin:.2f} CPU-s, {len(groups)} groups")


if __name__ == "__main__":
    main()
