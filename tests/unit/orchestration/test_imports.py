"""Every poll is a fresh process: what it imports, it pays for every five minutes."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "dbt",
    "dagster_dbt",
    "great_expectations",
    "matplotlib",
    "onnxruntime",
    "pandas",
    "playwright",
    "sentence_transformers",
    "sklearn",
    "torch",
    "transformers",
)


def test_the_polling_location_imports_nothing_heavy() -> None:
    code = f"import sys, orchestration.definitions; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_the_command_line_starts_without_dagster() -> None:
    code = (
        "import sys, cli.main; print([name for name in ('dagster', 'dbt', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
