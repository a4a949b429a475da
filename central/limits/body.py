"""How long a form or a document may be that is read whole before anything looks at it."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.problems import Problem, document

MB = 1_000_000
_FORM_BYTES = 1 * MB
_DOCUMENT_BYTES = 16 * MB
"""A thousand items of a hotline with all that each may say."""
_AROUND_A_PHOTO_BYTES = 1 * MB


class LimitBodies:
    """Refuses what is longer, by its ``Content-Length`` at once, else as soon as it has come to be.

    Bodies of other types are uploads: their endpoints take them piece by piece, with limits of their own.
    """

    def __init__(self, app: ASGIApp, photo_bytes: int) -> None:
        """``photo_bytes``: the largest photo that a form may bring."""
        self._app = app
        self._limits = {
            "application/x-www-form-urlencoded": _FORM_BYTES,
            "multipart/form-data": photo_bytes + _AROUND_A_PHOTO_BYTES,
            "application/json": _DOCUMENT_BYTES,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413, or let the request through with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        # A type that nobody named is read as JSON by whoever reads it whole.
        most = self._limits.get(kind, _DOCUMENT_BYTES if not kind else None)
        if most is None:
            await self._app(scope, receive, send)
            return
        said = headers.get("content-length", "")
        if said.isdecimal() and int(said) > most:
            problem = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", _words(most))
            await document(problem)(scope, receive, send)
            return
        come = 0

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _words(most))
            return message

        await self._app(scope, counted, send)


def _words(most: int) -> str:
    return f"at most {most / MB:g} MB are taken here"
