"""`pricescope up`, `demo`, `stop`, `migrate`, `doctor`, `notify`: the processes and their health."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from alerts.channels import configured_channels
from alerts.contract import DeliveryError
from alerts.message import TestMessage
from cli.context import note, out, warehouse
from cli.errors import UserError
from domain.settings import Settings, settings
from services import dagster_home
from services.doctor import findings
from services.stack import log_dir, only_stack, prepare_databases, release_databases
from services.supervisor import ServiceError, Supervisor, interrupted_by_signals, is_free
from warehouse.outbox import revive

notify_app = typer.Typer(no_args_is_help=True, help="The alert channels.")


@notify_app.command("test")
def notify_test(channel: Annotated[str, typer.Argument(help="email or slack")]) -> None:
    """Send a test message to a channel and say what the receiver answered."""
    configured = settings()
    channels = configured_channels(configured)
    if channel not in channels:
        known = ", ".join(channels) or "none is configured; see .env.example"
        raise UserError(f"channel {channel!r} is not configured (configured: {known})")
    message = TestMessage(channel=channel, sent_at=datetime.now(UTC), dashboard_url=configured.dashboard_url)
    try:
        channels[channel].send(message, idempotency_key=f"test-{secrets.token_hex(8)}")
    except DeliveryError as error:
        note.print(f"{channel}: not delivered: {error}", style="red")
        raise typer.Exit(1) from None
    out.print(f"{channel}: accepted by the receiver")


@notify_app.command("retry")
def notify_retry(channel: Annotated[str | None, typer.Option(help="only this channel")] = None) -> None:
    """Try again what was given up on, after a password or an address was put right."""
    with warehouse("notify") as (conn, _):
        revived = revive(conn, datetime.now(UTC), channel=channel)
    out.print(f"{revived} notifications will be tried again")


def migrate() -> None:
    """Bring both databases to this version's tables."""
    configured = settings()
    prepare_databases(configured)
    dagster_home.prepare(configured)
    from services.stack import create_dagster_tables  # noqa: PLC0415 - two seconds

    create_dagster_tables()
    out.print("The databases are at this version's tables.")


def doctor() -> None:
    """Check this installation; exits with 1 when something needs attention."""
    table = Table("", "what", "finding")
    found = findings(settings())
    for finding in found:
        table.add_row("ok" if finding.ok else "!!", finding.what, finding.sentence)
    out.print(table)
    if not all(finding.ok for finding in found):
        raise typer.Exit(1)


def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="of the Dagster UI; 0 for any free one")] = 3000,
    host: Annotated[str, typer.Option(help="address that the UI listens on; it has no login")] = "127.0.0.1",
) -> None:
    """Run the pipeline against the real marketplaces until Ctrl-C or SIGTERM."""
    from services.dagster_api import DagsterApiError  # noqa: PLC0415 - only the stack pays for it

    configured = settings()
    try:
        with interrupted_by_signals(), only_stack(configured):
            if port and not is_free(port, host):
                raise UserError(f"port {port} of {host} is taken or not ours to use; choose another with --port")
            _run_stack(configured, port=port, host=host)
    except (ServiceError, DagsterApiError) as error:
        raise UserError(str(error)) from None
    except KeyboardInterrupt:
        note.print("Stopped.")


def _run_stack(configured: Settings, *, port: int, host: str) -> None:
    from services.stack import create_dagster_tables, start_daemon, start_dagster  # noqa: PLC0415 - only the stack pays
    from services.statistics_docs import make_manifest, serve_docs  # noqa: PLC0415 - the same

    try:
        note.print("Starting PostgreSQL and migrating ...")
        prepare_databases(configured)
        env = dagster_home.prepare(configured)
        create_dagster_tables()
        make_manifest()
        note.print("Starting Dagster ...")
        with Supervisor(log_dir=log_dir(configured), cwd=dagster_home.ROOT) as supervisor:
            stack = start_dagster(configured, supervisor, port=port, host=host, env=env)
            start_daemon(configured, stack)
            out.print(f"Dagster UI: {stack.url}")
            out.print(f"dbt docs and Data Docs: {serve_docs(configured, supervisor, host=host)}")
            channels = ", ".join(configured.configured_channels()) or "none (see .env.example)"
            out.print(f"Alert channels: {channels}. Add watches with: pricescope watch add URL. Ctrl-C stops.")
            supervisor.serve()
            note.print("Stopping ...")
    finally:
        release_databases(configured)


def demo(
    once: Annotated[bool, typer.Option("--once", help="do it all, print a summary and exit")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="with --once: one JSON object on stdout")] = False,
    port: Annotated[int, typer.Option(help="of the Dagster UI")] = 3000,
    days: Annotated[int, typer.Option(min=3, max=90, help="days of history to backfill")] = 30,
    ticks: Annotated[int, typer.Option(min=1, max=60, help="live polls, each half a market day later")] = 6,
    seed: Annotated[int, typer.Option(help="of the sandbox market")] = 7,
) -> None:
    """Show everything on this machine: a market in miniature, its history, deals, alerts in a mailbox."""
    from cli.demo.run import DemoOptions, run_demo  # noqa: PLC0415 - the sandbox is the demo's alone

    options = DemoOptions(once=once, quiet=as_json, port=port, days=days, ticks=ticks, seed=seed)
    from services.dagster_api import DagsterApiError  # noqa: PLC0415 - the same

    try:
        with interrupted_by_signals():
            summary = run_demo(options)
    except (ServiceError, DagsterApiError) as error:
        raise UserError(str(error)) from None
    if as_json:
        sys.stdout.write(json.dumps(summary) + "\n")


def stop() -> None:
    """Stop the embedded PostgreSQL, if it is running."""
    release_databases(settings())
    out.print("stopped")
