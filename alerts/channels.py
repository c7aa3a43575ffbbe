"""The channels that the settings allow.

Belongs here: building channels from settings. Does not: any one channel.
"""

from __future__ import annotations

from alerts.contract import Channel
from alerts.email_channel import EmailChannel
from alerts.slack_channel import SlackChannel
from domain.settings import Settings


def configured_channels(settings: Settings) -> dict[str, Channel]:
    """Return every channel that can be used, by name, in the order they are told. Nothing is connected to yet."""
    channels: dict[str, Channel] = {}
    if settings.smtp_host and settings.email_from and settings.email_to:
        channels["email"] = EmailChannel(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.email_from,
            recipients=settings.email_to,
            username=settings.smtp_username,
            password=settings.smtp_password,
            starttls=settings.smtp_starttls,
        )
    if settings.slack_webhook_url is not None:
        channels["slack"] = SlackChannel(webhook_url=settings.slack_webhook_url)
    return channels
