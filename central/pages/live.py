"""The pages' live stream: the case log's tail as server-sent events, and a heartbeat that tells the time."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Header, Query
from sqlalchemy.exc import SQLAlchemyError
from sse_starlette import EventSourceResponse, ServerSentEvent

from central.cases.schemas import LogLine
from central.context import Central, CentralDep
from central.pages.rendering import HEADERS, HEARTBEAT_S
from central.people.access import SignedIn
from central.people.permissions import Permission
from central.people.service import Principal
from kerbwatch.clock import iso_utc

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)

_LINE_NUMBER = re.compile(r"[0-9]{1,18}")
_MAX_STREAM_S = 900.0
"""A stream ends after this and the page opens it again, so that whoever signed out stops listening."""
_RETRY_MS = 1000
"""How soon a browser that lost the stream asks again, at first."""


@router.get("/live")
async def live(
    central: CentralDep,
    who: SignedIn,
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> EventSourceResponse:
    """Events ``case`` (a line of the log: which case, by which rule) and ``heartbeat``.

    Goes on after the line that ``Last-Event-ID`` names, else after line ``after``, else from now.
    """
    seen = int(last_event_id) if last_event_id and _LINE_NUMBER.fullmatch(last_event_id) else after
    return EventSourceResponse(
        _events(central, who, seen),
        headers=HEADERS,
        ping=HEARTBEAT_S,
        ping_message_factory=lambda: _heartbeat(central),
    )


def _heartbeat(central: Central) -> ServerSentEvent:
    return ServerSentEvent(event="heartbeat", data=iso_utc(central.clock.now_utc()))


async def _events(central: Central, who: Principal, seen: int | None) -> AsyncIterator[ServerSentEvent]:
    """Until the browser goes, the session ends or the database does not answer."""
    yield ServerSentEvent(event="heartbeat", data=iso_utc(central.clock.now_utc()), retry=_RETRY_MS)
    if not who.may(Permission.CASE_READ):
        await asyncio.sleep(_left_s(central, who))
        return
    lines = aiter(central.tail.follow(seen, who.sees_any))
    ends_at = asyncio.get_running_loop().time() + _left_s(central, who)
    try:
        while True:
            line = await asyncio.wait_for(anext(lines), ends_at - asyncio.get_running_loop().time())
            yield ServerSentEvent(event="case", id=str(line.id), data=_brief(line))
    except (TimeoutError, StopAsyncIteration):
        return
    except SQLAlchemyError as error:
        log.warning("live_stream_ended", error=type(error).__name__)


def _left_s(central: Central, who: Principal) -> float:
    """Seconds until this session ends, or the stream anyway."""
    assert who.expires_at is not None  # people's sessions and tokens all end
    return min(_MAX_STREAM_S, max(0.0, (who.expires_at - central.clock.now_utc()).total_seconds()))


def _brief(line: LogLine) -> str:
    """What a page needs in order to fetch what changed; no note and no name goes over the stream."""
    return json.dumps({"case_id": line.case_id, "rule": line.rule, "state": line.to_state})
