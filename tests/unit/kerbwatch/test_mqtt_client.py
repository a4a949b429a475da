import socket

import pytest

from kerbwatch.mqtt_client import BufferedSocket


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
