"""What the procurement look-alike's customers buy, and the invented parties.

Belongs here: goods with usual prices in so'm, regions, customers, suppliers. Does not: lots (``lots``). All names of
firms are made up, and so are their tax numbers; sole traders have none, as on the real site, and invented names.
"""

# ruff: noqa: RUF001 - texts are Russian and Uzbek: their letters are meant

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Good:
    """Something bought again and again.

    Attributes:
        key: stable name, used in the truth.
        texts: how customers describe it; of one language mostly, since answers follow the language asked for.
        price: usual price of one ``unit``, so'm.
        spread: standard deviation of the log price between lots.
        amounts: smallest and largest amount.
        properties: further properties as (name, value).
    """

    key: str
    texts: tuple[str, ...]
    category: str
    unit: str
    price: int
    spread: float
    amounts: tuple[int, int]
    made_in: str = "O'zbekiston"
    properties: tuple[tuple[str, str], ...] = ()


_OFFICE = "Бумага и изделия из бумаги"
_COMPUTERS = "Оборудование компьютерное, электронное и оптическое"
_BUILDING = "Материалы строительные"
_FUEL = "Топливо и масла"
_FURNITURE = "Мебель"

GOODS = (
    Good(
        "paper-a4",
        ("Бумага для офисной техники А4, 80 г/м2, 500 листов", "\nБумага А4 офисная 80 г",
         "Бумага А4&nbsp;для принтера"),
        _OFFICE, "пачка", 52_000, 0.10, (20, 600), properties=(("Формат", "А4"), ("Плотность, г/м2", "80")),
    ),
    Good(
        "laptop-15",
        ("Ноутбук 15,6 дюйма 16 ГБ SSD 512 ГБ", "\nНоутбук 15.6, ОЗУ 16 Гб, SSD 512",
         "Ноутбук для ўқув &#1203;онаси 15,6 16/512"),
        _COMPUTERS, "шт", 7_900_000, 0.12, (1, 40), "Boshqa", (("Оперативная память, ГБ", "16"),),
    ),
    Good(
        "printer-mfp",
        ("МФУ лазерное монохромное А4", "Многофункциональное устройство лазерное А4"),
        _COMPUTERS, "шт", 3_400_000, 0.13, (1, 15), "Boshqa",
    ),
    Good(
        "toner", ("Картридж тонерный для лазерного принтера", "Картридж для МФУ, совместимый"),
        _COMPUTERS, "шт", 190_000, 0.20, (2, 80), "Boshqa",
    ),
    Good(
        "cement-500", ("Портландцемент М500, мешок 50 кг", "Цемент М-500 в мешках по 50 кг"),
        _BUILDING, "мешок", 61_000, 0.08, (50, 2000),
    ),
    Good(
        "pipe-pvc-25", ("Труба ПВХ диаметр 25 мм", "\nТруба пластмассовая ХВС д. 25 мм"),
        _BUILDING, "м", 9_800, 0.15, (50, 1500), properties=(("Вид", "Поливинилхлоридная"),),
    ),
    Good("paint-road", ("Краска дорожная белая АК-511", "Краска АК-511 для разметки"), _BUILDING, "кг", 27_500, 0.12,
         (100, 3000)),
    Good("diesel-k5", ("Дизельное топливо летнее К5", "Топливо дизельное экологическое, класс К5"), _FUEL, "л", 12_600,
         0.05, (200, 20000)),
    Good("ai-92", ("Бензин АИ-92", "Бензин автомобильный АИ-92-К4"), _FUEL, "л", 11_200, 0.05, (100, 10000)),
    Good("battery-190", ("Аккумулятор свинцовый 190 Ач", "\nАккумулятор 190 А*ч для грузового автомобиля"),
         "Оборудование электрическое", "шт", 2_350_000, 0.13, (1, 20), "Boshqa",
         (("Полярность аккумулятора", "Обратная"),)),
    Good("lamp-led", ("Лампа светодиодная E27 12 Вт", "Лампа LED 12W E27"), "Оборудование электрическое", "шт", 16_500,
         0.18, (50, 3000)),
    Good("chair", ("Кресло офисное с подлокотниками", "Кресло для персонала"), _FURNITURE, "шт", 860_000, 0.16,
         (2, 60)),
    Good("desk", ("Стол письменный 1200х600", "Стол офисный однотумбовый"), _FURNITURE, "шт", 1_150_000, 0.15, (2, 60)),
    Good("water-19", ("Вода питьевая бутилированная 18,9 л", "Вода питьевая в бутылях 19 л"), "Напитки", "шт", 21_500,
         0.09, (20, 800)),
)  # fmt: skip

REGIONS = (
    (2, "Андижанская область"),
    (242, "Бухарская область"),
    (1413, "Самаркандская область"),
    (2105, "город Ташкент"),
    (2120, "Ташкентская область"),
    (2434, "Ферганская область"),
)
_SEATS = ("Шимол", "Жануб", "Шарқ", "Марказ", "Водий", "Даштобод", "Чинорли", "Боғобод", "Зарафшон", "Тоғли")
_BUYERS = ("мактаби ДМ", "шифохонаси ДМ", "йўл хўжалиги ДУК", "сув таъминоти МЧЖ", "ҳокимлиги ДМ")
CUSTOMERS = tuple(
    (f"20{index:03d}{7000 + index * 37:04d}"[:9], f"«{seat}» {buyer}")
    for index, (seat, buyer) in enumerate((seat, buyer) for seat in _SEATS for buyer in _BUYERS)
)
_FIRMS = ("OSIYO", "NAMUNA", "SINOV", "ANDOZA", "KARVON", "ULGUR", "TARAQQIY", "BARAKA", "USTUN", "MEZON")
_TRADES = ("SAVDO", "TEXNO", "STROY", "OFIS")
SUPPLIERS = tuple(
    (f"30{index:03d}{1000 + index * 53:04d}"[:9], f"{firm} {trade} SANDBOX MCHJ")
    for index, (firm, trade) in enumerate((firm, trade) for firm in _FIRMS for trade in _TRADES)
)
SOLE_TRADERS = tuple(f"YTT XAYOLIY SHAXS {number}" for number in range(1, 9))
