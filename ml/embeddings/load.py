"""Makes encoders by name: which model, which engine, where exports are kept.

Belongs here: the choice. Does not: settings (``pipeline.embeddings`` reads them).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from ml.embeddings.contract import TextEncoder
from ml.embeddings.export import OnnxEngine, exported, unexportable
from ml.embeddings.models import ModelFiles, find_model
from ml.embeddings.onnx_text import OnnxTextEncoder
from ml.embeddings.torch_models import TORCH_ENGINE, ClipEncoder, TorchTextEncoder

_log = logging.getLogger(__name__)

# auto: int8-ort, or fp32-torch for a model that cannot be exported.
Engine = Literal["auto", "int8-ort", "fp32-ort", "fp32-torch"]


def text_encoder(name: str, *, engine: Engine = "auto", models_dir: Path, threads: int = 1) -> TextEncoder:
    """Return an encoder of texts; the first one of a model on this machine exports it, which takes some seconds.

    Args:
        name: ``all-MiniLM-L6-v2``, a folder of a sentence-transformers model, or a name on the model hub.
        engine: how it is run; part of the model id.
        models_dir: where exports are kept.
        threads: cores to use.

    Raises:
        ModelError: where the model cannot be had, is not the one it should be, or does not fit the engine.
    """
    files = find_model(name)
    chosen = _chosen_engine(files, engine)
    if chosen is None:
        return TorchTextEncoder(files, threads=threads)
    folder, model = exported(files, models_dir, chosen)
    return OnnxTextEncoder(files.model_id(chosen), folder, model, threads=threads)


def text_model_id(name: str, *, engine: Engine = "auto") -> str:
    """Return the model id that ``text_encoder`` would have, without loading the model.

    Raises:
        ModelError: where the model cannot be had.
    """
    files = find_model(name)
    return files.model_id(_chosen_engine(files, engine) or TORCH_ENGINE)


def clip_encoder(name: str, *, threads: int = 1) -> ClipEncoder:
    """Return an encoder of photos by CLIP: ``clip-ViT-B-32``, or a folder.

    Raises:
        ModelError: where the model cannot be had or takes no photos.
    """
    return ClipEncoder(find_model(name), threads=threads)


def _chosen_engine(files: ModelFiles, engine: Engine) -> OnnxEngine | None:
    """Return the ONNX engine to run, None for torch."""
    if engine == "auto":
        reason = unexportable(files.folder)
        if reason is None:
            return "int8-ort"
        _log.warning("%s runs in torch, about four times slower: %s", files.name, reason)
        return None
    return None if engine == TORCH_ENGINE else engine
