"""Single values of Allegro's pages and lists: amounts, conditions, paths into JSON.

Belongs here: small pure checks of one value. Does not: page shapes.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from domain.condition import Condition
from domain.listing import Seller
from domain.money import MoneyError, from_minor, parse_amount, parse_currency
from scrapers.page_values import RecordError, tidy
from scrapers.visible_price import find_prices

_CONDITIONS = {
    "nowy": Condition.NEW,
    "nowe": Condition.NEW,
    "nowa": Condition.NEW,
    "nowy z defektem": Condition.FAIR,
    "nowy z usterką": Condition.FAIR,
    "powystawowy": Condition.LIKE_NEW,
    "odnowiony": Condition.VERY_GOOD,
    "odnowiony przez producenta": Condition.VERY_GOOD,
    "po zwrocie": Condition.LIKE_NEW,
    "używany": Condition.GOOD,
    "używane": Condition.GOOD,
    "uszkodzony": Condition.FOR_PARTS,
    "uszkodzone": Condition.FOR_PARTS,
}


def load_json(text: str | bytes) -> Any:
    """Return JSON with exact decimals; None where it is none."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def at(value: Any, *path: str | int) -> Any:
    """Return what stands at a path of keys and indices; None where the path breaks off."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def rows_of(value: Any) -> list[Any]:
    """Return a list; an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def text_at(value: Any, *path: str | int) -> str | None:
    """Return a text at a path on one line, None where there is none."""
    found = at(value, *path)
    return tidy(found, 1000) if isinstance(found, str) else None


def money(value: Any, field: str) -> tuple[Decimal, str]:
    """Return ``{"amount": "7.38", "currency": "PLN"}`` as amount and currency.

    Raises:
        RecordError: naming the field.
    """
    if not isinstance(value, dict):
        raise RecordError(f"{field}: {'missing' if value is None else 'not an object'}")
    return amount(value.get("amount"), f"{field}.amount"), currency(value.get("currency"), f"{field}.currency")


def amount(value: Any, field: str) -> Decimal:
    """Return a plain decimal text or number.

    Raises:
        RecordError: naming the field.
    """
    try:
        return parse_amount(value)
    except MoneyError as error:
        raise RecordError(f"{field}: {error}") from error


def currency(value: Any, field: str) -> str:
    """Return an ISO 4217 code.

    Raises:
        RecordError: naming the field.
    """
    try:
        return parse_currency(value)
    except MoneyError as error:
        raise RecordError(f"{field}: {error}") from error


def from_grosz(value: Any) -> Decimal | None:
    """Return zloty from a whole number of grosz in a text ("15989" is 159.89), None where it is none."""
    return from_minor(int(value), "PLN") if isinstance(value, str) and re.fullmatch(r"[0-9]{1,13}", value) else None


def visible_amount(value: Any) -> Decimal | None:
    """Return the amount of a price as shown ("169,00 zł"), or of an object that holds it; None where there is none."""
    if isinstance(value, dict):
        for key in ("amount", "formatted", "formattedPrice", "text"):
            found = visible_amount(value.get(key))
            if found is not None:
                return found
        return None
    if not isinstance(value, str):
        return None
    prices = find_prices(value, decimal_sign=",", site_currency="PLN")
    if prices:
        return prices[0].amount
    return Decimal(value) if re.fullmatch(r"[0-9]{1,12}\.[0-9]{1,2}", value) else None


def condition(label: str | None) -> Condition:
    """Return what Allegro's own word for a state means ("Nowy", "Używany", "Powystawowy")."""
    return _CONDITIONS.get((label or "").casefold(), Condition.UNKNOWN)


def parameter(rows: Any, name: str) -> str | None:
    """Return the value of a named parameter (``[{"name": "Stan", "values": ["Nowy"]}]``)."""
    for row in rows_of(rows):
        if text_at(row, "name") == name:
            return text_at(row, "value") or text_at(row, "values", 0)
    return None


def seller(external_id: Any, login: str | None, *, is_business: Any) -> Seller | None:
    """Return a seller; None without an id. A private person's login is kept only to tell sellers apart."""
    number = str(external_id) if isinstance(external_id, (str, int)) and not isinstance(external_id, bool) else ""
    known = is_business if isinstance(is_business, bool) else None
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", number):
        return Seller(external_id=login, login=login, is_business=known) if login else None
    return Seller(external_id=number, login=login, is_business=known)
