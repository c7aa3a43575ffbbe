"""Settings from the environment and ``.env``, checked whole at start: all mistakes are reported at once.

Belongs here: every setting, its default and what is wrong with a value. Does not: what is done with it.

Every name is documented in ``.env.example``. Secrets are ``SecretStr``: they never print.
"""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(Exception):
    """The configuration is wrong; the message lists every mistake with the variable to change."""


class Settings(BaseSettings):
    """All settings, one place. Environment names are the upper-case field names with the prefix ``PRICESCOPE_``."""

    model_config = SettingsConfigDict(env_prefix="PRICESCOPE_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Path(".pricescope")
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    dagster_database_url: SecretStr | None = Field(default=None, validation_alias="DAGSTER_DATABASE_URL")

    # ---- fetching
    user_agent: str = "Pricescope/0.1 (personal price watch)"
    proxy_url: SecretStr | None = None
    requests_per_second: Annotated[float, Field(gt=0, le=1000)] = 0.5
    request_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    request_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    pages_per_poll: Annotated[int, Field(ge=1, le=10)] = 5
    pages_per_index: Annotated[int, Field(ge=1, le=10)] = 10
    refusals_before_blocked: Annotated[int, Field(ge=1)] = 3
    probe_interval_minutes: Annotated[int, Field(ge=1)] = 60
    source_rates: Annotated[dict[str, Annotated[float, Field(gt=0, le=1000)]], NoDecode] = {}
    source_concurrency: Annotated[dict[str, Annotated[int, Field(ge=1, le=400)]], NoDecode] = {}
    source_daily_requests: Annotated[dict[str, Annotated[int, Field(ge=1)]], NoDecode] = {}
    http_cache_ttl_seconds: Annotated[int, Field(ge=0)] = 0
    http_cache_megabytes: Annotated[int, Field(ge=1)] = 200
    shortest_interval_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    longest_interval_minutes: Annotated[int, Field(ge=1, le=43200)] = 1440
    poll_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    chromium_path: Path | None = None
    vinted_cookie: SecretStr | None = None
    sandbox_url: str | None = None

    # ---- credentials and particulars of the sources
    ebay_client_id: str | None = None
    ebay_client_secret: SecretStr | None = None
    etsy_keystring: str | None = None
    etsy_shared_secret: SecretStr | None = None
    reddit_client_id: str | None = None
    reddit_client_secret: SecretStr | None = None
    reddit_username: str | None = None
    reddit_password: SecretStr | None = None
    shops_file: Path | None = None
    kinds_file: Path | None = None

    # ---- schedules
    enabled_sources: Annotated[tuple[str, ...], NoDecode] = (
        "allegro",
        "amazon",
        "ebay",
        "empik",
        "etsy",
        "reddit",
        "shop",
        "uzex",
        "uzum",
        "vinted",
    )
    schedules_running: bool = True
    first_day: date = date(2023, 1, 1)
    raw_page_days: Annotated[int, Field(ge=1)] = 90
    item_days: Annotated[int, Field(ge=1)] = 365
    run_log_days: Annotated[int, Field(ge=1)] = 90
    archive_directory: Path | None = None
    compact_after_days: Annotated[int, Field(ge=31)] | None = None

    # ---- deals
    comparables_window_days: Annotated[int, Field(ge=1, le=365)] = 30
    lookback_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    base_currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"

    # ---- models
    embedding_model: str = "all-MiniLM-L6-v2"
    embedding_engine: Literal["auto", "int8-ort", "fp32-ort", "fp32-torch"] = "auto"
    model_threads: Annotated[int, Field(ge=1, le=64)] = 2
    photos_enabled: bool = False
    photo_model: str = "img-desc-v1"
    photos_per_run: Annotated[int, Field(ge=1)] = 500
    photo_cache_megabytes: Annotated[int, Field(ge=1)] = 1000

    # ---- alerts
    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    email_from: str | None = None
    email_to: Annotated[tuple[str, ...], NoDecode] = ()
    slack_webhook_url: SecretStr | None = None
    dashboard_url: str = "http://127.0.0.1:3000"

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object, info: ValidationInfo) -> object:
        """Let ``NAME=`` in the environment take back what ``.env`` sets."""
        is_optional = info.field_name is not None and cls.model_fields[info.field_name].default is None
        return None if value == "" and is_optional else value

    @field_validator("enabled_sources", "email_to", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("source_rates", "source_concurrency", "source_daily_requests", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if any(not sign for _, sign, _ in pairs):
            raise ValueError("write SOURCE=NUMBER, with commas between: ebay=5,uzum=20")
        return {name.strip(): number.strip() for name, _, number in pairs}

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.shortest_interval_minutes > self.longest_interval_minutes:
            raise ValueError("PRICESCOPE_SHORTEST_INTERVAL_MINUTES is longer than PRICESCOPE_LONGEST_INTERVAL_MINUTES")
        return self

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    def rate_of(self, source: str, default: float | None = None) -> float:
        """Return the requests per second a source may be sent: its own setting, else its default, else the general."""
        return self.source_rates.get(source, self.requests_per_second if default is None else default)

    def concurrency_of(self, source: str, default: int = 1) -> int:
        """Return how many requests to one host of a source may be under way together."""
        return self.source_concurrency.get(source, default)

    def configured_channels(self) -> tuple[str, ...]:
        """Return the names of the alert channels that can be used, in the order they are told."""
        channels = []
        if self.smtp_host and self.email_from and self.email_to:
            channels.append("email")
        if self.slack_webhook_url is not None:
            channels.append("slack")
        return tuple(channels)


def _explain(error: ValidationError) -> str:
    lines = []
    for mistake in error.errors():
        if not mistake["loc"]:
            lines.append(f"  {mistake['msg']}")
            continue
        field = str(mistake["loc"][0])
        name = field.upper() if field.lower().endswith("database_url") else f"PRICESCOPE_{field.upper()}"
        lines.append(f"  {name}: {mistake['msg']}")
    return "The configuration has mistakes:\n" + "\n".join(lines) + "\nSee .env.example for every setting."


def load_settings() -> Settings:
    """Read the settings afresh.

    Raises:
        SettingsError: with all mistakes at once; values are not repeated, since they may be secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


@functools.cache
def settings() -> Settings:
    """Return the process-wide settings, read once."""
    return load_settings()
