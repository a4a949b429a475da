"""Errors over HTTP as problem details (RFC 9457), with a list of field errors where fields are at fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


_CLIENT_GONE = 499
"""For our own books, as nobody is there to read it; no status of HTTP's own says it."""
_TEXT = {"type": "string"}
DOCUMENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:kerbwatch:problem:not-found"]},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for a person."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": _TEXT, "message": _TEXT},
            },
        },
    },
}
"""JSON Schema of a problem document."""
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Any other answer: what is wrong, as a problem document (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""What OpenAPI says of every answer that an endpoint does not name itself."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is at fault: where it is (``body.reason_code``) and what is wrong."""

    field: str
    message: str


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """An answer that says what is wrong; raised anywhere, turned into a response in one place."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``code`` is a short stable name of the fault, ``detail`` a sentence for a person."""
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = tuple(errors), dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The members of the problem document."""
        found: dict[str, Any] = {
            "type": f"urn:kerbwatch:problem:{self.code}",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
        }
        if self.errors:
            found["errors"] = [{"field": error.field, "message": error.message} for error in self.errors]
        return found


PageProblem = Callable[[Request, Problem], Response]
"""How pages show a problem to someone with a browser (sign-in is asked for with a redirect, say)."""


def not_found(what: str) -> Problem:
    """404: there is no such thing, or none that this person may know of."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", f"there is no {what}")


def route_of(scope: Scope) -> str:
    """What a log line or a metric calls an address: its pattern, since a path may be somebody's key."""
    return getattr(scope.get("route"), "path", "none")


def document(problem: Problem) -> JSONResponse:
    """A problem as the answer of a program's request."""
    return JSONResponse(
        problem.body(), status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """Add to an OpenAPI document what its answers refer to."""
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = DOCUMENT_SCHEMA
    return document


def install(app: FastAPI, page_problem: PageProblem | None = None) -> None:
    """Answer every error of ``app`` with a problem document, or with a page outside ``/api/``."""

    def respond(request: Request, problem: Problem) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "")
        if page_problem and wants_page and not request.url.path.startswith("/api/"):
            return page_problem(request, problem)
        return document(problem)

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return respond(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            FieldError(".".join(str(part) for part in fault["loc"]), str(fault["msg"]))
            for fault in error.errors()
        ]
        return respond(
            request,
            Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "the request has faults", errors=faults
            ),
        )

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = HTTPStatus(error.status_code)
        return respond(
            request,
            Problem(
                status, status.phrase.lower().replace(" ", "-"), str(error.detail), headers=error.headers
            ),
        )

    async def on_database_away(request: Request, error: Exception) -> Response:
        log.error("database_unavailable", route=route_of(request.scope), error=type(error).__name__)
        return respond(
            request,
            Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "database-unavailable",
                "the database does not answer; try again in a moment",
                headers={"Retry-After": "5"},
            ),
        )

    async def on_unstorable(request: Request, error: Exception) -> Response:
        log.warning("unstorable_request", route=route_of(request.scope), error=type(error).__name__)
        return respond(
            request,
            Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "unstorable",
                "what was sent cannot be kept: it has a NUL character or a number beyond all measure in it",
            ),
        )

    async def on_gone(_request: Request, _error: Exception) -> Response:
        return Response(status_code=_CLIENT_GONE)

    async def on_fault(request: Request, error: Exception) -> Response:
        log.error("request_failed", route=route_of(request.scope), method=request.method, exc_info=error)
        return respond(
            request,
            Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "something failed here; it has been logged"
            ),
        )

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(OperationalError, on_database_away)
    app.add_exception_handler(InterfaceError, on_database_away)
    app.add_exception_handler(DataError, on_unstorable)
    app.add_exception_handler(ClientDisconnect, on_gone)
    app.add_exception_handler(Exception, on_fault)
