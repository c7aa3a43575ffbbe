"""What every alert channel offers, and the two ways it can fail.

Belongs here: the protocol and its errors. Does not: a channel.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from alerts.message import Message


class DeliveryError(Exception):
    """The message was not accepted. The text is for the owner: what is wrong and what to do; it holds no secret."""


class TransientDeliveryError(DeliveryError):
    """Trying again later may help; ``retry_after`` is how many seconds the receiver asked to wait, if it did."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PermanentDeliveryError(DeliveryError):
    """The same message will be refused again until somebody changes something."""


@runtime_checkable
class Channel(Protocol):
    """A way to tell the owner."""

    @property
    def name(self) -> str:
        """The channel's name in ``app.notifications.channel`` and in the settings, e.g. ``email``."""
        ...

    def send(self, message: Message, *, idempotency_key: str) -> None:
        """Hand the message to the receiver; returning means that it was accepted.

        A repeat with the same key is recognisable as such by the receiver. Bounded in time, whatever the peer does.

        Raises:
            TransientDeliveryError: try again later.
            PermanentDeliveryError: do not.
        """
        ...
