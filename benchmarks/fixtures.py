"""Where benchmarks find what was recorded of real marketplaces; it is no part of this repository."""

from __future__ import annotations

import os
from pathlib import Path


def fixture(*parts: str) -> Path | None:
    """Return the path of a recording (``PRICESCOPE_FIXTURES``, else beside the project); None, and a line, without."""
    path = Path(os.environ.get("PRICESCOPE_FIXTURES", "../shared/fixtures")).joinpath(*parts)
    if path.exists():
        return path
    print(f"(left out: {path} is absent; set PRICESCOPE_FIXTURES to the folder of recordings)")
    return None
