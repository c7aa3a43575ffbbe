"""What a run started by hand says on the terminal: the warnings of the rooms, and none of Dagster's own events.

Runs of the daemon keep Dagster's console logger; a run asks for this one in its configuration (``services.runs``).
"""

from __future__ import annotations

import logging
import sys

import dagster as dg


class _Sentence(logging.Formatter):
    """The message as its room wrote it, without run and step."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message alone."""
        told = getattr(record, "dagster_meta", {}).get("orig_message")
        return str(told or record.getMessage())


def _is_of_a_room(record: logging.LogRecord) -> bool:
    return getattr(record, "dagster_meta", {}).get("dagster_event") is None


@dg.logger(description="Warnings on stderr, one line each, for a person at a terminal.")
def terminal_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger of its own, so that a second run of the process does not say everything twice."""
    logger = logging.Logger("pricescope.terminal", level=logging.WARNING)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Sentence())
    handler.addFilter(_is_of_a_room)
    logger.addHandler(handler)
    return logger
