"""Amazon's own words for stock and for free delivery, in the languages of its sites.

Belongs here: phrases, told only where the page's structure does not decide. Does not: reading pages.

Recorded: English, German, French, Italian (2020-12). Dutch, Spanish and Polish after the sites' wording of 2023-2025,
unverified. Matching is on folded, lower-case text.
"""

from __future__ import annotations

import re

from domain.listing import Availability

_PHRASES: tuple[tuple[Availability, tuple[str, ...]], ...] = (
    (
        Availability.PREORDER,
        (
            "pre-order", "preorder", "will be released on", "vorbestell", "erscheint am", "précommand", "sortie le",
            "paraîtra le", "preordin", "pre-ordin", "prenota", "esce il", "pre-order nu", "wordt uitgebracht op",
            "resérvalo", "reserva ", "a la venta el", "przedsprzeda", "zamów w przedsprzedaży",
        ),
    ),
    (
        Availability.BACKORDER,
        (
            "temporarily out of stock", "back-order", "backorder", "vorübergehend nicht auf lager",
            "temporairement en rupture de stock", "temporaneamente non disponibile", "temporalmente sin stock",
            "temporalmente agotado", "tijdelijk niet op voorraad", "tymczasowo niedostępn", "tymczasowo brak",
        ),
    ),
    (
        Availability.OUT_OF_STOCK,
        (
            "unavailable", "out of stock", "not available", "nicht verfügbar", "nicht auf lager", "ausverkauft",
            "indisponible", "rupture de stock", "non disponibile", "esaurito", "no disponible", "agotado",
            "niet verkrijgbaar", "niet beschikbaar", "niet op voorraad", "uitverkocht", "niedostępn",
            "brak w magazynie",
        ),
    ),
    (
        Availability.AVAILABLE,
        (
            "in stock", "left in stock", "available", "usually ships", "usually dispatched", "auf lager", "verfügbar",
            "erhältlich", "versandfertig", "en stock", "disponible", "expédié sous", "disponibil", "spedito entro",
            "op voorraad", "verkrijgbaar", "beschikbaar", "en existencias", "dostępn", "w magazynie", "na stanie",
        ),
    ),
)  # fmt: skip
# "Only 3 left", "Nur noch 2 auf Lager", "Il ne reste plus que 4", "solo 5", "Quedan 2", "Nog slechts 1", "Tylko 3".
_FEW_LEFT = re.compile(
    r"(?:\bonly|\bnur noch|\bplus que|\bsolo|\bqueda(?:n|\(n\))?|\bnog (?:maar|slechts)|\btylko|\bpozostał[ao]?)\s+"
    r"(?:solo\s+)?([0-9]{1,3})\b"
)
_FREE = re.compile(r"\b(?:free|kostenlos\w*|gratis|gratuit\w*|bezpłatn\w*|darmow\w*)\b")
_IMPORT = re.compile(r"import|einfuhr|zoll|douan|dogan|aduan|cło|invoer")


def availability_of(text: str | None) -> Availability:
    """Return what an availability line says, unknown where it says nothing that is known."""
    said = (text or "").casefold()
    for availability, phrases in _PHRASES:
        if any(phrase in said for phrase in phrases):
            return availability
    return Availability.UNKNOWN


def pieces_left(text: str | None) -> int | None:
    """Return how many pieces an availability line says are left; None where it does not say."""
    match = _FEW_LEFT.search((text or "").casefold())
    return int(match.group(1)) if match else None


def says_free(text: str | None) -> bool:
    """Tell whether a delivery line says that delivery is free, without a condition in numbers."""
    said = (text or "").casefold()
    return _FREE.search(said) is not None and not any(character.isdigit() for character in said)


def says_import(text: str | None) -> bool:
    """Tell whether a delivery line speaks of import duties, which are no price of delivery."""
    return _IMPORT.search((text or "").casefold()) is not None
