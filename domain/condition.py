"""Our scale of conditions, which every source's own grades are mapped to."""

from __future__ import annotations

from enum import StrEnum


class Condition(StrEnum):
    """The state of a thing for sale, from best to worst; stored by these values."""

    NEW_WITH_TAGS = "new_with_tags"
    NEW = "new"
    LIKE_NEW = "like_new"
    VERY_GOOD = "very_good"
    GOOD = "good"
    FAIR = "fair"
    FOR_PARTS = "for_parts"
    UNKNOWN = "unknown"
