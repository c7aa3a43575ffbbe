"""The ``filter`` parameter of a search: read, or not understood, which the real API answers with warnings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_PART = re.compile(r"(\w+):(\{[^}]*\}|\[[^\]]*\]|[^,]*)(?:,|$)")


@dataclass(slots=True)
class Filters:
    """What a search asks for; None filters nothing. ``unknown`` names what was not understood."""

    options: frozenset[str] = frozenset({"FIXED_PRICE"})
    conditions: frozenset[str] | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    sellers: frozenset[str] | None = None
    not_sellers: frozenset[str] = frozenset()
    brands: frozenset[str] | None = None
    country: str | None = None
    free_only: bool = False
    unknown: tuple[str, ...] = ()


def read_filters(text: str) -> Filters:  # noqa: C901, PLR0912 - a case each
    """Read the parameter."""
    found, unknown, has_currency = Filters(), [], False
    for name, value in _PART.findall(text):
        members = frozenset(value.strip("{}").split("|"))
        match name:
            case "buyingOptions":
                found.options = members
            case "conditionIds":
                found.conditions = members
            case "price":
                bounds = re.fullmatch(r"\[(\d+(?:\.\d+)?)?\.\.(\d+(?:\.\d+)?)?\]", value)
                if bounds is None:
                    unknown.append("price")
                else:
                    found.low, found.high = (Decimal(one) if one else None for one in bounds.groups())
            case "priceCurrency":
                has_currency = True
            case "sellers":
                found.sellers = members
            case "excludeSellers":
                found.not_sellers = members
            case "searchInDescription":
                # A description of the sandbox is its title again.
                pass
            case "itemLocationCountry":
                found.country = value
            case "maxDeliveryCost":
                found.free_only = True
            case _:
                unknown.append(name)
    if (found.low is not None or found.high is not None) and not has_currency:
        unknown.append("price")
        found.low = found.high = None
    found.unknown = tuple(unknown)
    return found


def read_aspects(text: str, category: str | None, filters: Filters) -> None:
    """Read ``aspect_filter`` into the filters: ``categoryId:257,Brand:{Sony|Bose}``, of the category searched."""
    if not text:
        return
    found = re.fullmatch(r"categoryId:(\d+),Brand:\{([^}]+)\}", text)
    if found is None or found.group(1) != category:
        filters.unknown = (*filters.unknown, "aspect_filter")
    else:
        filters.brands = frozenset(found.group(2).casefold().split("|"))
