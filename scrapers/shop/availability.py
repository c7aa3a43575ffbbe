"""Whether a thing can be bought: schema.org's words, and what shops write.

Belongs here: words to ``Availability``. Does not: finding them in a page.
"""

from __future__ import annotations

import re

from domain.listing import Availability

# https://schema.org/ItemAvailability, and the spellings met in place of it.
_SCHEMA: dict[str, Availability] = {
    "instock": Availability.AVAILABLE,
    "available": Availability.AVAILABLE,
    "onlineonly": Availability.AVAILABLE,
    "instoreonly": Availability.AVAILABLE,
    "limitedavailability": Availability.AVAILABLE,
    "availablefororder": Availability.AVAILABLE,
    "availablenow": Availability.AVAILABLE,
    "true": Availability.AVAILABLE,
    "yes": Availability.AVAILABLE,
    "1": Availability.AVAILABLE,
    "outofstock": Availability.OUT_OF_STOCK,
    "oos": Availability.OUT_OF_STOCK,
    "false": Availability.OUT_OF_STOCK,
    "unavailable": Availability.OUT_OF_STOCK,
    "notavailable": Availability.OUT_OF_STOCK,
    "soldout": Availability.OUT_OF_STOCK,
    "discontinued": Availability.DISCONTINUED,
    "preorder": Availability.PREORDER,
    "presale": Availability.PREORDER,
    "backorder": Availability.BACKORDER,
    "madetoorder": Availability.BACKORDER,
    "reserved": Availability.RESERVED,
}
_SOLD_OUT = re.compile(
    r"out of stock|sold out|currently unavailable|no longer available|temporarily unavailable|not available|unavailable|"
    r"ausverkauft|nicht (?:mehr )?(?:verfügbar|lieferbar|auf lager|vorrätig|erhältlich)|vergriffen|derzeit nicht|"
    r"rupture de stock|épuisé|indisponible|actuellement non disponible|"
    r"esaurito|non disponibile|agotado|no disponible|sin (?:stock|existencias)|esgotado|indisponível|"
    r"uitverkocht|niet (?:op voorraad|leverbaar|beschikbaar)|produkt niedostępny|niedostępn\w+|brak w magazynie|wyprzedan\w+|"
    r"нет в наличии|распродан\w*|закончил\w+|vyprodáno|není skladem|nedostupn\w+|ni na zalogi|razprodano|"
    r"slutsåld|ej i lager|udsolgt|utsolgt|loppu|elfogyott|nincs raktáron|stoc epuizat|indisponibil|stok(?:ta)? yok|tükendi|"
    r"缺貨|已售完|售完|補貨中|品切れ|在庫切れ|품절|일시품절|نفدت الكمية|غير متوفر|sotuvda yo[‘'ʻ]q",
    re.IGNORECASE,
)
_IN_STOCK = re.compile(
    r"\bin stock\b|\bavailable\b|auf lager|sofort lieferbar|\bvorrätig\b|\blieferbar\b|verfügbar|en stock|disponible|disponibile|disponível|"
    r"op voorraad|leverbaar|dostępn[yae]\b|w magazynie|в наличии|skladem|na zalogi|i lager|på lager|varastossa|raktáron|"
    r"în stoc|in stoc|stokta|現貨|在庫あり|재고|متوفر|mavjud",
    re.IGNORECASE,
)
_PREORDER = re.compile(
    r"pre-?order|vorbestell|précommand|preordin|reserva anticipada|przedsprzedaż|предзаказ|předobjedn|預購|予約",
    re.IGNORECASE,
)
_BACKORDER = re.compile(r"back-?order|auf bestellung|sur commande|na zamówienie|под заказ|na objednávku", re.IGNORECASE)
_DISCONTINUED = re.compile(
    r"discontinued|no longer (?:sold|made|produced)|nicht mehr hergestellt|снят с производства|wycofany", re.IGNORECASE
)


def schema_availability(value: object) -> Availability | None:
    """Read a schema.org value (``https://schema.org/InStock``, ``in stock``, ``true``); None for others."""
    if isinstance(value, bool):
        return Availability.AVAILABLE if value else Availability.OUT_OF_STOCK
    if isinstance(value, dict):
        value = value.get("@id") or value.get("@value") or value.get("name")
    if isinstance(value, list):
        states = [state for one in value if (state := schema_availability(one)) is not None]
        return best(states)
    if not isinstance(value, str):
        return None
    word = re.sub(r"[\s_-]", "", value.strip().rstrip("/").rsplit("/", 1)[-1].lower())
    return _SCHEMA.get(word)


def visible_availability(text: str) -> Availability | None:
    """Read the words of a short text of a page (a button, a stock line); None where they say nothing."""
    for pattern, state in (
        (_DISCONTINUED, Availability.DISCONTINUED),
        (_PREORDER, Availability.PREORDER),
        (_SOLD_OUT, Availability.OUT_OF_STOCK),
        (_BACKORDER, Availability.BACKORDER),
        (_IN_STOCK, Availability.AVAILABLE),
    ):
        if pattern.search(text):
            return state
    return None


_ORDER = (
    Availability.AVAILABLE,
    Availability.PREORDER,
    Availability.BACKORDER,
    Availability.RESERVED,
    Availability.OUT_OF_STOCK,
    Availability.DISCONTINUED,
)


def best(states: list[Availability]) -> Availability | None:
    """Return the state of a product whose variants differ: it can be bought if any of them can."""
    return next((state for state in _ORDER if state in states), None)
