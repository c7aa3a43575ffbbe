"""How many calls are left today, by eBay's own count, and how many of them one poll may spend.

``GET /developer/analytics/v1_beta/rate_limit/`` gives limit, remaining and reset; 5,000 a day is the commonly named
default, not verified.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of the Browse API: allowed and left until ``reset`` (UTC)."""

    limit: int
    remaining: int
    reset: datetime


def read_quota(body: bytes) -> Quota | None:
    """Read the rate-limit answer; None where it names no Browse resource."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = [
        quota
        for api in _list(document, "rateLimits")
        if str(api.get("apiName", "")).lower() == "browse"
        for resource in _list(api, "resources")
        for rate in _list(resource, "rates")
        if (quota := _quota(rate)) is not None
    ]
    # Several resources share an application's day: the scarcest one ends a poll.
    return min(found, key=lambda one: one.remaining, default=None)


def share_of_day(quota: Quota, now: datetime, seconds_between_polls: float) -> int:
    """Return how many of the remaining calls a poll may spend so that they last, evenly, until the reset.

    At least one while any is left: a poll that may ask nothing would never learn that the quota is back.
    """
    left = max(0.0, (quota.reset - now).total_seconds())
    polls = max(1.0, left / max(1.0, seconds_between_polls))
    share = math.floor(quota.remaining / polls)
    return max(share, 1) if quota.remaining > 0 else 0


def _quota(rate: Mapping[str, Any]) -> Quota | None:
    limit, remaining, reset = rate.get("limit"), rate.get("remaining"), rate.get("reset")
    if not isinstance(limit, int) or not isinstance(remaining, int) or not isinstance(reset, str):
        return None
    try:
        moment = datetime.fromisoformat(reset)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return Quota(limit=limit, remaining=max(0, remaining), reset=moment)


def _list(value: Any, name: str) -> list[Mapping[str, Any]]:
    inner = value.get(name) if isinstance(value, Mapping) else None
    return [one for one in inner if isinstance(one, Mapping)] if isinstance(inner, list) else []
