"""`pricescope product alert`: be told how prices of products move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.table import Table

from cli.context import note, out, warehouse
from cli.errors import UserError
from domain.money import MoneyError, format_money, parse_amount
from domain.price_rule import PriceRule, PriceRuleKind
from domain.settings import Settings
from pipeline.price_alerts import check_prices
from warehouse.price_rules import NewPriceRule, add_price_rule, list_events, list_price_rules, remove_price_rule
from warehouse.products import get_product

app = typer.Typer(no_args_is_help=True, help="Be told how prices of products move.")
_EVER = "ever"
_AVERAGE_DAYS = 30
_MOST_DAYS = 3650
# A rule's kind, its days, its amount.
_Wish = tuple[PriceRuleKind, int | None, Decimal | None]


@app.command("add")
def add(
    sku: Annotated[str | None, typer.Argument(help="the product; none with --all")] = None,
    all_products: Annotated[bool, typer.Option("--all", help="every product, also those added later")] = False,
    lowest: Annotated[str | None, typer.Option(help="lowest price of so many days, or: ever")] = None,
    drop: Annotated[str | None, typer.Option(help="at least so many per cent less than --days before")] = None,
    days: Annotated[int | None, typer.Option(help="days for --drop (default 1) or --below-average (30)")] = None,
    below_average: Annotated[str | None, typer.Option(help="per cent under the average; 0: under it at all")] = None,
    above: Annotated[str | None, typer.Option(help="rises above this price, in the base currency")] = None,
    change: Annotated[bool, typer.Option("--change", help="any change of the lowest price")] = False,
    back: Annotated[bool, typer.Option("--back", help="can be bought again")] = False,
    channel: Annotated[list[str] | None, typer.Option(help="repeatable; default: all configured")] = None,
) -> None:
    """Ask to be told. Several wishes in one line are a rule each; the same wish again is the one that is there."""
    if (sku is None) != all_products:
        raise UserError("name one product by its SKU, or say --all")
    if days is not None and drop is None and below_average is None:
        raise UserError("--days goes with --drop or --below-average; --lowest takes its days itself")
    if days is not None and not 1 <= days <= _MOST_DAYS:
        raise UserError(f"--days must be 1 to {_MOST_DAYS}, not {days}")
    wishes = _wishes(lowest=lowest, drop=drop, days=days, below_average=below_average, above=above)
    wishes += [(PriceRuleKind.CHANGE, None, None)] if change else []
    wishes += [(PriceRuleKind.BACK_IN_STOCK, None, None)] if back else []
    if not wishes:
        raise UserError("say what of: --lowest, --drop, --below-average, --above, --change, --back")
    with warehouse("product") as (conn, settings):
        _configured(settings, channel or ())
        product = None if sku is None else get_product(conn, sku)
        for kind, of_days, amount in wishes:
            rule = add_price_rule(
                conn,
                NewPriceRule(
                    owner="owner",
                    kind=kind,
                    product_id=None if product is None else product.product_id,
                    days=of_days,
                    amount=amount,
                    currency=settings.base_currency if kind is PriceRuleKind.RISE_ABOVE else None,
                    channels=tuple(channel or ()),
                ),
            )
            out.print(f"{rule.price_rule_id}: {rule.sku or 'every product'}: {in_words(rule)}", markup=False)


@app.command("list")
def list_all() -> None:
    """List what is asked."""
    with warehouse("product") as (conn, settings):
        rules, base = list_price_rules(conn), settings.base_currency
    if not rules:
        note.print("Nothing is asked yet. Ask with: pricescope product alert add SKU --lowest 90")
        return
    table = Table("no", "product", "tell when", "channels")
    for rule in rules:
        words = in_words(rule)
        if rule.is_silent(base):
            words += f" (silent: the base currency is {base} now)"
        table.add_row(
            str(rule.price_rule_id), rule.sku or "every product", words, ", ".join(rule.channels) or "all configured"
        )
    out.print(table)


@app.command("remove")
def remove(number: Annotated[int, typer.Argument(help="as `pricescope product alert list` shows it")]) -> None:
    """Ask no longer."""
    with warehouse("product") as (conn, _):
        remove_price_rule(conn, number)
    out.print(f"Rule {number} is removed.")


@app.command("check")
def check() -> None:
    """Look now; `pricescope up` does so every hour. What is told waits in the outbox for its channel."""
    with warehouse("product") as (conn, settings):
        done = check_prices(conn, settings, run_id="cli", now=datetime.now(UTC))
    if done.silent:
        note.print(
            f"{done.silent} rules say nothing: their limit is in another currency than the base currency,"
            f" {settings.base_currency}. `pricescope product alert list` shows them; ask again in that currency."
        )
    out.print(f"{done.rules} rules, {done.looked} looks, {done.news} with news, {done.notifications} messages queued")


@app.command("told")
def told(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50) -> None:
    """Show what was told, the newest first."""
    with warehouse("product") as (conn, _):
        events = list_events(conn, limit=limit)
    if not events:
        note.print("Nothing was told yet.")
        return
    table = Table("when (UTC)", "sku", "name", "price", "change", "why")
    for event in events:
        table.add_row(
            f"{event.created_at:%Y-%m-%d %H:%M}",
            event.sku,
            event.name[:40],
            "-" if event.value is None else format_money(event.value, event.base_currency),
            "-" if event.change_percent is None else f"{event.change_percent:+.1f} %",
            event.reason,
        )
    out.print(table)


def in_words(rule: PriceRule) -> str:
    """Return what a rule asks for: ``its price falls by 10 % in a day``."""
    share = "" if rule.amount is None else f"{rule.amount.normalize():f} %"
    within = "day" if rule.days == 1 else f"{rule.days} days"
    words = {
        PriceRuleKind.LOWEST: "its price is the lowest ever"
        if rule.days is None
        else f"its price is the lowest of {within}",
        PriceRuleKind.DROP: f"its price falls by {share} within {'a ' if rule.days == 1 else ''}{within}",
        PriceRuleKind.BELOW_AVERAGE: f"its price is {share} under the average of {within}",
        PriceRuleKind.RISE_ABOVE: "its price rises above "
        + ("" if rule.amount is None or rule.currency is None else format_money(rule.amount, rule.currency)),
        PriceRuleKind.CHANGE: "its lowest price changes",
        PriceRuleKind.BACK_IN_STOCK: "it can be bought again",
    }
    return words[rule.kind]


def _wishes(
    *, lowest: str | None, drop: str | None, days: int | None, below_average: str | None, above: str | None
) -> list[_Wish]:
    found: list[_Wish] = []
    if lowest is not None:
        found.append((PriceRuleKind.LOWEST, _lowest_days(lowest), None))
    if drop is not None:
        found.append((PriceRuleKind.DROP, days or 1, _share(drop, "--drop", least=Decimal("0.1"))))
    if below_average is not None:
        share = _share(below_average, "--below-average", least=Decimal(0))
        found.append((PriceRuleKind.BELOW_AVERAGE, days or _AVERAGE_DAYS, share))
    if above is not None:
        found.append((PriceRuleKind.RISE_ABOVE, None, _price(above)))
    return found


def _configured(settings: Settings, channels: Sequence[str]) -> None:
    known = settings.configured_channels()
    unknown = sorted(set(channels) - set(known))
    if unknown:
        told = ", ".join(known) or "none; see .env.example"
        raise UserError(f"--channel {', '.join(unknown)} is not configured; configured: {told}")


def _lowest_days(text: str) -> int | None:
    if text == _EVER:
        return None
    if not text.isascii() or not text.isdigit() or not 2 <= int(text) <= _MOST_DAYS:
        raise UserError(f"--lowest must be 2 to {_MOST_DAYS} days, or ever, not {text!r}")
    return int(text)


def _share(text: str, name: str, *, least: Decimal) -> Decimal:
    try:
        share = Decimal(text.rstrip("% "))
    except InvalidOperation:
        raise UserError(f"{name} must be a number of per cent, not {text!r}") from None
    if not share.is_finite() or not least <= share < 100:
        raise UserError(f"{name} must be {least} to under 100 per cent, not {text!r}")
    return share


def _price(text: str) -> Decimal:
    try:
        price = parse_amount(text)
    except MoneyError as error:
        raise UserError(f"--above: {error}") from None
    if price <= 0:
        raise UserError("--above must be more than 0")
    return price
