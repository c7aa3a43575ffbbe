"""What Amazon's country sites say and how they write a price, as far as the look-alike needs it.

German, French, Italian and English after recorded pages of 2020; Dutch after a card of 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Country:
    """One site: its language, currency, and texts; ``price`` holds ``{}`` for the number."""

    domain: str
    language: str
    currency: str
    price: str
    group: str
    decimal_sign: str
    store: str
    in_stock: str
    few_left: str
    unavailable: str
    other_sellers: str
    used_and_new: str
    coupon: str
    sponsored: str
    results: str
    list_price: str

    def money(self, amount: Decimal) -> str:
        """Write an amount as the site does."""
        whole, _, cents = f"{amount:,.2f}".partition(".")
        return self.price.format(f"{whole.replace(',', self.group)}{self.decimal_sign}{cents}")


def _english(domain: str, language: str, currency: str, price: str) -> Country:
    return Country(
        domain, language, currency, price, ",", ".", "Visit the {} Store", "In Stock.",
        "Only {} left in stock - order soon.", "Currently unavailable.", "Available from these sellers.",
        "New &amp; Used (7) from {}", "Save an extra 10% when you apply this coupon. Details", "Sponsored",
        "1-{} of {} results for", "List Price:",
    )  # fmt: skip


COUNTRIES = {
    country.domain: country
    for country in (
        _english("com", "en-us", "USD", "${}"),
        _english("co.uk", "en-gb", "GBP", "£{}"),
        Country(
            "de", "de-de", "EUR", "{}\u00a0€", ".", ",", "Besuchen Sie den {}-Store", "Auf Lager.",
            "Nur noch {} auf Lager", "Derzeit nicht verfügbar.", "Erhältlich bei diesen Anbietern.",
            "Neu und gebraucht (7) ab {}", "10% Coupon anwenden Details", "Gesponsert",
            "1-{} von {} Ergebnissen für", "UVP:",
        ),
        Country(
            "fr", "fr-fr", "EUR", "{}\u00a0€", "\u202f", ",", "Visiter la boutique {}", "En stock.",
            "Il ne reste plus que {} exemplaire(s) en stock.", "Actuellement indisponible.",
            "Disponible auprès de ces vendeurs.", "Neufs &amp; occasions (7) {}", "Appliquer le coupon 10% Détails",
            "Sponsorisé", "1-{} sur {} résultats pour", "Prix conseillé",
        ),
        Country(
            "it", "it-it", "EUR", "{}\u00a0€", ".", ",", "Visita lo Store di {}", "Disponibilità immediata.",
            "Disponibilità: solo {}", "Attualmente non disponibile.", "Disponibile presso questi venditori.",
            "Nuovo e usato (7) da {}", "Applica coupon 10% Dettagli", "Sponsorizzato",
            "1-{} dei {} risultati in", "Prezzo consigliato:",
        ),
        Country(
            "nl", "nl-nl", "EUR", "€\u00a0{}", ".", ",", "Bezoek de {}-Store", "Op voorraad.",
            "Nog slechts {} op voorraad.", "Momenteel niet verkrijgbaar.", "Verkrijgbaar bij deze verkopers.",
            "Nieuw en tweedehands (7) vanaf {}", "Pas kortingsbon van 10% toe Details", "Gesponsord",
            "1-{} van {} resultaten voor", "Advies:",
        ),
    )
}  # fmt: skip
