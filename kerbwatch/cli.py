"""The command line. Each side is imported only when its command is called, so that each installs alone."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from kerbwatch import __version__
from kerbwatch.lazy_commands import Lazy, LazyGroup


class _Sides(LazyGroup):
    lazy = {  # noqa: RUF012 - never changed
        "models": Lazy("models.cli:app", "The networks: list, pull, check, export.", "edge"),
        "edge": Lazy("edge.cli:app", "The edge box: run, check a configuration.", "edge"),
        "central": Lazy("central.cli:app", "The command centre: init, serve, users.", "central"),
        "clips": Lazy("edge.clips.cli:app", "Dash-cam clips: moments, vehicles, plates, places.", "edge"),
        "eval": Lazy("evaluation.cli:eval_app", "How good is it: scenes with known events.", "edge"),
        "bench": Lazy("evaluation.cli:bench_app", "How fast is it.", "edge"),
        "demo": Lazy("kerbwatch.demo.cli:demo", "From a street to a ticket, on this machine.", "demo"),
    }


app = typer.Typer(
    cls=_Sides,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="kerbwatch: a city's existing cameras notice what a patrol would.",
)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def schemas(
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="As an AsyncAPI 3.0 document, with topics and directions.")
    ] = False,
) -> None:
    """Print the JSON Schemas of the MQTT messages."""
    from kerbwatch.asyncapi import asyncapi_document
    from kerbwatch.messages import json_schemas

    document = asyncapi_document() if asyncapi else json_schemas()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def main() -> None:
    """Entry point of ``kerbwatch``: a configuration fault is one clear message, never a traceback."""
    from kerbwatch.secrets import SecretMissingError
    from kerbwatch.settings import SettingsError

    try:
        app()
    except (SettingsError, SecretMissingError) as error:
        typer.secho(str(error), err=True, fg="red")
        sys.exit(2)
