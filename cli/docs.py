"""`pricescope docs`: build the dbt docs and Great Expectations' Data Docs now, and show them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.context import note, out, warehouse
from cli.errors import UserError
from services.supervisor import ServiceError, Supervisor, interrupted_by_signals


def docs(
    serve: Annotated[bool, typer.Option("--serve", help="show them until Ctrl-C")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="with --serve; default 3002, 0 for any")] = None,
) -> None:
    """Build the dbt docs and the Data Docs into the home; they hold counts and no value of any row."""
    from orchestration.statistics.dbt_files import DbtError  # noqa: PLC0415 - only this command needs dbt
    from services.stack import log_dir  # noqa: PLC0415 - the same
    from services.statistics_docs import make_docs, serve_docs  # noqa: PLC0415 - the same

    # The connection stays open while they are built, and with it an embedded server.
    with warehouse("docs") as (_, configured):
        note.print("Building dbt docs and Data Docs ...")
        try:
            out.print(str(make_docs(configured)))
        except DbtError as error:
            raise UserError(str(error)) from None
    if not serve:
        return
    try:
        with interrupted_by_signals(), Supervisor(log_dir=log_dir(configured), cwd=Path.cwd()) as supervisor:
            out.print(f"Serving at {serve_docs(configured, supervisor, port=port)}. Ctrl-C stops.")
            supervisor.serve()
    except ServiceError as error:
        raise UserError(str(error)) from None
    except KeyboardInterrupt:
        note.print("Stopped.")
