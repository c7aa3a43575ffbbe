"""Great Expectations over what is stored: suites, the run of them, the pages about it.

Belongs here: declarative expectations, the functions that run and render them, lazily imported. Does not: SQL, Dagster.
"""
