"""Uploads pictures and clips to central over HTTPS: resumable, in small pieces, checked by SHA-256.

The protocol, one file at ``{central}/api/v1/media/{sha256}``:

- ``HEAD``: 404 when central has nothing of it; 200 with ``Upload-Offset`` (bytes it has) and
  ``Upload-Complete: ?1`` when it has all.
- ``PUT`` with ``Upload-Offset``, ``Upload-Length`` and one piece as its body: 2xx when taken, and whole with
  the last one; 409 wrong offset, 422 wrong hash.
"""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import httpx
import structlog

from edge.settings import CentralSettings
from edge.uplink.backoff import Backoff
from edge.uplink.media import MediaFile, MediaQueue
from kerbwatch.clock import Clock
from kerbwatch.ids import new_id
from kerbwatch.safety import is_loopback
from kerbwatch.secrets import SecretMissingError
from kerbwatch.tracing import trace_id_of, trace_of

log = structlog.get_logger(__name__)

PIECE_BYTES = 1024 * 1024
"""Of one PUT: what a link loses at most when it is cut."""
_LEAST_PIECE_BYTES = 64 * 1024
"""A thin link, on which pieces do not get through in time, gets smaller ones, down to this."""
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_KEEP_ALIVE_S = 2.0
"""Shorter than servers hold an idle connection (5 s is usual), so that none is used that is just closing."""
_STRIKES = 3
"""Pieces in one upload that may bring nothing forward before the file is put off."""
_FIRST_DELAY_S, _MOST_DELAY_S = 1.0, 300.0
_REFUSED_FIRST_DELAY_S, _REFUSED_MOST_DELAY_S = 60.0, 6 * 3600.0
_IDLE_S = 30.0


@dataclass(frozen=True, slots=True)
class UploadStats:
    """Counters since the start, for metrics."""

    uploaded: int
    uploaded_bytes: int
    failures: int
    """Attempts that ended in a network error, a refusal or an error of central."""


class _TryLaterError(Exception):
    """Central cannot be reached or cannot take anything now; every file waits."""

    def __init__(self, reason: str, delay_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.delay_s = reason, delay_s


class _FileRefusedError(Exception):
    """Central does not take this one file; the others go on."""


def client_of(settings: CentralSettings) -> httpx.Client:
    """A client of central's address, by its certificate authority; nothing is sent yet."""
    return httpx.Client(
        base_url=settings.url.rstrip("/"),
        timeout=_TIMEOUT,
        limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_S),
        verify=ssl.create_default_context(cafile=str(settings.ca_file)) if settings.ca_file else True,
        trust_env=not is_loopback(urlsplit(settings.url).hostname or ""),
    )


class MediaUploader:
    """Takes files from the queue and brings them to central, in a thread of its own.

    Args:
        settings: where central is and how we prove who we are.
        queue: the files.
        clock: for the queue's times.

    Raises:
        SecretMissingError: when the token's file or variable is not there.
    """

    def __init__(self, settings: CentralSettings, queue: MediaQueue, clock: Clock) -> None:
        self._settings, self._queue, self._clock = settings, queue, clock
        self._token = settings.resolve_token()
        self._client = client_of(settings)
        self._backoff = Backoff(_FIRST_DELAY_S, _MOST_DELAY_S)
        self._refusals: dict[str, Backoff] = {}
        self._said: str | None = None
        self._piece_bytes = PIECE_BYTES
        self._uploaded = self._uploaded_bytes = self._failures = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in the background."""
        self._thread = threading.Thread(target=self._run, name="media-uploader", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the piece under way; what is unfinished goes on at the next start."""
        self._stopping.set()
        self._queue.put_event.set()
        if self._thread:
            self._thread.join(timeout_s)
        if self._thread is None or not self._thread.is_alive():
            self._client.close()

    def stats(self) -> UploadStats:
        """Counters, as of now."""
        return UploadStats(self._uploaded, self._uploaded_bytes, self._failures)

    def step(self) -> float:
        """Try the next file. Returns the seconds to wait before the next step (0: at once)."""
        media = self._queue.next()
        if media is None:
            put_off_s = self._queue.next_put_off_s()
            return _IDLE_S if put_off_s is None else min(_IDLE_S, put_off_s)
        try:
            self._upload(media)
        except _TryLaterError as error:
            self._failures += 1
            self._say_once(error.reason)
            return max(error.delay_s or 0.0, self._backoff.failed())
        except _FileRefusedError as error:
            self._failures += 1
            self._refused(media, str(error))
            return 0.0
        self._backoff.succeeded()
        self._refusals.pop(media.sha256, None)
        if self._said is not None:
            log.info("media_upload_works_again")
            self._said = None
        return 0.0

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._queue.put_event.clear()
            try:
                delay_s = self.step()
            except Exception:
                log.exception("media_upload_failed")
                delay_s = self._backoff.failed()
            failing = self._said is not None  # a new file does not make central come back
            (self._stopping if failing else self._queue.put_event).wait(delay_s)

    def _upload(self, media: MediaFile) -> None:
        url = f"/api/v1/media/{media.sha256}"
        offset = self._offset(url, media)
        strikes = 0
        while offset != "complete":
            piece = self._piece(media, offset)
            if piece is None:
                self._queue.give_up(media)
                return
            after = self._put(url, media, offset, piece)
            if after != "complete" and after <= offset:
                strikes += 1
                if strikes >= _STRIKES:
                    raise _FileRefusedError("central and the box do not agree where the upload stands")
            offset = after
            if self._stopping.is_set() and offset != "complete":
                raise _TryLaterError("the box is stopping")
        self._queue.confirmed(media.sha256)
        self._uploaded += 1
        log.info(
            "media_uploaded",
            sha256=media.sha256,
            role=media.role,
            size_bytes=media.size_bytes,
            trace_id=media.incident_id and trace_id_of(media.incident_id),
        )

    def _put(self, url: str, media: MediaFile, offset: int, piece: bytes) -> int | Literal["complete"]:
        """Send one piece. Returns where the upload stands then."""
        headers = {
            "Content-Type": media.content_type,
            "Upload-Offset": str(offset),
            "Upload-Length": str(media.size_bytes),
            **_trace(media),
        }
        try:
            response = self._request("PUT", url, content=piece, headers=headers)
        except _TryLaterError:
            self._piece_bytes = max(_LEAST_PIECE_BYTES, self._piece_bytes // 2)
            raise
        if response.status_code == httpx.codes.CONFLICT:
            return self._offset(url, media)
        if not response.is_success:
            raise _FileRefusedError(f"central answered {response.status_code}")
        self._piece_bytes = min(PIECE_BYTES, self._piece_bytes * 2)
        self._uploaded_bytes += len(piece)
        return _after(response, offset + len(piece), media.size_bytes)

    def _offset(self, url: str, media: MediaFile) -> int | Literal["complete"]:
        response = self._request("HEAD", url, headers=_trace(media))
        if response.status_code == httpx.codes.NOT_FOUND:
            return 0
        if not response.is_success:
            raise _FileRefusedError(f"central answered {response.status_code}")
        if response.headers.get("Upload-Complete") == "?1":
            return "complete"
        return _stated_offset(response) or 0

    def _piece(self, media: MediaFile, offset: int) -> bytes | None:
        """The bytes that come next, or None when the file is not what was captured any more."""
        try:
            with media.path.open("rb") as file:
                file.seek(offset)
                piece = file.read(self._piece_bytes)
                whole = file.seek(0, 2) == media.size_bytes
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _FileRefusedError(f"cannot be read: {error.strerror}") from error
        return piece if whole else None

    def _request(
        self, method: str, url: str, *, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        authorization = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            response = self._client.request(
                method, url, content=content, headers={**(headers or {}), **authorization}
            )
        except httpx.HTTPError as error:
            raise _TryLaterError(f"{type(error).__name__}: {error}") from error
        code = response.status_code
        if code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            self._renew_token()
            raise _TryLaterError(f"central refuses this box's token ({code})")
        if code == httpx.codes.TOO_MANY_REQUESTS or code >= 500 or response.has_redirect_location:
            raise _TryLaterError(f"central answered {code}", _retry_after_s(response))
        return response

    def _renew_token(self) -> None:
        """The token's file may have been changed since."""
        try:
            self._token = self._settings.resolve_token()
        except SecretMissingError as error:
            log.warning("media_token_missing", reason=str(error))

    def _refused(self, media: MediaFile, reason: str) -> None:
        if not media.intact():
            self._refusals.pop(media.sha256, None)
            self._queue.give_up(media)
            return
        backoff = self._refusals.setdefault(
            media.sha256, Backoff(_REFUSED_FIRST_DELAY_S, _REFUSED_MOST_DELAY_S)
        )
        delay_s = backoff.failed()
        self._queue.put_off(media.sha256, delay_s)
        log.warning("media_refused", sha256=media.sha256, reason=reason, again_in_s=round(delay_s))

    def _say_once(self, reason: str) -> None:
        if reason != self._said:
            log.warning("media_upload_waits", central=self._settings.url, reason=reason)
            self._said = reason


def _trace(media: MediaFile) -> dict[str, str]:
    """The header by which central's log names the incident that a file belongs to."""
    if media.incident_id is None:
        return {}
    return {"traceparent": trace_of(media.incident_id, new_id()).header}


def _after(response: httpx.Response, sent_to: int, size_bytes: int) -> int | Literal["complete"]:
    """Where the upload stands after a piece that was taken."""
    complete = response.headers.get("Upload-Complete")
    if complete == "?1" or (complete is None and sent_to >= size_bytes):
        return "complete"
    stated = _stated_offset(response)
    return sent_to if stated is None else stated


def _stated_offset(response: httpx.Response) -> int | None:
    value = response.headers.get("Upload-Offset", "")
    return int(value) if value.isascii() and value.isdigit() else None


def _retry_after_s(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return min(float(value), _MOST_DELAY_S) if value.isascii() and value.isdigit() else None
