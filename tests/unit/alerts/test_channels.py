import subprocess
import sys

import pytest
from pydantic import SecretStr

from alerts.channels import configured_channels
from domain.settings import Settings

MAIL = {"smtp_host": "127.0.0.1", "email_from": "a@shop.example", "email_to": ("b@shop.example",)}
SLACK = {"slack_webhook_url": SecretStr("http://127.0.0.1/x")}


@pytest.mark.parametrize("chosen", [{}, MAIL, SLACK, MAIL | SLACK, {"smtp_host": "127.0.0.1"}, MAIL | {"email_to": ()}])
def test_the_channels_built_are_those_the_settings_name(
    chosen: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SMTP_HOST", "EMAIL_FROM", "EMAIL_TO", "SLACK_WEBHOOK_URL"):
        monkeypatch.delenv(f"PRICESCOPE_{name}", raising=False)
    settings = Settings(_env_file=None, **chosen)
    channels = configured_channels(settings)
    assert tuple(channels) == settings.configured_channels()
    assert all(channel.name == name for name, channel in channels.items())


def test_the_alerts_room_imports_nothing_heavy() -> None:
    heavy = {
        "torch",
        "dbt",
        "great_expectations",
        "sklearn",
        "pandas",
        "playwright",
        "sentence_transformers",
        "dagster",
    }
    code = f"import sys, alerts.channels, alerts.backoff; print(sorted({heavy!r} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
