"""A configuration mistake is told at start, all at once, and no secret is shown."""

from __future__ import annotations

import pytest

from domain.settings import SettingsError, load_settings


def test_every_mistake_is_reported_at_once_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRICESCOPE_SMTP_PORT", "hunter2")
    monkeypatch.setenv("PRICESCOPE_REQUESTS_PER_SECOND", "-1")
    monkeypatch.setenv("PRICESCOPE_BASE_CURRENCY", "euro")
    with pytest.raises(SettingsError) as error:
        load_settings()
    message = str(error.value)
    assert "PRICESCOPE_SMTP_PORT" in message
    assert "PRICESCOPE_REQUESTS_PER_SECOND" in message
    assert "PRICESCOPE_BASE_CURRENCY" in message
    assert "hunter2" not in message


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRICESCOPE_EMAIL_TO", "a@example.org, b@example.org")
    assert load_settings().email_to == ("a@example.org", "b@example.org")


def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRICESCOPE_SLACK_WEBHOOK_URL", "https://hooks.example.org/verysecret")
    assert "verysecret" not in repr(load_settings())


def test_a_channel_counts_as_configured_only_when_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRICESCOPE_SMTP_HOST", "mail.example.org")
    assert "email" not in load_settings().configured_channels()
    monkeypatch.setenv("PRICESCOPE_EMAIL_FROM", "a@example.org")
    monkeypatch.setenv("PRICESCOPE_EMAIL_TO", "b@example.org")
    assert load_settings().configured_channels() == ("email",)
