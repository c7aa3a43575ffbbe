"""Where the rooms meet: poll, read, judge and deliver as plain functions over a connection, a source and settings.

Belongs here: the order in which rooms are called. Does not: SQL text, parsing, formulas, Dagster.
The assets of ``orchestration`` and the commands of ``cli`` are thin over these functions.
"""
