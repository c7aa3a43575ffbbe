"""What is for sale: the thing itself, or something that only shares its name and never its price."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ListingKind(StrEnum):
    """The kind of a listing; stored by these values. Only listings of one kind have prices that compare."""

    NORMAL = "normal"
    DAMAGED_OR_PARTS = "damaged_or_parts"
    BUNDLE = "bundle"
    ACCESSORY = "accessory"
    SERVICE_OR_WANTED = "service_or_wanted"
    SUSPECTED_REPLICA = "suspected_replica"


class KindVerdict(msgspec.Struct, frozen=True):
    """What kind a listing is and why.

    Attributes:
        reason: a sentence for the owner.
        matched: the words it was told by, folded; empty for a normal listing or one told by its condition.
        version: of the word lists.
    """

    kind: ListingKind
    reason: str
    matched: str
    version: str
