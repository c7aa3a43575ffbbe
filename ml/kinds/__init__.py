"""Listing kinds: whether a listing is the thing itself, before anything is made of its price.

Belongs here: word lists by language and how they are weighed; pure, light, in the polling path. Does not: prices of
comparables (``ml.rules``), storage, pictures (``ml.photos``).
"""

from domain.listing_kind import KindVerdict, ListingKind
from ml.kinds.classify import Classifier, classifier, kind_of

__all__ = ["Classifier", "KindVerdict", "ListingKind", "classifier", "kind_of"]
