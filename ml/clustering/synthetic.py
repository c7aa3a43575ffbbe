"""A catalogue of invented products as several shops would title them: training data and benchmark that is nobody's.

Belongs here: generating titles with their true product. Does not: training, real data.

Every product has a maker, a line, a model code, an attribute or two (capacity, size, colour) and a kind. Siblings
share all but the code's digits or one attribute, as real catalogues do. A shop writes some of it, in its own order,
with its own habits: codes glued or hyphenated or cut short, units apart or together, marketing words, a colour left
out. A third of the products have no code that most shops write: they are told apart, as phones and consoles are, by a
generation ("8", "x2"), a qualifier ("plus", "mini") and a capacity. Brands and lines are invented syllables; no real
catalogue was copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml.clustering.arrays import Integers

_SYLLABLES = (
    "ar", "bel", "cor", "dax", "el", "fen", "gor", "hal", "il", "jun", "kal", "lor", "mar", "nex",
    "or", "pel", "qua", "rin", "sol", "tam", "ul", "vor", "wex", "yor", "zan",
)  # fmt: skip
_KINDS = {
    "phone": (("smartphone", "mobile phone", "sim free phone", ""), "gb", (16, 32, 64, 128, 256)),
    "camera": (("digital camera", "compact camera", "camera"), "mp", (10, 12, 16, 20, 24)),
    "washer": (("washing machine", "washer", "front load washing machine"), "kg", (6, 7, 8, 9, 10)),
    "fridge": (("fridge freezer", "refrigerator", "frost free fridge"), "l", (180, 220, 260, 310, 340)),
    "tv": (("led tv", "smart tv", "4k television", "hd tv"), "inch", (24, 32, 43, 49, 55, 65)),
    "speaker": (("speaker", "bluetooth speaker", "loudspeaker system"), "w", (10, 20, 60, 100, 200)),
    "headphones": (("headphones", "over ear headphones", "headset"), "mm", (30, 32, 40, 50)),
    "drill": (("cordless drill", "combi drill", "drill driver"), "v", (12, 14, 18, 36)),
    "watch": (("automatic watch", "chronograph", "mens watch", "watch"), "mm", (36, 38, 40, 42, 44)),
    "printer": (("inkjet printer", "printer", "all in one printer"), "ppm", (12, 18, 22, 30)),
}
_COLOURS = ("black", "white", "silver", "grey", "red", "blue", "gold")
_QUALIFIERS = ("", "", "", "plus", "mini", "pro", "max", "lite", "ultra")
_SPECS = ("1080p", "2018 model", "4g", "12 months", "5.5", "a+++", "1920 x 1080", "3000 mah", "240v", "usb 3.0", "2 x")
_NOISE = (
    "new", "uk stock", "free delivery", "2 year warranty", "in stock", "genuine", "boxed", "with accessories",
    "class a+", "energy efficient", "wireless", "portable", "digital", "series", "edition", "sealed", "retail pack",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Titles (n), the product (n,) and the kind of thing (n,) each belongs to, as numbers from 0."""

    titles: tuple[str, ...]
    products: Integers
    kinds: Integers
    brands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Product:
    brand: str
    line: str
    code: str
    kind: str
    amount: int
    colour: str
    is_named: bool
    generation: str
    qualifier: str


def generate(size: int, *, seed: int = 0, offers: float = 3.0) -> Catalogue:
    """Return a catalogue of exactly ``size`` titles, the same for the same arguments.

    Args:
        offers: mean number of titles a product has (1 + Poisson); about a quarter have one at 3.
    """
    rng = np.random.default_rng(seed)
    kind_names = list(_KINDS)
    brands = [_name(rng, 2) for _ in range(max(8, min(120, size // 60)))]
    lines = [_name(rng, 2) for _ in range(max(20, min(600, size // 15)))]
    titles: list[str] = []
    numbers: list[int] = []
    kinds: list[int] = []
    makers: list[str] = []
    product, siblings = -1, [_new_product(rng, brands, lines, kind_names)]
    while len(titles) < size:
        product += 1
        family = siblings[-1] if rng.random() < 0.6 else _new_product(rng, brands, lines, kind_names)
        item = _sibling(rng, family) if family is siblings[-1] else family
        siblings.append(item)
        for _ in range(min(1 + int(rng.poisson(offers - 1)), size - len(titles))):
            titles.append(_title(rng, item))
            numbers.append(product)
            kinds.append(kind_names.index(item.kind))
            makers.append(item.brand)
    order = rng.permutation(size)
    return Catalogue(
        titles=tuple(titles[row] for row in order),
        products=np.array(numbers, dtype=np.int64)[order],
        kinds=np.array(kinds, dtype=np.int64)[order],
        brands=tuple(makers[row] for row in order),
    )


def _choice(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _name(rng: np.random.Generator, syllables: int) -> str:
    return "".join(_choice(rng, _SYLLABLES) for _ in range(syllables))


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(rng.integers(1, 10)) for _ in range(count))


def _letters(rng: np.random.Generator, count: int) -> str:
    return "".join(chr(ord("a") + int(rng.integers(26))) for _ in range(count))


def _new_product(
    rng: np.random.Generator, brands: Sequence[str], lines: Sequence[str], kinds: Sequence[str]
) -> _Product:
    kind = _choice(rng, kinds)
    code = _letters(rng, int(rng.integers(2, 4))) + _digits(rng, int(rng.integers(2, 5)))
    if rng.random() < 0.4:
        code += _letters(rng, int(rng.integers(1, 3)))
    amounts = _KINDS[kind][2]
    is_named = rng.random() < (0.8 if kind == "phone" else 0.25)
    return _Product(
        brand=_choice(rng, brands),
        line=_choice(rng, lines) if is_named or rng.random() < 0.7 else "",
        code=code,
        kind=kind,
        amount=amounts[int(rng.integers(len(amounts)))],
        colour=_choice(rng, _COLOURS),
        is_named=is_named,
        generation=_generation(rng),
        qualifier=_choice(rng, _QUALIFIERS),
    )


def _generation(rng: np.random.Generator) -> str:
    return (_letters(rng, 1) if rng.random() < 0.4 else "") + str(rng.integers(1, 13))


def _sibling(rng: np.random.Generator, of: _Product) -> _Product:
    """Return another product of the same family: the next code or generation, another capacity, a qualifier."""
    amounts = _KINDS[of.kind][2]
    other_amount = amounts[int(rng.integers(len(amounts)))]
    way = rng.random()
    if of.is_named:
        if way < 0.5:
            return replace(of, generation=_generation(rng), code=of.code[:2] + _digits(rng, 3))
        if way < 0.75 and other_amount != of.amount:
            return replace(of, amount=other_amount, code=of.code[:2] + _digits(rng, 3))
        return replace(of, qualifier=_choice(rng, _QUALIFIERS[2:]), code=of.code[:2] + _digits(rng, 3))
    if way < 0.6:
        at = int(rng.choice([place for place, letter in enumerate(of.code) if letter.isdigit()]))
        digit = str((int(of.code[at]) + int(rng.integers(1, 9))) % 10)
        return replace(of, code=of.code[:at] + digit + of.code[at + 1 :])
    return replace(of, code=of.code[:2] + _digits(rng, 3) + _letters(rng, 1), amount=other_amount)


def _title(rng: np.random.Generator, item: _Product) -> str:
    names, unit, _ = _KINDS[item.kind]
    name = [item.line, item.generation, item.qualifier] if item.is_named else [item.line]
    parts = [" ".join(part for part in name if part)] if item.is_named or rng.random() < 0.8 else []
    if rng.random() < (0.2 if item.is_named else 0.93):
        parts.append(_code_as_written(rng, item.code))
    if rng.random() < (0.9 if item.is_named else 0.7):
        parts.append(f"{item.amount}{'' if rng.random() < 0.6 else ' '}{unit}")
    if rng.random() < 0.85:
        parts.append(_choice(rng, names))
    if rng.random() < 0.5:
        parts.append(_choice(rng, _COLOURS) if item.is_named else item.colour)
    parts += [_choice(rng, _NOISE) for _ in range(int(rng.poisson(0.7)))]
    parts += [_choice(rng, _SPECS) for _ in range(int(rng.poisson(0.4)))]
    if rng.random() < 0.35:
        parts = [parts[place] for place in rng.permutation(len(parts))]
    if rng.random() < 0.92:
        parts.insert(0, item.brand)
    text = " ".join(part for part in parts if part)
    return text.title() if rng.random() < 0.5 else text


def _code_as_written(rng: np.random.Generator, code: str) -> str:
    way = rng.random()
    first_digit = next(place for place, letter in enumerate(code) if letter.isdigit())
    if way < 0.12:
        return f"{code[:first_digit]}-{code[first_digit:]}"
    if way < 0.22:
        return f"{code[:first_digit]} {code[first_digit:]}"
    if way < 0.30:
        return code + _letters(rng, 1)
    if way < 0.35:
        return f"{code}/{_letters(rng, 1)}"
    return code.upper()
