"""Mistakes that a user can put right."""

from __future__ import annotations


class UserError(Exception):
    """Bad input; the message says what to do."""
