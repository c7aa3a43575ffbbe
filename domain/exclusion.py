"""What a watch leaves out: words, sellers, countries. An excluded listing stays out of alerts and statistics.

Belongs here: the rule, pure. Does not: where watches or listings are kept, nor the words' own rule (``blacklist``).

What a page does not say excludes nothing: many sources tell neither a seller's country nor whether it is a business,
and a wish about them would otherwise leave out everything.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.blacklist import Blacklist
from domain.listing import Listing
from domain.watch import Watch


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule reads of a listing; None where no page said it. ``country`` is ISO 3166 alpha-2."""

    title: str
    description: str | None = None
    country: str | None = None
    seller_id: str | None = None
    seller_login: str | None = None
    is_business: bool | None = None


def facts_of(listing: Listing) -> Facts:
    """Return the facts of a listing as its page showed it."""
    seller = listing.seller
    return Facts(
        title=listing.title,
        description=listing.description,
        country=listing.country,
        seller_id=None if seller is None else seller.external_id,
        seller_login=None if seller is None else seller.login,
        is_business=None if seller is None else seller.is_business,
    )


class Exclusions:
    """A watch's wishes, compiled.

    Args:
        blacklist: words or ``/regex/``.
        seller_countries: ISO 3166 alpha-2, any case; empty lets every country in.
        excluded_sellers: ids or logins, case aside.
        personal_sellers_only: leave businesses out.

    Raises:
        BlacklistError: naming the blacklist entry that cannot be used.
    """

    def __init__(
        self,
        blacklist: Iterable[str] = (),
        seller_countries: Iterable[str] = (),
        excluded_sellers: Iterable[str] = (),
        *,
        personal_sellers_only: bool = False,
    ) -> None:
        self._blacklist = Blacklist(blacklist)
        self._countries = frozenset(country.strip().upper() for country in seller_countries)
        self._sellers = frozenset(seller.strip().casefold() for seller in excluded_sellers)
        self._personal_only = personal_sellers_only

    def __bool__(self) -> bool:
        return bool(self._blacklist or self._countries or self._sellers or self._personal_only)

    def reason(self, facts: Facts) -> str | None:
        """Return why the listing is left out, None where it is not."""
        word = self._blacklist.match(facts.title, facts.description)
        if word is not None:
            return f"the blacklist's {word!r} occurs in it"
        if self._countries and facts.country is not None and facts.country not in self._countries:
            return f"it is in {facts.country}, not in {', '.join(sorted(self._countries))}"
        named = {name.casefold() for name in (facts.seller_id, facts.seller_login) if name is not None}
        if named & self._sellers:
            return f"its seller {facts.seller_login or facts.seller_id} is left out"
        if self._personal_only and facts.is_business:
            return "its seller is a business"
        return None


def exclusions_of(watch: Watch) -> Exclusions:
    """Return what a watch leaves out.

    Raises:
        BlacklistError: naming the blacklist entry that cannot be used.
    """
    return Exclusions(
        watch.blacklist,
        watch.seller_countries,
        watch.excluded_sellers,
        personal_sellers_only=watch.personal_sellers_only,
    )
