"""Great Expectations suites over the cleaned batch.

Belongs here: declarative expectations and the function that runs them, lazily imported. Does not: SQL, Dagster.
"""
