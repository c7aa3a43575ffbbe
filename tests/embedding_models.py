"""Models for tests: the installed one exported once a test run, and tiny random ones that know nothing.

A random model's vectors mean nothing; they only have the right shapes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from pathlib import Path

from ml.embeddings import export


def models_dir() -> Path:
    """Return a folder of exported models that outlives the test run: an export imports torch."""
    digest = hashlib.sha256(Path(export.__file__).read_bytes()).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"pricescope-tests-models-{os.geteuid()}-{digest}"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def tiny_clip() -> Path:
    """Return a CLIP checkpoint of random weights in the layout of clip-ViT-B-32, made once."""
    folder = models_dir() / "tiny-clip"
    with (models_dir() / "tiny-clip.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "modules.json").exists():
            _write_tiny_clip(folder)
    return folder


def _write_tiny_clip(folder: Path) -> None:
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    inner = folder / "0_CLIPModel"
    inner.mkdir(parents=True, exist_ok=True)
    symbols = _byte_symbols()
    words = [*symbols, *(f"{symbol}</w>" for symbol in symbols), "<|startoftext|>", "<|endoftext|>"]
    (inner / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (inner / "merges.txt").write_text("#version: 0.2\n")
    end = len(words) - 1
    tokenizer = CLIPTokenizer.from_pretrained(str(inner))
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    configuration = CLIPConfig(
        text_config={
            **small,
            "vocab_size": len(words),
            "max_position_embeddings": 77,
            "bos_token_id": end - 1,
            "eos_token_id": end,
            "pad_token_id": end,
        },
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=512,
    )
    torch.manual_seed(0)
    CLIPModel(configuration).save_pretrained(str(inner))
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(images, tokenizer).save_pretrained(str(inner))
    modules = [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}]
    (folder / "modules.json").write_text(json.dumps(modules))


def _byte_symbols() -> list[str]:
    """Return the printable stand-ins of the 256 bytes that CLIP's tokenizer writes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + number) for number in range(len(others))]
