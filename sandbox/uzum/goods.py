"""What Uzum's look-alike sells: any product as a function of seed, id and time.

Belongs here: which ids exist, names, variants, prices and stock by day. Does not: the service's JSON (``cards``).

Everything is invented: names, sellers, prices. As on the real service ids are dense, about a quarter of them is
missing, most cards have several variants with prices of their own, and a variant that is sold out keeps its price.
Which ids are missing depends on the id alone, so that it can be told without knowing the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from sandbox.uzum.numbers import mixed

DEFAULT_LAST_ID = 1_500_000
_MISSING_PERCENT = 25
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


class Missing(Enum):
    """The four ways in which the service says that there is no such product."""

    NOT_FOUND = 0
    PAYLOAD_NULL = 1
    NO_TITLE = 2
    NO_SKUS = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of goods: names in Uzbek and Russian, category path from the leaf up, price in so'm, its sizes."""

    uz: str
    ru: str
    categories: tuple[tuple[int, str, str], ...]
    price: int
    sizes: tuple[str, ...] = ()


_CLOTHES = ((10014, "Kiyim", "Одежда"),)
_HOME = ((10018, "Uy-ro'zg'or", "Товары для дома"),)
_PHONES = ((10044, "Smartfonlar va telefonlar", "Смартфоны и телефоны"), (10020, "Elektronika", "Электроника"))
KINDS = (
    Kind("Futbolka", "Футболка", ((11101, "Futbolkalar", "Футболки"), *_CLOTHES), 89_000, ("S", "M", "L", "XL")),
    Kind("Xudi", "Худи", ((11102, "Xudilar", "Худи"), *_CLOTHES), 249_000, ("M", "L", "XL")),
    Kind("Krossovka", "Кроссовки", ((11103, "Poyabzal", "Обувь"), *_CLOTHES), 399_000, ("40", "41", "42", "43")),
    Kind("Telefon g'ilofi", "Чехол для телефона", ((11937, "Qoplamalar", "Чехлы"), *_PHONES), 49_990),
    Kind("Simsiz quloqchin", "Беспроводные наушники", ((11938, "Quloqchinlar", "Наушники"), *_PHONES), 189_000),
    Kind("Powerbank", "Повербанк", ((11939, "Powerbanklar", "Повербанки"), *_PHONES), 219_000),
    Kind("Tovalar to'plami", "Набор сковород", ((12201, "Idishlar", "Посуда"), *_HOME), 459_000),  # noqa: RUF001 - Russian
    Kind("Sochiq", "Полотенце", ((12202, "To'qimachilik", "Текстиль"), *_HOME), 59_000, ("50x90", "70x140")),
    Kind("Stol chirog'i", "Настольная лампа", ((12203, "Yoritish", "Освещение"), *_HOME), 129_000),
)
BRANDS = ("Bodring", "Samar", "Nurli", "Zamin", "Oqtepa", "Lochin", "Anhor", "Chorsu")
COLOURS = (
    (-1, "Qora", "Чёрный", "#000000"),
    (-3, "Kulrang", "Серый", "#999a9c"),
    (-5, "Oq", "Белый", "#ffffff"),
    (-120, "Yashil", "Зелёный", "#3f6214"),
    (-125, "Ko'k", "Синий", "#0549be"),
)


@dataclass(frozen=True, slots=True)
class Sku:
    """A variant at a time; prices in whole so'm.

    Attributes:
        colour, size: places in the product's own lists; size None where the kind has none.
        full_price: struck through; None for none.
    """

    sku_id: int
    colour: int
    size: int | None
    price: int
    full_price: int | None
    amount: int
    stock: str
    delivery_days: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product card at a time."""

    product_id: int
    kind: Kind
    brand: str
    model: int
    colours: tuple[int, ...]
    seller_id: int
    rating: float
    reviews: int
    orders: int
    skus: tuple[Sku, ...]


def missing(product_id: int, last_id: int = DEFAULT_LAST_ID) -> Missing | None:
    """Return in which way an id is missing, None where there is a product; ids beyond the last are not found."""
    if not 1 <= product_id <= last_id:
        return Missing.NOT_FOUND
    bits = mixed(product_id, 1)
    return Missing((bits >> 16) % 4) if bits % 100 < _MISSING_PERCENT else None


def product(seed: int, product_id: int, at: datetime) -> Product:
    """Return a product as it is then, whether or not its id is missing."""
    bits = mixed(seed, product_id)
    kind = KINDS[bits % len(KINDS)]
    day = (at - _EPOCH).days
    first_colour = (bits >> 8) % len(COLOURS)
    colours = tuple((first_colour + step) % len(COLOURS) for step in range(1 + (bits >> 12) % 3))
    # Sizes beside colours only on every other card: most cards have one to four variants.
    sizes = range(len(kind.sizes)) if kind.sizes and (bits >> 14) % 2 else (None,) if not kind.sizes else (0,)
    base = kind.price * (60 + (bits >> 20) % 120) // 100
    variants = [(colour, size) for colour in range(len(colours)) for size in sizes]
    skus = tuple(
        _sku(bits, product_id, number, colour, size, base, day) for number, (colour, size) in enumerate(variants)
    )
    return Product(
        product_id=product_id,
        kind=kind,
        brand=BRANDS[(bits >> 28) % len(BRANDS)],
        model=100 + (bits >> 32) % 900,
        colours=colours,
        seller_id=40_000 + (bits >> 40) % 3_000,
        rating=(38 + (bits >> 44) % 13) / 10,
        reviews=(bits >> 48) % 400,
        orders=(bits >> 50) % 4_000 + max(day, 0) * ((bits >> 56) % 3),
        skus=skus,
    )


def _sku(bits: int, product_id: int, number: int, colour: int, size: int | None, base: int, day: int) -> Sku:
    own = mixed(bits, number)
    # A price holds for three to nine days, then the seller tries another; prices end in 000 or 990.
    period = 3 + own % 7
    mood = mixed(own, (day + own % 11) // period)
    price = base * (85 + mood % 31) // 100 * (100 + 5 * (own >> 5 & 3)) // 100
    price = max(price // 1000 * 1000 - (10 if own >> 9 & 1 else 0), 1_990)
    full = (None, price, price * 5 // 4 // 1000 * 1000, price * 2)[(own >> 12) % 4]
    amount = 0 if mixed(own, day, 7) % 8 == 0 else 1 + mixed(own, day, 9) % 90
    by_uzum = (own >> 16) % 3 != 0
    return Sku(
        sku_id=product_id * 12 + number,
        colour=colour,
        size=size,
        price=price,
        full_price=full,
        amount=amount,
        stock="FBO" if by_uzum else "FBS",
        delivery_days=1 if by_uzum else 3 + (own >> 20) % 6,
    )
