import socket

import pytest

from kerbwatch.mqtt_client import BufferedSocket


@pytest.fixture
def line():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield BufferedSocket(ours), theirs
    ours.close()
    theirs.close()


def test_what_has_come_at_once_is_handed_out_piece_by_piece(line):
    sock, theirs = line
    theirs.sendall(b"a van stands")
    assert (sock.recv(1), sock.pending()) == (b"a", 11)
    theirs.sendall(b" here")
    assert (sock.recv(100), sock.pending()) == (b" van stands", 0)
    assert sock.recv(100) == b" here"
    with pytest.raises(BlockingIOError):
        sock.recv(1)


def test_packets_go_together_and_only_when_they_are_let(line):
    sock, theirs = line
    theirs.setblocking(False)
    assert sock.send(b"one ") == 4
    sock.send(b"two")
    assert sock.waiting
    with pytest.raises(BlockingIOError):
        theirs.recv(1)
    sock.flush()
    assert (theirs.recv(100), sock.waiting) == (b"one two", False)


def test_what_the_system_does_not_take_waits_and_a_full_line_takes_no_more(line):
    sock, theirs = line
    packet, taken = bytes(range(256)) * 256, 0
    with pytest.raises(BlockingIOError):
        while True:
            taken += sock.send(packet)
    assert sock.waiting
    got = bytearray()
    while len(got) < taken:
        got += theirs.recv(65536)
        sock.flush()
    assert got == packet * (taken // len(packet))
    assert not sock.waiting


def test_the_farewell_still_goes_when_the_line_is_closed(line):
    sock, theirs = line
    sock.send(b"goodbye")
    sock.close()
    assert (theirs.recv(100), theirs.recv(100)) == (b"goodbye", b"")


def test_a_line_that_broke_while_sending_is_told_to_whoever_reads_next(line):
    sock, theirs = line
    theirs.close()
    sock.send(b"hello?")
    sock.flush()
    with pytest.raises(BrokenPipeError):
        sock.recv(1)
    sock.close()
