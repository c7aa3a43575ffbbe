"""The words of the field: Listing, Condition, Watch, Deal, amounts of money; and the settings.

Belongs here: values, enums and rules that every room speaks about. Does not: I/O, SQL, HTTP, Dagster.
Imports nothing of ours.
"""
