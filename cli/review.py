"""`pricescope review`: prices that cannot be meant, and what is to become of them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import out, warehouse
from cli.errors import UserError
from cli.printing import AsJson, print_rows, print_whole
from domain.money import format_money
from warehouse.reviews import ReviewError, list_reviews, reject_review, release_review

app = typer.Typer(no_args_is_help=True, help="Prices held back because they cannot be meant, and settling them.")
_STATES = ("open", "released", "rejected", "withdrawn")
_Number = Annotated[int, typer.Argument(help="number of the review, as `pricescope review list` shows it")]


@app.command("list")
def list_open(
    state: Annotated[str, typer.Option(help="open, released, rejected or withdrawn")] = "open",
    limit: Annotated[int, typer.Option(min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """List held prices with the price known before and the reason."""
    if state not in _STATES:
        raise UserError(f"{state!r} is no state of a review; choose one of {', '.join(_STATES)}")
    with warehouse("review") as (conn, _):
        reviews = list_reviews(conn, state=state, limit=limit)
    if as_json or not reviews:
        none = f"No price is {state}." if state != "open" else "No price waits for review."
        print_rows(reviews, as_json=as_json, none=none)
        return
    table = Table("no", "source", "listing", "seen", "price", "known before", "reason")
    for review in reviews:
        table.add_row(
            str(review.review_id),
            review.source,
            escape(review.title),
            f"{review.observed_at:%Y-%m-%d %H:%M}",
            format_money(review.price, review.currency),
            format_money(review.known_price, review.known_currency),
            review.reason,
        )
    print_whole(table)


@app.command("release")
def release(number: _Number) -> None:
    """Let a held price into the history: it was meant."""
    with warehouse("review") as (conn, _):
        try:
            release_review(conn, number)
        except ReviewError as error:
            raise UserError(str(error)) from error
    out.print(f"Review {number} is released: its price is in the history.")


@app.command("reject")
def reject(number: _Number) -> None:
    """Keep a held price out of the history for good."""
    with warehouse("review") as (conn, _):
        try:
            reject_review(conn, number)
        except ReviewError as error:
            raise UserError(str(error)) from error
    out.print(f"Review {number} is rejected: its price stays out of the history.")
