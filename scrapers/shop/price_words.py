"""Words that say what an amount is the price of, in the languages of the shops seen.

Belongs here: the words. Does not: numbers and currencies.
"""

from __future__ import annotations

import re

from domain.price_kind import PriceKind


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_FREE_DELIVERY = _any(
    r"free (?:shipping|delivery|p&p)", r"(?:darmowa|bezpłatna) (?:dostawa|wysyłka)", r"(?:kostenlos\w*|gratis) (?:versand|liefer)",
    r"versandkostenfrei", r"livraison (?:gratuite|offerte)", r"(?:spedizione|consegna) gratuita", r"envío gratis",
    r"gratis (?:verzending|bezorging|frakt|fragt)", r"бесплатная доставка", r"portes grátis", r"doprava zdarma",
)  # fmt: skip
_OTHER_SELLERS = _any(
    r"new & used", r"neu (?:und|&) gebraucht", r"neufs? (?:&|et) (?:d'|d’)?occasions?", r"nuov[oi] e usat[oi]",
    r"nuevos? y (?:usados?|de 2ª mano)", r"nowe i używane", r"nieuw (?:en|&) (?:gebruikt|tweedehands)",
    r"available from these sellers", r"other sellers",
)  # fmt: skip
_SHIPPING = _any(
    r"shipping", r"delivery (?:fee|cost|charge)", r"\bp&p\b", r"postage", r"versand(?!kostenfrei)", r"lieferkosten",
    r"frais de port", r"livraison", r"spedizione", r"\bspese di\b", r"gastos de envío", r"verzendkosten", r"frakt", r"fragt",
    r"koszt\w* (?:dostawy|wysyłki)", r"(?<!z )dostawa\b", r"wysyłka", r"доставк", r"portes\b", r"doprava", r"poštovné",
)  # fmt: skip
_WITH_DELIVERY = _any(
    r"z dostawą", r"(?:incl\w*|with|including) (?:shipping|delivery|postage)", r"inkl\w*\.? versand", r"livraison (?:incluse|comprise)",
    r"spedizione inclusa", r"envío incluido", r"с доставкой", r"\bshipped\b",
)  # fmt: skip
_COUPON = _any(
    r"\btaniej\b", r"\bcoupon\b", r"\bvoucher\b", r"\bkupon\w*", r"\bgutschein\w*", r"bon de réduction", r"\bsave\b", r"\byou save\b",
    r"\bsparen\b", r"\bspar(?:e|st)\b", r"économisez", r"oszczędzasz", r"\brabat\w*", r"\boff (?:with|when|your)\b", r"\bahorra\w*",
    r"\brisparmi\w*", r"\bekonomia\b", r"скидка", r"\bzniżk\w*",
)  # fmt: skip
_INSTALLMENT = _any(
    r"/\s?(?:mo|mth|month|mes|mois|monat|mnd|mies|mēn|mēnesī|oy|oyiga|měs|miesiąc)\b\.?", r"\boyiga\b", r"muddatli", r"\bmēnesī\b",
    r"\b(?:per|a|al|par|pro|im|na) (?:month|mes|mese|mois|monat|miesiąc)\b", r"\bmonthly\b", r"\bmonatlich", r"\bmiesięcznie\b",
    r"installments?\b", r"instalments?\b", r"\bcuotas?\b", r"\bparcelas?\b", r"\brat[ay]?\b(?= \d)|\d+ rat\b", r"\bв месяц\b", r"mensualit",
    r"\brate\b di\b", r"\b\d+\s?x (?:de |of |sem )", r"x sem juros", r"рассрочк", r"每期|分期|期付款", r"할부", r"月々|分割", r"\bměsíčně\b", r"/\s?kk\b", r"/\s?mån\b", r"/\s?md\b",
)  # fmt: skip
_UNIT = _any(
    r"/\s?\d*\s?(?:kg|g|mg|l|ml|cl|dl|m|m²|m2|m³|cm|mm|100\s?g|100\s?ml|lb|lbs|oz|ft|sqft|sheet|litre|liter|stk|szt|st|кг|л|мл|м|м²|шт)\b\.?",
    r"\bper (?:kg|100\s?g|100\s?ml|litre|liter|l|lb|oz|unit|metre|meter|m|sq)\b", r"\bza (?:kg|1 kg|litr|l|100)\b", r"\bpro (?:kg|100|liter|l|stück|m)\b",
    r"\bprix au (?:kg|litre|l)\b", r"\bgrundpreis\b", r"\bunit price\b", r"\bcena jednostkowa\b", r"\b(?:al|por) (?:kg|kilo|litro|l)\b",
)  # fmt: skip
_NET = _any(
    r"\bexcl?\.? ?(?:of )?(?:vat|tax|gst|iva|btw|mwst)", r"\b(?:ex|excl|excluding|without|plus|\+) (?:vat|tax|gst)\b", r"\bnetto\b",
    r"\bzzgl\.? (?:mwst|ust)", r"\b(?:ohne|exkl\.?) (?:mwst|ust)", r"\bhors taxes?\b", r"\bh\.?t\.?(?=\W|$)(?<=ht)", r"\biva (?:esclusa|no incluido|excluido)\b",
    r"\bsin iva\b", r"\bs/?iva\b", r"\bsem iva\b", r"\bbez (?:vat|dph|pdv|ddv|пдв|ндс)\b", r"\bбез (?:ндс|ддс|пдв)\b", r"\bexkl\.? moms\b",
)  # fmt: skip
_CONDITIONAL = _any(
    r"\bwith (?:your )?(?:card|prime|membership|subscription)\b", r"\bsubscribe (?:&|and) save\b", r"\bmember(?:s|ship)? (?:price|only)\b",
    r"\bpremium\b", r"\bz kartą\b", r"\bklub\w*\b", r"\bmit (?:karte|club)\b", r"\bclub (?:price|preis)\b", r"\bс картой\b", r"\bkarta bilan\b",
)  # fmt: skip
_FROM = _any(
    r"(?:^|[\s(>:])(?:from|starting (?:at|from)|as low as|od|ab|à partir de|dès|da|a partire da|desde|a partir de|vanaf|fra|från|från|alk\.|od)\s+"
    r"(?=[^\d\s]{0,6}\s?\d)",
    r"(?:^|\s)(?:от|от)\s+(?=[^\d\s]{0,4}\s?\d)", r"\d[^\d]{0,6}(?:dan|den|’dan|'dan|dan boshlab)\b", r"\d\s?(?:원|円|元)\s?[~〜～]", r"[~〜～]\s*$",
    r"\d\s?\+\s*$", r"\bи выше\b", r"\band up\b", r"(?:^|\s)min\.?\s+(?=\d)",
)  # fmt: skip
_STARTING_BID = _any(
    r"\bstarting (?:price|bid)\b",
    r"\bopening bid\b",
    r"\bstart(?:preis|gebot)\b",
    r"mise à prix",
    r"cena wywoławcza",
    r"prezzo di partenza",
)
_CURRENT_BID = _any(
    r"\bcurrent (?:price|bid)\b(?=.*\bbids?\b)|\bcurrent bid\b|\bwinning bid\b",
    r"aktuelles gebot|höchstgebot",
    r"enchère actuelle",
    r"aktualna oferta",
    r"offerta attuale",
    r"puja actual",
    r"текущая ставка",
)
_CURRENT = r"(?:now|jetzt|nur|nu|teraz|tylko|sale(?: price)?|special(?: price)?|our price|maintenant|ahora|oferta|adesso|ora|сейчас|now only|offer|akcia|akce|deal(?: price)?|aktionspreis|angebot(?:spreis)?|cena promocyjna|today)"
_OLD = r"(?:was|were|old|list(?: price)?|rrp|msrp|srp|uvp|avp|pvp|pvpr|statt|früher|vorher|bisher|avant|au lieu de|prix conseillé|antes|prima|anziché|invece di|zamiast|stara cena|cena regularna|przed|regular(?: price)?|reg\.?|normalpreis|normally|originally|orig\.?|before|usual(?:ly)?|previously|van|van voor|adviesprijs|tidigare|før|före|старая цена|вместо|раньше|compare at|retail(?: price)?|najniższa cena|lowest price|omnibus|před|puvodne|původní cena|eredeti ár|pret vechi|prp)"
_MARKS_CURRENT = re.compile(rf"\b{_CURRENT}\b[\s:\-–]{{0,4}}[^\d]{{0,6}}$", re.IGNORECASE)
_MARKS_OLD = re.compile(rf"\b{_OLD}[\s:\-–.]{{0,4}}[^\d]{{0,6}}$", re.IGNORECASE)
_SAYS_OLD = re.compile(rf"\b{_OLD}\b|discount|desconto|rabatt|descuento|sconto|скидка|%", re.IGNORECASE)

_KINDS: tuple[tuple[re.Pattern[str], PriceKind], ...] = (
    (_OTHER_SELLERS, PriceKind.FROM_OTHER_SELLERS),
    (_WITH_DELIVERY, PriceKind.WITH_DELIVERY),
    (_INSTALLMENT, PriceKind.INSTALLMENT),
    (_FREE_DELIVERY, PriceKind.FREE_DELIVERY),
    (_SHIPPING, PriceKind.SHIPPING),
    (_COUPON, PriceKind.COUPON),
    (_UNIT, PriceKind.UNIT),
    (_NET, PriceKind.NET),
    (_FROM, PriceKind.FROM),
)


def kind_of(text: str) -> PriceKind:
    """Return what the words of a short text say that its amount is; ``price`` where they say nothing."""
    for pattern, kind in _KINDS:
        if pattern.search(text):
            return kind
    return PriceKind.PRICE


def bid_kind(text: str) -> PriceKind | None:
    """Return what an auction's words say: ``current_bid``, ``old`` for the starting price; None where they say nothing."""
    if _STARTING_BID.search(text):
        return PriceKind.OLD
    return PriceKind.CURRENT_BID if _CURRENT_BID.search(text) else None


def is_conditional(text: str) -> bool:
    """Tell whether the words ask for a card, a club or a subscription."""
    return _CONDITIONAL.search(text) is not None


def marks_current(text: str, position: int) -> bool:
    """Tell whether the words before a position say that the amount there is today's price."""
    return _MARKS_CURRENT.search(text[max(0, position - 40) : position]) is not None


def marks_old(text: str, position: int) -> bool:
    """Tell whether the words before a position say that the amount there is a former or list price."""
    return _MARKS_OLD.search(text[max(0, position - 40) : position]) is not None


def is_old_price(text: str) -> bool:
    """Tell whether the text speaks of a former price or a discount at all."""
    return _SAYS_OLD.search(text) is not None
