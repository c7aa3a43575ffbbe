"""What the faults `poison` and `changed` do to a good answer of the Vinted look-alike."""

from __future__ import annotations

import re

POISONS = ("nan_price", "missing_id", "wrong_type")


def poison_items(items: list[dict[str, object]], record: str) -> None:
    """Spoil the middle record of a page in place; the others stay good."""
    if not items:
        return
    victim = items[len(items) // 2]
    if record == "missing_id":
        del victim["id"]
    elif record == "nan_price":
        victim["price"] = {"amount": "NaN", "currency_code": "EUR"}
        victim["total_item_price"] = {"amount": "NaN", "currency_code": "EUR"}
    else:
        victim["price"] = ["not", "a", "price"]
        victim["title"] = 12


def poison_rows(page: str, record: str) -> str:
    """Spoil the middle row of a catalogue page."""
    starts = [match.start() for match in re.finditer(r'<div data-testid="grid-item"', page)]
    if not starts:
        return page
    first = starts[len(starts) // 2]
    last = page.find("\n", first)
    row = page[first:last]
    if record == "missing_id":
        row = re.sub(r"product-item-id-\d+", "product-item-id-", row).replace('href="/items/', 'href="/items?')
    elif record == "nan_price":
        row = re.sub(r"\d+[.,]\d\d", "NaN", row)
    else:
        row = re.sub(r'(--price-text">)[^<]*', r"\1—", row)
        row = re.sub(r' (?:title|alt)="[^"]*"', ' title="12"', row)
    return page[:first] + row + page[last:]


def changed_search(items: list[dict[str, object]]) -> dict[str, object]:
    """Return the answer of a service that was rebuilt over night: nothing is where it was."""
    return {
        "data": {
            "products": [{"ref": str(item["id"]), "name": item["title"], "cost": item["price"]} for item in items],
            "cursor": None,
        },
        "version": 3,
    }


def changed_page(page: str) -> str:
    """Return a page of a new front end: other markers, no schema.org block, other script ids."""
    page = re.sub(r'<script type="application/ld\+json">.*?</script>', "", page, flags=re.DOTALL)
    page = re.sub(r'data-testid="[^"]*"', 'data-qa="card"', page)
    return page.replace("__NEXT_DATA__", "__APP_STATE__").replace("feed-grid", "tiles")
