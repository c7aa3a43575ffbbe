"""Currencies as shops write them: codes, symbols, abbreviations and words, with the ISO 4217 code of each.

Belongs here: the table, and finding one of its entries in a text. Does not: amounts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ISO = frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BHD",
        "BIF",
        "BMD",
        "BND",
        "BOB",
        "BRL",
        "BSD",
        "BTC",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHF",
        "CLF",
        "CLP",
        "CNY",
        "COP",
        "CRC",
        "CUC",
        "CUP",
        "CVE",
        "CZK",
        "DJF",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GNF",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HRK",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IQD",
        "IRR",
        "ISK",
        "JMD",
        "JOD",
        "JPY",
        "KES",
        "KGS",
        "KHR",
        "KMF",
        "KRW",
        "KWD",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "LYD",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "RUR",
        "RWF",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SLE",
        "SOS",
        "SRD",
        "STN",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TND",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "UYU",
        "UZS",
        "VES",
        "VND",
        "VUV",
        "WST",
        "XAF",
        "XCD",
        "XOF",
        "XPF",
        "YER",
        "ZAR",
        "ZMW",
        "PTE",
    ]
)
_SAME = {"RUR": "RUB"}
# Spelled like codes and also like words or units of other things: only in capitals, and next to a number.
_WORDLIKE = frozenset({"ALL", "TOP", "ERN", "TRY", "MOP", "SOS", "CUP", "PEN", "BAM", "GEL", "MAD", "SAR", "COP"})

# Written forms. A form in lower case is found in any case; others as they are written.
_SYMBOLS: dict[str, str] = {
    "€": "EUR", "£": "GBP", "₤": "GBP", "¥": "JPY", "￥": "JPY", "円": "JPY", "元": "CNY", "圆": "CNY", "圓": "TWD",
    "₹": "INR", "₨": "PKR", "₽": "RUB", "₴": "UAH", "₺": "TRY", "₸": "KZT", "₾": "GEL", "֏": "AMD", "₼": "AZN",
    "₪": "ILS", "₩": "KRW", "원": "KRW", "₫": "VND", "đ": "VND", "₱": "PHP", "฿": "THB", "₮": "MNT", "₭": "LAK",
    "₦": "NGN", "₵": "GHS", "₡": "CRC", "₲": "PYG", "₿": "BTC", "Ƀ": "BTC", "৳": "BDT", "؋": "AFN", "ƒ": "AWG",
    "₶": "EUR", "៛": "KHR", "﷼": "IRR", "₣": "CHF", "R₣": "CHF", "¢": "USD", "ლ": "GEL", "$": "USD",
    "R$": "BRL", "US$": "USD", "US $": "USD", "U$S": "USD", "A$": "AUD", "AU$": "AUD", "AU $": "AUD", "C$": "CAD",
    "CA$": "CAD", "CAD$": "CAD", "CDN$": "CAD", "NZ$": "NZD", "HK$": "HKD", "NT$": "TWD", "S$": "SGD", "SG$": "SGD",
    "MX$": "MXN", "AR$": "ARS", "BZ$": "BZD", "J$": "JMD", "TT$": "TTD", "RD$": "DOP", "EC$": "XCD", "Bds$": "BBD",
    "CUC$": "CUC", "MOP$": "MOP", "$U": "UYU", "$b": "BOB", "CLP$": "CLP", "COL$": "COP", "E£": "EGP", "LE£": "EGP",
    "GH₵": "GHS", "GH¢": "GHS", "B/.": "PAB", "S/.": "PEN", "S/": "PEN", "Bs.": "BOB", "Bs": "BOB", "Br": "BYN",
    "KSh": "KES", "TSh": "TZS", "USh": "UGX", "MK": "MWK", "KD": "KWD", "BD": "BHD", "RM": "MYR", "Rp": "IDR",
    "Rs.": "INR", "Rs": "INR", "Rf": "MVR", "R": "ZAR", "Q": "GTQ", "q": "GTQ", "L": "HNL", "D": "GMD", "ID": "IQD",
    "FG": "GNF", "GFr": "GNF", "Fbu": "BIF", "FBu": "BIF", "Fdj": "DJF", "FCFA": "XOF", "CFA": "XOF", "Vt": "VUV",
    "Sʻ": "UZS", "K": "ZMW", "P": "BWP", "Р": "RUB", "р": "RUB", "T$": "TOP", "Kz": "AOA", "kwz": "AOA", "Lek": "ALL",
    "Nfk": "ERN", "DH": "AED", "Dh": "AED", "Dhs": "AED", "AED": "AED", "SR": "SAR", "QR": "QAR", "LE": "EGP",
    "TL": "TRY", "Ft": "HUF", "Frs": "CHF", "Fr.": "CHF", "SFr.": "CHF", "SFr": "CHF", "GBp": "GBP",
    "جنيه": "EGP", "درهم": "AED", "دينار": "KWD", "ریال": "IRR", "ريال": "SAR", "تومان": "IRR", "ج.م": "EGP",
    "ج.س": "SDG", "د.أ": "JOD", "د.ا": "JOD", "د.إ": "AED", "د.ج": "DZD", "د.ع": "IQD", "ع.د": "IQD", "د.م": "MAD",
    "د.ت": "TND", "د.ك": "KWD", "د.ب": "BHD", ".د.ب": "BHD", "ل.د": "LYD", "ل.س": "SYP", "ل.ل": "LBP", "ر.س": "SAR",
    "ر.ع": "OMR", "ر.ي": "YER", "ر.ق": "QAR", "ش.ج": "ILS", "ش.ص": "SOS", "ש\"ח": "ILS", "ש״ח": "ILS", "บาท": "THB",
    "ლარი": "GEL",
}  # fmt: skip
_WORDS: dict[str, str] = {
    "euro": "EUR", "euros": "EUR", "eur.": "EUR", "pound": "GBP", "pounds": "GBP", "stg": "GBP", "zł": "PLN",
    "zl": "PLN", "złotych": "PLN", "kč": "CZK", "kc": "CZK", "kr.": "SEK", "kr": "SEK", "kn": "HRK", "lei": "RON",
    "leu": "RON", "руб": "RUB", "руб.": "RUB", "рублей": "RUB", "р.": "RUB", "бел. руб.": "BYN", "б.р.": "BYN",
    "грн": "UAH", "грн.": "UAH", "гривен": "UAH", "лв": "BGN", "лв.": "BGN", "ден": "MKD", "ден.": "MKD", "дин": "RSD",
    "дин.": "RSD", "din": "RSD", "din.": "RSD", "тг": "KZT", "тг.": "KZT", "тенге": "KZT", "сум": "UZS", "сўм": "UZS",
    "so'm": "UZS", "so‘m": "UZS", "soʻm": "UZS", "so’m": "UZS", "so'mdan": "UZS", "so‘mdan": "UZS", "soʻmdan": "UZS", "som": "KGS", "сом": "KGS", "ft": "HUF", "nis": "ILS",
    "francs": "CHF", "franc": "CHF", "taka": "BDT", "baht": "THB", "yen": "JPY", "yuan": "CNY", "rmb": "CNY",
    "rupees": "INR", "dollars": "USD", "dollar": "USD", "pesos": "MXN", "reais": "BRL", "lek": "ALL", "manat": "AZN",
    "birr": "ETB", "naira": "NGN", "dhs": "AED",
}  # fmt: skip
# Several countries write these alike; the page's own country decides where it is known.
AMBIGUOUS: dict[str, frozenset[str]] = {
    "USD": frozenset(
        [
            "USD",
            "CAD",
            "AUD",
            "NZD",
            "MXN",
            "ARS",
            "CLP",
            "COP",
            "UYU",
            "SGD",
            "HKD",
            "TWD",
            "JMD",
            "BBD",
            "BSD",
            "BZD",
            "XCD",
            "FJD",
            "GYD",
            "LRD",
            "NAD",
            "SRD",
            "TTD",
            "BND",
            "CUP",
            "DOP",
        ]
    ),
    "SEK": frozenset({"SEK", "NOK", "DKK", "ISK", "CZK"}),
    "GBP": frozenset({"GBP", "EGP", "GIP", "FKP", "LBP", "SYP"}),
    "JPY": frozenset({"JPY", "CNY"}),
    "INR": frozenset({"INR", "PKR", "LKR", "NPR", "MUR", "SCR"}),
    "PKR": frozenset({"PKR", "INR", "LKR", "NPR", "MUR", "SCR"}),
    "RON": frozenset({"RON", "MDL"}),
    "RUB": frozenset({"RUB", "BYN"}),
    "KGS": frozenset({"KGS", "UZS"}),
    "CHF": frozenset({"CHF", "XOF", "XAF", "XPF"}),
    "AED": frozenset({"AED", "MAD"}),
    "KWD": frozenset({"KWD", "BHD", "JOD", "IQD", "TND", "DZD", "LYD"}),
    "BOB": frozenset({"BOB", "VES"}),
    "BYN": frozenset({"BYN", "ETB"}),
    "RSD": frozenset({"RSD", "MKD"}),
    "TWD": frozenset({"TWD", "CNY", "HKD", "JPY"}),
    "CNY": frozenset({"CNY", "TWD"}),
}
_SHARED = frozenset(
    ["$", "£", "¥", "￥", "円", "元", "圓", "圆", "kr", "kr.", "rs", "rs.", "₨", "lei", "leu", "руб", "руб.", "р", "р.",
     "сом", "som", "fr.", "franc", "francs", "dh", "dhs", "دينار", "bs", "bs.", "br", "din", "din.", "¢"]
)  # fmt: skip
# What stands beside any number in Latin text and means a currency only in capitals beside it.
_LETTERS_ONLY_BESIDE = frozenset({"R", "Q", "q", "L", "D", "K", "P", "Р", "р", "ID", "MK", "BD", "KD", "TL", "SR", "QR",
                                  "LE", "DH", "Dh", "Br", "Bs", "FG", "RM", "R$"})  # fmt: skip


class Found(NamedTuple):
    """A currency in a text: where it stands, as written, and its usual ISO code."""

    start: int
    end: int
    text: str
    iso: str

    @property
    def is_ambiguous(self) -> bool:
        """True where several countries write it so."""
        return self.text.lower() in _SHARED


def _pattern() -> re.Pattern[str]:
    exact = sorted(_SYMBOLS, key=len, reverse=True)
    anycase = sorted([*_WORDS, *(code.lower() for code in ISO)], key=len, reverse=True)

    def guarded(form: str) -> str:
        before = r"(?<![^\W\d_])" if form[0].isalpha() else ""
        after = r"(?![^\W\d_])" if form[-1].isalpha() else ""
        return f"{before}{re.escape(form)}{after}"

    parts = [guarded(form) for form in exact] + [f"(?i:{guarded(form)})" for form in anycase]
    # Longest first over both kinds, so that a long form is not read as the sign that begins it.
    parts = [part for _, part in sorted(zip([*exact, *anycase], parts, strict=True), key=lambda pair: -len(pair[0]))]
    return re.compile("|".join(parts))


_CURRENCY = _pattern()


def iso_of(text: str) -> str | None:
    """Return the ISO code of a written currency that stands alone (``zł``, ``usd``, ``RUR``); None for others."""
    bare = text.strip()
    if bare.upper() in ISO:
        return _SAME.get(bare.upper(), bare.upper())
    return _SYMBOLS.get(bare) or _WORDS.get(bare.lower())


def find_currencies(text: str) -> list[Found]:
    """Return the currencies written in a text, in order. Letters that mean one only beside a number must be beside it."""
    found = []
    for match in _CURRENCY.finditer(text):
        written = match.group()
        iso = iso_of(written)
        if iso is None:
            continue
        is_code = written.upper() in ISO and written not in _SYMBOLS
        if (written in _LETTERS_ONLY_BESIDE or (is_code and written.upper() in _WORDLIKE)) and not _is_beside_number(
            text, match.start(), match.end()
        ):
            continue
        if is_code and written.upper() in _WORDLIKE and not written.isupper():
            continue
        found.append(Found(match.start(), match.end(), written, iso))
    return found


def _is_beside_number(text: str, start: int, end: int) -> bool:
    before, after = text[:start].rstrip(" \u00a0\u202f"), text[end:].lstrip(" \u00a0\u202f.")
    return bool((before and (before[-1].isdigit() or before[-1] == "-")) or (after and (after[0].isdigit())))


def resolve(iso: str, *, country_currency: str | None) -> str:
    """Return which currency an ambiguous sign means, given the currency of the page's country."""
    if country_currency is not None and country_currency in AMBIGUOUS.get(iso, ()):
        return country_currency
    return iso
