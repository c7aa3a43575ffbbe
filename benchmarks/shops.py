"""How well prices of any shop are read, beside price-parser (strings) and extruct's own markup (pages), in one run.

Data: the labelled strings and pages of the fixtures (``PRICESCOPE_FIXTURES``). The naive reading of extruct takes the
first JSON-LD offer, else the first microdata price, else the first price meta. Pages are told apart by host: half of
the hosts were looked at while the reader was written, the other half only afterwards (``dev`` and ``held out``).

Run: ``PRICESCOPE_FIXTURES=... python -m benchmarks.shops [--errors]``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import time
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import extruct
from price_parser import Price

from benchmarks.fixtures import fixture
from domain.listing import Availability
from scrapers.shop.candidates import Candidate
from scrapers.shop.currencies import iso_of
from scrapers.shop.extract import extract
from scrapers.shop.prices import read_price

_SOLD = {Availability.OUT_OF_STOCK, Availability.DISCONTINUED}


def strings(path: Path, *, show_errors: bool) -> None:
    """Print the share of labelled strings read right."""
    rows = json.loads(path.read_text())
    right: Counter[str] = Counter()
    for row in rows:
        text, hint = row["text"] or "", row["currency_hint"]
        expected = None if row["expected_amount"] is None else Decimal(row["expected_amount"])
        wanted = None if row["expected_currency"] is None else iso_of(row["expected_currency"])
        ours = read_price(text, currency_hint=hint, decimal_separator=row.get("decimal_separator"))
        theirs = Price.fromstring(row["text"], currency_hint=hint, decimal_separator=row.get("decimal_separator"))
        our_currency = ours.currency == wanted or expected is None
        right["ours amount"] += ours.amount == expected
        right["ours currency"] += our_currency
        right["ours both"] += ours.amount == expected and our_currency
        their_currency = theirs.currency == row["expected_currency"]
        right["theirs amount"] += theirs.amount == expected
        right["theirs currency"] += their_currency
        right["theirs both"] += theirs.amount == expected and their_currency
        if show_errors and not (ours.amount == expected and our_currency):
            print(f"  {row['text']!r}: {ours.amount} {ours.currency}, wanted {expected} {wanted}")
    print(f"price strings ({len(rows)})      amount   currency   both")
    for who, name in (("ours", "scrapers.shop"), ("theirs", "price-parser")):
        shares = [f"{right[f'{who} {what}'] / len(rows):8.1%}" for what in ("amount", "currency", "both")]
        print(f"  {name:<22}", *shares)


def naive(body: bytes, url: str) -> Decimal | None:
    """Return the price as extruct's output gives it without further thought."""
    try:
        found = extruct.extract(
            body.decode("utf-8", "replace"),
            base_url=url,
            syntaxes=["json-ld", "microdata", "opengraph"],
            errors="ignore",
        )
    except (ValueError, TypeError, KeyError):
        return None
    for node in [*found.get("json-ld", []), *(one.get("properties", {}) for one in found.get("microdata", []))]:
        amount = _amount(_first_price(node))
        if amount is not None:
            return amount
    for graph in found.get("opengraph", []):
        for name, value in graph.get("properties", []):
            if name in {"product:price:amount", "og:price:amount"} and _amount(value) is not None:
                return _amount(value)
    return None


def _first_price(node: Any) -> object:
    if isinstance(node, dict):
        for key in ("price", "lowPrice"):
            if node.get(key) not in (None, ""):
                return node[key]
        for key in ("offers", "properties", "@graph"):
            found = _first_price(node.get(key))
            if found is not None:
                return found
    if isinstance(node, list):
        return next((found for one in node if (found := _first_price(one)) is not None), None)
    return None


def _amount(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value[0] if isinstance(value, list) else value).strip())
    except InvalidOperation:
        return None


def _currency(winner: Candidate | None) -> str | None:
    return None if winner is None else winner.currency


def side(url: str) -> str:
    """Return which half of the hosts a page belongs to."""
    host = ".".join((urlsplit(url).hostname or "").split(".")[-2:])
    return "held out" if hashlib.md5(host.encode(), usedforsecurity=False).digest()[0] % 2 else "dev"


def pages(folder: Path, *, show_errors: bool) -> None:
    """Print how many labelled pages give their price, currency and availability."""
    labels = json.loads((folder / "labels.json").read_text())
    counts: Counter[tuple[str, str]] = Counter()
    took = {"ours": 0.0, "extruct": 0.0}
    for name, label in labels.items():
        body = gzip.decompress((folder / name).read_bytes())
        half = side(label["url"])
        expected = [Decimal(text) for text in label["expected_amounts"]]
        began = time.process_time()
        found = extract(body, label["url"])
        took["ours"] += time.process_time() - began
        began = time.process_time()
        simple = naive(body, label["url"])
        took["extruct"] += time.process_time() - began
        winner = None if found is None else found.decision.winner
        amount = None if winner is None else winner.amount
        state = None if found is None else found.decision.availability
        right = amount in expected if expected else amount is None
        results = {
            "price": right,
            "currency": winner is None
            if not expected
            else winner is not None and winner.currency == label["currency_iso"],
            "availability": (state in _SOLD) == (label["availability"] == "OutOfStock"),
            "wrong price": amount is not None and not right,
            "no price": amount is None and not right,
            "price invented": amount is not None and not expected,
            "extruct price": simple in expected if expected else simple is None,
            "extruct wrong": simple is not None and simple not in expected,
        }
        for group in (half, "all"):
            counts[group, "pages"] += 1
            for what, holds in results.items():
                counts[group, what] += holds
        if show_errors and not (results["price"] and results["availability"]):
            print(f"  {name}: {amount} {state}; wanted {label['expected_amounts']} {label['availability']}")
    head = "price  currency  availability  wrong  none  invented   CPU ms a page"
    print(f"\nlabelled pages ({counts['all', 'pages']})     {head}")
    for group in ("dev", "held out", "all"):
        n = counts[group, "pages"]
        shares = [f"{counts[group, what] / n:8.1%}" for what in ("price", "currency", "availability")]
        errors = [f"{counts[group, what]:6d}" for what in ("wrong price", "no price", "price invented")]
        cpu = f"{took['ours'] / n * 1000:10.0f}" if group == "all" else ""
        print(f"  {f'scrapers.shop, {group} ({n})':<28}", *shares, *errors, cpu)
    n = counts["all", "pages"]
    print(
        f"  {'extruct, naive':<28} {counts['all', 'extruct price'] / n:8.1%} {'-':>8} {'-':>8}"
        f" {counts['all', 'extruct wrong']:6d} {'':>6} {'':>6} {took['extruct'] / n * 1000:10.0f}"
    )


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true", help="list what is read wrong")
    given = parser.parse_args()
    labelled = fixture("shops", "price_strings_labelled.json")
    if labelled is not None:
        strings(labelled, show_errors=given.errors)
    folder = fixture("shops", "labelled_pages")
    if folder is not None:
        pages(folder, show_errors=given.errors)


if __name__ == "__main__":
    main()
