"""The pair model: a logistic regression over the pair features, with shipped coefficients.

Belongs here: reading coefficients and applying them. Does not: training (``train``), computing features.

The coefficients lie beside this module in ``pair_model.json`` with where they come from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from ml.clustering.arrays import Floats
from ml.clustering.features import FEATURES

_SHIPPED = "pair_model.json"


class PairModelError(ValueError):
    """A file of coefficients cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class PairModel:
    """A logistic model: ``p = 1 / (1 + exp(-(intercept + features @ weights)))``.

    Attributes:
        features: names, in the order of the columns of :func:`ml.clustering.features.pair_features`.
        version: names the coefficients in what is stored of a run.
    """

    version: str
    features: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float

    def probability(self, features: Floats) -> Floats:
        """Return the probability (pairs,) that both titles name the same product; features: (pairs, len(weights))."""
        logit = self.intercept + features @ np.asarray(self.weights)
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -60, 60))), dtype=np.float64)


def read_model(path: Path) -> PairModel:
    """Read coefficients from a JSON file as ``python -m ml.clustering.train`` writes it.

    Raises:
        PairModelError: not such a file, or of other features than this version measures.
    """
    return _model_of(path.read_text(encoding="utf-8"), str(path))


@lru_cache(maxsize=1)
def shipped_model() -> PairModel:
    """Return the model that comes with the program."""
    text = resources.files("ml.clustering").joinpath(_SHIPPED).read_text(encoding="utf-8")
    return _model_of(text, _SHIPPED)


def _model_of(text: str, name: str) -> PairModel:
    try:
        given = json.loads(text)
        coefficients = {str(key): float(value) for key, value in given["coefficients"].items()}
        intercept, version = float(given["intercept"]), str(given["version"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PairModelError(f"{name}: not a file of pair model coefficients ({error!r})") from None
    if tuple(coefficients) != FEATURES:
        wrong = sorted(set(coefficients) ^ set(FEATURES)) or "their order"
        raise PairModelError(f"{name}: its features are not the ones measured here: {wrong}; train it again")
    return PairModel(version=version, features=FEATURES, weights=tuple(coefficients.values()), intercept=intercept)
