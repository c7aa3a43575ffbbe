"""A stranger's bytes to a picture, or a refusal that says why; never an exception.

Belongs here: limits and decoding. Does not: what is made of the picture.
"""

from __future__ import annotations

import io

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
# Longest side kept; nothing here looks at more than 64 pixels, and JPEG decodes small at once.
_SIDE = 512
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")


class Refusal(msgspec.Struct, frozen=True):
    """Why bytes are no picture for us."""

    reason: str


def read_photo(body: bytes) -> Image.Image | Refusal:
    """Return a picture as RGB, upright, at most 512 pixels a side, transparency on white; or why not.

    Only the header is read before the limits of size are checked, so a decompression bomb costs nothing. Of an
    animation the first frame counts. A file that ends early is refused.
    """
    if not 0 < len(body) <= MAX_BYTES:
        return Refusal(f"the file has {len(body):,} bytes; 1 to {MAX_BYTES:,} are read")
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as opened:
            width, height = opened.size
            if not 0 < width * height <= MAX_PIXELS:
                return Refusal(f"the picture has {width} x {height} pixels; up to {MAX_PIXELS:,} are read")
            opened.draft("RGB", (_SIDE, _SIDE))
            opened.load()
            return _upright(opened)
    except UnidentifiedImageError:
        return Refusal(f"the file is no {', '.join(_FORMATS)}")
    except Exception as error:  # noqa: BLE001 - decoders raise anything over a broken file; it must not end a batch
        return Refusal(f"the picture cannot be decoded: {type(error).__name__}: {error}")


def _upright(opened: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(opened)
    turned.thumbnail((_SIDE, _SIDE))
    if turned.has_transparency_data:
        layer = turned.convert("RGBA")
        page = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(page, layer).convert("RGB")
    return turned.convert("RGB")
