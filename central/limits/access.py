"""The one place where a request is counted against a limit: for endpoints, and for everything at once."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from central.context import Central, CentralDep, central_of
from central.limits.address import client_of, is_this_machine
from central.limits.settings import Limit, LimitName, Rate
from central.people.access import identified
from central.problems import Problem, document

_UNCOUNTED = ("/healthz", "/static/")


def limited(name: LimitName) -> Callable[[Request, Central], Awaitable[None]]:
    """A dependency that counts the request: of who is signed in where the limit says so, else of its address.

    ``dependencies=[Depends(limited("codes"))]`` at an endpoint or at a router. Raises Problem 429 with
    ``Retry-After`` when there were too many.
    """

    async def gate(request: Request, central: CentralDep) -> None:
        limit: Limit = getattr(central.settings.limits, name)
        if limit.person:
            who = await run_in_threadpool(identified, request, central)
            if who:
                count(central, name, who.actor, limit.person)
                return
        if limit.address:
            count(central, name, client_of(request, central.settings.limits.trusted_proxies), limit.address)

    return gate


def count(central: Central, name: LimitName, client: str, rate: Rate) -> None:
    """Count a request of ``client``, whoever that is to the caller. Raises Problem 429 when it is too many.

    ``client`` stays in memory alone: it is in no log and no metric.
    """
    wait_s = central.allowances.take(name, client, rate)
    if wait_s:
        central.metrics.limited.labels(name).inc()
        seconds = max(1, math.ceil(wait_s))
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-requests",
            f"too many requests; try again in {seconds} s",
            headers={"Retry-After": str(seconds)},
        )


class LimitEverything:
    """Counts every request of an address before anything is done for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 429, or let the request through."""
        if scope["type"] == "http" and not scope["path"].startswith(_UNCOUNTED):
            refusal = _refusal(Request(scope))
            if refusal:
                await document(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refusal(request: Request) -> Problem | None:
    central = central_of(request)
    limits = central.settings.limits
    client = client_of(request, limits.trusted_proxies)
    if limits.requests.address is None or is_this_machine(client):
        return None
    try:
        count(central, "requests", client, limits.requests.address)
    except Problem as problem:
        return problem
    return None
