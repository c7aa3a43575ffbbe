"""`pricescope explain`: each rule with the numbers it saw, for alerted and not alerted listings alike."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import msgspec
import orjson
import psycopg
import typer

from cli.context import out, warehouse
from cli.deals import find_listing
from cli.errors import UserError
from domain.deal import Evidence, Verdict
from domain.money import format_money
from domain.watch import Watch
from pipeline.check import CheckError, check_listing
from pipeline.judge import explain as judge_now
from pipeline.judged import Judged
from warehouse.details import ListingDetail
from warehouse.links import watches_of_listing
from warehouse.outbox import Notification, notifications_of_listing
from warehouse.photos import shown_photo
from warehouse.watches import get_watch

if TYPE_CHECKING:
    from ml.photos.reuse import PhotoNote

_SHOWN_COMPARABLES = 10


def explain(
    listing: Annotated[str, typer.Argument(help="our listing number, or SOURCE:ID, or the listing's URL")],
    watch: Annotated[str | None, typer.Option(help="number or name; default: every watch that saw it")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print what each rule of a watch says of a listing now, with its numbers, and what was told of it."""
    with warehouse("explain") as (conn, _):
        listing_id = find_listing(conn, listing)
        chosen = [get_watch(conn, watch)] if watch is not None else watches_of_listing(conn, listing_id)
        if not chosen:
            raise UserError("no watch has seen this listing")
        explained = [(one, judge_now(conn, one, listing_id)) for one in chosen]
        history = notifications_of_listing(conn, listing_id)
        photo = _photo(conn, listing_id)
    if as_json:
        rows = [
            {
                "watch_id": one.watch_id,
                "watch": one.name,
                "verdicts": msgspec.to_builtins(found[0].verdicts),
                "photo": msgspec.to_builtins(photo),
            }
            for one, found in explained
            if found is not None
        ]
        out.print(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode(), markup=False)
        return
    for one, found in explained:
        if found is None:
            out.print(f"watch {one.watch_id} ({one.name}) has not seen this listing", markup=False)
        else:
            _print_judged(one, *found)
    if photo is not None:
        out.print(_photo_in_words(photo), markup=False)
    for notification in history:
        out.print(_told(notification), markup=False)


def check(
    url: Annotated[str, typer.Argument(help="a listing's address, or its id at the marketplace")],
    watch: Annotated[str, typer.Option(help="number or name of the watch whose rules are asked")],
) -> None:
    """Fetch one listing now and print what each rule of a watch says of it; nothing is alerted."""
    with warehouse("check") as (conn, settings):
        chosen = get_watch(conn, watch)
        try:
            listing_id = check_listing(conn, settings, chosen, url)
        except CheckError as error:
            raise UserError(str(error)) from None
        found = judge_now(conn, chosen, listing_id)
    if found is not None:
        _print_judged(chosen, *found)


def _photo(conn: psycopg.Connection, listing_id: int) -> PhotoNote | None:
    # numpy and the models' code, for listings whose photo was had; without it they would be slow to start for all.
    if shown_photo(conn, listing_id) is None:
        return None
    from pipeline.similar import same_photo  # noqa: PLC0415

    return same_photo(conn, listing_id)


def _photo_in_words(note: PhotoNote) -> str:
    who = {"repost": "the same seller: a repost", "reused": "another seller, too: a picture used again"}
    others = ", ".join(map(str, note.others[:_SHOWN_COMPARABLES]))
    first = "; this one was first" if note.is_first else ""
    return f"its photo stands in {others} of {who.get(note.use.value, 'a seller not known')}{first}"


def _told(notification: Notification) -> str:
    if notification.sent_at is not None:
        return f"told by {notification.channel} at {notification.sent_at:%Y-%m-%d %H:%M} UTC"
    reason = f": {notification.last_error}" if notification.last_error else ""
    return f"not yet told by {notification.channel} ({notification.state}, {notification.attempts} attempts{reason})"


def _print_judged(watch: Watch, judged: Judged, details: Mapping[int, ListingDetail]) -> None:
    row = details[judged.candidate.listing_id]
    seen = f"first seen {row.first_seen_at:%Y-%m-%d %H:%M} UTC, raw page {row.last_page_id}"
    out.print(row.title, markup=False, style="bold")
    out.print(row.url, markup=False)
    out.print(f"to pay {format_money(row.payable, row.currency)}, {row.condition}, {seen}", markup=False)
    out.print(f"watch {watch.watch_id}: {watch.name}", markup=False)
    if not judged.candidate.price_kind.is_comparable:
        out.print(f"  not judged: its price is of the kind {judged.candidate.price_kind}, which does not compare")
    for verdict in judged.verdicts:
        _print_verdict(verdict, details)


def _print_verdict(verdict: Verdict, details: Mapping[int, ListingDetail]) -> None:
    out.print(f"  {verdict.rule}: {verdict.kind}: {verdict.reason}", markup=False)
    evidence = verdict.evidence
    if not evidence.n:
        return
    out.print("    " + ", ".join(_numbers(evidence)), markup=False)
    for key in evidence.comparable_ids[:_SHOWN_COMPARABLES]:
        if key in details:
            other = details[key]
            out.print(f"      {key}: {format_money(other.payable, other.currency)}  {other.title[:60]}", markup=False)


def _numbers(evidence: Evidence) -> list[str]:
    amounts: dict[str, Decimal | None] = {
        "expected": evidence.expected,
        "90 % from": evidence.low,
        "to": evidence.high,
        "median": evidence.median,
        "alerts under": evidence.threshold,
        "difference": evidence.difference,
    }
    numbers = [f"n {evidence.n} (same {evidence.level})"]
    if evidence.window_days is not None:
        numbers.append(f"{evidence.window_days} days")
    numbers += [
        f"{name} {format_money(value, evidence.currency)}" for name, value in amounts.items() if value is not None
    ]
    if evidence.spread is not None:
        numbers.append(f"spread {evidence.spread:.3f}")
    if evidence.sigma_below is not None:
        numbers.append(f"{evidence.sigma_below:.2f} spreads below")
    if evidence.p_value is not None:
        numbers.append(f"p {evidence.p_value:.4f}")
    if evidence.model is not None:
        numbers.append(f"model {evidence.model} ({evidence.tier})")
    return numbers
