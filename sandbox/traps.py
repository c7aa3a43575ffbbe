"""The listings that fool naive rules, and the planted deals: which kinds exist, how often, their words and prices.

Titles say what is wrong the way sellers say it, in the seller's language; mistyped and placeholder prices have titles
like any other, since nothing but the price gives them away.
"""

from __future__ import annotations

import random
from enum import StrEnum

from sandbox.catalogue import Family

BLOCK = 100
PLANTED_PER_BLOCK = 3
TRAPS_PER_BLOCK = 7


class Kind(StrEnum):
    """The truth about a listing."""

    NORMAL = "normal"
    PLANTED = "planted"
    FOR_PARTS = "for_parts"
    EMPTY_BOX = "empty_box"
    ACCESSORY = "accessory"
    BUNDLE = "bundle"
    REPLICA = "replica"
    TYPO_PRICE = "typo_price"
    BAIT = "bait"


TRAPS = tuple(kind for kind in Kind if kind not in {Kind.NORMAL, Kind.PLANTED})
# Price against that of the genuine thing. A bundle costs more than one piece.
_FACTORS = {
    Kind.PLANTED: (0.3, 0.6),
    Kind.FOR_PARTS: (0.15, 0.45),
    Kind.EMPTY_BOX: (0.05, 0.18),
    Kind.ACCESSORY: (0.05, 0.28),
    Kind.BUNDLE: (1.5, 2.8),
    Kind.REPLICA: (0.15, 0.4),
}
_TYPO_FACTORS = (10.0, 0.1, 0.01)

_BROKEN: dict[str, tuple[str, ...]] = {
    "en": ("{name} for parts", "{name} not working, spares or repair", "Faulty {name} - for spares"),
    "fr": ("{name} pour pièces", "{name} HS, ne s'allume plus", "{name} en panne à réparer"),
    "de": ("{name} defekt", "{name} an Bastler", "Defekte {name} als Ersatzteilspender"),
    "it": ("{name} per pezzi di ricambio", "{name} non funzionante", "{name} guasta da riparare"),
    "nl": ("{name} defect", "{name} voor onderdelen", "Kapotte {name}, doet het niet"),
    "es": ("{name} para piezas", "{name} no funciona", "{name} averiada para reparar"),
    "pl": ("{name} na części", "{name} uszkodzony", "Niesprawny {name}"),
}
_TORN: dict[str, tuple[str, ...]] = {
    "en": ("{name} damaged, for upcycling", "{name} with holes - for parts"),
    "fr": ("{name} abîmé, pour upcycling", "{name} troué à réparer"),
    "de": ("{name} beschädigt, für Bastler", "{name} mit Löchern, defekt"),
    "it": ("{name} rovinato, da riparare", "{name} danneggiato per ricambi"),
    "nl": ("{name} beschadigd, om te vermaken", "{name} kapot, voor onderdelen"),
    "es": ("{name} dañado, para piezas", "{name} roto para reparar"),
    "pl": ("{name} uszkodzony, do przeróbki", "{name} z dziurami, na części"),
}
_EMPTY: dict[str, tuple[str, ...]] = {
    "en": ("{name} box only", "Empty box {name}", "{name} (EMPTY BOX)"),
    "fr": ("Boîte vide {name}", "{name} boîte seule", "Boite {name} (vide)"),
    "de": ("{name} nur Karton", "Leere OVP {name}", "{name} Leerkarton"),
    "it": ("Scatola vuota {name}", "{name} solo scatola"),
    "nl": ("Lege doos {name}", "{name} alleen doos"),
    "es": ("Caja vacía {name}", "{name} solo caja"),
    "pl": ("Puste pudełko {name}", "{name} samo pudełko"),
}
_BUNDLE: dict[str, tuple[str, ...]] = {
    "en": ("Bundle of {n} {name}", "Job lot {n}x {name}"),
    "fr": ("Lot de {n} {name}", "Lot {n}x {name}"),
    "de": ("{n}er Set {name}", "Konvolut {n}x {name}"),
    "it": ("Lotto {n} {name}", "Stock {n} pezzi {name}"),
    "nl": ("Set van {n} {name}", "Partij {n}x {name}"),
    "es": ("Lote de {n} {name}", "Pack {n} {name}"),
    "pl": ("Zestaw {n} sztuk {name}", "Pakiet {n}x {name}"),
}
_REPLICA: dict[str, tuple[str, ...]] = {
    "en": ("{name} replica", "{name} style, not original", "{name} 1:1 rep"),
    "fr": ("{name} réplique", "{name} inspiration, pas d'origine", "Style {name} (copie)"),
    "de": ("{name} Replika", "{name} Nachbau, kein Original"),
    "it": ("{name} replica", "{name} imitazione"),
    "nl": ("{name} replica", "{name} namaak"),
    "es": ("{name} réplica", "{name} imitación 1:1"),
    "pl": ("{name} replika", "{name} podróbka"),
}
_SPELT_OUT: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.EMPTY_BOX: _EMPTY,
    Kind.BUNDLE: _BUNDLE,
    Kind.REPLICA: _REPLICA,
}
# "{part} for {name}", by language.
_FOR = {"en": "for", "fr": "pour", "de": "für", "it": "per", "nl": "voor", "es": "para", "pl": "do"}


def _words(en: str, fr: str, de: str, it: str, nl: str, es: str, pl: str) -> dict[str, str]:
    return {"en": en, "fr": fr, "de": de, "it": it, "nl": nl, "es": es, "pl": pl}


_PARTS = {
    "buttons": _words(
        "Replacement buttons",
        "Boutons de rechange",
        "Ersatzknöpfe",
        "Bottoni di ricambio",
        "Reserveknopen",
        "Botones de repuesto",
        "Guziki zapasowe",
    ),
    "patch": _words("Logo patch", "Écusson", "Aufnäher", "Toppa", "Embleem", "Parche", "Naszywka"),
    "laces": _words("Laces", "Lacets", "Schnürsenkel", "Lacci", "Veters", "Cordones", "Sznurowadła"),
    "instructions": _words(
        "Instructions", "Notice", "Bauanleitung", "Istruzioni", "Handleiding", "Instrucciones", "Instrukcja"
    ),
    "waterblock": _words(
        "Waterblock", "Waterblock", "Wasserkühler", "Waterblock", "Waterblok", "Bloque de agua", "Blok wodny"
    ),
    "ear pads": _words("Ear pads", "Coussinets", "Ohrpolster", "Cuscinetti", "Oorkussens", "Almohadillas", "Nauszniki"),
    "liner": _words(
        "Zip-in liner",
        "Doublure amovible",
        "Innenfutter",
        "Interno staccabile",
        "Losse voering",
        "Forro interior",
        "Podpinka",
    ),
    "dock": _words("Case and dock cover", "Housse", "Tasche", "Custodia", "Hoes", "Funda", "Etui"),
    "strap": _words("Camera strap", "Courroie", "Kameragurt", "Tracolla", "Draagriem", "Correa", "Pasek"),
    "knob": _words(
        "Lid knob", "Bouton de couvercle", "Deckelknauf", "Pomello", "Dekselknop", "Pomo de tapa", "Gałka pokrywki"
    ),
}


def kinds_of_block(seed: int, family: Family, block: int) -> tuple[Kind, ...]:
    """Return the kinds of a family's next hundred listings: 3 planted, 7 traps, the rest ordinary, shuffled.

    Shares hold in every hundred, so that a month of one watch has its deals and traps whatever the seed.
    """
    rng = random.Random(f"kinds|{seed}|{family.key}|{block}")  # noqa: S311 - a reproducible market, not a secret
    possible = [kind for kind in TRAPS if family.has_box or kind is not Kind.EMPTY_BOX]
    traps = [*possible, Kind.FOR_PARTS, Kind.ACCESSORY][:TRAPS_PER_BLOCK]
    kinds = [Kind.PLANTED] * PLANTED_PER_BLOCK + traps
    kinds += [Kind.NORMAL] * (BLOCK - len(kinds))
    rng.shuffle(kinds)
    return tuple(kinds)


def price_factor(rng: random.Random, kind: Kind) -> float | None:
    """Return what multiplies the genuine price; None where the price is a placeholder of one unit."""
    if kind is Kind.BAIT:
        return None
    if kind is Kind.TYPO_PRICE:
        return rng.choice(_TYPO_FACTORS)
    low, high = _FACTORS.get(kind, (1.0, 1.0))
    return rng.uniform(low, high)


def trap_title(rng: random.Random, family: Family, kind: Kind, language: str) -> str | None:
    """Write the title of a trap; None where it reads like any other."""
    name = rng.choice(family.spellings)
    if kind is Kind.ACCESSORY:
        return f"{_PARTS[family.accessory][language]} {_FOR[language]} {name}"
    if kind is Kind.FOR_PARTS:
        return rng.choice((_BROKEN if family.electric else _TORN)[language]).format(name=name)
    texts = _SPELT_OUT.get(kind)
    if texts is None:
        return None
    return rng.choice(texts[language]).format(name=name, n=rng.randint(2, 4))
