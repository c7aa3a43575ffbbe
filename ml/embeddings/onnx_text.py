"""Runs an exported text model: onnxruntime and tokenizers, no torch.

Belongs here: tokens, batches, threads. Does not: making the graph (``export``), finding the model (``models``).

Each thread runs whole batches of its own on one core, which on two cores does a fifth more than two threads within one
batch. int8 measures the activations of a batch as a whole, so a text's numbers depend a little on its neighbours in
the batch (cosine of the same text in two batches: over 0.99); identical texts are therefore computed once and copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from ml.embeddings.batches import distinct, length_sorted_batches
from ml.embeddings.contract import Progress, Vectors
from ml.embeddings.export import OnnxModel

_BATCH = 16
# Texts whose tokens are held at a time.
_CHUNK = 8192
# No token is longer in real text; what is behind this many characters would be cut after tokenising anyway.
_CHARACTERS_A_TOKEN = 64
# On this graph it is four times slower than the two kernels it replaces (onnxruntime 1.31: scalar, with bias).
_SLOW_OPTIMIZERS = ["SkipLayerNormFusion"]


class OnnxTextEncoder:
    """Texts to vectors through an exported graph. Safe to use from several threads."""

    def __init__(self, model_id: str, folder: Path, model: OnnxModel, *, threads: int = 1) -> None:
        """Load graph and tokenizer.

        Args:
            model_id: the space that these vectors belong to.
            folder: of the export.
            model: its description.
            threads: cores to use.
        """
        import onnxruntime  # noqa: PLC0415 - importing this module must stay cheap
        from tokenizers import Tokenizer  # noqa: PLC0415 - the same

        self.model_id = model_id
        self.dimensions = model.dimensions
        self._model = model
        self._threads = max(1, threads)
        self._tokenizer = Tokenizer.from_file(str(OnnxModel.tokenizer(folder)))
        # The file may ask for padding to 128 and cutting there; the model's own limit counts.
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(model.max_tokens)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(OnnxModel.graph(folder)),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=_SLOW_OPTIMIZERS,
        )

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return one row of unit length for each text: float32, (len(texts), dimensions).

        Identical texts get identical rows. Texts longer than the model reads are cut.
        """
        once, inverse = distinct(texts)
        vectors = np.empty((len(once), self.dimensions), np.float32)
        with ThreadPoolExecutor(self._threads, thread_name_prefix="embeddings") as pool:
            for start in range(0, len(once), _CHUNK):
                self._encode_chunk(pool, once[start : start + _CHUNK], vectors[start : start + _CHUNK])
                if progress is not None:
                    done = min(start + _CHUNK, len(once))
                    # In terms of the texts given, so that duplicates do not leave the count short.
                    progress(len(texts) * done // len(once), len(texts))
        return vectors if len(once) == len(texts) else vectors[inverse]

    def _encode_chunk(self, pool: ThreadPoolExecutor, texts: Sequence[str], out: Vectors) -> None:
        limit = self._model.max_tokens * _CHARACTERS_A_TOKEN
        # A lone surrogate, as broken files hold it, is no text that the tokenizer takes.
        clean = [text[:limit].encode("utf-8", "replace").decode() for text in texts]
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(clean)]
        batches = length_sorted_batches([len(ids) for ids in tokens], _BATCH)

        def run(batch: np.ndarray) -> None:
            out[batch] = self._run([tokens[index] for index in batch])

        for done in as_completed([pool.submit(run, batch) for batch in batches]):
            done.result()

    def _run(self, tokens: list[list[int]]) -> Vectors:
        longest = max(len(ids) for ids in tokens)
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, found in enumerate(tokens):
            ids[row, : len(found)] = found
            mask[row, : len(found)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (vectors,) = self._session.run(None, {name: given[name] for name in self._model.inputs})
        return np.asarray(vectors, np.float32)
