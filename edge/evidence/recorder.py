"""Snapshots and clips of one camera, hashed the moment they are made. A failure never stops the looking."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import cv2
import structlog

from edge.camera.camera import Camera
from edge.camera.source import SourceError, is_live
from edge.evidence.clip import ClipError, write_clip
from edge.evidence.desk import Desk, shared_desk
from edge.evidence.files import keep
from edge.evidence.mainstream import MainTake, take_main
from edge.evidence.ring import StoredPacket
from edge.frame import Frame, Picture
from edge.settings import EvidenceSettings
from edge.uplink.media import MediaFile
from edge.uplink.room import MediaRoom
from kerbwatch.clock import Clock
from kerbwatch.incident import EvidenceRole

log = structlog.get_logger(__name__)

_PATIENCE_S = 20.0
"""How long past its due time a post-roll is waited for; then the clip is made of what there is."""
_MAIN_STREAMS = threading.BoundedSemaphore(4)
"""Main streams that are open at once on this box; their decoders' and sockets' cost is bounded so."""

ClipDone = Callable[[MediaFile | None], None]


class NoRoomError(OSError):
    """The disk's share is full, or its last part is kept for what matters more. Said by the room itself."""


class Recorder:
    """Makes the evidence of one camera.

    A camera that is watched on its sub-stream (``look_source``) gives its clip from there, because only what
    was already being read holds the pre-roll: one file, whole, around the moment. Beside it the main stream
    is opened for ``post_roll_s`` and gives ``extra`` evidence: a full-size picture and a clip of its own.

    Args:
        camera: whose ring and timeline are used.
        settings: rolls and quality.
        media_dir: where files are put; made when absent.
        clock: for deadlines.
        room: says what may be kept.
        desk: the thread that writes; the process's shared one when absent.
    """

    def __init__(
        self,
        camera: Camera,
        settings: EvidenceSettings,
        media_dir: Path,
        clock: Clock,
        desk: Desk | None = None,
        *,
        room: MediaRoom,
    ) -> None:
        self._camera = camera
        self._settings = settings
        self._folder = media_dir
        self._clock = clock
        self._room = room
        self._desk = desk or shared_desk()
        self._log = log.bind(camera=camera.settings.id)
        self._pending = 0
        self._closed = False
        self._idle = threading.Condition()
        self.failures = 0
        """Clips and main-stream pictures that could not be made."""

    def snapshot(self, frame: Frame, role: EvidenceRole) -> MediaFile:
        """The picture at full size as JPEG, unaltered. Raises OSError (NoRoomError) when it is not kept."""
        return self._keep_picture(frame.picture, role, frame.captured_at)

    def request_clip(
        self, at_t_s: float, done: ClipDone, *, extra: Callable[[MediaFile], None] | None = None
    ) -> None:
        """Have a clip made: from the key frame at or before the pre-roll's begin to the post-roll's end.

        Returns at once. ``done`` is called once, on another thread, when the post-roll has come or the source
        has ended; with None when no clip could be made. After :meth:`close` it is not called any more.

        Args:
            at_t_s: the moment, seconds on the camera's timeline.
            done: takes the clip.
            extra: takes what the main stream gave, if the camera has a sub-stream and the caller wants it.
        """
        from_t_s, to_t_s = at_t_s - self._settings.pre_roll_s, at_t_s + self._settings.post_roll_s
        self._begin()
        order = self._camera.ring.order(
            from_t_s, to_t_s, lambda packets: self._desk.submit(lambda: self._write(packets, done))
        )
        newest_t_s = self._camera.ring.newest_t_s
        missing_s = max(0.0, to_t_s - (to_t_s if newest_t_s is None else newest_t_s))
        due_s = self._clock.monotonic_s() + missing_s + _PATIENCE_S
        self._desk.at(self._clock, due_s, lambda: self._camera.ring.fulfil_now(order))
        if extra is not None and self._camera.settings.look_source is not None:
            self._request_main(at_t_s, extra)

    def close(self, timeout_s: float = 5.0) -> None:
        """Finish the clips whose packets are there; what takes longer is given up, and nobody is called."""
        with self._idle:
            self._idle.wait_for(lambda: self._pending == 0, timeout_s)
            if self._pending:
                self._log.warning("clips_given_up", count=self._pending)
            self._closed = True

    def _begin(self) -> None:
        with self._idle:
            self._pending += 1

    def _finish(self, tell: Callable[[], None]) -> None:
        try:
            if not self._closed:
                tell()
        finally:
            with self._idle:
                self._pending -= 1
                self._idle.notify_all()

    def _write(self, packets: tuple[StoredPacket, ...], done: ClipDone) -> None:
        clip: MediaFile | None = None
        if not self._closed:
            try:
                begin_s = min((packet.t_s for packet in packets), default=0.0)
                captured_at = self._camera.captured_at(begin_s)
                clip = self._keep_clip(packets, self._camera.ring.rotation_deg, captured_at)
            except NoRoomError:
                clip = None
            except (ClipError, OSError) as error:
                self._failed("clip_failed", error)
        self._finish(lambda: done(clip))

    def _request_main(self, at_t_s: float, extra: Callable[[MediaFile], None]) -> None:
        if not _MAIN_STREAMS.acquire(blocking=False):
            self._failed("main_stream_not_opened", "too many main streams are open already")
            return
        self._begin()
        threading.Thread(
            target=self._take_main,
            args=(at_t_s, extra),
            name=f"main-stream-{self._camera.settings.id}",
            daemon=True,
        ).start()

    def _take_main(self, at_t_s: float, extra: Callable[[MediaFile], None]) -> None:
        kept: list[MediaFile] = []
        try:
            take = take_main(
                self._camera.settings, self._clock, at_t_s=at_t_s, length_s=self._settings.post_roll_s
            )
            if not self._closed:
                live = is_live(self._camera.settings.source)
                taken_at = take.taken_at if live else self._camera.captured_at(at_t_s)
                kept.extend(self._keep_main(take, taken_at))  # one by one: what was kept is told of
        except NoRoomError:
            pass  # the room has said so
        except (SourceError, ClipError, OSError) as error:
            self._failed("main_stream_failed", error)
        finally:
            _MAIN_STREAMS.release()
            self._finish(lambda: _tell(extra, kept))

    def _keep_main(self, take: MainTake, taken_at: datetime) -> Iterator[MediaFile]:
        if take.picture is not None:
            yield self._keep_picture(take.picture, EvidenceRole.SNAPSHOT_LIMIT, taken_at)
        yield self._keep_clip(take.packets, take.rotation_deg, taken_at)

    def _keep_clip(
        self, packets: tuple[StoredPacket, ...], rotation_deg: int, captured_at: datetime
    ) -> MediaFile:
        if not self._room.takes_clip(sum(len(packet.data) for packet in packets)):
            raise NoRoomError
        return keep(
            self._folder,
            lambda path: self._clip_to(path, packets, rotation_deg),
            role=EvidenceRole.CLIP,
            content_type="video/mp4",
            captured_at=captured_at,
        )

    def _clip_to(self, path: Path, packets: tuple[StoredPacket, ...], rotation_deg: int) -> None:
        info = write_clip(packets, path, rotation_deg=rotation_deg)
        self._log.info(
            "clip_written",
            length_s=round(info.to_t_s - info.from_t_s, 2),
            pictures=info.pictures,
            encoded_anew=info.encoded_anew,
        )

    def _keep_picture(self, picture: Picture, role: EvidenceRole, captured_at: datetime) -> MediaFile:
        if not self._room.takes_picture(role):
            raise NoRoomError
        quality = [cv2.IMWRITE_JPEG_QUALITY, self._settings.jpeg_quality]
        encoded, jpeg = cv2.imencode(".jpg", picture.bgr(), quality)
        if not encoded:
            raise OSError("the picture could not be encoded as JPEG")
        return keep(
            self._folder,
            lambda path: _fill(path, jpeg.tobytes()),
            role=role,
            content_type="image/jpeg",
            captured_at=captured_at,
        )

    def _failed(self, event: str, reason: object) -> None:
        self.failures += 1
        self._log.error(event, error=str(reason))


def _fill(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _tell(extra: Callable[[MediaFile], None], kept: list[MediaFile]) -> None:
    for media in kept:
        extra(media)
