"""Where the recorded responses are. They are never copied into the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


def fixture_path(*parts: str) -> Path:
    """Return a recorded file; skips the test, saying why, where the recordings are not on this machine."""
    folder = Path(os.environ.get("PRICESCOPE_FIXTURES", _ROOT.parent / "shared" / "fixtures"))
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"recorded responses are not here: set PRICESCOPE_FIXTURES (looked for {'/'.join(parts)})")
    return path
