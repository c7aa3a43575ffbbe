"""How well did the deal rules do? Deals held against the sandbox's labelled truth. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Score(NamedTuple):
    """Counts over the listings published while the pipeline was live.

    Attributes:
        listings: listings judged; planted: of them, labelled as planted deals.
        found, missed: planted ones alerted or not; false_alarms: alerts on anything not planted.
        false_alarm_kinds: the labels of those.
    """

    listings: int
    planted: int
    found: int
    missed: int
    false_alarms: int
    false_alarm_kinds: dict[str, int]


def score(kinds: Mapping[str, str], judged: Collection[str], alerted: Collection[str]) -> Score:
    """Count hits and false alarms.

    Args:
        kinds: label by external id, ``planted`` for the deals to be found.
        judged: external ids that were judged; alerted: those that became deals.
    """
    planted = {key for key in judged if kinds.get(key) == "planted"}
    alarms = {key for key in alerted if key in judged}
    false_kinds: dict[str, int] = {}
    for key in alarms - planted:
        kind = kinds.get(key, "unknown")
        false_kinds[kind] = false_kinds.get(kind, 0) + 1
    return Score(
        listings=len(set(judged)),
        planted=len(planted),
        found=len(planted & alarms),
        missed=len(planted - alarms),
        false_alarms=len(alarms - planted),
        false_alarm_kinds=dict(sorted(false_kinds.items())),
    )
