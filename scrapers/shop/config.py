"""What single shops need beyond the general reading, from one YAML file, validated whole.

Belongs here: the file's form, its mistakes, and which rule fits a host. Does not: applying a rule (``configured``).
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from lxml import etree
from lxml.cssselect import CSSSelector
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from domain.settings import SettingsError
from scrapers.shop.currencies import ISO

_DOTTED = re.compile(r"[\w@-]+(?:\.(?:[\w@-]+|\d+))*")


class ShopRule(BaseModel):
    """One shop.

    Attributes:
        host: its name; sub-domains are the same shop.
        price, old_price, title, availability: CSS selectors; ``selector@attribute`` reads an attribute.
        json_url: address of a JSON endpoint for a product, with ``{id}``; ``product_id`` is a regular expression whose
            first group finds the id in the product's address.
        json_price, json_old_price, json_availability, json_currency, json_title: dotted paths in its answer
            (``data.prices.0.amount``).
        minor_units: the endpoint gives hundredths (cents, grosz).
        currency: ISO 4217 where the page names none.
        is_net: its prices are without tax.
        needs_browser: its price appears by JavaScript only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(pattern=r"^[a-z0-9.-]+(:\d+)?$")
    price: str | None = None
    old_price: str | None = None
    title: str | None = None
    availability: str | None = None
    json_url: str | None = None
    product_id: str | None = None
    json_price: str | None = None
    json_old_price: str | None = None
    json_availability: str | None = None
    json_currency: str | None = None
    json_title: str | None = None
    minor_units: bool = False
    currency: str | None = None
    is_net: bool = False
    needs_browser: bool = False

    @field_validator("price", "old_price", "title", "availability")
    @classmethod
    def _is_selector(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                CSSSelector(value.rpartition("@")[0] or value, translator="html")
            except (etree.XPathError, SyntaxError, ValueError) as error:
                raise ValueError(f"not a CSS selector: {error}") from None
        return value

    @field_validator("json_price", "json_old_price", "json_availability", "json_currency", "json_title")
    @classmethod
    def _is_path(cls, value: str | None) -> str | None:
        if value is not None and not _DOTTED.fullmatch(value):
            raise ValueError("not a dotted path such as data.prices.0.amount")
        return value

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, value: str | None) -> str | None:
        if value is not None and value not in ISO:
            raise ValueError("not an ISO 4217 code such as PLN")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> ShopRule:
        if self.json_url is not None:
            if self.json_price is None or self.product_id is None or "{id}" not in self.json_url:
                raise ValueError("json_url needs {id} in it, product_id and json_price beside it")
            if re.compile(self.product_id).groups < 1:
                raise ValueError("product_id needs a group, as in /p/(\\d+)")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shops: list[ShopRule] = []


class ShopRules:
    """The rules of all configured shops."""

    def __init__(self, rules: list[ShopRule] | None = None) -> None:
        self._rules = {rule.host: rule for rule in rules or ()}

    def __len__(self) -> int:
        return len(self._rules)

    def rule_of(self, url: str) -> ShopRule | None:
        """Return the rule of an address's host or of a domain above it."""
        try:
            host = (urlsplit(url).netloc or "").rpartition("@")[2].lower()
        except ValueError:
            return None
        while host:
            if host in self._rules:
                return self._rules[host]
            _, _, host = host.partition(".")
        return None


def load_rules(path: Path | None) -> ShopRules:
    """Read the file of rules; none where no file is set.

    Raises:
        SettingsError: with every mistake of the file and where it stands.
    """
    if path is None:
        return ShopRules()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise SettingsError(f"PRICESCOPE_SHOPS_FILE: {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"PRICESCOPE_SHOPS_FILE: {path.name} is not YAML: {error}") from None
    try:
        rules = _File.model_validate(document).shops
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
        raise SettingsError(f"PRICESCOPE_SHOPS_FILE: {path.name} has mistakes:\n" + "\n".join(lines)) from None
    twice = sorted({rule.host for rule in rules if sum(other.host == rule.host for other in rules) > 1})
    if twice:
        raise SettingsError(f"PRICESCOPE_SHOPS_FILE: {path.name} has more than one rule for {', '.join(twice)}")
    return ShopRules(rules)
