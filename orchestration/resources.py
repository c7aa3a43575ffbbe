"""What assets reach the world through: the warehouse connection, the settings, the alert channels.

Each resource gives plain objects of the rooms below, so that assets and tests see no Dagster type beyond this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg
import psycopg

from alerts.channels import configured_channels
from alerts.contract import Channel
from domain.settings import Settings, settings
from warehouse.connect import STATEMENT_TIMEOUT_MS, connect, resolve_database


class WarehouseResource(dg.ConfigurableResource[psycopg.Connection]):
    """Connections to the warehouse; the address comes from the settings, never from run config (it may be secret)."""

    @contextmanager
    def connection(self, application: str, *, unlimited: bool = False) -> Iterator[psycopg.Connection]:
        """Yield a connection named ``pricescope:<application>``, closed afterwards.

        Args:
            application: what the server's list of sessions calls it.
            unlimited: for care, whose single statements may take as long as they need.
        """
        limit = 0 if unlimited else STATEMENT_TIMEOUT_MS
        url = resolve_database(settings()).warehouse
        with connect(url, application_name=f"pricescope:{application}", statement_timeout_ms=limit) as conn:
            yield conn


class SettingsResource(dg.ConfigurableResource[Settings]):
    """The process-wide settings."""

    def get(self) -> Settings:
        """Return the settings, read once a process."""
        return settings()


class ChannelsResource(dg.ConfigurableResource[Mapping[str, Channel]]):
    """The alert channels that the settings configure."""

    def get(self) -> Mapping[str, Channel]:
        """Return channel by name."""
        return configured_channels(settings())


def default_resources() -> dict[str, object]:
    """Return the resources by the names that assets ask for."""
    return {"warehouse": WarehouseResource(), "app_settings": SettingsResource(), "channels": ChannelsResource()}
