"""Faults on demand: which are waiting, and which of them meets a request.

A fault is asked for by `POST /control/faults` (for the next ``count`` requests, or until cleared) or by the header
`X-Sandbox-Fault: throttled; seconds=3` (for that one request). What a fault does to an answer is the site's business.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.requests import Request

FAULT_HEADER = "X-Sandbox-Fault"


class FaultName(StrEnum):
    """What can go wrong."""

    UNAUTHORISED = "unauthorised"
    CHALLENGE = "challenge"
    CHALLENGE_200 = "challenge_200"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    SLOW = "slow"
    CUT_OFF = "cut_off"
    CHANGED = "changed"
    BOOTSTRAP_BLOCKED = "bootstrap_blocked"
    POISON = "poison"
    SHIFTING = "shifting"
    WITHDRAWN = "withdrawn"


class FaultError(ValueError):
    """A fault that cannot be asked for; the message names what is allowed."""


@dataclass(slots=True)
class Fault:
    """A fault that waits.

    Attributes:
        count: how many more requests it meets; None means until cleared.
        path: prefix of the path it is limited to, with or without ``/vinted/{country}/{www|api}``; ``/`` alone is the
            homepage; empty means every path.
        seconds: Retry-After of ``throttled``, delay of ``slow``, market seconds per page of ``shifting``.
        status: of ``server_error``.
        abort: ``cut_off`` drops the connection in the middle instead of ending politely after half of the body.
        record: which record ``poison`` makes: ``nan_price``, ``missing_id`` or ``wrong_type``; None means in turn.
    """

    source: str
    name: FaultName
    count: int | None = None
    path: str = ""
    seconds: float | None = None
    status: int = 503
    abort: bool = False
    record: str | None = None
    met: int = field(default=0)

    def matches(self, source: str, full_path: str, site_path: str) -> bool:
        """Tell whether a request to that path meets this fault."""
        if source != self.source or self.count == 0:
            return False
        if self.name is FaultName.BOOTSTRAP_BLOCKED or self.path == "/":
            return site_path == "/"
        return not self.path or full_path.startswith(self.path) or site_path.startswith(self.path)


def _number(value: object, name: str) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise FaultError(f"{name} must be a number of at least 0, not {value!r}")
    return number


def read_fault(wish: Mapping[str, object]) -> Fault:
    """Read a fault as the control endpoint takes it.

    Raises:
        FaultError: naming what is wrong and what is allowed.
    """
    unknown = set(wish) - {"source", "fault", "count", "path", "seconds", "status", "abort", "record"}
    if unknown:
        raise FaultError(f"unknown fields: {', '.join(sorted(unknown))}")
    try:
        name = FaultName(str(wish.get("fault", "")))
    except ValueError:
        raise FaultError(f"unknown fault {wish.get('fault')!r}; known: {', '.join(FaultName)}") from None
    record = wish.get("record")
    if record not in {None, "nan_price", "missing_id", "wrong_type"}:
        raise FaultError(f"unknown record {record!r}; known: nan_price, missing_id, wrong_type")
    count, seconds = wish.get("count"), wish.get("seconds")
    return Fault(
        source=str(wish.get("source", "vinted")),
        name=name,
        count=None if count is None else int(_number(count, "count")),
        path=str(wish.get("path") or ""),
        seconds=None if seconds is None else _number(seconds, "seconds"),
        status=int(_number(wish.get("status", 503), "status")),
        abort=str(wish.get("abort", False)).lower() in {"true", "1"},
        record=None if record is None else str(record),
    )


class FaultBook:
    """The faults that wait, in the order they were asked for."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Ask for a fault."""
        self.waiting.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        self.waiting.clear()

    def take(self, request: Request, source: str, site_path: str) -> Fault | None:
        """Return the fault this request meets, counting it as met; the request's own header goes first.

        Raises:
            FaultError: when the header asks for something unknown.
        """
        header = request.headers.get(FAULT_HEADER)
        if header:
            name, *options = (part.strip() for part in header.split(";"))
            pairs = dict(option.split("=", 1) for option in options if "=" in option)
            return read_fault({"source": source, "fault": name, **pairs})
        for fault in self.waiting:
            if fault.matches(source, request.url.path, site_path):
                fault.met += 1
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None
