"""What a listed thing should cost, and how odd its price is: comparables, boosted quantiles, conformal calibration.

Belongs here: pure functions over arrays, each formula with its source (docs/fair-price.md has them together). Does not:
SQL, files other than a model's own, embedding (vectors come in as an array), deal rules of a watch (``ml.rules``).

Two halves. Fitting (``training``, ``replay``) may import scikit-learn. Scoring (``scoring`` and what it imports) needs
numpy and scipy.sparse only, so that the polling path can judge new listings with a stored model.
"""
