"""Deal rules, price models, clusters, kinds and vectors, and their measured quality: functions over texts and arrays.

Belongs here: what is computed of listings that were read. Does not: SQL, fetching pages, Dagster. Word lists,
coefficients and weights are the only files.
"""
