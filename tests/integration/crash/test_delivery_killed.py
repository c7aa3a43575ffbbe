"""The sender is killed between the receiver's acceptance and the mark: nothing lost, repeats under the same key."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import httpx2
import psycopg
import pytest

from alerts import message as messages
from domain.settings import Settings
from pipeline.deliver import deliver_due
from pipeline.poll import utc_now
from sandbox.server import SandboxServer
from tests.integration.crash.kill import KILLS, PYTHON, run_and_kill
from tests.sandbox import running_sandbox, sandbox_settings
from warehouse import outbox
from warehouse.connect import DatabaseUrl

pytestmark = [pytest.mark.integration, pytest.mark.crash]
ALERTS = 150
SENDER = """
from alerts.channels import configured_channels
from domain.settings import load_settings
from pipeline.deliver import deliver_due
from pipeline.poll import utc_now
from warehouse.connect import connect, resolve_database
settings = load_settings()
with connect(resolve_database(settings).warehouse) as conn:
    deliver_due(conn, configured_channels(settings), now=utc_now)
"""


def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.slack_webhook_url is not None
    return {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "PRICESCOPE_SMTP_HOST": "127.0.0.1",
        "PRICESCOPE_SMTP_PORT": str(settings.smtp_port),
        "PRICESCOPE_SMTP_STARTTLS": "false",
        "PRICESCOPE_EMAIL_FROM": "pricescope@example.org",
        "PRICESCOPE_EMAIL_TO": "owner@example.org",
        "PRICESCOPE_SLACK_WEBHOOK_URL": settings.slack_webhook_url.get_secret_value(),
    }


def arrived_keys(market: SandboxServer) -> Counter[tuple[str, str]]:
    answer = httpx2.get(f"{market.url}/mailbox.json").json()
    rows = answer["messages"] if isinstance(answer, dict) else answer
    arrived: Counter[tuple[str, str]] = Counter()
    for message in rows:
        # A mail's key is its Message-ID, <key@pricescope>; Slack's is the Idempotency-Key header itself.
        key = message["idempotency_key"].strip("<>").removesuffix("@pricescope")
        arrived[message["channel"], key] += message["deliveries"]
    return arrived


def test_killed_senders_lose_nothing_and_repeat_only_under_the_same_message_id(
    conn: psycopg.Connection, database: DatabaseUrl, tmp_path: Path
) -> None:
    rng = random.Random(20)
    with running_sandbox(tmp_path / "mail") as market:
        settings = sandbox_settings(market, database, tmp_path)
        message = messages.encode(messages.TestMessage(channel="email", sent_at=utc_now()))
        keys = {("email" if n % 2 else "slack", f"crash-{n}") for n in range(ALERTS)}
        for channel, key in keys:
            outbox.enqueue(conn, kind="test", channel=channel, idempotency_key=key, payload=message)
        env = environment(settings)
        kills = 0
        for _ in range(KILLS * 2):
            kills += run_and_kill([PYTHON, "-c", SENDER], env, longest=1.6, rng=rng)
            if kills == KILLS:
                break
        from alerts.channels import configured_channels

        deliver_due(conn, configured_channels(settings), now=utc_now)
        arrived = arrived_keys(market)
    assert set(arrived) == keys, "each alert arrived, and none under two different Message-IDs"
    assert sum(arrived.values()) - ALERTS <= kills, "at most one repeat a kill"
    assert outbox.count_by_state(conn) == {"pending": 0, "sent": ALERTS, "dead": 0}
