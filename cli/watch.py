"""`pricescope watch`: what is watched, in the words of the site's own search URL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import psycopg
import typer
from rich.table import Table

from cli.context import note, out, warehouse
from cli.errors import UserError
from cli.printing import AsJson, print_json, print_rows
from domain.listing_kind import ListingKind
from domain.money import format_money
from domain.settings import settings
from domain.watch import RuleName, Watch
from ml.kinds import classifier
from pipeline.preview import preview_watch
from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.registry import create_source, search_addresses, source_of_url
from warehouse.cadence import Cadence, list_cadences
from warehouse.figures import watch_days, watch_groups
from warehouse.price_models import newest_model
from warehouse.watches import add_watch, get_watch, list_watches, pause_watch, remove_watch, resume_watch, update_watch

app = typer.Typer(no_args_is_help=True, help="Add, list, change, try out and remove watches.")

KIND_HELP = "kind of listing wanted: normal, bundle, accessory ...; repeatable; default: by the search text"

SIGMA_HELP = "k of the mean - k*sigma rule; 0: under the mean of the last 30 days"

BUDGET_HELP = "model rule: false alarms accepted of 1,000 new listings (default 5)"

Which = Annotated[str, typer.Argument(help="the watch's number or name")]


def parse_url(url: str) -> ParsedSearch:
    """Read a site's own address by the source whose site it is.

    Raises:
        UnknownSourceError: for an address of no source.
        SearchUrlError: naming what is not understood.
    """
    configured = settings()
    return create_source(source_of_url(url, configured.sandbox_url), configured).parse_search_url(url)


def _amount(text: str | None, option: str) -> Decimal | None:
    if text is None or text.lower() == "none":
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise UserError(f"{option} must be a number such as 49.90, not {text!r}") from None
    if not amount.is_finite() or amount < 0:
        raise UserError(f"{option} must be zero or more, not {text!r}")
    return amount


def _rules(text: str | None) -> tuple[RuleName, ...] | None:
    if text is None:
        return None
    try:
        return tuple(RuleName(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise UserError(f"--rules: {error}; known: {', '.join(RuleName)}") from None


def _countries(codes: Iterable[str]) -> tuple[str, ...]:
    given = tuple(code.strip().upper() for code in codes if code.strip())
    for code in given:
        if len(code) != 2 or not (code.isascii() and code.isalpha()):
            raise UserError(f"--country must be two letters (ISO 3166) such as DE or PL, not {code!r}")
    return given


def _kinds(given: list[str] | None, text: str) -> tuple[ListingKind, ...]:
    """Return the kinds named, else those that the search text asks for."""
    if given is None:
        return classifier(settings().kinds_file).kinds_wanted(text)
    names = tuple(kind.value for kind in ListingKind)
    for name in given:
        if name not in names:
            raise UserError(f"--kind must be one of {', '.join(names)}, not {name!r}")
    return tuple(ListingKind(name) for name in dict.fromkeys(given))


def _sellers(watch: Watch) -> str:
    kinds = "personal only" if watch.personal_sellers_only else "any"
    return f"{kinds}, not {', '.join(watch.excluded_sellers)}" if watch.excluded_sellers else kinds


def _limit(watch: Watch) -> str:
    return "-" if watch.max_price is None else format_money(watch.max_price, watch.currency)


def _interval(watch: Watch, cadence: Cadence | None) -> str:
    """Return how often a watch is checked, and why."""
    if watch.check_every_minutes is not None:
        return f"{watch.check_every_minutes} min, as asked"
    if cadence is None:
        return "planned after its first poll"
    minutes = cadence.interval_seconds / 60
    every = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    return f"{every} ({cadence.arrivals_per_day:.1f} arrivals a day, {cadence.requests_per_check:.0f} requests a check)"


_WEEKS = 4


def _model_rows(conn: psycopg.Connection, watch: Watch) -> list[tuple[str, object]]:
    """Return what is known of the price model that judges a watch's listings, and how well its intervals held."""
    # numpy, which no other command about watches needs.
    from pipeline.pricing import scope_of  # noqa: PLC0415

    known = newest_model(conn, scope_of(watch.owner, watch.currency))
    if known is None:
        return [("price model", "none yet; trained hourly where it is due, from 30 listings on")]
    held = "" if known.coverage is None else f", 90 % intervals held {known.coverage:.0%} of the last prices"
    rows: list[tuple[str, object]] = [
        ("price model", f"{known.price_model_id} of {known.ended_at:%Y-%m-%d %H:%M}, {known.n_train} prices{held}")
    ]
    weeks = [week for week in known.metrics.get("coverage_by_week", []) if week["watch_id"] == watch.watch_id]
    if weeks:
        told = (f"{week['week']}: {week['covered'] / week['rows']:.0%} of {week['rows']}" for week in weeks[-_WEEKS:])
        rows.append(("  this watch's", ", ".join(told)))
    refusal = known.error or known.metrics.get("refused_watches", {}).get(watch.name)
    if refusal:
        rows.append(("  no alerts", refusal))
    return rows


def _show(watch: Watch, cadence: Cadence | None = None, more: Iterable[tuple[str, object]] = ()) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    rows: list[tuple[str, object]] = [
        ("watch", f"{watch.watch_id}: {watch.name}"),
        ("source", f"{watch.source} ({watch.country}, prices in {watch.currency})"),
        ("search", watch.url),
        *[(f"  {key}", ", ".join(value) if isinstance(value, list) else value) for key, value in watch.params.items()],
        ("rules", ", ".join(watch.rules)),
        ("max price", _limit(watch)),
        ("mean - k*sigma", f"k = {watch.sigma_k}"),
        ("robust", f"z = {watch.robust_z}, at least {watch.min_comparables} comparables"),
        ("model", f"{watch.false_alarms_per_1000.normalize():f} false alarms accepted of 1,000 new listings"),
        ("blacklist", ", ".join(watch.blacklist) or "-"),
        ("highlight", ", ".join(watch.highlight) or "-"),
        ("only from", ", ".join(watch.seller_countries) or "any country"),
        ("sellers", _sellers(watch)),
        ("kinds", ", ".join(watch.kinds)),
        ("pages a poll", watch.pages_per_poll or "default"),
        ("checked every", _interval(watch, cadence)),
        ("channels", ", ".join(watch.channels) or "all configured"),
        ("state", "active" if watch.is_active else "paused"),
        *more,
    ]
    for key, value in rows:
        table.add_row(key, str(value))
    out.print(table)


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="the site's own search URL")],
    name: Annotated[str | None, typer.Option(help="default: the search text")] = None,
    max_price: Annotated[str | None, typer.Option(help="absolute rule: alert at or under this total price")] = None,
    rules: Annotated[str | None, typer.Option(help="comma list of absolute, mean_sigma, robust, model")] = None,
    sigma_k: Annotated[float, typer.Option(min=0, max=10, help=SIGMA_HELP)] = 1.5,
    robust_z: Annotated[float | None, typer.Option(min=0.1, max=10, help="deviations below the expected price")] = None,
    min_comparables: Annotated[int | None, typer.Option(min=3, max=1000)] = None,
    false_alarms: Annotated[float | None, typer.Option(min=0.1, max=100, help=BUDGET_HELP)] = None,
    blacklist: Annotated[list[str] | None, typer.Option(help="word or /regex/; repeatable")] = None,
    highlight: Annotated[list[str] | None, typer.Option(help="word shown in alerts; repeatable")] = None,
    pages: Annotated[int | None, typer.Option(min=1, max=10, help="pages a poll (default 5, first index 10)")] = None,
    every: Annotated[int | None, typer.Option(min=1, help="minutes between checks; default: planned")] = None,
    probe: Annotated[bool, typer.Option(help="use this watch to probe the source while it is blocked")] = False,
    country: Annotated[list[str] | None, typer.Option(help="only things in this country (DE, PL); repeatable")] = None,
    exclude_seller: Annotated[list[str] | None, typer.Option(help="a seller's login or id; repeatable")] = None,
    personal_only: Annotated[bool, typer.Option("--personal-only", help="leave businesses out")] = False,
    kind: Annotated[list[str] | None, typer.Option(help=KIND_HELP)] = None,
) -> None:
    """Watch a search. The URL is parsed and shown back; a parameter that is not understood is an error."""
    parsed = parse_url(url)
    text = parsed.params.get("search_text")
    chosen: dict[str, Any] = {
        "rules": _rules(rules),
        "robust_z": None if robust_z is None else Decimal(str(robust_z)),
        "min_comparables": min_comparables,
        "false_alarms_per_1000": None if false_alarms is None else Decimal(str(false_alarms)),
    }
    wanted = Watch(
        watch_id=0,
        owner="owner",
        name=name or (text if isinstance(text, str) else parsed.canonical_url),
        source=parsed.source,
        url=parsed.canonical_url,
        country=parsed.country,
        currency=parsed.currency,
        params=parsed.params,
        max_price=_amount(max_price, "--max-price"),
        sigma_k=Decimal(str(sigma_k)),
        blacklist=tuple(blacklist or ()),
        highlight=tuple(highlight or ()),
        pages_per_poll=pages,
        check_every_minutes=every,
        is_probe=probe,
        seller_countries=_countries(country or ()),
        excluded_sellers=tuple(exclude_seller or ()),
        personal_sellers_only=personal_only,
        kinds=_kinds(kind, text if isinstance(text, str) else ""),
        **{key: value for key, value in chosen.items() if value is not None},
    )
    with warehouse("watch") as (conn, _):
        _show(add_watch(conn, wanted))


@app.command("search")
def search(
    text: Annotated[str, typer.Argument(help="the words to search for")],
    sources: Annotated[str | None, typer.Option(help="comma list; default: all that search by words")] = None,
    site: Annotated[str, typer.Option(help="ending of the country's sites: de, fr, co.uk ...")] = "de",
    max_price: Annotated[str | None, typer.Option(help="absolute rule, in each site's own currency")] = None,
    blacklist: Annotated[list[str] | None, typer.Option(help="word or /regex/; repeatable")] = None,
) -> None:
    """Watch one search on several sources at once: a watch each, named "TEXT (source)".

    A source without a site in that country is named and left out; exits with 1 then.
    """
    names = [name.strip() for name in (sources or "").split(",") if name.strip()]
    left_out = 0
    with warehouse("watch") as (conn, _):
        for name, url in search_addresses(text, site, names).items():
            try:
                parsed = parse_url(url)
            except SearchUrlError as error:
                left_out += 1
                note.print(f"{name}: {error}", style="yellow")
                continue
            watch = Watch(
                watch_id=0,
                owner="owner",
                name=f"{text} ({name})",
                source=parsed.source,
                url=parsed.canonical_url,
                country=parsed.country,
                currency=parsed.currency,
                params=parsed.params,
                max_price=_amount(max_price, "--max-price"),
                blacklist=tuple(blacklist or ()),
                kinds=_kinds(None, text),
            )
            out.print(f"{add_watch(conn, watch).name}: {parsed.canonical_url}", markup=False)
    if left_out:
        raise typer.Exit(1)


@app.command("list")
def list_all(
    as_json: AsJson = False,
) -> None:
    """List all watches."""
    with warehouse("watch") as (conn, _):
        rows, cadences = list_watches(conn), list_cadences(conn)
    if as_json:
        print_json(rows)
        return
    if not rows:
        note.print("No watch yet. Add one with: pricescope watch add URL")
        return
    table = Table("no", "name", "source", "max price", "rules", "checked every", "state")
    for watch in rows:
        state = "active" if watch.is_active else "paused"
        table.add_row(
            str(watch.watch_id),
            watch.name,
            f"{watch.source}.{watch.country}",
            _limit(watch),
            ", ".join(watch.rules),
            _interval(watch, cadences.get(watch.watch_id)).partition(" (")[0],
            state,
        )
    out.print(table)


@app.command("show")
def show(which: Which) -> None:
    """Show a watch with the parameters its URL was read into, and how well its price model does."""
    with warehouse("watch") as (conn, _):
        watch = get_watch(conn, which)
        _show(watch, list_cadences(conn).get(watch.watch_id), _model_rows(conn, watch))


@app.command("prices")
def prices(
    which: Which,
    days: Annotated[int, typer.Option(min=0, max=365, help="days of trend to show; 0: none")] = 7,
    as_json: AsJson = False,
) -> None:
    """Show what each condition costs under a watch: now, and by day."""
    with warehouse("watch") as (conn, _):
        watch_id = get_watch(conn, which).watch_id
        groups = watch_groups(conn, watch_id)
        since = datetime.now(UTC).date() - timedelta(days=days - 1)
        by_day = watch_days(conn, watch_id, since) if days else []
    print_rows(groups, as_json=as_json, none="No comparable listing is known yet; statistics are made hourly.")
    if days:
        print_rows(by_day, as_json=as_json, none=f"Nothing was seen within {days} days.")


@app.command("edit")
def edit(
    which: Which,
    name: Annotated[str | None, typer.Option()] = None,
    url: Annotated[str | None, typer.Option(help="a new search URL")] = None,
    max_price: Annotated[str | None, typer.Option(help="a number, or none")] = None,
    rules: Annotated[str | None, typer.Option(help="comma list of absolute, mean_sigma, robust, model")] = None,
    sigma_k: Annotated[float | None, typer.Option(min=0, max=10, help=SIGMA_HELP)] = None,
    robust_z: Annotated[float | None, typer.Option(min=0.1, max=10)] = None,
    min_comparables: Annotated[int | None, typer.Option(min=3, max=1000)] = None,
    false_alarms: Annotated[float | None, typer.Option(min=0.1, max=100, help=BUDGET_HELP)] = None,
    blacklist: Annotated[list[str] | None, typer.Option(help="replaces the list; '' empties it")] = None,
    highlight: Annotated[list[str] | None, typer.Option(help="replaces the list; '' empties it")] = None,
    pages: Annotated[int | None, typer.Option(min=1, max=10)] = None,
    country: Annotated[list[str] | None, typer.Option(help="replaces the list; '' empties it")] = None,
    exclude_seller: Annotated[list[str] | None, typer.Option(help="replaces the list; '' empties it")] = None,
    personal_only: Annotated[bool | None, typer.Option("--personal-only/--any-seller")] = None,
    every: Annotated[int | None, typer.Option(min=0, help="minutes between checks; 0: planned again")] = None,
    kind: Annotated[list[str] | None, typer.Option(help=KIND_HELP)] = None,
) -> None:
    """Change a watch; what is not named stays."""
    changes: dict[str, Any] = {
        "name": name,
        "rules": _rules(rules),
        "sigma_k": None if sigma_k is None else Decimal(str(sigma_k)),
        "robust_z": None if robust_z is None else Decimal(str(robust_z)),
        "min_comparables": min_comparables,
        "false_alarms_per_1000": None if false_alarms is None else Decimal(str(false_alarms)),
        "pages_per_poll": pages,
        "blacklist": None if blacklist is None else tuple(word for word in blacklist if word),
        "highlight": None if highlight is None else tuple(word for word in highlight if word),
        "seller_countries": None if country is None else _countries(country),
        "excluded_sellers": None if exclude_seller is None else tuple(name for name in exclude_seller if name),
        "personal_sellers_only": personal_only,
        "kinds": None if kind is None else _kinds(kind, ""),
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    if every is not None:
        changes["check_every_minutes"] = every or None
    if max_price is not None:
        changes["max_price"] = _amount(max_price, "--max-price")
    if url is not None:
        parsed = parse_url(url)
        changes |= {
            "url": parsed.canonical_url,
            "params": parsed.params,
            "country": parsed.country,
            "currency": parsed.currency,
        }
    if not changes:
        raise UserError("nothing to change; see: pricescope watch edit --help")
    with warehouse("watch") as (conn, _):
        _show(update_watch(conn, get_watch(conn, which).watch_id, **changes))


@app.command("pause")
def pause(which: Which) -> None:
    """Stop polling a watch; its history stays."""
    with warehouse("watch") as (conn, _):
        watch = pause_watch(conn, get_watch(conn, which).watch_id)
    out.print(f"{watch.name}: paused")


@app.command("resume")
def resume(which: Which) -> None:
    """Poll a paused watch again."""
    with warehouse("watch") as (conn, _):
        watch = resume_watch(conn, get_watch(conn, which).watch_id)
    out.print(f"{watch.name}: active")


@app.command("remove")
def remove(which: Which) -> None:
    """Remove a watch and the listings that no other watch holds."""
    with warehouse("watch") as (conn, _):
        watch = get_watch(conn, which)
        orphans = remove_watch(conn, watch.watch_id)
    out.print(f"{watch.name}: removed, with {orphans} listings that no other watch holds")


@app.command("test")
def try_out(url: Annotated[str, typer.Argument(help="a search URL, or the number or name of a watch")]) -> None:
    """Fetch the first page of a search and show what would be extracted; nothing is stored."""
    if "://" in url:
        parsed = parse_url(url)
    else:
        with warehouse("watch") as (conn, _):
            parsed = parse_url(get_watch(conn, url).url)
    out.print(f"{parsed.source} ({parsed.country}, {parsed.currency}): {parsed.canonical_url}")
    for key, value in parsed.params.items():
        out.print(f"  {key} = {', '.join(value) if isinstance(value, list) else value}")
    found = preview_watch(settings(), parsed)
    note.print(f"{found.meaning}: {len(found.listings)} listings, {len(found.rejected)} rejected. {found.detail}")
    table = Table("id", "title", "price", "to pay", "condition", "brand", "size")
    for listing in found.listings[:20]:
        total = "-" if listing.total_price is None else f"{listing.total_price:f}"
        table.add_row(
            listing.external_id,
            listing.title[:50],
            f"{listing.price:f} {listing.currency}",
            total,
            str(listing.condition),
            listing.brand or "-",
            listing.size or "-",
        )
    out.print(table)
