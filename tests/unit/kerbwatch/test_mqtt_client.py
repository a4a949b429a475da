import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt._packet import decode_publish
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from kerbwatch.mqtt_client import BufferedSocket, read_publish


def test_what_has_come_at_once_is_handed_out_piece_by_piece():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sock = BufferedSocket(ours)
        sock.setblocking(False)
        theirs.sendall(b"a van stands")
        assert (sock.recv(1), sock.pending()) == (b"a", 11)
        theirs.sendall(b" here")
        assert (sock.recv(100), sock.pending()) == (b" van stands", 0)
        assert sock.recv(100) == b" here"
        with pytest.raises(BlockingIOError):
            sock.recv(1)
        theirs.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b"", "the end is told"


def with_length(text):
    return len(text).to_bytes(2) + text


@given(
    topic=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40),
    payload=st.binary(max_size=300),
    notes=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=90), max_size=4),
    qos=st.integers(0, 1),
    retain=st.booleans(),
    mid=st.integers(1, 65535),
)
def test_a_message_is_read_as_paho_reads_it(topic, payload, notes, qos, retain, mid):
    properties = Properties(PacketTypes.PUBLISH)
    for note in notes:
        properties.UserProperty = ("note", note)
    numbered = mid.to_bytes(2) if qos else b""
    packet = with_length(topic.encode()) + numbered + properties.pack() + payload
    header = 0x30 | qos << 1 | retain
    theirs = decode_publish(header, packet, MQTTProtocolVersion.MQTTv5)
    ours = read_publish(header, bytearray(packet))
    assert (ours.topic.encode(), ours.payload) == (theirs.topic, theirs.payload)
    assert (ours.qos, ours.retain, ours.mid) == (theirs.qos, theirs.retain, theirs.mid)


@pytest.mark.parametrize(
    ("header", "packet"),
    [
        (0x34, with_length(b"t") + b"\0\1\0"),
        (0x32, b""),
        (0x32, with_length(b"t") + b"\0\1"),
        (0x32, with_length(b"t") + b"\0\1\x05abc"),
        (0x30, with_length(b"t") + b"\xff\xff\xff\xff\x01"),
        (0x30, with_length(b"\xff") + b"\0"),
        (0x30, with_length(b"") + b"\0"),
    ],
    ids=["qos 2", "empty", "no properties", "cut", "length without end", "no text", "no topic"],
)
def test_what_is_odd_is_left_to_paho(header, packet):
    assert read_publish(header, packet) is None
