"""The processes of a running Pricescope on this machine: PostgreSQL, Dagster, the docs page.

Belongs here: starting, waiting for, asking and stopping processes. Does not: what they do.
"""
