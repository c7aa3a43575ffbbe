"""The demo's settings: its own home, the sandbox as the only marketplace, its mailbox as the only receiver."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

from domain.settings import Settings, settings
from scrapers.registry import source_names
from warehouse.embedded import EmbeddedServer

DEMO_HOME = Path(".pricescope-demo")


def demo_settings(*, sandbox_url: str, smtp_port: int, slack_url: str, dashboard_url: str, first_day: date) -> Settings:
    """Put the demo's settings into the environment, for this process and its children, and return them."""
    os.environ.update(
        {
            "PRICESCOPE_HOME": str(demo_home()),
            "PRICESCOPE_SANDBOX_URL": sandbox_url,
            "PRICESCOPE_SMTP_HOST": "127.0.0.1",
            "PRICESCOPE_SMTP_PORT": str(smtp_port),
            "PRICESCOPE_SMTP_STARTTLS": "false",
            "PRICESCOPE_EMAIL_FROM": "pricescope@demo.invalid",
            "PRICESCOPE_EMAIL_TO": "you@demo.invalid",
            "PRICESCOPE_SLACK_WEBHOOK_URL": slack_url,
            "PRICESCOPE_DASHBOARD_URL": dashboard_url,
            "PRICESCOPE_ENABLED_SOURCES": ",".join(source_names()),
            # The sandbox takes any credentials; what `.env` has for the real marketplaces must not reach it.
            "PRICESCOPE_EBAY_CLIENT_ID": "sandbox",
            "PRICESCOPE_EBAY_CLIENT_SECRET": "sandbox",
            "PRICESCOPE_ETSY_KEYSTRING": "sandbox",
            "PRICESCOPE_ETSY_SHARED_SECRET": "sandbox",
            "PRICESCOPE_REDDIT_CLIENT_ID": "sandbox",
            "PRICESCOPE_REDDIT_CLIENT_SECRET": "sandbox",
            "PRICESCOPE_REDDIT_USERNAME": "",
            "PRICESCOPE_REDDIT_PASSWORD": "",
            "PRICESCOPE_SHOPS_FILE": "",
            "PRICESCOPE_KINDS_FILE": "",
            "PRICESCOPE_SCHEDULES_RUNNING": "false",
            "PRICESCOPE_FIRST_DAY": first_day.isoformat(),
            # Empty, not absent: what `.env` says for the real pipeline must not reach the demo.
            "DATABASE_URL": "",
            "DAGSTER_DATABASE_URL": "",
            "PRICESCOPE_SMTP_USERNAME": "",
            "PRICESCOPE_SMTP_PASSWORD": "",
            "PRICESCOPE_PROXY_URL": "",
            "PRICESCOPE_VINTED_COOKIE": "",
        }
    )
    settings.cache_clear()
    return settings()


def demo_home() -> Path:
    """Return the demo's home folder, absolute."""
    return DEMO_HOME.absolute()


def fresh_home() -> Path:
    """Return an empty demo home: each demo starts from nothing, and a server left by a killed one is stopped first."""
    home = demo_home()
    if home.exists():
        EmbeddedServer(home).stop()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return home
