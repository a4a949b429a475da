"""What surrounds every HTTP request: its trace (W3C Trace Context), its time, its line in the log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.context import Central
from central.problems import route_of
from kerbwatch.tracing import new_trace, read_traceparent

log = structlog.get_logger(__name__)

_UNREMARKABLE = {"GET", "HEAD", "OPTIONS"}
_METHODS = _UNREMARKABLE | {"POST", "PUT", "PATCH", "DELETE"}
"""A client may send any word as a method; a metric has room for these."""
_SERVER_FAULT = 500
_DRAINED_BYTES, _DRAINED_S = 16 * 1024 * 1024, 5.0


class Traced:
    """Takes ``traceparent`` from a request, or begins a trace; gives it back in the answer.

    Every line that is logged meanwhile carries ``trace_id``. A change, and whatever failed, has a line of its
    own, which names the route and not the path: a path may hold what only its owner may know.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = read_traceparent(Headers(scope=scope).get("traceparent"))
        trace = asked.step() if asked else new_trace()
        # Bound for good: a request has a task, and so a context, of its own, and its fault is logged outside.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=trace.trace_id)
        begun_s, status = time.perf_counter(), _SERVER_FAULT

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)["traceparent"] = trace.header
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            _note(scope, status, time.perf_counter() - begun_s)


def _note(scope: Scope, status: int, took_s: float) -> None:
    central: Central = scope["app"].state.central
    route = route_of(scope)
    method = scope["method"] if scope["method"] in _METHODS else "other"
    central.metrics.request_seconds.labels(method, route, f"{status // 100}xx").observe(took_s)
    if method not in _UNREMARKABLE or status >= _SERVER_FAULT:
        log.info("request", method=method, route=route, status=status, took_ms=round(took_s * 1000, 1))


async def drain(body: AsyncIterator[bytes]) -> None:
    """Read the rest of a body of a usual size, for 5 s: the client then hears the answer and not a reset."""
    left = _DRAINED_BYTES
    with suppress(ClientDisconnect, TimeoutError):
        async with asyncio.timeout(_DRAINED_S):
            async for chunk in body:
                left -= len(chunk)
                if left < 0:
                    return
