"""paho's client, with fewer trips to the operating system.

By itself it asks the system four times for each message that it reads (one byte, the length byte by byte, the
rest), once for each that it sends, and once for each to wake its own thread. Each time it lets go of Python's
lock, and has to wait for it again while another thread works: in a rush that is most of what it does.
Here the system is asked for whatever has come, and given whatever is to go, at once.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

_CHUNK_BYTES = 65536
_PACKETS_A_TURN = 100
"""Read before it is looked what is to be sent."""
_LAST_WORDS_S = 1.0
_LATER = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class BufferedSocket:
    """A connected socket, plain or TLS, as paho uses it; what is sent goes out with :meth:`flush`."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._come = memoryview(b"")
        self._going = bytearray()
        self._fault: OSError | None = None

    def recv(self, most: int) -> bytes:
        """Some of what has come, as of a socket; what could not be sent is told here."""
        if self._fault is not None:
            raise self._fault
        if not self._come:
            if most >= _CHUNK_BYTES:
                return self._inner.recv(most)
            self._come = memoryview(self._inner.recv(_CHUNK_BYTES))
        taken, self._come = self._come[:most], self._come[most:]
        return bytes(taken)

    def pending(self) -> int:
        """How many bytes are here already, so that there is no use in waiting for the socket."""
        tls = self._inner.pending() if isinstance(self._inner, ssl.SSLSocket) else 0
        return len(self._come) + tls

    def send(self, packet: bytes | bytearray | memoryview) -> int:
        """Take a packet; it goes with the others."""
        if len(self._going) > _CHUNK_BYTES:
            self.flush()
            if len(self._going) > _CHUNK_BYTES:
                raise BlockingIOError
        self._going += packet
        return len(packet)

    def flush(self) -> None:
        """Send as much as the system takes now. A fault shows itself with the next :meth:`recv`."""
        try:
            while self._going:
                sent = self._inner.send(self._going[:_CHUNK_BYTES])
                del self._going[:sent]
        except _LATER:
            return
        except OSError as error:
            self._fault = error
            self._going.clear()

    @property
    def waiting(self) -> bool:
        """Whether something is yet to be sent."""
        return bool(self._going)

    def fileno(self) -> int:
        """For ``select``."""
        return self._inner.fileno()

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._inner.setblocking(flag)

    def close(self) -> None:
        """Send what is left, the farewell among it, and close."""
        if self._going and self._fault is None:
            with contextlib.suppress(OSError):
                self._inner.settimeout(_LAST_WORDS_S)
                self._inner.sendall(self._going)
        self._inner.close()


class Client(paho.Client):
    """paho's client on a :class:`BufferedSocket`."""

    def _create_socket(self) -> BufferedSocket:
        plain = super()._create_socket()
        assert isinstance(plain, socket.socket)  # or TLS on one; we speak MQTT through nothing else
        return BufferedSocket(plain)

    def _buffered(self) -> BufferedSocket | None:
        found = self.socket()
        return found if isinstance(found, BufferedSocket) else None

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what has come, not one packet of it."""
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        for _ in range(_PACKETS_A_TURN):
            code = super().loop_read(max_packets)
            sock = self._buffered()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or sock is None or not sock.pending():
                break
        return code

    def loop_write(self) -> MQTTErrorCode:
        """Send what waits, all of it at once."""
        code = super().loop_write()
        sock = self._buffered()
        if sock is not None:
            sock.flush()
        return code

    def want_write(self) -> bool:
        """Whether something waits to be sent."""
        sock = self._buffered()
        return super().want_write() or (sock is not None and sock.waiting)
