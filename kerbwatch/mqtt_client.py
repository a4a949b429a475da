"""paho's client, with fewer trips to the operating system.

By itself it asks the system four times for each message that it reads (one byte, the length byte by byte,
the rest), and waits on the socket before each. Each time it lets go of Python's lock, and has to wait for it
again while another thread works: in a rush that is most of what it does. Here the system is asked for
whatever has come. What is sent still goes packet by packet.

It also makes a table of all MQTT 5 properties for each message that comes, which took longer than all else
that it does with it. Nobody here looks at them, so they are passed over.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Message:
    """A message of QoS 0 or 1 as it came, without its properties; named as paho names these things."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    mid: int


def read_publish(header: int, packet: bytes | bytearray) -> Message | None:
    """Read a PUBLISH packet of MQTT 5.

    Args:
        header: first byte of the fixed header.
        packet: all that follows the fixed header.

    Returns:
        None for what paho is to judge: QoS 2, and what is malformed.
    """
    qos = header >> 1 & 3
    topic_end = 2 + int.from_bytes(packet[:2])
    properties = topic_end + (2 if qos else 0)
    if qos > 1 or len(packet) <= properties or topic_end == 2:
        return None
    length, shift, at = 0, 0, properties
    for byte in packet[properties : properties + 4]:
        length |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
        if byte < 128:
            break
    else:
        return None
    try:
        topic = packet[2:topic_end].decode()
    except UnicodeDecodeError:
        return None
    if at + length > len(packet):
        return None
    mid = int.from_bytes(packet[topic_end:properties])
    return Message(topic, bytes(packet[at + length :]), qos, bool(header & 1), mid)


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

    def _handle_publish(self) -> MQTTErrorCode:
        message = read_publish(self._in_packet["command"], self._in_packet["packet"])
        if message is None or not self._manual_ack or self.on_message is None:
            return super()._handle_publish()
        with self._in_callback_mutex:
            self.on_message(self, self._userdata, message)  # type: ignore[arg-type]  # what is used of it
        return MQTTErrorCode.MQTT_ERR_SUCCESS
