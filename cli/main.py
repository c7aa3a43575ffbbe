"""The `pricescope` command: one Typer app assembled from one module a subject."""

from __future__ import annotations

import sys

import typer

from cli import (
    backup,
    cluster,
    clusters,
    database,
    deals,
    docs,
    evaluate,
    explain,
    export,
    fair_price,
    imports,
    market,
    parse,
    poll,
    products,
    quarantine,
    record,
    reprocess,
    review,
    scan,
    services,
    shop,
    similar,
    sources,
    sync,
    uzex,
    watch,
)
from cli.errors import UserError
from domain.blacklist import BlacklistError
from domain.settings import SettingsError
from scrapers.contract import SearchUrlError
from scrapers.registry import UnknownSourceError
from warehouse.backup import BackupError
from warehouse.connect import DatabaseError
from warehouse.embedded import EmbeddedServerError
from warehouse.figures import FiguresError
from warehouse.open_data import ExportError
from warehouse.products import ProductError
from warehouse.watches import WatchError

# Mistakes a user can put right: one clear message, no traceback.
USER_ERRORS = (
    UserError,
    SettingsError,
    SearchUrlError,
    UnknownSourceError,
    BlacklistError,
    BackupError,
    WatchError,
    ProductError,
    DatabaseError,
    EmbeddedServerError,
    ExportError,
    FiguresError,
)

app = typer.Typer(
    name="pricescope",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Watches marketplaces, keeps every price, and says with the evidence what is listed for less.",
)
app.add_typer(watch.app, name="watch")
app.add_typer(products.app, name="product")
app.add_typer(market.app, name="market")
app.add_typer(clusters.app, name="clusters")
app.add_typer(database.app, name="database")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(review.app, name="review")
app.add_typer(shop.app, name="shop")
app.add_typer(uzex.app, name="uzex")
app.add_typer(services.notify_app, name="notify")
app.command("poll")(poll.poll)
app.command("sync")(sync.sync)
app.command("scan")(scan.scan)
app.command("sources")(sources.sources)
app.command("reprocess")(reprocess.reprocess)
app.command("import")(imports.import_files)
app.command("parse")(parse.parse)
app.command("cluster")(cluster.cluster)
app.command("record")(record.record_pages)
app.command("deals")(deals.deals)
app.command("explain")(explain.explain)
app.command("check")(explain.check)
app.command("fair-price")(fair_price.fair_price)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export_tables)
app.command("backup")(backup.make_backup)
app.command("restore")(backup.restore_backup)
app.command("similar")(similar.similar)
app.command("underpriced")(deals.underpriced)
app.command("hide")(deals.hide)
app.command("docs")(docs.docs)
app.command("migrate")(services.migrate)
app.command("doctor")(services.doctor)
app.command("up")(services.up)
app.command("demo")(services.demo)
app.command("stop")(services.stop)


def main() -> None:
    """Run the command; a mistake of the user ends with one clear message and exit code 2, without a traceback."""
    try:
        app()
    except USER_ERRORS as error:
        print(f"pricescope: {error}", file=sys.stderr)  # noqa: T201 - the command's own output
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
