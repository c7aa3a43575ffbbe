"""A marketplace's pages in, Listings out.

Belongs here: async fetching, sessions, page meanings, parsing. Does not: the database, Dagster, deal rules.
Adding a source is one folder here, one line in ``registry.py``, one sandbox app and one page of docs.
"""
