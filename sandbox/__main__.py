"""`python -m sandbox`: run the sandbox until SIGTERM or Ctrl-C, after one line of JSON that says where it is."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sandbox.clock import ClockError, parse_time
from sandbox.server import DEFAULT_SEED, HOST, SandboxServer, SandboxStartError


def _time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ClockError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="HTTP port; 0 takes a free one (default)")
    parser.add_argument("--smtp-port", type=int, default=0, help="SMTP port; 0 takes a free one (default)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another seed, another market")
    parser.add_argument("--start", type=_time, default=None, help="when the market opens (ISO, UTC); 30 days ago")
    parser.add_argument("--arrivals-per-day", type=float, default=8.0, help="listings per family and day")
    parser.add_argument("--mail-dir", type=Path, default=None, help="folder that keeps what arrives")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 after a clean stop, 1 when it cannot start."""
    given = _arguments(arguments)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    server = SandboxServer(
        seed=given.seed,
        start=given.start,
        arrivals_per_day=given.arrivals_per_day,
        port=given.port,
        smtp_port=given.smtp_port,
        mail_dir=given.mail_dir,
    )
    try:
        server.start()
    except SandboxStartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    where = {
        "url": server.url,
        "mailbox_url": f"{server.url}/mailbox",
        "slack_webhook_url": f"{server.url}/slack/services/T000/B000/sandbox",
        "smtp_host": HOST,
        "smtp_port": server.smtp_port,
        "seed": given.seed,
        "start": server.market.start.isoformat(),
    }
    sys.stdout.write(json.dumps(where) + "\n")
    sys.stdout.flush()
    stopped.wait()
    server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
