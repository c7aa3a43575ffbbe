"""What an encoder is: the protocols that texts' and photos' encoders fit, and the errors of their models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Vectors = NDArray[np.float32]
# Called with how many are done and how many there are.
Progress = Callable[[int, int], None]


class ModelError(Exception):
    """A model that cannot be had or is not what it says; the message says what to do."""


class TextEncoder(Protocol):
    """Makes vectors of texts."""

    @property
    def model_id(self) -> str:
        """The space of the vectors: ``name@weights/engine``, e.g. ``all-MiniLM-L6-v2@53aa5117/int8-ort``."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""
        ...

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return one row of unit length for each text, in their order: float32, (len(texts), dimensions)."""
        ...


class ImageEncoder(Protocol):
    """Makes vectors of photos: a model (CLIP), or a descriptor without weights."""

    @property
    def model_id(self) -> str:
        """The space of the vectors; never the same for two encoders."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""
        ...

    def encode(self, images: Sequence[Image], progress: Progress | None = None) -> Vectors:
        """Return one row of unit length for each photo, in their order: float32, (len(images), dimensions)."""
        ...
