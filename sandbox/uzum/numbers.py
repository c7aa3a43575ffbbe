"""Numbers that look random and are a function of what they are asked for: no state, no memory, any id at once.

Belongs here: the mixing of bits. Does not: what is made of it.
"""

from __future__ import annotations

_MASK = (1 << 64) - 1


def mixed(*parts: int) -> int:
    """Return 64 bits that change wholly with any of the parts (the finaliser of splitmix64 over each)."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state ^ (part & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state
