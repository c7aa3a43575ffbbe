"""Outcomes of ``pipeline`` as Dagster metadata: sums of counts, one table for a range of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dagster as dg
import msgspec


def _merge(total: dict[str, object], outcome: Mapping[str, object]) -> None:
    for name, value in outcome.items():
        known = total.get(name)
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int):
            total[name] = value + (known if isinstance(known, int) else 0)
        elif isinstance(value, Mapping):
            counts = dict(known) if isinstance(known, Mapping) else {}
            for key, count in value.items():
                counts[key] = counts.get(key, 0) + count
            total[name] = counts


def outcome_metadata(outcomes: Sequence[msgspec.Struct], *, rows: str) -> dict[str, dg.MetadataValue]:
    """Return counts summed over ``outcomes``; the field named ``rows`` also becomes ``dagster/row_count``."""
    total: dict[str, object] = {}
    for outcome in outcomes:
        _merge(total, msgspec.to_builtins(outcome))
    metadata: dict[str, dg.MetadataValue] = {}
    for name, value in total.items():
        if isinstance(value, int):
            metadata[name] = dg.MetadataValue.int(value)
        elif isinstance(value, Mapping) and value:
            metadata[name] = dg.MetadataValue.json(dict(value))
    if isinstance(total.get(rows), int):
        metadata["dagster/row_count"] = dg.MetadataValue.int(int(str(total[rows])))
    if len(outcomes) == 1:
        for name, value in msgspec.to_builtins(outcomes[0]).items():
            if isinstance(value, str) and value:
                metadata[name] = dg.MetadataValue.text(value)
    return metadata
