"""How often each kind of request is answered, and whose word about a client's address is taken."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field

from kerbwatch.settings import Settings

LimitName = Literal["requests", "sign_in", "codes", "place_codes", "reports", "uploads", "open311"]
"""What can be limited; each is a field of :class:`LimitSettings`."""


class Rate(Settings):
    """So many at once, and then so many a minute."""

    per_minute: Annotated[float, Field(gt=0, le=1_000_000)] = Field(description="In the long run.")
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = Field(description="At once, after a rest.")


class Limit(Settings):
    """The limit of one kind of request."""

    address: Rate | None = Field(
        None, description="For each client address (IPv6: each /64). None: not limited."
    )
    person: Rate | None = Field(
        None, description="For who is signed in, instead of the address. None: as for a stranger."
    )


def _limit(per_minute: float, burst: int, person: tuple[float, int] | None = None) -> Limit:
    rate = Rate(per_minute=per_minute, burst=burst)
    return Limit(address=rate, person=Rate(per_minute=person[0], burst=person[1]) if person else None)


class LimitSettings(Settings):
    """Rate limits. Each copy of central counts by itself: with three copies three times as much gets through.

    What must hold over all copies (wrong passwords, wrong codes) is counted in the database where it happens.
    """

    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], Field(max_length=100)] = Field(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Reverse proxies whose X-Forwarded-For is believed. From anybody else it is ignored.",
    )
    requests: Limit = Field(
        _limit(3000, 1000), description="Everything but /healthz and static files; not from this machine."
    )
    sign_in: Limit = Field(
        _limit(30, 60), description="Names and passwords, good or bad; ways to the city's directory."
    )
    codes: Limit = Field(_limit(6, 10), description="Codes asked for or tried by phone number or e-mail.")
    place_codes: Limit = Field(_limit(30, 30), description="Place codes (/q/…) opened.")
    reports: Limit = Field(_limit(10, 20, (60, 60)), description="Reports of people handed in.")
    uploads: Limit = Field(
        _limit(240, 240, (1200, 600)), description="Pieces of people's uploads; not those of edge boxes."
    )
    open311: Limit = Field(_limit(60, 60, (600, 300)), description="Open311 requests.")
