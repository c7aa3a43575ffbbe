"""eBay's condition ids on our scale; the text differs per category and locale, so the id alone counts.

Ids 1000-3000 and 7000: recordings of 2020 and 2023 and the contract's texts. 2990, 3010, 4000, 5000, 6000: eBay's
public list of ids, not seen in a recording.
"""

from __future__ import annotations

from domain.condition import Condition

_BY_ID: dict[str, Condition] = {
    "1000": Condition.NEW_WITH_TAGS,  # new, unused, unopened; in fashion: new with tags
    "1500": Condition.NEW,  # open box, or new other; in fashion: new without tags
    "1750": Condition.NEW,  # new with defects
    "2000": Condition.LIKE_NEW,  # certified refurbished by the maker
    "2010": Condition.LIKE_NEW,  # refurbished, excellent
    "2020": Condition.VERY_GOOD,  # refurbished, very good
    "2030": Condition.GOOD,  # refurbished, good
    "2500": Condition.VERY_GOOD,  # seller refurbished
    "2750": Condition.LIKE_NEW,  # like new
    "2990": Condition.VERY_GOOD,  # fashion: pre-owned, excellent
    "3000": Condition.GOOD,  # used; says nothing of how much, so the middle of our scale
    "3010": Condition.FAIR,  # fashion: pre-owned, fair
    "4000": Condition.VERY_GOOD,  # used, very good (media, collectibles)
    "5000": Condition.GOOD,  # used, good
    "6000": Condition.FAIR,  # used, acceptable
    "7000": Condition.FOR_PARTS,  # for parts or not working
}


def condition_of(condition_id: str | None) -> Condition:
    """Return our grade of a condition id; ``unknown`` for an absent or new one (3 of 100 recorded items have none)."""
    return _BY_ID.get(condition_id or "", Condition.UNKNOWN)
