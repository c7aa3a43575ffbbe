"""Set-up: export the settings' text model, so that no first run has to. Run: ``python -m ml.embeddings``."""

from __future__ import annotations

import sys

from domain.settings import SettingsError, settings
from ml.embeddings.contract import ModelError
from ml.embeddings.load import text_encoder


def main() -> int:
    """Export the model, or say why not; return the exit status."""
    try:
        chosen = settings()
        encoder = text_encoder(
            chosen.embedding_model,
            engine=chosen.embedding_engine,
            models_dir=chosen.home / "models",
            threads=chosen.model_threads,
        )
    except (ModelError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{encoder.model_id}: {encoder.dimensions} dimensions, ready under {chosen.home / 'models'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
