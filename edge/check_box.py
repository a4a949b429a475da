"""What ``kerbwatch edge check`` can say about the box itself, before it runs: folder, token, metrics port."""

from __future__ import annotations

import socket
import tempfile

from edge.lock import DataDirInUseError, DataDirLock
from edge.settings import EdgeSettings, MetricsSettings
from kerbwatch.safety import open_secret_files
from kerbwatch.secrets import SecretMissingError


def faults_of_box(settings: EdgeSettings) -> list[str]:
    """What would keep the box from running or from being heard, for people; empty when nothing would."""
    faults = []
    runs = False
    try:
        DataDirLock(settings.data_dir).release()
        with tempfile.NamedTemporaryFile(dir=settings.data_dir):
            pass
    except DataDirInUseError:
        runs = True
    except OSError as error:
        faults.append(f"data_dir {settings.data_dir} cannot be written to: {error.strerror}")
    try:
        token = settings.central.resolve_token()
    except SecretMissingError as error:
        faults.append(f"central's token: {error}")
    else:
        if token is None:
            faults.append("central's token: neither 'token_file' nor 'token' is set; uploads will be refused")
    faults += [each.sentence for each in open_secret_files(settings)]
    # A box that runs already listens there itself.
    if settings.metrics.enabled and not runs:
        faults += _faults_of_port(settings.metrics)
    return faults


def _faults_of_port(metrics: MetricsSettings) -> list[str]:
    try:
        family = socket.getaddrinfo(metrics.host, metrics.port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((metrics.host, metrics.port))
    except OSError as error:
        return [f"metrics at {metrics.host}:{metrics.port} cannot be served: {error.strerror}"]
    return []
