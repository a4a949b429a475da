"""The piece of a file that one PATCH brings: taken as it comes, with limits on length, silence and time.

The rest of tus 1.0 (https://tus.io/protocols/resumable-upload) is in :mod:`central.uploads.api`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from central.context import Central
from central.media.store import BusyError, Part
from central.problems import Problem
from central.uploads import service
from central.uploads.service import Standing

log = structlog.get_logger(__name__)

CHECKSUMS = ("sha256", "sha1")
"""The protocol asks for SHA-1 at the least."""
_WRITE_BYTES = 1024 * 1024
_BASE64_CHARS = 100


class ChecksumError(Exception):
    """A piece does not have the checksum that came with it (status 460 of the protocol)."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a piece should hash to."""

    algorithm: str
    digest: bytes


def checksum_of(header: str | None) -> Checksum | None:
    """Reads ``Upload-Checksum: sha256 BASE64``. Raises Problem 400."""
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "checksum-algorithm", f"checksums may be {' or '.join(CHECKSUMS)}"
        )
    try:
        digest = base64.b64decode(encoded[:_BASE64_CHARS], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "checksum", "Upload-Checksum is not base64") from error
    return Checksum(algorithm, digest)


async def take_piece(
    central: Central, key: str, offset: int, checksum: Checksum | None, body: AsyncIterator[bytes]
) -> Standing:
    """Append a piece; when it was the last, the upload is whole.

    Args:
        central: this copy.
        key: of the upload.
        offset: where the sender says that the piece begins.
        checksum: of the piece, if the sender gave one: without it, what came before a link broke is kept.
        body: the piece.

    Raises:
        Problem: 404, 408 too slow, 409 wrong offset, 410 over, 413 too long, 415 neither photo nor clip,
            423 another request writes it, 507 no room.
        ChecksumError: the piece was thrown away.
    """
    found = await run_in_threadpool(service.standing, central, key)
    if found.offset == found.length:
        _check_offset(found.offset, offset)
        return found
    try:
        with central.media.open_part(found.id, service.OWNER) as part:
            _check_offset(part.size_bytes, offset)
            await _append(_Writer(central, key, part, found.length, checksum), body)
            here = part.size_bytes
            if here == found.length:
                await run_in_threadpool(service.settle, central, part, key, found.id)
            return Standing(found.id, here, found.length, found.expires_at)
    except BusyError as error:
        raise Problem(
            HTTPStatus.LOCKED, "locked", "another request is sending this file", headers={"Retry-After": "1"}
        ) from error
    except OSError as error:
        log.error("upload_not_written", error=error.strerror)
        raise Problem(
            HTTPStatus.INSUFFICIENT_STORAGE, "storage", "the file could not be written; try again later"
        ) from error


def _check_offset(here: int, said: int) -> None:
    if here != said:
        raise Problem(
            HTTPStatus.CONFLICT,
            "upload-offset",
            f"the upload stands at {here}, not at {said}",
            headers={"Upload-Offset": str(here)},
        )


async def _append(writer: _Writer, body: AsyncIterator[bytes]) -> None:
    limits = writer.central.settings.reports
    try:
        async with asyncio.timeout(limits.piece_max_s):
            while True:
                async with asyncio.timeout(limits.silence_s):
                    chunk = await anext(body, None)
                if chunk is None:
                    break
                await writer.take(chunk)
        await writer.flush()
    except TimeoutError as error:
        await writer.keep_what_came()
        why = "nothing came for too long; go on where it stands"
        raise service.refusal(writer.central, HTTPStatus.REQUEST_TIMEOUT, "too-slow", why) from error
    except ClientDisconnect:
        await writer.keep_what_came()
        raise
    await writer.check()


class _Writer:
    """Writes a piece in blocks, looks at its first bytes, takes it back when it is not what it should be."""

    def __init__(
        self, central: Central, key: str, part: Part, length: int, checksum: Checksum | None
    ) -> None:
        self.central, self._key, self._part, self._length = central, key, part, length
        self._checksum = checksum
        self._digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._began_at = part.size_bytes
        self._room = length - self._began_at
        self._buffer = bytearray()

    async def take(self, chunk: bytes) -> None:
        """More of the body."""
        self._room -= len(chunk)
        if self._room < 0:
            await run_in_threadpool(self._part.cut, self._began_at)
            raise service.refusal(
                self.central,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too-long",
                "the body is longer than 'Upload-Length' leaves room for",
            )
        if self._digest:
            self._digest.update(chunk)
        self._buffer += chunk
        if len(self._buffer) >= _WRITE_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Write what waits."""
        data = bytes(self._buffer)
        self._buffer.clear()
        if data:
            await run_in_threadpool(self._part.append, data)
            self.central.metrics.media_bytes.inc(len(data))
            if not self._checksum:
                await self._check_type()

    async def keep_what_came(self) -> None:
        """A broken piece stays as far as it came; not so one with a checksum, which nobody can check now."""
        if self._checksum:
            await run_in_threadpool(self._part.cut, self._began_at)
        else:
            await self.flush()
            await run_in_threadpool(self._part.sync)

    async def check(self) -> None:
        """Raises ChecksumError, with the piece thrown away."""
        if (
            self._digest
            and self._checksum
            and not hmac.compare_digest(self._digest.digest(), self._checksum.digest)
        ):
            await run_in_threadpool(self._part.cut, self._began_at)
            raise ChecksumError
        await self._check_type()

    async def _check_type(self) -> None:
        await run_in_threadpool(service.check_type, self.central, self._part, self._key, self._length)
