"""What is sold in the market: product families with their brands, spellings, sizes, colours and prices.

A family is what a narrow watch looks for. Ids of brands, catalogues, sizes and colours are the sandbox's own.
"""

from __future__ import annotations

from dataclasses import dataclass

LETTER_SIZES = {"XS": 206, "S": 207, "M": 208, "L": 209, "XL": 210, "XXL": 211}
JEANS_SIZES = {"W28": 1628, "W30": 1630, "W31": 1631, "W32": 1632, "W33": 1633, "W34": 1634, "W36": 1636, "W38": 1638}
SHOE_SIZES = {"38": 59, "39": 60, "40": 61, "41": 62, "42": 63, "42.5": 1195, "43": 64, "44": 65, "45": 66}
NO_SIZES: dict[str, int] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Colour:
    """A colour with the site's id, its hex value for pictures, and its names by language."""

    colour_id: int
    hex: str
    names: dict[str, str]


def _colour(colour_id: int, value: str, en: str, fr: str, de: str, it: str, nl: str, es: str, pl: str) -> Colour:
    return Colour(colour_id, value, {"en": en, "fr": fr, "de": de, "it": it, "nl": nl, "es": es, "pl": pl})


COLOURS = {
    "black": _colour(1, "#2b2b30", "black", "noir", "schwarz", "nero", "zwart", "negro", "czarny"),
    "grey": _colour(3, "#8c9096", "grey", "gris", "grau", "grigio", "grijs", "gris", "szary"),
    "white": _colour(12, "#e9e6df", "white", "blanc", "weiß", "bianco", "wit", "blanco", "biały"),
    "beige": _colour(4, "#cdb894", "beige", "beige", "beige", "beige", "beige", "beige", "beżowy"),
    "brown": _colour(2, "#7a5336", "brown", "marron", "braun", "marrone", "bruin", "marrón", "brązowy"),
    "red": _colour(7, "#b8323a", "red", "rouge", "rot", "rosso", "rood", "rojo", "czerwony"),
    "orange": _colour(11, "#e07b39", "orange", "orange", "orange", "arancione", "oranje", "naranja", "pomarańczowy"),
    "green": _colour(10, "#4d7455", "green", "vert", "grün", "verde", "groen", "verde", "zielony"),
    "blue": _colour(9, "#4a6fa5", "blue", "bleu", "blau", "blu", "blauw", "azul", "niebieski"),
    "navy": _colour(
        27, "#27375b", "navy", "bleu marine", "marineblau", "blu navy", "donkerblauw", "azul marino", "granatowy"
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A product family.

    Attributes:
        key: stable name, used in the truth and as random seed.
        spellings: brand and model as sellers write them; bare: the model alone, for listings that name the brand apart.
        nouns: what the thing is, by language.
        median_eur: median price in euros in very good condition.
        sigma: standard deviation of log price within the family and a condition.
        accessory: key of the accessory words sold for it (`traps`).
        shape: how its picture is drawn (`pictures`).
        has_box: whether people sell its empty box.
        electric: whether "for parts" means "does not work" rather than "torn".
    """

    key: str
    brand: str
    brand_id: int
    catalog_id: int
    material_id: int
    category: str
    spellings: tuple[str, ...]
    bare: tuple[str, ...]
    nouns: dict[str, str]
    sizes: dict[str, int]
    colours: tuple[str, ...]
    median_eur: float
    sigma: float
    accessory: str
    shape: str
    has_box: bool = False
    electric: bool = False


def _nouns(en: str, fr: str, de: str, it: str, nl: str, es: str, pl: str) -> dict[str, str]:
    return {"en": en, "fr": fr, "de": de, "it": it, "nl": nl, "es": es, "pl": pl}


FAMILIES = (
    Family(
        key="levis-501",
        brand="Levi's",
        brand_id=10,
        catalog_id=257,
        material_id=303,
        category="Jeans",
        spellings=("Levi's 501", "Levis 501", "LEVI'S 501", "Levi\u2019s 501 Original", "levis 501 straight"),
        bare=("501", "501 Original Fit"),
        nouns=_nouns("jeans", "Jean", "Jeans", "Jeans", "Spijkerbroek", "Vaqueros", "Jeansy"),
        sizes=JEANS_SIZES,
        colours=("blue", "navy", "black", "grey", "white"),
        median_eur=32,
        sigma=0.50,
        accessory="buttons",
        shape="jeans",
    ),
    Family(
        key="patagonia-synchilla",
        brand="Patagonia",
        brand_id=5977,
        catalog_id=1811,
        material_id=120,
        category="Fleece jackets",
        spellings=("Patagonia Synchilla", "PATAGONIA Synchilla Snap-T", "patagonia synchilla"),
        bare=("Synchilla Snap-T", "Synchilla"),
        nouns=_nouns("fleece", "Polaire", "Fleecejacke", "Pile", "Fleecetrui", "Forro polar", "Polar"),
        sizes=LETTER_SIZES,
        colours=("beige", "navy", "green", "grey", "red", "black"),
        median_eur=58,
        sigma=0.46,
        accessory="patch",
        shape="jacket",
    ),
    Family(
        key="nike-air-max-90",
        brand="Nike",
        brand_id=53,
        catalog_id=1242,
        material_id=43,
        category="Trainers",
        spellings=("Nike Air Max 90", "NIKE AIR MAX 90", "nike air max 90", "Nike Air Max 90 Essential"),
        bare=("Air Max 90", "Air Max 90 OG"),
        nouns=_nouns("trainers", "Baskets", "Sneaker", "Sneakers", "Sneakers", "Zapatillas", "Buty"),
        sizes=SHOE_SIZES,
        colours=("white", "black", "grey", "red", "blue"),
        median_eur=52,
        sigma=0.52,
        accessory="laces",
        shape="shoe",
        has_box=True,
    ),
    Family(
        key="lego-star-wars",
        brand="LEGO",
        brand_id=89162,
        catalog_id=1499,
        material_id=0,
        category="Building toys",
        spellings=(
            "Lego Star Wars 75257",
            "LEGO Star Wars 75313",
            "Lego Star Wars 75192",
            "LEGO STAR WARS 75367",
            "lego star wars 75288",
        ),
        bare=("Star Wars 75257", "Star Wars 75288"),
        nouns=_nouns("set", "Set", "Set", "Set", "Set", "Set", "Zestaw"),
        sizes=NO_SIZES,
        colours=("grey", "white", "black"),
        median_eur=70,
        sigma=0.75,
        accessory="instructions",
        shape="box",
        has_box=True,
    ),
    Family(
        key="rtx-3090",
        brand="NVIDIA",
        brand_id=270611,
        catalog_id=3618,
        material_id=0,
        category="Graphics cards",
        spellings=(
            "RTX 3090",
            "Nvidia RTX 3090",
            "GeForce RTX 3090 24GB",
            "MSI RTX 3090 Gaming X Trio",
            "Gigabyte RTX 3090",
            "RTX 3090 Founders Edition",
        ),
        bare=("RTX 3090 24GB", "RTX 3090 FE"),
        nouns=_nouns(
            "graphics card",
            "Carte graphique",
            "Grafikkarte",
            "Scheda video",
            "Videokaart",
            "Tarjeta gráfica",
            "Karta graficzna",
        ),
        sizes=NO_SIZES,
        colours=("black", "grey"),
        median_eur=640,
        sigma=0.40,
        accessory="waterblock",
        shape="card",
        has_box=True,
        electric=True,
    ),
    Family(
        key="sony-wh-1000xm4",
        brand="Sony",
        brand_id=51087,
        catalog_id=3045,
        material_id=0,
        category="Headphones",
        spellings=("Sony WH-1000XM4", "SONY WH1000XM4", "Sony WH 1000XM4", "sony wh-1000xm4"),
        bare=("WH-1000XM4", "WH1000XM4"),
        nouns=_nouns("headphones", "Casque", "Kopfhörer", "Cuffie", "Koptelefoon", "Auriculares", "Słuchawki"),
        sizes=NO_SIZES,
        colours=("black", "grey", "white"),
        median_eur=128,
        sigma=0.41,
        accessory="ear pads",
        shape="headphones",
        has_box=True,
        electric=True,
    ),
    Family(
        key="barbour-bedale",
        brand="Barbour",
        brand_id=25617,
        catalog_id=1206,
        material_id=44,
        category="Waxed jackets",
        spellings=("Barbour Bedale", "BARBOUR Bedale", "Barbour Bedale wax jacket", "barbour bedale"),
        bare=("Bedale", "Bedale wax"),
        nouns=_nouns("jacket", "Veste", "Jacke", "Giacca", "Jas", "Chaqueta", "Kurtka"),
        sizes=LETTER_SIZES,
        colours=("green", "navy", "brown", "black"),
        median_eur=86,
        sigma=0.48,
        accessory="liner",
        shape="jacket",
    ),
    Family(
        key="dr-martens-1460",
        brand="Dr. Martens",
        brand_id=1141,
        catalog_id=1049,
        material_id=43,
        category="Boots",
        spellings=("Dr. Martens 1460", "Dr Martens 1460", "DR MARTENS 1460", "Doc Martens 1460"),
        bare=("1460 Smooth", "1460"),
        nouns=_nouns("boots", "Boots", "Stiefel", "Anfibi", "Laarzen", "Botas", "Glany"),
        sizes=SHOE_SIZES,
        colours=("black", "red", "brown", "white", "navy"),
        median_eur=60,
        sigma=0.44,
        accessory="laces",
        shape="boot",
        has_box=True,
    ),
    Family(
        key="north-face-nuptse",
        brand="The North Face",
        brand_id=2319,
        catalog_id=2614,
        material_id=120,
        category="Puffer jackets",
        spellings=(
            "The North Face Nuptse",
            "The North Face Nuptse 700",
            "THE NORTH FACE NUPTSE 1996",
            "the north face nuptse",
        ),
        bare=("Nuptse 1996", "Nuptse 700"),
        nouns=_nouns("puffer jacket", "Doudoune", "Daunenjacke", "Piumino", "Donsjas", "Plumas", "Kurtka puchowa"),
        sizes=LETTER_SIZES,
        colours=("black", "green", "red", "navy", "beige"),
        median_eur=148,
        sigma=0.46,
        accessory="patch",
        shape="jacket",
    ),
    Family(
        key="adidas-samba",
        brand="adidas",
        brand_id=14,
        catalog_id=1242,
        material_id=43,
        category="Trainers",
        spellings=("adidas Samba", "Adidas Samba OG", "ADIDAS SAMBA", "adidas samba classic"),
        bare=("Samba OG", "Samba"),
        nouns=_nouns("trainers", "Baskets", "Sneaker", "Sneakers", "Sneakers", "Zapatillas", "Buty"),
        sizes=SHOE_SIZES,
        colours=("white", "black", "green", "beige"),
        median_eur=47,
        sigma=0.44,
        accessory="laces",
        shape="shoe",
        has_box=True,
    ),
    Family(
        key="nintendo-switch-oled",
        brand="Nintendo",
        brand_id=93114,
        catalog_id=3026,
        material_id=0,
        category="Consoles",
        spellings=("Nintendo Switch OLED", "nintendo switch oled", "NINTENDO SWITCH OLED", "Nintendo Switch Oled 64GB"),
        bare=("Switch OLED", "Switch OLED 64GB"),
        nouns=_nouns("console", "Console", "Konsole", "Console", "Console", "Consola", "Konsola"),
        sizes=NO_SIZES,
        colours=("white", "red", "black"),
        median_eur=192,
        sigma=0.40,
        accessory="dock",
        shape="console",
        has_box=True,
        electric=True,
    ),
    Family(
        key="carhartt-detroit",
        brand="Carhartt",
        brand_id=362,
        catalog_id=1206,
        material_id=44,
        category="Work jackets",
        spellings=("Carhartt Detroit", "CARHARTT Detroit J97", "Carhartt WIP Detroit", "carhartt detroit"),
        bare=("Detroit J97", "Detroit"),
        nouns=_nouns("jacket", "Veste", "Jacke", "Giacca", "Jas", "Chaqueta", "Kurtka"),
        sizes=LETTER_SIZES,
        colours=("brown", "black", "navy", "green"),
        median_eur=92,
        sigma=0.58,
        accessory="patch",
        shape="jacket",
    ),
    Family(
        key="canon-ae-1",
        brand="Canon",
        brand_id=51088,
        catalog_id=3550,
        material_id=0,
        category="Cameras",
        spellings=("Canon AE-1", "CANON AE1", "Canon AE-1 Program", "canon ae-1"),
        bare=("AE-1", "AE-1 Program 50mm"),
        nouns=_nouns("film camera", "Appareil photo", "Kamera", "Fotocamera", "Camera", "Cámara", "Aparat"),
        sizes=NO_SIZES,
        colours=("black", "grey"),
        median_eur=112,
        sigma=0.46,
        accessory="strap",
        shape="camera",
        electric=True,
    ),
    Family(
        key="le-creuset-cocotte",
        brand="Le Creuset",
        brand_id=215386,
        catalog_id=1934,
        material_id=0,
        category="Cookware",
        spellings=("Le Creuset cocotte", "LE CREUSET Cocotte 24", "Le Creuset cocotte 26 cm"),
        bare=("Cocotte 24 cm", "Cocotte 28"),
        nouns=_nouns("casserole", "Faitout", "Bräter", "Casseruola", "Braadpan", "Olla", "Garnek"),
        sizes=NO_SIZES,
        colours=("orange", "red", "blue", "beige", "black"),
        median_eur=96,
        sigma=0.55,
        accessory="knob",
        shape="pot",
        has_box=True,
    ),
)
