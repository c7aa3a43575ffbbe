"""How well did the deal rules do? Deals held against the sandbox's labelled truth. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Score(NamedTuple):
    """Counts over the listings published while the pipeline was live.

    Attributes:
        listings: listings judged; planted: of them, labelled as planted deals.
        found, missed: planted ones alerted or not.
        false_alarms: alerts on anything not planted, by a rule that estimates; false_alarm_kinds: the labels of those.
        under_a_limit: alerts on anything not planted that is under the limit which its watch sets: as asked.
    """

    listings: int
    planted: int
    found: int
    missed: int
    false_alarms: int
    false_alarm_kinds: dict[str, int]
    under_a_limit: int


def score(kinds: Mapping[str, str], judged: Collection[str], alerted: Mapping[str, bool]) -> Score:
    """Count hits and false alarms.

    Args:
        kinds: label by external id, ``planted`` for the deals to be found.
        judged: external ids that were judged.
        alerted: those that became deals, and whether by their watch's own limit alone.
    """
    planted = {key for key in judged if kinds.get(key) == "planted"}
    alarms = {key for key in alerted if key in judged}
    false_kinds: dict[str, int] = {}
    wrong = {key for key in alarms - planted if not alerted[key]}
    for key in wrong:
        kind = kinds.get(key, "unknown")
        false_kinds[kind] = false_kinds.get(kind, 0) + 1
    return Score(
        listings=len(set(judged)),
        planted=len(planted),
        found=len(planted & alarms),
        missed=len(planted - alarms),
        false_alarms=len(wrong),
        false_alarm_kinds=dict(sorted(false_kinds.items())),
        under_a_limit=len(alarms - planted - wrong),
    )
