"""The country sites of the look-alike: language, currency, labels and how each writes a price.

Belongs here: what differs between `vinted.fr` and `vinted.pl`. Not here: titles that sellers write (`wording`).
Source of the labels and price forms: the recorded pages described in the facts on second-hand marketplaces; labels
never seen in a recording (German, Spanish, and the lower grades of Italian and Polish) follow the public sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

NBSP = "\u00a0"


class Grade(IntEnum):
    """Vinted's condition ids; 2 is verified, the others are the usual table."""

    NEW_WITHOUT_TAGS = 1
    VERY_GOOD = 2
    GOOD = 3
    SATISFACTORY = 4
    NEW_WITH_TAGS = 6


# In the order new with tags, new without tags, very good, good, satisfactory.
_GRADE_ORDER = (Grade.NEW_WITH_TAGS, Grade.NEW_WITHOUT_TAGS, Grade.VERY_GOOD, Grade.GOOD, Grade.SATISFACTORY)
_GRADE_WORDS = {
    "en": ("New with tags", "New without tags", "Very good", "Good", "Satisfactory"),
    "fr": ("Neuf avec étiquette", "Neuf sans étiquette", "Très bon état", "Bon état", "Satisfaisant"),
    "nl": ("Nieuw met prijskaartje", "Nieuw zonder prijskaartje", "Heel goed", "Goed", "Voldoende"),
    "pl": ("Nowy z metką", "Nowy bez metki", "Bardzo dobry", "Dobry", "Zadowalający"),
    "it": ("Nuovo con cartellino", "Nuovo senza cartellino", "Ottime", "Buone", "Discrete"),
    "de": ("Neu mit Etikett", "Neu", "Sehr gut", "Gut", "Zufriedenstellend"),
    "es": ("Nuevo con etiquetas", "Nuevo sin etiquetas", "Muy bueno", "Bueno", "Satisfactorio"),
}
GRADE_LABELS = {language: dict(zip(_GRADE_ORDER, words, strict=True)) for language, words in _GRADE_WORDS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A site's own words: the keys of the item label and the texts of the catalogue page."""

    brand: str
    condition: str
    size: str
    protection: str
    results_title: str
    results: str
    empty: str
    unauthorised: str
    added_favourite: str


WORDS = {
    "en": Words(
        brand="brand",
        condition="condition",
        size="size",
        protection="includes Buyer Protection",
        results_title="Search results",
        results="results",
        empty="Sorry, we could not find anything",
        unauthorised="Invalid authentication token",
        added_favourite="Add to favourites",
    ),
    "fr": Words(
        brand="marque",
        condition="état",
        size="taille",
        protection="Protection acheteurs incluse",
        results_title="Résultats de recherche",
        results="résultats",
        empty="Désolés, aucun résultat",
        unauthorised="Jeton d'authentification invalide",
        added_favourite="Ajouter aux favoris",
    ),
    "nl": Words(
        brand="Merk",
        condition="Staat",
        size="Maat",
        protection="inclusief Kopersbescherming",
        results_title="Zoekresultaten",
        results="resultaten",
        empty="Sorry, niets gevonden",
        unauthorised="Ongeldige authenticatietoken",
        added_favourite="Toevoegen aan favorieten",
    ),
    "pl": Words(
        brand="marka",
        condition="stan",
        size="rozmiar",
        protection="zawiera Ochronę Kupujących",
        results_title="Wyniki wyszukiwania",
        results="wyników",
        empty="Przykro nam, brak wyników",
        unauthorised="Nieprawidłowy token uwierzytelniający",
        added_favourite="Dodaj do ulubionych",
    ),
    "it": Words(
        brand="brand",
        condition="condizioni",
        size="taglia",
        protection="include la Protezione acquisti",
        results_title="Risultati della ricerca",
        results="risultati",
        empty="Spiacenti, nessun risultato",
        unauthorised="Token di autenticazione non valido",
        added_favourite="Aggiungi ai preferiti",
    ),
    "de": Words(
        brand="Marke",
        condition="Zustand",
        size="Größe",
        protection="inklusive Käuferschutz",
        results_title="Suchergebnisse",
        results="Ergebnisse",
        empty="Leider keine Ergebnisse",
        unauthorised="Ungültiges Authentifizierungs-Token",
        added_favourite="Zu Favoriten hinzufügen",
    ),
    "es": Words(
        brand="marca",
        condition="estado",
        size="talla",
        protection="incluye Protección al comprador",
        results_title="Resultados de la búsqueda",
        results="resultados",
        empty="Lo sentimos, no hay resultados",
        unauthorised="Token de autenticación no válido",
        added_favourite="Añadir a favoritos",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """A country site.

    Attributes:
        domain: what follows ``vinted.``, e.g. ``co.uk``.
        iso: ISO 3166 code of its sellers; country_id and name as the user answers give them (invented ids).
        currency: ISO 4217 code of all prices the site shows.
        sellers: share of the market's sellers who live there, in percent.
    """

    domain: str
    iso: str
    language: str
    currency: str
    name: str
    country_id: int
    sellers: int

    @property
    def words(self) -> Words:
        """The site's own words."""
        return WORDS[self.language]

    def grade_label(self, grade: Grade) -> str:
        """Return the condition as this site writes it."""
        return GRADE_LABELS[self.language][grade]

    def visible_price(self, minor: int) -> str:
        """Write a price as the page shows it: decimal comma and no-break space, except in English."""
        return _visible(self, minor, comma=self.currency != "GBP", space=NBSP)

    def label_price(self, minor: int) -> str:
        """Write a price as labels have it: always a decimal dot, an ordinary space."""
        if self.currency == "GBP":
            return f"£{minor // 100}.{minor % 100:02d}"
        return f"{minor // 100}.{minor % 100:02d} {_SYMBOLS[self.currency]}"


_SYMBOLS = {"EUR": "€", "GBP": "£", "PLN": "zł", "USD": "$"}


def _visible(country: Country, minor: int, *, comma: bool, space: str) -> str:
    number = f"{minor // 100}{',' if comma else '.'}{minor % 100:02d}"
    symbol = _SYMBOLS[country.currency]
    if country.currency == "GBP":
        return f"{symbol}{number}"
    return f"{symbol}{space}{number}" if country.language == "nl" else f"{number}{space}{symbol}"


COUNTRIES = {
    country.domain: country
    for country in (
        Country("fr", "FR", "fr", "EUR", "France", 16, 28),
        Country("de", "DE", "de", "EUR", "Deutschland", 2, 18),
        Country("it", "IT", "it", "EUR", "Italia", 18, 15),
        Country("nl", "NL", "nl", "EUR", "Nederland", 20, 10),
        Country("es", "ES", "es", "EUR", "España", 7, 8),
        Country("co.uk", "GB", "en", "GBP", "United Kingdom", 13, 11),
        Country("pl", "PL", "pl", "PLN", "Polska", 15, 7),
        Country("com", "US", "en", "USD", "United States", 14, 3),
    )
}

# Euros for one unit. Constant, so that a price that moves on a site is a price its seller moved.
EUR_PER_UNIT = {
    "EUR": Decimal(1),
    "GBP": Decimal("1.155"),
    "PLN": Decimal("0.234"),
    "USD": Decimal("0.863"),
}
