"""Makes encoders of photos by name: the descriptor without weights, or CLIP. Their spaces are never mixed.

Belongs here: the choice. Does not: what the descriptor is (``ml.photos``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ml.embeddings.contract import ImageEncoder, Progress, Vectors
from ml.embeddings.load import clip_encoder
from ml.embeddings.models import find_model
from ml.embeddings.torch_models import TORCH_ENGINE
from ml.photos.descriptor import DIMENSIONS, MODEL_ID, describe

if TYPE_CHECKING:
    from PIL.Image import Image


class DescriptorEncoder:
    """Photos to descriptors of shape and colour: finds a photo used again, does not know what it shows."""

    model_id = MODEL_ID
    dimensions = DIMENSIONS

    def encode(self, images: Sequence[Image], progress: Progress | None = None) -> Vectors:
        """Return one row of unit length for each photo: float32, (len(images), dimensions)."""
        vectors = np.empty((len(images), self.dimensions), np.float32)
        for row, image in enumerate(images):
            vectors[row] = describe(image.convert("RGB"))
            if progress is not None:
                progress(row + 1, len(images))
        return vectors


def image_encoder(name: str, *, threads: int = 1) -> ImageEncoder:
    """Return the encoder of photos of that name: ``img-desc-v1``, or a CLIP model by name or folder.

    Raises:
        ModelError: where the model cannot be had or takes no photos.
    """
    return DescriptorEncoder() if name == MODEL_ID else clip_encoder(name, threads=threads)


def image_model_id(name: str) -> str:
    """Return the model id that ``image_encoder`` would have, without loading the model.

    Raises:
        ModelError: where the model cannot be had.
    """
    return MODEL_ID if name == MODEL_ID else find_model(name).model_id(TORCH_ENGINE)
