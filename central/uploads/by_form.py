"""A photo that comes with a plain form: without scripts. It becomes an upload as any other."""

from __future__ import annotations

from http import HTTPStatus
from typing import BinaryIO

import structlog
from fastapi import UploadFile
from sqlalchemy.orm import Session

from central.context import Central
from central.media.store import BusyError
from central.people.service import hash_token
from central.problems import Problem
from central.uploads import repository, service
from central.uploads.models import Upload, UploadState

log = structlog.get_logger(__name__)

_BLOCK_BYTES = 1024 * 1024


def sent_file(photo: UploadFile | None) -> tuple[BinaryIO, int] | None:
    """The bytes of a file field and how many; None for a field that was left empty."""
    return (photo.file, photo.size) if photo is not None and photo.size else None


def put_by(central: Central, sender_key: str, file: BinaryIO, length: int) -> str:
    """Take the bytes of a photo in; the key of its upload.

    Args:
        central: this copy.
        sender_key: stands for whoever sends it; what one has open is counted.
        file: the photo, from its beginning.
        length: bytes.

    Raises:
        Problem: 400 empty, 413 too large, 415 no photo, 429 too many, 507 no room.
    """
    begun = service.begin(central, sender_key, length)
    upload_id = service.standing(central, begun.key).id
    try:
        with central.media.open_part(upload_id, service.OWNER) as part:
            while block := file.read(_BLOCK_BYTES):
                part.append(block)
            service.check_type(central, part, begun.key, length)
            if part.content_type() not in service.PHOTO_TYPES:
                service.end(central, begun.key, "content-type", part)
                raise service.refusal(
                    central,
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    "content-type",
                    "it is no photo (JPEG, PNG, WebP)",
                )
            service.settle(central, part, begun.key, upload_id)
    except (BusyError, OSError) as error:
        log.error("photo_not_written", error=type(error).__name__)
        raise Problem(
            HTTPStatus.INSUFFICIENT_STORAGE, "storage", "the photo could not be written; try again later"
        ) from error
    return begun.key


def upload_of(session: Session, key: str) -> Upload:
    """The upload of a key that :func:`put_by` gave, held for this unit of work."""
    upload = repository.by_key_hash(session, hash_token(key), held=True)
    if upload is None or upload.state != UploadState.WHOLE or upload.sha256 is None:
        raise Problem(HTTPStatus.CONFLICT, "not-whole", "the photo is not here any more; send it again")
    return upload
