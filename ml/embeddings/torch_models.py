"""Encoders that run in torch through sentence-transformers: any text model, and CLIP for photos.

Belongs here: what needs torch at run time. Does not: the default engine (``onnx_text``).

Importing sentence-transformers takes up to nine seconds, so it is imported when an encoder is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.embeddings.batches import distinct
from ml.embeddings.contract import ModelError, Progress, Vectors
from ml.embeddings.models import ModelFiles

if TYPE_CHECKING:
    from PIL.Image import Image

TORCH_ENGINE: Final = "fp32-torch"
_TEXT_BATCH = 64
_IMAGE_BATCH = 16
# Between two reports of progress.
_CHUNK = 2048


class TorchTextEncoder:
    """Texts to vectors through sentence-transformers, which cuts, sorts and pads by itself."""

    def __init__(self, files: ModelFiles, *, threads: int = 1) -> None:
        self.model_id = files.model_id(TORCH_ENGINE)
        self._model = _load(files, threads)
        self.dimensions = _dimensions(self._model, "a text")

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return one row of unit length for each text: float32, (len(texts), dimensions)."""
        once, inverse = distinct(texts)
        vectors = np.empty((len(once), self.dimensions), np.float32)
        for start in range(0, len(once), _CHUNK):
            part = [text.encode("utf-8", "replace").decode() for text in once[start : start + _CHUNK]]
            vectors[start : start + len(part)] = self._model.encode(
                part, batch_size=_TEXT_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
            if progress is not None:
                progress(len(texts) * (start + len(part)) // len(once), len(texts))
        return vectors[inverse]


class ClipEncoder:
    """Photos to vectors through CLIP (``clip-ViT-B-32`` by name or path); texts too, into the same space."""

    def __init__(self, files: ModelFiles, *, threads: int = 1) -> None:
        """Load the checkpoint.

        Raises:
            ModelError: where it takes no photos.
        """
        self.model_id = files.model_id(TORCH_ENGINE)
        self._model = _load(files, threads)
        modalities = getattr(self._model, "modalities", None)
        if modalities is not None and "image" not in modalities:
            raise ModelError(f"The model {files.name} takes {', '.join(modalities)}, no photos. Give a CLIP model.")
        self.dimensions = _dimensions(self._model, "a photo")

    def encode(self, images: Sequence[Image], progress: Progress | None = None) -> Vectors:
        """Return one row of unit length for each photo: float32, (len(images), dimensions)."""
        vectors = np.empty((len(images), self.dimensions), np.float32)
        for start in range(0, len(images), _IMAGE_BATCH):
            # Grey and palette pictures and those with transparency as what a camera would have seen.
            part = [image.convert("RGB") for image in images[start : start + _IMAGE_BATCH]]
            # CLIP's own numbers have a length of about twenty.
            vectors[start : start + len(part)] = self._model.encode(
                part, batch_size=_IMAGE_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
            if progress is not None:
                progress(start + len(part), len(images))
        return vectors

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return vectors of descriptions in the photos' space: a search for photos by words."""
        found = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, np.float32)


def _load(files: ModelFiles, threads: int) -> Any:
    import torch  # noqa: PLC0415 - see the charter
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - the same
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415 - the same

    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    # For the whole process: torch knows no other way.
    torch.set_num_threads(max(1, threads))
    return SentenceTransformer(str(files.folder), device="cpu", local_files_only=True)


def _dimensions(model: Any, of: str) -> int:
    found = model.get_embedding_dimension()
    if not isinstance(found, int):
        raise ModelError(f"The model does not say how many numbers its vector of {of} has. Give another model.")
    return found
