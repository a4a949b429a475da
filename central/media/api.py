"""HTTP: uploads for edge boxes, pictures and clips for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse

from central.context import Central, CentralDep
from central.media import repository, service
from central.media.models import MediaFile
from central.media.schemas import OriginalIn, OriginalViewOut
from central.media.service import Piece, Progress
from central.people.access import SignedIn, require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import not_found
from central.requests import drain
from kerbwatch.ids import SHA256_PATTERN

router = APIRouter(prefix="/api/v1/media", tags=["media"])

Sha256 = Annotated[str, Path(pattern=SHA256_PATTERN)]
Box = Annotated[Principal, Depends(require(Permission.MEDIA_UPLOAD))]


@router.get("/original-views")
def list_views(
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.EVIDENCE_AUDIT, within_areas=True))],
    sha256: Annotated[str | None, Query(pattern=SHA256_PATTERN)] = None,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[OriginalViewOut]:
    """Who looked at originals, newest first; ``before`` is the number of the last line seen."""
    found = service.views(central, sha256=sha256, before=before, limit=limit, areas=who.areas)
    with central.database.read() as session:
        cases = repository.cases_naming(session, {row.sha256 for row in found}, who.areas)
    return [
        OriginalViewOut.model_validate(row).model_copy(update={"case_ids": tuple(cases.get(row.sha256, ()))})
        for row in found
    ]


@router.head("/{sha256}")
def upload_progress(central: CentralDep, who: Box, sha256: Sha256) -> Response:
    """How much of a file is here: ``Upload-Offset``, and ``Upload-Complete: ?1`` when it is whole."""
    found = service.progress(central, sha256, who.name)
    if found is None:
        raise not_found("such upload")
    return Response(headers=_headers(found))


@router.put(
    "/{sha256}",
    status_code=HTTPStatus.CREATED,
    response_class=Response,
    responses={
        HTTPStatus.OK: {"description": "It was whole already"},
        HTTPStatus.NO_CONTENT: {"description": "The piece is here; more is to come"},
    },
)
async def upload(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Box,
    sha256: Sha256,
    upload_offset: Annotated[int, Header(ge=0, le=2**40)],
    upload_length: Annotated[int, Header(gt=0, le=2**40)],
    content_type: Annotated[str, Header()],
) -> Response:
    """Send a piece of a file, from byte ``Upload-Offset`` of ``Upload-Length``.

    201 when the file is whole and its SHA-256 right, 204 when more is to come, 200 when it was whole already.
    """
    piece = Piece(
        sha256, who.name, content_type.partition(";")[0].strip().lower(), upload_offset, upload_length
    )
    body = request.stream()
    try:
        progress = await service.take_piece(central, piece, body)
    finally:
        await drain(body)
    if progress.created:
        status = HTTPStatus.CREATED
    else:
        status = HTTPStatus.OK if progress.complete else HTTPStatus.NO_CONTENT
    return Response(status_code=status, headers=_headers(progress))


@router.get("/{sha256}")
def show(
    central: CentralDep, who: Annotated[Principal, Depends(require(Permission.EVIDENCE_VIEW))], sha256: Sha256
) -> FileResponse:
    """A picture or clip that was made for people; byte ranges are served, so that a clip can be played."""
    del who
    found, path = service.for_people(central, sha256)
    return FileResponse(
        path,
        media_type=found.content_type,
        filename=_file_name(found),
        content_disposition_type="inline",
        headers={
            "Cache-Control": "private, max-age=3600",
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{sha256}"',
        },
    )


@router.post("/{sha256}/original", response_class=FileResponse)
def show_original(central: CentralDep, who: SignedIn, sha256: Sha256, body: OriginalIn) -> FileResponse:
    """An original, for a reason. Each look is written down for good: who, when, which and why."""
    return original_response(central, who, sha256, body.reason)


def original_response(central: Central, who: Principal, sha256: str, reason: str) -> FileResponse:
    """An original as an answer: to look at if it is a picture, to save if it is a clip."""
    found, path = service.original(central, sha256, who, reason)
    clip = found.content_type == "video/mp4"
    return FileResponse(
        path,
        media_type=found.content_type,
        filename=f"original-{_file_name(found)}",
        content_disposition_type="attachment" if clip else "inline",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


def _file_name(found: MediaFile) -> str:
    ending = {"image/jpeg": "jpg", "video/mp4": "mp4"}[found.content_type]
    return f"{found.sha256[:16]}.{ending}"


def _headers(progress: Progress) -> dict[str, str]:
    return {
        "Upload-Offset": str(progress.offset),
        "Upload-Complete": "?1" if progress.complete else "?0",
        "Cache-Control": "no-store",
    }
