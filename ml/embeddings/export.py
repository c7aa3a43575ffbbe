"""A transformer's export to ONNX, whole: tokens in, one vector of unit length out; in fp32 or in int8.

Belongs here: what needs torch and onnx, once for each model. Does not: running the result (``onnx_text``).

``sentence-transformers[onnx]`` cannot be installed beside transformers 5 (its optimum-onnx wants an older one), so the
model, its pooling and its normalisation are exported by hand. The weights of int8 are quantised by channel, activations
as they come; fusing the graph before (``onnxruntime.transformers.optimizer``) makes it slower, not faster.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from ml.embeddings.contract import ModelError
from ml.embeddings.models import ModelFiles, digest_of, max_tokens, read_json, weight_files

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

OnnxEngine = Literal["int8-ort", "fp32-ort"]
Pooling = Literal["mean", "cls"]

_OPSET = 17
_GRAPH = "model.onnx"
_TOKENIZER = "tokenizer.json"
_DESCRIPTION = "encoder.json"


class OnnxModel(msgspec.Struct, frozen=True, kw_only=True):
    """An exported model, as ``encoder.json`` in its folder describes it.

    Attributes:
        weights_sha256: of the weights it was made from.
        graph_sha256: of ``model.onnx``.
        inputs: names of the graph's inputs.
        max_tokens: a text is cut after so many.
    """

    engine: OnnxEngine
    weights_sha256: str
    graph_sha256: str
    inputs: tuple[str, ...]
    dimensions: int
    max_tokens: int
    pooling: Pooling

    @staticmethod
    def graph(folder: Path) -> Path:
        """Return the graph's path within a folder."""
        return folder / _GRAPH

    @staticmethod
    def tokenizer(folder: Path) -> Path:
        """Return the tokenizer's path within a folder."""
        return folder / _TOKENIZER


def export_int8(model_dir: Path, out_dir: Path) -> OnnxModel:
    """Export a sentence-transformers folder to ``out_dir`` as an int8 graph of a quarter of its size.

    ``out_dir`` afterwards holds all that running needs: ``model.onnx``, ``tokenizer.json``, ``encoder.json``. It
    appears whole or not at all; what was there before is replaced.

    Raises:
        ModelError: where the model is of a kind that cannot be exported, with what to do instead.
    """
    return _export(model_dir, out_dir, "int8-ort", _write_int8)


def export_fp32(model_dir: Path, out_dir: Path) -> OnnxModel:
    """Export like ``export_int8``, at full precision.

    Raises:
        ModelError: the same.
    """
    return _export(model_dir, out_dir, "fp32-ort", _write_fp32)


def unexportable(model_dir: Path) -> str | None:
    """Return why a model cannot be exported, None where it can: it has a fast tokenizer and a known pooling."""
    if not (model_dir / _TOKENIZER).is_file():
        return f"{model_dir} has no {_TOKENIZER} in the form of the tokenizers library"
    modules = read_json(model_dir / "modules.json")
    if modules is None:
        return f"{model_dir} has no modules.json, so its pooling is not known"
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or not set(kinds[2:]) <= {"Normalize"} or modules[0]["path"]:
        return f"its modules are {', '.join(kinds)}, not Transformer, Pooling and Normalize"
    return None if _pooling(model_dir) else "its pooling is neither the mean nor the first token"


def exported(files: ModelFiles, models_dir: Path, engine: OnnxEngine) -> tuple[Path, OnnxModel]:
    """Return the folder of a model's export under ``models_dir``, made now where it is not there or is damaged.

    Processes that ask at once wait for the one that exports. The folder is named by the weights and the engine.

    Raises:
        ModelError: where it cannot be exported.
    """
    folder = models_dir / f"{files.name}-{files.sha256[:16]}-{engine}"
    found = _intact(folder, files, engine)
    if found is None:
        with _locked(folder):
            found = _intact(folder, files, engine)
            if found is None:
                _log.info("exporting %s for %s; this is done once", files.name, engine)
                found = (export_int8 if engine == "int8-ort" else export_fp32)(files.folder, folder)
    return folder, found


# ---------------------------------------------------------------- folders


def _intact(folder: Path, files: ModelFiles, engine: OnnxEngine) -> OnnxModel | None:
    try:
        found = msgspec.json.decode((folder / _DESCRIPTION).read_bytes(), type=OnnxModel)
    except (OSError, msgspec.MsgspecError):
        return None
    if (found.engine, found.weights_sha256) != (engine, files.sha256) or not (folder / _TOKENIZER).is_file():
        return None
    graph = folder / _GRAPH
    return found if graph.is_file() and digest_of([graph]) == found.graph_sha256 else None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _export(model_dir: Path, out_dir: Path, engine: OnnxEngine, write: Callable[[Path, Path], None]) -> OnnxModel:
    reason, pooling = unexportable(model_dir), _pooling(model_dir)
    if reason is not None or pooling is None:
        raise ModelError(f"This model cannot be exported to ONNX: {reason}. Use the engine fp32-torch for it.")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    # A folder of its own beside the target, so that the last step is one rename.
    with tempfile.TemporaryDirectory(dir=out_dir.parent, prefix=f".{out_dir.name}.") as spare:
        work, whole = Path(spare), Path(spare) / "whole"
        whole.mkdir()
        inputs, dimensions = _write_graph(model_dir, work / "plain.onnx", pooling)
        write(work / "plain.onnx", whole / _GRAPH)
        shutil.copyfile(model_dir / _TOKENIZER, whole / _TOKENIZER)
        description = OnnxModel(
            engine=engine,
            weights_sha256=digest_of(weight_files(model_dir)),
            graph_sha256=hashlib.sha256((whole / _GRAPH).read_bytes()).hexdigest(),
            inputs=inputs,
            dimensions=dimensions,
            max_tokens=max_tokens(model_dir),
            pooling=pooling,
        )
        (whole / _DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(description)) + b"\n")
        if out_dir.exists():
            out_dir.rename(work / "damaged")
        whole.rename(out_dir)
    return description


# ---------------------------------------------------------------- graphs


def _pooling(model_dir: Path) -> Pooling | None:
    settings = read_json(model_dir / "1_Pooling" / "config.json") or {}
    chosen = {name for name, value in settings.items() if name.startswith("pooling_mode_") and value is True}
    mode = settings.get("pooling_mode")
    if mode == "mean" or chosen == {"pooling_mode_mean_tokens"}:
        return "mean"
    return "cls" if mode == "cls" or chosen == {"pooling_mode_cls_token"} else None


def _write_graph(model_dir: Path, path: Path, pooling: Pooling) -> tuple[tuple[str, ...], int]:
    """Write the fp32 graph; return the names of its inputs and its dimensions."""
    import torch  # noqa: PLC0415 - nine seconds; only an export needs it
    from transformers import AutoModel  # noqa: PLC0415 - the same
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415 - the same

    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    # Eager attention is the one that the exporter follows.
    model = AutoModel.from_pretrained(str(model_dir), attn_implementation="eager", local_files_only=True).eval()
    names = ["input_ids", "attention_mask"]
    if int(getattr(model.config, "type_vocab_size", 0) or 0) > 1:
        names.append("token_type_ids")
    example = torch.ones(2, 8, dtype=torch.long)
    axes = {name: {0: "batch", 1: "length"} for name in names} | {"embedding": {0: "batch"}}
    with warnings.catch_warnings(), torch.no_grad():
        # It warns of its own successor, which needs another package, and of shapes that are constant here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _pooled(model, names, pooling),
            (example,) * len(names),
            str(path),
            dynamo=False,
            opset_version=_OPSET,
            input_names=names,
            output_names=["embedding"],
            dynamic_axes=axes,
        )
    return tuple(names), int(model.config.hidden_size)


def _pooled(model: torch.nn.Module, names: list[str], pooling: Pooling) -> torch.nn.Module:
    """Return the model with its pooling and normalisation, taking its inputs by position."""
    import torch  # noqa: PLC0415 - as above

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            given = dict(zip(names, inputs, strict=True))
            states = self.model(**given).last_hidden_state
            if pooling == "cls":
                return torch.nn.functional.normalize(states[:, 0], dim=1)
            mask = given["attention_mask"].unsqueeze(-1).to(states.dtype)
            return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1).clamp(min=1e-9), dim=1)

    return Pooled().eval()


def _write_fp32(plain: Path, path: Path) -> None:
    plain.rename(path)


def _write_int8(plain: Path, path: Path) -> None:
    import onnx  # noqa: PLC0415 - only an export needs it
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - the same

    with _quiet_root_logger():
        quantize_dynamic(
            plain,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Gather holds the words' own vectors, half of the weights.
            op_types_to_quantize=["MatMul", "Gather"],
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )


@contextlib.contextmanager
def _quiet_root_logger() -> Iterator[None]:
    """Keep its advice (preprocess the graph: which made this one slower) from the user's screen."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)
