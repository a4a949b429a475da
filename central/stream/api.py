"""HTTP: the case log as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Query
from sqlalchemy.exc import SQLAlchemyError
from sse_starlette import EventSourceResponse, ServerSentEvent

from central.context import Central, CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import FieldError, Problem

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/v1", tags=["stream"])

MAX_STREAM_S = 900.0
"""A stream ends after this, and the browser opens it again: a session that is over stops listening so."""
_PING_S = 15


@router.get("/stream", response_class=EventSourceResponse)
async def stream(
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CASE_READ, within_areas=True))],
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> EventSourceResponse:
    """Each new line of the case log: ``event: case``, its number as ``id``, the line as JSON.

    ``Last-Event-ID`` (or ``after``) goes on after that number; without it the stream begins now.
    """
    start = _number(last_event_id) if last_event_id else after
    return EventSourceResponse(
        _events(central, who, start), ping=_PING_S, headers={"Cache-Control": "no-store"}
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "last-event-id",
            "Last-Event-ID is a number that this stream gave",
            errors=[FieldError("header.last-event-id", "expected a number")],
        )
    return int(text)


async def _events(central: Central, who: Principal, start: int | None) -> AsyncIterator[ServerSentEvent]:
    try:
        async with asyncio.timeout(MAX_STREAM_S):
            async for line in central.tail.follow(start, who.sees_any):
                yield ServerSentEvent(line.model_dump_json(), event="case", id=str(line.id))
                await asyncio.sleep(0)  # a listener who has left is noticed even in a long backlog
    except TimeoutError:
        return
    except SQLAlchemyError as error:
        log.warning("stream_ended", error=type(error).__name__)
