"""Who sends a report: the one place that endpoints ask."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from central.context import Central, CentralDep
from central.limits.address import client_of
from central.reporters.access import identified

_KEYED_FOR = b"kerbwatch sender of a report\n"


@dataclass(frozen=True, slots=True)
class ReportSender:
    """Who is at the other end.

    Attributes:
        key: stands for the person, or else for the address, so that what one sender has open can be counted;
            neither can be told from it without central's secret.
        reporter_ref: stands for a person who is known; None for everybody else.
    """

    key: str
    reporter_ref: str | None


def reporter_ref_of(request: Request, central: CentralDep) -> str | None:
    """The reference of the citizen who is signed in; None for a stranger."""
    citizen = identified(request, central)
    return citizen.ref if citizen else None


def sender_of(
    request: Request, central: CentralDep, reporter_ref: Annotated[str | None, Depends(reporter_ref_of)]
) -> ReportSender:
    """Who sends this request."""
    return _sender(request, central, reporter_ref)


def unnamed(request: Request, central: Central) -> ReportSender:
    """Who sends this request, as a stranger: for who is signed in and wants to stay unknown."""
    return _sender(request, central, None)


def _sender(request: Request, central: Central, reporter_ref: str | None) -> ReportSender:
    address = client_of(request, central.settings.limits.trusted_proxies)
    who = f"person {reporter_ref}" if reporter_ref else f"address {address}"
    key = hmac.new(central.secret, _KEYED_FOR + who.encode(), hashlib.sha256).hexdigest()
    return ReportSender(key, reporter_ref)


SenderDep = Annotated[ReportSender, Depends(sender_of)]
"""For an endpoint's signature."""
