"""Deal rules and their evaluation: pure functions over numbers and arrays.

Belongs here: statistics of comparables, verdicts, measured quality. Does not: I/O, SQL, Dagster.
"""
