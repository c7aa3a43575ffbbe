"""Settings as the environment of a process, for code that reads its settings from there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.settings import Settings
from domain.settings import settings as process_settings


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables from which the same settings are read again."""
    variables = {}
    for field, info in Settings.model_fields.items():
        value = getattr(settings, field)
        if value is not None and value != ():
            variables[str(info.validation_alias or f"PRICESCOPE_{field.upper()}")] = _text(value)
    return variables


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, dict):
        return ",".join(f"{name}={number}" for name, number in value.items())
    if isinstance(value, Path):
        return str(value)
    return str(value)


def apply_settings(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Make these the settings of this process until the test ends; the caller clears the cache afterwards."""
    for field, info in Settings.model_fields.items():
        monkeypatch.delenv(str(info.validation_alias or f"PRICESCOPE_{field.upper()}"), raising=False)
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    process_settings.cache_clear()
