"""The address that a request comes from, with reverse proxies between."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

_MAX_HOPS = 10
_V6_NETWORK_BITS = 64
"""What one subscriber has; anybody may choose among its 2^64 addresses."""


def client_of(request: HTTPConnection, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """The client of a request as a limit knows it: an IPv4 address, or the /64 of an IPv6 address.

    ``X-Forwarded-For`` is read from the right, and only for as long as the address that wrote an entry
    belongs to ``proxies``: what a client itself put there is never believed.
    """
    peer = request.client.host if request.client else ""
    found = _address(peer)
    if found is None:
        return peer
    said = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
    for entry in reversed(said[-_MAX_HOPS:]):
        if not _trusted(found, proxies):
            break
        before = _address(entry)
        if before is None:
            break
        found = before
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _V6_NETWORK_BITS), strict=False))
    return str(found)


def is_this_machine(client: str) -> bool:
    """Whether a client, as :func:`client_of` names it, is on this machine."""
    found = _address(client)
    return client == "::/64" or (found is not None and found.is_loopback)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:  # an IPv4 address with its port, as some proxies write it
        host = host.partition(":")[0]
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _trusted(address: IPv4Address | IPv6Address, proxies: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in proxies if network.version == address.version)
