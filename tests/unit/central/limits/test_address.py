"""A limit counts the client's own address, and believes only proxies that are named."""

from ipaddress import ip_network

import pytest
from starlette.requests import Request

from central.limits.address import client_of, is_this_machine

PROXIES = (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


def request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1", "10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", [", ".join(["10.1.2.3"] * 5000)], "10.1.2.3"),
        ("127.0.0.1", ["[2001:db8:1:2:aaaa::1]:443"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", [], "2001:db8:1:2::/64"),
        ("fd00::1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("testclient", ["198.51.100.1"], "testclient"),
        (None, [], ""),
    ],
)
def test_the_address_that_counts(peer: str | None, forwarded: list[str], client: str) -> None:
    assert client_of(request(peer, *forwarded), PROXIES) == client


@pytest.mark.parametrize(
    ("peer", "ours"), [("127.0.0.1", True), ("::1", True), ("203.0.113.9", False), ("testclient", False)]
)
def test_what_comes_from_this_machine_is_known(peer: str, ours: bool) -> None:
    assert is_this_machine(client_of(request(peer), PROXIES)) is ours
