"""The ``pricescope`` command.

Belongs here: argument parsing and printing. Does not: logic, which is in the rooms it calls.
"""
