"""Metrics on a port of their own, for a watcher in another network than the people."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import start_http_server

from central.metrics import Metrics
from central.operations.settings import MetricsSettings
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OwnPort:
    """The port, if there is one; close it at the end."""

    server: WSGIServer | None = None
    thread: Thread | None = None

    def close(self) -> None:
        """End it."""
        if self.server is not None and self.thread is not None:
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()


def serve_metrics(settings: MetricsSettings, metrics: Metrics) -> OwnPort:
    """Serve metrics at their own port, where the configuration names one. Raises SettingsError when taken."""
    if settings.port is None:
        return OwnPort()
    try:
        server, thread = start_http_server(settings.port, settings.host, metrics.registry)
    except OSError as error:
        raise SettingsError(
            f"metrics at {settings.host}:{settings.port} cannot be served: {error.strerror}"
        ) from error
    log.info("metrics_served", host=settings.host, port=settings.port)
    return OwnPort(server, thread)
