"""Which of many pictures are nearly the same, without comparing each with each.

Belongs here: the index and the groups. Does not: the hashes, or what a group means for its sellers (``reuse``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.photos.hashing import PhotoHash

NEAR = 6
_BANDS, _BAND_BITS = 4, 16
# 6 differing bits over 4 bands leave one band with at most one: look up each band as it is and with each bit turned.
_TURNED = np.array([0, *(1 << bit for bit in range(_BAND_BITS))], dtype=np.uint64)
_U64 = npt.NDArray[np.uint64]


def group_photos(hashes: Sequence[PhotoHash]) -> list[tuple[int, ...]]:
    """Return the groups of two and more pictures that are chained by distances of at most ``NEAR``, mirrored or not.

    Flat pictures are in no group. Members are positions in ``hashes``, ascending; groups by their first member.
    Memory grows with the pairs found, not with the square of the pictures; equal hashes are compared once.
    """
    places = [place for place, one in enumerate(hashes) if not one.is_flat]
    if len(places) < 2:
        return []
    # Equal pictures first: a shop's placeholder may stand there a thousand times.
    keys, inverse = np.unique(
        np.array([[hashes[place].plain, hashes[place].mirrored] for place in places], dtype=np.uint64),
        axis=0,
        return_inverse=True,
    )
    parents = list(range(len(keys)))
    for one, other in _near_pairs(keys[:, 0], keys):
        first, second = _root(parents, int(one)), _root(parents, int(other))
        parents[max(first, second)] = min(first, second)
    members: dict[int, list[int]] = {}
    for place, key in zip(places, inverse.ravel().tolist(), strict=True):
        members.setdefault(_root(parents, key), []).append(place)
    return sorted(tuple(group) for group in members.values() if len(group) > 1)


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


def _near_pairs(plain: _U64, both: _U64) -> npt.NDArray[np.int64]:
    """Return pairs of rows whose plain hash is near the plain or the mirrored one of the other; shape (pairs, 2)."""
    found = [np.empty((0, 2), dtype=np.int64)]
    for table in (both[:, 0], both[:, 1]):
        for band in range(_BANDS):
            shift = np.uint64(band * _BAND_BITS)
            mask = np.uint64((1 << _BAND_BITS) - 1)
            order = np.argsort((table >> shift) & mask, kind="stable")
            sorted_keys = ((table >> shift) & mask)[order]
            for turned in _TURNED:
                wanted = ((plain >> shift) & mask) ^ turned
                begin = np.searchsorted(sorted_keys, wanted, "left")
                counts = np.searchsorted(sorted_keys, wanted, "right") - begin
                one = np.repeat(np.arange(len(plain)), counts)
                offsets = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
                other = order[np.repeat(begin, counts) + offsets]
                near = (one < other) & (np.bitwise_count(plain[one] ^ table[other]) <= NEAR)
                if near.any():
                    found.append(np.stack([one[near], other[near]], axis=1))
    return np.concatenate(found)
