"""Where the recorded pages of real marketplaces are; they are not part of this repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parents[1]


def fixture_path(*parts: str) -> Path:
    """Return the path of a recorded page; skip the test where the recordings are absent."""
    given = os.environ.get("PRICESCOPE_FIXTURES")
    places = (
        [Path(given)]
        if given
        else [_REPOSITORY.parent / "shared" / "fixtures", _REPOSITORY.parents[1] / "shared" / "fixtures"]
    )
    for place in places:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    pytest.skip(f"recorded page {'/'.join(parts)} is absent; set PRICESCOPE_FIXTURES to the folder of recordings")
