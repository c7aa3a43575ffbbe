"""Which listings show the same product: candidates, pair probabilities, clusters, labels, ids that last.

Belongs here: pure functions over titles, vectors and arrays. Does not: SQL, files other than the shipped coefficients,
Dagster, computing embeddings (they are an input), prices of clusters.
"""
