"""HTTP: tus 1.0 with creation, expiration, termination and checksum, so that a phone can go on where it was.

An upload's address is its key: whoever has it may go on with it or give it up. What is said about name and
type (``Upload-Metadata``) is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from central.context import Central, CentralDep
from central.limits.access import limited
from central.problems import MEDIA_TYPE, Problem
from central.reports.sender import SenderDep
from central.requests import drain
from central.uploads import service
from central.uploads.tus import CHECKSUMS, ChecksumError, checksum_of, take_piece

VERSION = "1.0.0"
EXTENSIONS = ("creation", "expiration", "termination", "checksum")
_TUS = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PIECE_TYPE = "application/offset+octet-stream"
_MOST_BYTES = 2**53
_CHECKSUM_MISMATCH = 460

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{32}$")]
Counted = Depends(limited("uploads"))


def _told(*bytes_in: str, piece: bool = False) -> dict[str, Any]:
    """For the API's page: headers that an endpoint reads; they are judged in the protocol's own words."""
    headers: list[tuple[str, dict[str, Any], bool]] = [
        ("Tus-Resumable", {"type": "string", "const": VERSION}, True)
    ]
    headers += [(name, {"type": "integer", "minimum": 0}, True) for name in bytes_in]
    if piece:
        headers.append(("Upload-Checksum", {"type": "string", "examples": ["sha256 BASE64"]}, False))
    return {
        "parameters": [
            {"name": name, "in": "header", "required": required, "schema": schema}
            for name, schema, required in headers
        ]
    }


@router.options("", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
@router.options("/{key}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
def abilities(central: CentralDep) -> Response:
    """What of tus is spoken here, and how large a file may be."""
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={
            **_TUS,
            "Tus-Version": VERSION,
            "Tus-Extension": ",".join(EXTENSIONS),
            "Tus-Max-Size": str(central.settings.reports.clip_max_bytes),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        },
    )


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_class=Response,
    dependencies=[Counted],
    openapi_extra=_told("Upload-Length"),
)
def begin(request: Request, central: CentralDep, sender: SenderDep) -> Response:
    """Begin an upload of ``Upload-Length`` bytes; ``Location`` is where it goes on."""
    with _speaking_tus():
        _check_version(request)
        if "upload-defer-length" in request.headers:
            raise Problem(HTTPStatus.BAD_REQUEST, "length", "say how long the file is in Upload-Length")
        begun = service.begin(central, sender.key, _number(request, "upload-length"))
    location = f"{request.url.path}/{begun.key}"
    return Response(
        status_code=HTTPStatus.CREATED, headers={**_TUS, "Location": location, **_expiry(begun.expires_at)}
    )


@router.head("/{key}", dependencies=[Counted], openapi_extra=_told())
def progress(request: Request, central: CentralDep, key: Key) -> Response:
    """How much of it is here: ``Upload-Offset``."""
    with _speaking_tus():
        _check_version(request)
        found = service.standing(central, key)
    headers = {"Upload-Offset": str(found.offset), "Upload-Length": str(found.length)}
    return Response(headers={**_TUS, **headers, **_expiry(found.expires_at)})


@router.patch(
    "/{key}",
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,
    dependencies=[Counted],
    openapi_extra=_told("Upload-Offset", piece=True),
)
async def go_on(request: Request, central: CentralDep, key: Key) -> Response:
    """Send a piece from byte ``Upload-Offset`` on, as ``application/offset+octet-stream``."""
    return await _patch(request, central, key)


@router.delete(
    "/{key}",
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,
    dependencies=[Counted],
    openapi_extra=_told(),
)
def give_up(request: Request, central: CentralDep, key: Key) -> Response:
    """Give an upload up; its bytes go."""
    return _delete(request, central, key)


@router.post("/{key}", status_code=HTTPStatus.NO_CONTENT, response_class=Response, dependencies=[Counted])
async def as_another_method(request: Request, central: CentralDep, key: Key) -> Response:
    """``X-HTTP-Method-Override: PATCH`` or ``DELETE``, for clients that can send neither."""
    method = request.headers.get("x-http-method-override", "").strip().upper()
    if method == "PATCH":
        return await _patch(request, central, key)
    if method == "DELETE":
        return await run_in_threadpool(_delete, request, central, key)
    raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method", "PATCH or DELETE it", headers={**_TUS})


async def _patch(request: Request, central: Central, key: str) -> Response:
    body = request.stream()
    try:
        with _speaking_tus():
            _check_version(request)
            _check_piece_type(request)
            checksum = checksum_of(request.headers.get("upload-checksum"))
            offset = _number(request, "upload-offset")
            found = await take_piece(central, key, offset, checksum, body)
    except ChecksumError:
        await drain(body)
        return _mismatch()
    except Problem:
        await drain(body)
        raise
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={**_TUS, "Upload-Offset": str(found.offset), **_expiry(found.expires_at)},
    )


def _delete(request: Request, central: Central, key: str) -> Response:
    with _speaking_tus():
        _check_version(request)
        service.end(central, key, "given-up")
    central.metrics.uploads.labels("given-up").inc()
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_TUS)


@contextmanager
def _speaking_tus() -> Iterator[None]:
    """What goes wrong inside carries the protocol's headers."""
    try:
        yield
    except Problem as problem:
        problem.headers.update(_TUS)
        raise


def _check_version(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise Problem(
            HTTPStatus.PRECONDITION_FAILED,
            "tus-version",
            f"say Tus-Resumable: {VERSION}",
            headers={"Tus-Version": VERSION},
        )


def _check_piece_type(request: Request) -> None:
    if request.headers.get("content-type", "").strip().lower() != _PIECE_TYPE:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "piece-type", f"a piece is sent as {_PIECE_TYPE}")


def _number(request: Request, name: str) -> int:
    said = request.headers.get(name, "")
    if not said.isascii() or not said.isdigit() or len(said) > 16 or int(said) > _MOST_BYTES:
        raise Problem(HTTPStatus.BAD_REQUEST, name, f"'{name}' must be a number of bytes")
    return int(said)


def _expiry(at: datetime) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(at, usegmt=True)}


def _mismatch() -> Response:
    body = {
        "type": "urn:kerbwatch:problem:checksum-mismatch",
        "title": "Checksum Mismatch",
        "status": _CHECKSUM_MISMATCH,
        "detail": "the piece does not have the checksum that came with it; send it again",
    }
    return JSONResponse(body, status_code=_CHECKSUM_MISMATCH, headers=_TUS, media_type=MEDIA_TYPE)
