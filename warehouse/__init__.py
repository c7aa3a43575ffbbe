"""PostgreSQL: tables, migrations, bulk load, partitions, the embedded server.

Belongs here: SQL and everything that touches a connection. Does not: parsing, deal rules, Dagster.
"""
