"""One listing of the market with its whole life: publication, price drops, end. A pure value.

Times inside are whole Unix seconds (UTC), because a page looks at thousands of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.catalogue import Colour, Family
from sandbox.locales import Country, Grade
from sandbox.traps import Kind


@dataclass(frozen=True, slots=True)
class Seller:
    """A seller; ids are above 3 * 10^9 as on the real site, logins are invented."""

    user_id: int
    login: str
    home: Country
    is_business: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A listing.

    Attributes:
        brand: as the listing names it; None where the seller left it out.
        shows_condition: False where the result row carries no condition.
        reference_minor: what it would have cost were it the genuine thing at an ordinary price (minor units of
            ``currency``, the seller's).
        steps: (time, price in minor units), first one at publication, each later one a price drop.
        end: ``sold`` (the page stays, without product data) or ``removed`` (the page is gone) at ``ended_at``.
        favourite_rate: favourites gathered on the first day.
    """

    item_id: int
    family: Family
    kind: Kind
    title: str
    brand: str | None
    size: str | None
    colour: Colour
    grade: Grade
    shows_condition: bool
    seller: Seller
    currency: str
    reference_minor: int
    steps: tuple[tuple[int, int], ...]
    published_at: int
    ended_at: int
    end: str
    favourite_rate: float
    photo_count: int
    promoted: bool

    def is_live(self, at: int) -> bool:
        """Tell whether the listing can be bought at that Unix time."""
        return self.published_at <= at < self.ended_at

    def price_at(self, at: int) -> int:
        """Return the asked price in minor units of the seller's currency."""
        price = self.steps[0][1]
        for since, minor in self.steps:
            if since <= at:
                price = minor
        return price

    def favourites_at(self, at: int) -> int:
        """Return how many users have marked it; grows, ever slower, until it ends."""
        days = max(0, min(at, self.ended_at) - self.published_at) / 86400
        return int(self.favourite_rate * days**0.7)

    @property
    def scene(self) -> int:
        """Where its photos were taken; 0 for those who show the maker's picture and not the thing."""
        return 0 if self.kind in {Kind.BAIT, Kind.REPLICA} else self.item_id

    @property
    def slug(self) -> str:
        """The readable part of the address."""
        words = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.title.lower())
        return "-".join(part for part in words.split("-") if part) or "item"

    @property
    def path(self) -> str:
        """The address relative to the site."""
        return f"/items/{self.item_id}-{self.slug}"

    @property
    def published(self) -> datetime:
        """Time of publication, UTC."""
        return datetime.fromtimestamp(self.published_at, UTC)
