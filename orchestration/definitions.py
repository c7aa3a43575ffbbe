"""The light code location as Dagster loads it; the heavy one is ``orchestration.statistics.definitions``."""

from __future__ import annotations

from orchestration.build import build_polling

defs = build_polling()
