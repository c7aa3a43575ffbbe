"""Pictures of the things for sale: small, drawn, told apart by shape and colour. No photographs of anybody's things."""

from __future__ import annotations

import functools
import io
import random
from collections.abc import Callable

from PIL import Image, ImageColor, ImageDraw

SIZE = (240, 320)
_Colour = tuple[int, int, int]


def _jeans(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.polygon([(75, 60), (165, 60), (178, 270), (132, 270), (120, 130), (108, 270), (62, 270)], fill=c)
    d.rectangle((75, 60, 165, 76), fill=e)
    d.line([(120, 76), (120, 125)], fill=e, width=3)
    d.rectangle((82, 88, 104, 108), outline=e, width=2)


def _jacket(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.polygon(
        [
            (85, 70),
            (155, 70),
            (205, 110),
            (195, 240),
            (170, 240),
            (168, 140),
            (168, 260),
            (72, 260),
            (72, 140),
            (70, 240),
            (45, 240),
            (35, 110),
        ],
        fill=c,
    )
    d.polygon([(95, 70), (145, 70), (120, 105)], fill=e)
    d.line([(120, 105), (120, 260)], fill=e, width=4)
    d.rectangle((84, 190, 110, 222), outline=e, width=3)
    d.rectangle((130, 190, 156, 222), outline=e, width=3)


def _shoe(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.polygon([(40, 150), (100, 140), (140, 190), (205, 205), (212, 228), (40, 228)], fill=c)
    d.rounded_rectangle((34, 226, 216, 246), 9, fill=e)
    for step in range(4):
        d.line([(104 + step * 14, 152 + step * 12), (126 + step * 14, 142 + step * 14)], fill=e, width=4)


def _boot(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.polygon([(60, 70), (130, 70), (132, 175), (200, 200), (206, 236), (60, 236)], fill=c)
    d.rectangle((54, 234, 210, 252), fill=e)
    for step in range(6):
        d.line([(108, 84 + step * 17), (130, 84 + step * 17)], fill=e, width=4)


def _box(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.polygon([(40, 120), (120, 85), (200, 120), (120, 155)], fill=e)
    d.polygon([(40, 120), (120, 155), (120, 255), (40, 220)], fill=c)
    d.polygon([(200, 120), (120, 155), (120, 255), (200, 220)], fill=tuple(int(v * 0.8) for v in c))
    for x in (62, 86):
        d.ellipse((x, 170, x + 16, 186), fill=e)


def _card(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.rounded_rectangle((25, 115, 215, 205), 10, fill=c)
    for x in (38, 92, 146):
        d.ellipse((x, 128, x + 56, 192), fill=e)
        d.ellipse((x + 20, 152, x + 36, 168), fill=c)
    d.rectangle((60, 205, 150, 216), fill=(196, 164, 84))


def _headphones(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.arc((55, 75, 185, 255), 180, 360, fill=c, width=16)
    d.rounded_rectangle((42, 155, 84, 235), 18, fill=c)
    d.rounded_rectangle((156, 155, 198, 235), 18, fill=c)
    d.rounded_rectangle((74, 163, 90, 227), 7, fill=e)
    d.rounded_rectangle((150, 163, 166, 227), 7, fill=e)


def _console(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.rounded_rectangle((22, 115, 62, 215), 18, fill=c)
    d.rounded_rectangle((178, 115, 218, 215), 18, fill=c)
    d.rectangle((62, 115, 178, 215), fill=(38, 40, 46))
    d.rectangle((72, 125, 168, 205), fill=e)
    d.ellipse((34, 132, 50, 148), fill=e)
    d.ellipse((190, 172, 206, 188), fill=e)


def _camera(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.polygon([(95, 120), (105, 95), (135, 95), (145, 120)], fill=c)
    d.rounded_rectangle((35, 118, 205, 225), 10, fill=c)
    d.rectangle((35, 135, 205, 148), fill=e)
    d.ellipse((82, 132, 158, 208), fill=e)
    d.ellipse((97, 147, 143, 193), fill=(30, 32, 38))


def _pot(d: ImageDraw.ImageDraw, c: _Colour, e: _Colour) -> None:
    d.rounded_rectangle((50, 150, 190, 240), 22, fill=c)
    d.pieslice((50, 95, 190, 205), 180, 360, fill=tuple(int(v * 0.88) for v in c))
    d.ellipse((108, 82, 132, 104), fill=e)
    d.rectangle((28, 165, 52, 178), fill=c)
    d.rectangle((188, 165, 212, 178), fill=c)


def _clutter(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    """Draw what lies about in somebody's room: furniture, cloths, cushions of any size and shade."""
    for _ in range(9):
        left, top = rng.randrange(-60, SIZE[0] - 20), rng.randrange(-60, SIZE[1] - 20)
        box = (left, top, left + rng.randrange(40, 170), top + rng.randrange(40, 170))
        shade = (rng.randrange(40, 250), rng.randrange(40, 250), rng.randrange(40, 250))
        (draw.ellipse if rng.random() < 0.4 else draw.rectangle)(box, fill=shade)


_SHAPES: dict[str, Callable[[ImageDraw.ImageDraw, _Colour, _Colour], None]] = {
    "jeans": _jeans,
    "jacket": _jacket,
    "shoe": _shoe,
    "boot": _boot,
    "box": _box,
    "card": _card,
    "headphones": _headphones,
    "console": _console,
    "camera": _camera,
    "pot": _pot,
}
# Behind the thing: table, wall, floor, blanket.
_GROUNDS = ((236, 229, 218), (222, 228, 232), (214, 205, 192), (228, 222, 233))


@functools.lru_cache(maxsize=512)
def picture(shape: str, colour: str, view: int, scene: int = 0) -> bytes:
    """Draw a thing as PNG bytes, 240 x 320.

    Args:
        shape: what it is. colour: of it, a hex value. view: tells a listing's photos apart.
        scene: whose room it lies in; 0 is the maker's own picture, which anybody may copy.
    """
    ground = _GROUNDS[view % len(_GROUNDS)]
    image = Image.new("RGB", SIZE, ground)
    draw = ImageDraw.Draw(image)
    if scene:
        _clutter(draw, random.Random(scene))  # noqa: S311 - a market, not a secret
    else:
        draw.rectangle((0, 262, *SIZE), fill=tuple(int(v * 0.9) for v in ground))
        draw.ellipse((40, 240, 200, 272), fill=tuple(int(v * 0.82) for v in ground))
    red, green, blue = ImageColor.getrgb(colour)[:3]
    is_dark = red + green + blue < 330
    edge = tuple(min(255, v + 70) if is_dark else int(v * 0.6) for v in (red, green, blue))
    _SHAPES[shape](draw, (red, green, blue), (edge[0], edge[1], edge[2]))
    if view:
        image = image.rotate((-6, 5, 9)[view % 3], fillcolor=ground, resample=Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
