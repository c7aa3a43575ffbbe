"""How sellers write: titles and descriptions of ordinary listings, in the language of the seller.

Wording of listings that are not the real thing is in `traps`. All texts are invented.
"""

from __future__ import annotations

import random

from sandbox.catalogue import Colour, Family

# {name} is brand and model as this seller spells it, {noun} what it is.
_PATTERNS = (
    "{name}",
    "{name} {colour}",
    "{noun} {name}",
    "{noun} {name} {colour}",
    "{name} {size}",
    "{noun} {name} {size}",
    "{name} {extra}",
    "{name} {colour} {size} {extra}",
    "{noun} {name}, {colour}",
    "{name}  {size}",
    "{noun} {name} {extra} {size}",
)
_EXTRAS = {
    "en": ("vintage", "rrp high", "great find", "unisex", "Y2K", "hardly used", "with receipt"),
    "fr": ("vintage", "authentique", "quasi jamais servi", "unisexe", "rare", "avec facture", "idée cadeau"),
    "de": ("vintage", "original", "kaum benutzt", "unisex", "selten", "mit Rechnung", "Top"),
    "it": ("vintage", "originale", "usato poco", "unisex", "raro", "con scontrino", "affare"),
    "nl": ("vintage", "origineel", "nauwelijks gebruikt", "unisex", "zeldzaam", "met bon", "koopje"),
    "es": ("vintage", "original", "poco uso", "unisex", "raro", "con factura", "ganga"),
    "pl": ("vintage", "oryginalny", "mało używany", "unisex", "rzadki", "z paragonem", "okazja"),
}
_SIZE_WORD = {"en": "size", "fr": "taille", "de": "Gr.", "it": "tg", "nl": "maat", "es": "talla", "pl": "rozm."}
_DESCRIPTIONS = {
    "en": "Selling my {name} in {colour}. Condition as in the pictures, questions welcome. Posted within two days.",
    "fr": "Je vends {name}, {colour}. État visible sur les photos, n'hésitez pas à demander. Envoi sous 48 h.",
    "de": "Verkaufe {name} in {colour}. Zustand siehe Fotos, Fragen gerne. Versand innerhalb von zwei Tagen.",
    "it": "Vendo {name}, colore {colour}. Condizioni come da foto, chiedete pure. Spedisco entro due giorni.",
    "nl": "Te koop: {name}, {colour}. Staat zie foto's, stel gerust een vraag. Verzending binnen twee dagen.",
    "es": "Vendo {name}, color {colour}. El estado se ve en las fotos, pregunta sin problema. Envío en dos días.",
    "pl": "Sprzedam {name}, kolor {colour}. Stan widoczny na zdjęciach, chętnie odpowiem. Wysyłka w dwa dni.",
}


def ordinary_title(
    rng: random.Random, family: Family, *, language: str, colour: Colour, size: str | None, has_brand: bool
) -> str:
    """Write a title. Where the listing does not name its brand apart (``has_brand`` false), the title does."""
    bare = has_brand and rng.random() < 0.12
    name = rng.choice(family.bare if bare else family.spellings)
    size_text = "" if size is None else (f"{_SIZE_WORD[language]} {size}" if rng.random() < 0.6 else size)
    title = rng.choice(_PATTERNS).format(
        name=name,
        noun=family.nouns[language],
        colour=colour.names[language],
        size=size_text,
        extra=rng.choice(_EXTRAS[language]),
    )
    return title.strip().rstrip(",")


def description(title: str, *, language: str, colour: Colour) -> str:
    """Write the text of an item page."""
    return _DESCRIPTIONS[language].format(name=title, colour=colour.names[language])
