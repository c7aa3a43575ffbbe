"""The dictionaries of categories and regions (``/Lib/GetCategories``, ``/Lib/GetRegions``), as recorded 2025-12.

Belongs here: reading them. Does not: fetching (``client``: the regions, which say what ``region_ids`` there are).
Neither is stored.
"""

from __future__ import annotations

from domain.page import RawPage
from scrapers.uzex.values import ValueReadError, identity, loads, text

REGIONS_PATH = "/Lib/GetRegions"


def read_dictionary(page: RawPage) -> dict[str, str]:
    """Return names by id; empty where the answer is no dictionary. Texts are in the language that was asked for."""
    try:
        rows = loads(page.body) if page.status == 200 else []
    except ValueError:
        return {}
    names: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and (name := text(row.get("name"))):
            try:
                names[identity(row.get("id"), "id")] = name
            except ValueReadError:
                continue
    return names
