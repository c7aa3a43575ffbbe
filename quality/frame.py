"""The frame that a suite looks at.

Belongs here: rows to columns. Does not: checks. pandas is imported when it is needed, not before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def frame_of_rows(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Collection[str] = ()
) -> pd.DataFrame:
    """Return rows as a frame; the columns named in ``numbers`` are floats, with NaN where a row says nothing.

    Floats, because they are compared with bounds and then thrown away, never stored.
    """
    import pandas as pd  # noqa: PLC0415  # half a second that a poll without checks should not pay

    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(columns), dtype=object)
    return frame.astype({name: "float64" for name in columns if name in numbers})
