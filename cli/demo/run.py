"""The steps of the demo, in the order a user's first weeks have, each through the pipeline's own front door."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from rich.console import Console

from cli.demo.environment import demo_settings, fresh_home
from cli.demo.score import Score, score
from domain.deal import VerdictKind
from domain.settings import Settings
from domain.watch import RuleName, Watch
from pipeline.overview import source_overview
from sandbox.demo_watch import DemoWatch
from sandbox.sites import demo_watches
from scrapers.registry import create_source, source_names
from services import dagster_home
from services.runs import RunResult, run_house_job, run_poll
from services.stack import (
    Stack,
    create_dagster_tables,
    prepare_databases,
    release_databases,
    start_daemon,
    start_dagster,
)
from services.statistics_docs import make_manifest, serve_docs
from services.supervisor import Service, ServiceError, Supervisor, free_port
from warehouse import outbox
from warehouse.connect import connect, resolve_database
from warehouse.deals import list_deals
from warehouse.partitions import ensure_partitions
from warehouse.watches import add_watch as keep_watch

SCORED = "vinted"
OTHERS = tuple(name for name in source_names() if name != SCORED)
OTHERS_DAYS = 7
HISTORY_ASSETS = ("raw_listings", "items", "price_history", "deals")


@dataclass(frozen=True)
class DemoOptions:
    """What the user asked for."""

    once: bool
    quiet: bool
    port: int
    days: int
    ticks: int
    seed: int


class Demo:
    """One demo: its options, its console and how long each step took."""

    def __init__(self, options: DemoOptions) -> None:
        self.options = options
        self.console = Console(stderr=True, quiet=options.quiet, highlight=False)
        self.began = time.monotonic()
        self.steps: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step while it works and what it took."""
        start = time.monotonic()
        with self.console.status(title):
            yield
        self.steps[title] = round(time.monotonic() - start, 1)
        self.console.print(f"  [green]✓[/green] {title} [dim]{self.steps[title]:.1f} s[/dim]")


def run_demo(options: DemoOptions) -> dict[str, Any]:
    """Run the demo; return its summary.

    Raises:
        ServiceError: when one of its processes does not come up.
        DagsterApiError: when a run fails.
    """
    demo = Demo(options)
    home = fresh_home()
    configured: Settings | None = None
    try:
        with Supervisor(log_dir=home / "logs", cwd=dagster_home.ROOT) as supervisor:
            with demo.step("Market, mailbox and Slack in miniature"):
                market = start_sandbox(supervisor, home, options)
            ui_port = free_port(options.port)
            configured = demo_settings(
                sandbox_url=market["url"],
                smtp_port=int(market["smtp_port"]),
                slack_url=market["slack_webhook_url"],
                dashboard_url=f"http://127.0.0.1:{ui_port}",
                first_day=_today() - timedelta(days=options.days),
            )
            with demo.step("PostgreSQL, tables, dbt manifest"):
                prepare_databases(configured)
                env = dagster_home.prepare(configured)
                create_dagster_tables()
                make_manifest()
            with demo.step("Dagster: two code locations, daemon, web server"):
                stack = start_dagster(configured, supervisor, port=ui_port, env=env)
            summary = live(demo, configured, stack, market)
            if not options.once:
                start_automation(stack)
                serve(demo, configured, stack, market, summary)
            return summary
    finally:
        if configured is not None:
            release_databases(configured)


def start_sandbox(supervisor: Supervisor, home: Path, options: DemoOptions) -> dict[str, Any]:
    """Start the sandbox process; return the addresses it announces in the first line it prints."""
    start = datetime.combine(_today() - timedelta(days=options.days + 20), day_time(), tzinfo=UTC)
    argv = [sys.executable, "-m", "sandbox", "--port", str(free_port(3001)), "--seed", str(options.seed)]
    argv += ["--start", start.isoformat(), "--mail-dir", str(home / "mail")]
    service = supervisor.start("sandbox", argv)
    supervisor.await_answer(service, lambda: _announced(service) is not None, seconds=60)
    return _announced(service) or {}


def _announced(service: Service) -> dict[str, Any] | None:
    for line in service.log_path.read_text(errors="replace").splitlines():
        if line.startswith("{"):
            announced: dict[str, Any] = json.loads(line)
            return announced
    return None


def live(demo: Demo, configured: Settings, stack: Stack, market: dict[str, Any]) -> dict[str, Any]:
    """Live through the history, the statistics and some days of alerts; return the summary."""
    url = resolve_database(configured).warehouse
    today = _today()
    first = today - timedelta(days=demo.options.days)
    with connect(url, application_name="pricescope:demo") as conn:
        ensure_partitions(conn, first, today + timedelta(days=62))
        for wanted in demo_watches(market["url"]):
            add_watch(conn, configured, wanted)
        with demo.step(
            f"History: {demo.options.days} days of Vinted, a week of {len(OTHERS)} others, as Dagster backfills"
        ):
            # Two of them: one backfill takes every source it names over every day it names.
            backfills = [
                stack.api.launch_backfill(HISTORY_ASSETS, partitions, {"pricescope/task": "backfill"})
                for partitions in history_partitions(first, demo.options.days)
            ]
            start_daemon(configured, stack)
            for backfill in backfills:
                stack.api.await_backfill(backfill, seconds=600, tick=lambda _: None)
        with demo.step("Great Expectations checks and dbt models"):
            stack.api.run_job("statistics", "statistics", seconds=300)
        with demo.step("Fair prices: what each thing should cost"):
            stack.api.run_job("statistics", "price", seconds=300)
        with demo.step("First verdicts on the whole history: a report, not a flood"):
            tick(demo, configured, market, market_day(today, 0), source_names())
        known = external_ids(conn)
        docs = subprocess.Popen(
            [sys.executable, "-c", "from services.statistics_docs import make_docs; make_docs()"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=dagster_home.ROOT,
        )
        with demo.step(f"Live: {demo.options.ticks} polls, half a market day apart; all sources in the last"):
            for number in range(1, demo.options.ticks + 1):
                polled = source_names() if number == demo.options.ticks else (SCORED,)
                tick(demo, configured, market, market_day(today, number), polled)
        with demo.step("Clusters: which listings are the same product"):
            stack.api.run_job("statistics", "cluster", seconds=120)
        with demo.step("Health checks and retention"):
            for job in ("health", "care", "compact"):
                succeeded(run_house_job(configured, job))
        with demo.step("dbt docs and Data Docs"):
            docs.wait(120)
        return summarise(demo, configured, conn, market, known, market_day(today, demo.options.ticks))


def history_partitions(first: date, days: int) -> tuple[list[str], list[str]]:
    """Return what is backfilled: all days of Vinted, whose deals are scored, and the last week of the others."""
    every = [first + timedelta(days=n) for n in range(days)]
    return (
        [f"{day}|{SCORED}" for day in every],
        [f"{day}|{name}" for name in OTHERS for day in every[-OTHERS_DAYS:]],
    )


def market_day(today: date, number: int) -> datetime:
    """Return the market's time at a live poll: half a day further at each."""
    return datetime.combine(today, day_time(0, 30), tzinfo=UTC) + timedelta(hours=12 * number)


def add_watch(conn: psycopg.Connection, configured: Settings, wanted: DemoWatch) -> None:
    """Add one of the demo's watches, as `pricescope watch add` would."""
    parsed = create_source(wanted.source, configured).parse_search_url(wanted.url)
    watch = Watch(
        watch_id=0,
        owner="owner",
        name=wanted.name,
        source=parsed.source,
        url=parsed.canonical_url,
        country=parsed.country,
        currency=parsed.currency,
        params=parsed.params,
        max_price=wanted.max_price,
        blacklist=wanted.blacklist,
        rules=tuple(map(RuleName, wanted.rules)),
    )
    keep_watch(conn, watch)


def tick(demo: Demo, configured: Settings, market: dict[str, Any], moment: datetime, sources: Sequence[str]) -> None:
    """Move the market on and poll sources through the poll job."""
    httpx2.post(f"{market['url']}/control/clock", json={"time": moment.isoformat()}).raise_for_status()
    for source in sources:
        result = succeeded(run_poll(configured, source, _today()))
        for line in result.lines:
            demo.console.print(f"    [dim]{line}[/dim]", soft_wrap=True)


def succeeded(result: RunResult) -> RunResult:
    """Return the result of a run that went well.

    Raises:
        ServiceError: with what its steps said, where it did not.
    """
    if not result.success:
        raise ServiceError("a run failed:\n" + "\n".join(result.lines))
    return result


def external_ids(conn: psycopg.Connection) -> set[str]:
    """Return the marketplace ids of all stored listings."""
    return {row[0] for row in conn.execute("select external_id from core.listings where source = 'vinted'")}


def summarise(
    demo: Demo,
    configured: Settings,
    conn: psycopg.Connection,
    market: dict[str, Any],
    known: set[str],
    moment: datetime,
) -> dict[str, Any]:
    """Hold the Vinted deals of the live phase against the sandbox's truth; say of every source how it stands."""
    truth = httpx2.get(f"{market['url']}/truth/vinted", params={"sandbox_time": moment.isoformat()}).json()
    kinds = {row["external_id"]: "planted" if row["planted"] else row["kind"] for row in truth}
    everything = external_ids(conn)
    overview = source_overview(conn, configured, datetime.now(UTC))
    rows = list_deals(conn, limit=100_000, with_hidden=True)
    alerted: dict[bool, dict[str, bool]] = {True: {}, False: {}}
    for row in rows:
        if row.source == "vinted":
            said = {verdict.rule for verdict in row.evidence if verdict.kind is VerdictKind.DEAL}
            alerted[row.is_initial][row.external_id] = said <= {RuleName.ABSOLUTE}
    live_score = score(kinds, everything - known, alerted[False])
    history_score = score(kinds, known, alerted[True])
    delivered = outbox.count_by_state(conn)
    return {
        "planted": live_score.planted,
        "found": live_score.found,
        "missed": live_score.missed,
        "false_alarms": live_score.false_alarms,
        "false_alarm_kinds": live_score.false_alarm_kinds,
        "under_a_limit": live_score.under_a_limit,
        "listings": sum(row.listings for row in overview),
        "sources": {row.source: {"state": row.state, "listings": row.listings} for row in overview},
        "live_listings": live_score.listings,
        "deals": len(rows),
        "notifications_delivered": delivered.get("sent", 0),
        "notifications_pending": delivered.get("pending", 0),
        "history": asdict_score(history_score),
        "seconds": round(time.monotonic() - demo.began, 1),
        "steps": demo.steps,
    }


def asdict_score(found: Score) -> dict[str, Any]:
    """Return a score as plain JSON values."""
    return dict(found._asdict())


def start_automation(stack: Stack) -> None:
    """Start the schedules and the sensor: they were held back so that no poll fell into the backfill."""
    for location, name in (
        *(("polling", f"poll_{source}") for source in source_names()),
        ("polling", "health_hourly"),
        ("statistics", "statistics_hourly"),
    ):
        stack.api.start_schedule(location, name)
    stack.api.start_sensor("polling", "undelivered_alerts")


def serve(demo: Demo, configured: Settings, stack: Stack, market: dict[str, Any], summary: dict[str, Any]) -> None:
    """Show where to look and serve until Ctrl-C."""
    docs = serve_docs(configured, stack.supervisor)
    places = {
        "Alerts as they arrived": f"{market['url']}/mailbox",
        "Dagster: assets, partitions, checks, runs": stack.url,
        "dbt docs: models, columns, lineage": f"{docs}/dbt/",
        "Data Docs: what the checks found": f"{docs}/quality/",
        "Deals in the terminal": "PRICESCOPE_HOME=.pricescope-demo .venv/bin/pricescope deals",
    }
    demo.console.print("\n[bold]Pricescope is running.[/bold] Ctrl-C stops everything.\n")
    for what, where in places.items():
        demo.console.print(f"  {what:<42} [cyan]{where}[/cyan]", soft_wrap=True)
    demo.console.print()
    demo.console.print(sentence(summary), soft_wrap=True)
    stack.supervisor.serve()
    demo.console.print("Stopping ...")


def sentence(summary: dict[str, Any]) -> str:
    """Return the summary in two sentences."""
    return (
        f"{summary['listings']} listings of {len(summary['sources'])} sources; of {summary['live_listings']} that "
        f"appeared on Vinted while it watched, "
        f"{summary['planted']} were planted deals: {summary['found']} found, {summary['missed']} missed, "
        f"{summary['false_alarms']} false alarms ({summary['under_a_limit']} more were under a limit that their watch "
        f"sets). {summary['notifications_delivered']} notifications delivered "
        f"in {summary['seconds']:.0f} s."
    )


def _today() -> date:
    return datetime.now(UTC).date()
