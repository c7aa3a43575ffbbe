"""What is for sale: the thing itself, or something that only shares its name and never its price."""

from __future__ import annotations

from enum import StrEnum


class ListingKind(StrEnum):
    """The kind of a listing; stored by these values. Only listings of one kind have prices that compare."""

    NORMAL = "normal"
    DAMAGED_OR_PARTS = "damaged_or_parts"
    BUNDLE = "bundle"
    ACCESSORY = "accessory"
    SERVICE_OR_WANTED = "service_or_wanted"
    SUSPECTED_REPLICA = "suspected_replica"
