"""The pair model: a logistic regression over the pair features, with shipped coefficients.

Belongs here: reading coefficients and applying them. Does not: training (``train``), computing features.

The coefficients lie beside this module in ``pair_model.json`` with where they come from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from ml.clustering.arrays import Floats
from ml.clustering.features import FEATURES

_SHIPPED = "pair_model.json"
_TRAINED_PAIRS = 500
_LEAST_SHARE, _MOST_SHARE = 0.005, 0.5
_STEPS, _CLOSE = 200, 1e-6


class PairModelError(ValueError):
    """A file of coefficients cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """A logistic model: ``p = 1 / (1 + exp(-(intercept + features @ weights)))``.

    Attributes:
        features: names, in the order of the columns of :func:`ml.clustering.features.pair_features`.
        same_share: share of the pairs it was trained on that are the same product.
        version: names the coefficients in what is stored of a run.
    """

    version: str
    features: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    same_share: float

    def probability(self, features: Floats) -> Floats:
        """Return the probability (pairs,) that both titles name the same product; features: (pairs, len(weights))."""
        logit = self.intercept + features @ np.asarray(self.weights)
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -60, 60))), dtype=np.float64)

    def probabilities(self, features: Iterable[Floats]) -> Floats:
        """Return the probabilities of all pairs of a run, features given in parts, at the run's own share of matches.

        How many of the candidates are matches differs between a catalogue of a few shops and a crowd of offers of the
        same things. The share is estimated from the pairs themselves (the EM of Saerens, Latinne and Decaestecker 2002)
        and the odds are moved to it; few pairs hardly move them, since the trained share counts as 500 pairs.
        """
        parts = [self.probability(part) for part in features]
        return self.at_own_share(np.concatenate(parts)) if parts else np.array([], dtype=np.float64)

    def at_own_share(self, probability: Floats) -> Floats:
        """Return probabilities (pairs,) moved to the share of matches that they themselves suggest."""
        odds = probability / np.maximum(1 - probability, 1e-12)
        share, moved = self.same_share, probability
        for _ in range(_STEPS):
            moved = odds * (share / (1 - share)) / (self.same_share / (1 - self.same_share))
            moved = moved / (1 + moved)
            suggested = (moved.sum() + _TRAINED_PAIRS * self.same_share) / (len(moved) + _TRAINED_PAIRS)
            if abs(suggested - share) < _CLOSE:
                break
            share = float(np.clip(suggested, _LEAST_SHARE, _MOST_SHARE))
        return np.asarray(moved, dtype=np.float64)


@lru_cache(maxsize=1)
def shipped_model() -> PairModel:
    """Return the model that comes with the program."""
    text = resources.files("ml.clustering").joinpath(_SHIPPED).read_text(encoding="utf-8")
    return model_of(text, _SHIPPED)


def model_of(text: str, name: str) -> PairModel:
    """Return the model of coefficients as ``python -m ml.clustering.train`` writes them; ``name`` is said in errors.

    Raises:
        PairModelError: not such a text, or of other features than this version measures.
    """
    try:
        given = json.loads(text)
        coefficients = {str(key): float(value) for key, value in given["coefficients"].items()}
        intercept, version, share = float(given["intercept"]), str(given["version"]), float(given["same_share"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PairModelError(f"{name}: not a file of pair model coefficients ({error!r})") from None
    if tuple(coefficients) != FEATURES:
        wrong = sorted(set(coefficients) ^ set(FEATURES)) or "their order"
        raise PairModelError(f"{name}: its features are not the ones measured here: {wrong}; train it again")
    if not 0 < share < 1:
        raise PairModelError(f"{name}: same_share must be between 0 and 1, not {share:g}; train it again")
    return PairModel(version, FEATURES, tuple(coefficients.values()), intercept, share)
