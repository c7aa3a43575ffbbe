"""Vinted's grades of condition, by id and by the words of each language, on our scale.

Belongs here: the tables and their sources. Does not: where on a page the words stand (the parsers).

Ids: 2 was seen beside "Very good" in a recorded response (2025-08). 6, 1, 2, 3, 4 in this order are reported from the
site's own upload form (vinted.pt, 2026). 7, not fully functional, is not verified.

Words: en, fr, nl, pl, it, es, pt, de, cs, sv as the sites show them (recorded pages for en, fr, nl; public clients and
their tests for the rest). The languages under ``_UNVERIFIED`` are from general knowledge; a wrong word there leaves
``unknown``.
"""

from __future__ import annotations

import functools
import unicodedata

from domain.condition import Condition

_GRADES = (Condition.NEW_WITH_TAGS, Condition.NEW, Condition.VERY_GOOD, Condition.GOOD, Condition.FAIR)

CONDITION_OF_ID = {
    "6": Condition.NEW_WITH_TAGS,
    "1": Condition.NEW,
    "2": Condition.VERY_GOOD,
    "3": Condition.GOOD,
    "4": Condition.FAIR,
    "7": Condition.FOR_PARTS,
}

# From best to worst; alternatives (gender, spelling, older wording) after a bar.
_SEEN = {
    "en": ("New with tags", "New without tags", "Very good", "Good", "Satisfactory"),
    "fr": (
        "Neuf avec étiquette|Neuf avec étiquettes",
        "Neuf sans étiquette|Neuf sans étiquettes",
        "Très bon état",
        "Bon état",
        "Satisfaisant",
    ),
    "nl": (
        "Nieuw met prijskaartje|Nieuw met label",
        "Nieuw zonder prijskaartje|Nieuw zonder label",
        "Heel goed|Zeer goed",
        "Goed",
        "Redelijk|Voldoende",
    ),
    "pl": (
        "Nowy z metką|Nowe z metką",
        "Nowy bez metki|Nowe bez metki",
        "Bardzo dobry|Bardzo dobre",
        "Dobry|Dobre",
        "Zadowalający|Zadowalające",
    ),
    "it": (
        "Nuovo con cartellino|Nuovo con etichetta|Nuovo con etichette",
        "Nuovo senza cartellino|Nuovo senza etichetta|Nuovo senza etichette",
        "Ottime|Ottime condizioni|Molto buono",
        "Buone|Buone condizioni|Buono",
        "Discrete|Discrete condizioni|Soddisfacente",
    ),
    "es": (
        "Nuevo con etiquetas|Nuevo con etiqueta",
        "Nuevo sin etiquetas|Nuevo sin etiqueta",
        "Muy bueno|Muy buen estado",
        "Bueno|Buen estado",
        "Satisfactorio|Aceptable",
    ),
    "pt": (
        "Novo com etiquetas|Novo com etiqueta",
        "Novo sem etiquetas|Novo sem etiqueta",
        "Muito bom",
        "Bom",
        "Satisfatório",
    ),
    "de": (
        "Neu, mit Etikett",
        "Neu, ohne Etikett|Neu",
        "Sehr gut|Sehr guter Zustand",
        "Gut|Guter Zustand",
        "Zufriedenstellend|Befriedigend",
    ),
    "cs": (
        "Nový s visačkou|Nové s visačkou",
        "Nový bez visačky|Nové bez visačky",
        "Velmi dobrý|Velmi dobré",
        "Dobrý|Dobré",
        "Uspokojivý|Uspokojivé",
    ),
    "sv": ("Ny med prislapp", "Ny utan prislapp", "Mycket bra", "Bra", "Tillfredsställande"),
}
_UNVERIFIED = {
    "sk": ("Nové s visačkou", "Nové bez visačky", "Veľmi dobré|Veľmi dobrý", "Dobré", "Uspokojivé"),
    "lt": (
        "Nauja su etiketėmis|Nauja su etikete",
        "Nauja be etikečių|Nauja be etiketės",
        "Labai gera",
        "Gera",
        "Patenkinama",
    ),
    "da": (
        "Ny med prismærke|Ny med prislapp",
        "Ny uden prismærke|Ny uden prislapp",
        "Meget god",
        "God",
        "Tilfredsstillende",
    ),
    "fi": ("Uusi hintalapulla|Uusi, jossa hintalappu", "Uusi ilman hintalappua", "Erittäin hyvä", "Hyvä", "Tyydyttävä"),
    "ro": ("Nou cu etichetă", "Nou fără etichetă", "Foarte bun|Foarte bună", "Bun|Bună", "Satisfăcător|Satisfăcătoare"),
    "hu": ("Új, címkével|Új címkével", "Új, címke nélkül|Új címke nélkül", "Nagyon jó", "Jó", "Kielégítő"),
    "hr": ("Novo s etiketom", "Novo bez etikete", "Vrlo dobro", "Dobro", "Zadovoljavajuće"),
}
_NOT_WORKING = (
    "Not fully functional",
    "Pas entièrement fonctionnel",
    "Niet volledig functioneel",
    "Nicht voll funktionsfähig",
)

# The keys under which a label names the condition and the size; keys are localised (nl from a recorded page, en from
# a recorded response, cs from a public test, the rest not verified).
CONDITION_KEYS = frozenset(
    {"condition", "etat", "staat", "stan", "condizioni", "estado", "zustand", "stav", "bukle", "skick"}
)
SIZE_KEYS = frozenset(
    {"size", "taille", "maat", "rozmiar", "taglia", "talla", "tamanho", "große", "grosse", "velikost"}
)
BRAND_KEYS = frozenset({"brand", "marque", "merk", "marka", "marca", "marke", "značka", "znacka"})


def fold(text: str) -> str:
    """Return a text in lower case without accents, commas and doubled spaces, for comparing labels."""
    return _fold_short(text) if len(text) <= 64 else _fold(text)


@functools.lru_cache(maxsize=4096)
def _fold_short(text: str) -> str:
    # Remembered: the same few keys, sizes and conditions stand in every label.
    return _fold(text)


def _fold(text: str) -> str:
    text = text.replace(",", " ")
    if text.isascii():
        return " ".join(text.casefold().split())
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def _table() -> dict[str, Condition]:
    table = {fold(words): Condition.FOR_PARTS for words in _NOT_WORKING}
    for language in (*_UNVERIFIED.values(), *_SEEN.values()):
        for grade, words in zip(_GRADES, language, strict=True):
            for word in words.split("|"):
                table[fold(word)] = grade
    return table


CONDITION_OF_LABEL = _table()


@functools.lru_cache(maxsize=4096)
def condition_of_label(label: str) -> Condition:
    """Return our grade for the site's words in any known language; ``unknown`` for all others."""
    return CONDITION_OF_LABEL.get(fold(label), Condition.UNKNOWN)


def condition_of(label: str | None, source_id: str | None) -> Condition:
    """Return our grade from the words, or from the id where the words are not known."""
    by_label = condition_of_label(label) if label else Condition.UNKNOWN
    if by_label is Condition.UNKNOWN and source_id is not None:
        return CONDITION_OF_ID.get(source_id, Condition.UNKNOWN)
    return by_label
