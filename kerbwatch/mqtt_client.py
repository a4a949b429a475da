"""paho's client, with fewer trips to the operating system.

By itself it asks the system four times for each message that it reads (one byte, the length byte by byte,
the rest), and waits on the socket before each. Each time it lets go of Python's lock, and has to wait for it
again while another thread works: in a rush that is most of what it does. Here the system is asked for
whatever has come. What is sent still goes packet by packet.
"""

from __future__ import annotations

import socket
import ssl

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

_CHUNK_BYTES = 65536
_PACKETS_A_TURN = 100
"""Read before it is looked what is to be sent."""


class BufferedSocket:
    """A connected socket, plain or TLS, as paho uses it, that reads ahead."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._come = memoryview(b"")

    def recv(self, most: int) -> bytes:
        """Some of what has come, as of a socket."""
        if not self._come:
            self._come = memoryview(self._inner.recv(_CHUNK_BYTES))
        taken, self._come = self._come[:most], self._come[most:]
        return bytes(taken)

    def pending(self) -> int:
        """How many bytes are here already, so that there is no use in waiting for the socket."""
        tls = self._inner.pending() if isinstance(self._inner, ssl.SSLSocket) else 0
        return len(self._come) + tls

    def send(self, packet: bytes | bytearray | memoryview) -> int:
        """As of a socket."""
        return self._inner.send(packet)

    def fileno(self) -> int:
        """For ``select``."""
        return self._inner.fileno()

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._inner.setblocking(flag)

    def close(self) -> None:
        """As of a socket."""
        self._inner.close()


class Client(paho.Client):
    """paho's client on a :class:`BufferedSocket`."""

    def _create_socket(self) -> BufferedSocket:
        plain = super()._create_socket()
        assert isinstance(plain, socket.socket)  # or TLS on one; we speak MQTT through nothing else
        return BufferedSocket(plain)

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what has come, not one packet of it."""
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        for _ in range(_PACKETS_A_TURN):
            code = super().loop_read(max_packets)
            sock = self.socket()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or not isinstance(sock, BufferedSocket):
                break
            if not sock.pending():
                break
        return code
