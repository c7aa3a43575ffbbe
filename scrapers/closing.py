"""Things that hold connections: ``async with`` closes them.

Belongs here: that. Does not: what is closed.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self


class ClosedByWith:
    """Base of what is used as ``async with Thing() as thing``; a subclass gives ``aclose``."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close connections."""
        raise NotImplementedError
