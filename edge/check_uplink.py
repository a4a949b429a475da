"""What ``kerbwatch edge check`` can say about the way to broker and central.

A box works without: it keeps what it has to say until they are there, so that none of this is its fault.
"""

from __future__ import annotations

import socket
import ssl

import httpx

from edge.settings import CentralSettings, EdgeSettings
from edge.uplink.uploader import client_of
from kerbwatch.mqtt import MqttSettings

LIMIT_S = 5.0
"""Most time for each step."""


def notes_of_uplink(settings: EdgeSettings) -> list[str]:
    """Why nothing would come through now, for people; empty when broker and central answer.

    The broker is not asked whether it takes the box: under the box's own name that would push out the one
    that runs, and end the session in which commands wait for it.
    """
    found = (_note_of_broker(settings.mqtt), _note_of_central(settings.central))
    return [f"{note}; what the box has to say waits on its disk until then" for note in found if note]


def _note_of_broker(settings: MqttSettings) -> str | None:
    where = f"the broker {settings.host}:{settings.port}"
    try:
        with socket.create_connection((settings.host, settings.port), LIMIT_S) as plain:
            if settings.tls:
                context = ssl.create_default_context(cafile=settings.ca_file and str(settings.ca_file))
                if settings.cert_file:
                    context.load_cert_chain(settings.cert_file, settings.key_file)
                context.wrap_socket(plain, server_hostname=settings.host).close()
    except OSError as error:  # TLS's errors among them
        return f"{where} cannot be reached: {error.strerror or error}"
    return None


def _note_of_central(settings: CentralSettings) -> str | None:
    try:
        with client_of(settings) as client:
            status = client.get("/healthz", timeout=LIMIT_S).status_code
    except (httpx.HTTPError, OSError) as error:
        return f"central at {settings.url} cannot be reached: {error or type(error).__name__}"
    known = {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}
    return None if status in known else f"what answers at {settings.url} is not central (HTTP {status})"
