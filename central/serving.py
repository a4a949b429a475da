"""``kerbwatch central init | serve``: make an instance, and run it."""

from __future__ import annotations

import typer
import uvicorn

from central import setup
from central.app import create_app
from central.commands import ConfigFile, clear_errors
from central.operations.endurance import settle_in
from central.operations.safety import check_safe
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock
from kerbwatch.logs import configure_logs
from kerbwatch.secrets import keep_from_others


def init(config: ConfigFile) -> None:
    """Make what is lacking: secret, database, media folder, areas and duty list. Safe to repeat."""
    configure_logs()
    keep_from_others()
    settings = load_central_settings(config)
    with clear_errors():
        setup.initialise(settings, SystemClock().now_utc())
    typer.echo("ready")


def serve(config: ConfigFile) -> None:
    """Serve HTTP and take in messages until stopped."""
    configure_logs()
    keep_from_others()
    settings = load_central_settings(config)
    configure_logs(json=settings.logs.json_lines, level=settings.logs.level)
    check_safe(settings)
    with clear_errors():
        web = create_app(settings, apart=settings.intake_apart)
        setup.check_ready(settings, web.state.central.database, SystemClock().now_utc())
    settle_in()
    server = uvicorn.Server(
        uvicorn.Config(
            web,
            host=settings.listen.host,
            port=settings.listen.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
            proxy_headers=False,
            server_header=False,
        )
    )
    server.run()
    if not server.started:
        raise typer.Exit(1)
