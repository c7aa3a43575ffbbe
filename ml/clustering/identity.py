"""Ids of clusters that last from run to run, and what became of each cluster.

Belongs here: matching the clusters of two runs by their common members. Does not: storing them.

Greedy one-to-one matching by Jaccard overlap on the items both runs hold; the transitions are those of MONIC
(Spiliopoulou et al. 2006): survive, split, merge, born, dead.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

LEAST_OVERLAP = 0.3
# A part of a split, or of a merge, holds at least this share of the smaller cluster's common members.
_PART = 0.3

Kind = Literal["survive", "split", "merge", "born", "dead"]


@dataclass(frozen=True, slots=True)
class Transition:
    """What became of a cluster between two runs.

    Attributes:
        kind: ``survive``: both ids are equal. ``split``: part of ``before`` is the new cluster ``after``. ``merge``:
            ``before`` went into ``after``, whose page should answer for it from now on (an alias). ``born``: of items
            that were in no cluster. ``dead``: its items are in no cluster any more.
        overlap: Jaccard for survive; for split and merge the share of the smaller cluster's common members; else 0.
    """

    kind: Kind
    before: str | None
    after: str | None
    overlap: float


@dataclass(frozen=True, slots=True)
class Identified:
    """Ids of a run's clusters 0, 1, ..., the transitions, and where a merged id leads."""

    ids: tuple[str, ...]
    transitions: tuple[Transition, ...]
    aliases: Mapping[str, str]


def new_id() -> str:
    """Return a fresh random id."""
    return str(uuid.uuid4())


def identify(
    before: Mapping[str, str],
    items: Sequence[str],
    labels: Sequence[int],
    *,
    least_overlap: float = LEAST_OVERLAP,
    make_id: Callable[[], str] = new_id,
) -> Identified:
    """Give the clusters of a run the ids of the clusters they continue.

    Args:
        before: item id -> cluster id of the run before, without the unique items; clusters wholly made of items that
            this run does not hold are dead.
        items: the items of this run; labels: their clusters, below 0 for unique.
        make_id: makes ids for new clusters.

    Overlaps count the items both runs hold, so that items arriving or leaving change no id. Equal overlaps go to the
    larger common part, then to the lesser old id and label.
    """
    labels = [int(label) for label in labels]
    held = set(items)
    old_sizes = Counter(cluster for item, cluster in before.items() if item in held)
    new_sizes: Counter[int] = Counter()
    common: Counter[tuple[str, int]] = Counter()
    for item, label in zip(items, labels, strict=True):
        if item in before:
            # What was clustered and is unique now counts against no new cluster.
            new_sizes[label] += 1
            if label >= 0:
                common[before[item], label] += 1
    overlap = {(old, new): shared / (old_sizes[old] + new_sizes[new] - shared) for (old, new), shared in common.items()}
    kept = _greedy(overlap, common, least_overlap)
    ids = tuple(kept.get(label) or make_id() for label in range(max(labels, default=-1) + 1))
    transitions, aliases = _transitions(set(before.values()), ids, kept, common, old_sizes, new_sizes, overlap)
    return Identified(ids, transitions, aliases)


def _greedy(overlap: Mapping[tuple[str, int], float], common: Counter[tuple[str, int]], least: float) -> dict[int, str]:
    kept: dict[int, str] = {}
    taken: set[str] = set()
    for old, new in sorted(overlap, key=lambda pair: (-overlap[pair], -common[pair], pair)):
        if overlap[old, new] >= least and new not in kept and old not in taken:
            kept[new] = old
            taken.add(old)
    return kept


def _transitions(
    olds: set[str],
    ids: Sequence[str],
    kept: Mapping[int, str],
    common: Counter[tuple[str, int]],
    old_sizes: Counter[str],
    new_sizes: Counter[int],
    overlap: Mapping[tuple[str, int], float],
) -> tuple[tuple[Transition, ...], dict[str, str]]:
    found: list[Transition] = []
    aliases: dict[str, str] = {}
    survivors = set(kept.values())
    parts_of: dict[int, list[str]] = defaultdict(list)
    goes_to: dict[str, list[int]] = defaultdict(list)
    for old, new in sorted(common):
        if common[old, new] >= _PART * min(old_sizes[old], new_sizes[new]):
            parts_of[new].append(old)
            goes_to[old].append(new)
    for new, cluster in enumerate(ids):
        if new in kept:
            found.append(Transition("survive", cluster, cluster, overlap[cluster, new]))
            continue
        origins = [(old, common[old, new] / min(old_sizes[old], new_sizes[new])) for old in parts_of[new]]
        found += [Transition("split", old, cluster, share) for old, share in origins if old in survivors]
        if not any(old in survivors for old, _ in origins):
            found.append(Transition("born", None, cluster, 0.0))
    for old in sorted(olds - survivors):
        # The largest part of it is where people looking for it should be sent.
        target = min(goes_to[old], key=lambda new: (-common[old, new], new), default=None)
        if target is None:
            found.append(Transition("dead", old, None, 0.0))
            continue
        share = common[old, target] / min(old_sizes[old], new_sizes[target])
        found.append(Transition("merge", old, ids[target], share))
        aliases[old] = ids[target]
    return tuple(found), aliases
