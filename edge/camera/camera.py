"""A camera: a thread that reads packets, keeps the last of them, and hands on the pictures wanted."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import av
import structlog
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.camera.decoder import Decoder
from edge.camera.length import video_length_s
from edge.camera.looks import DwellPlan, Step
from edge.camera.picture import Converter, VideoPicture, quarter_turns
from edge.camera.source import OpenSource, SourceError, explain, is_live, open_source, resolve, shown
from edge.camera.states import Backoff, CameraLife
from edge.camera.status import CameraStatus
from edge.camera.timeline import Timeline
from edge.camera.vitals import Vitals, thumbnail_of
from edge.evidence.ring import PacketRing, StoredPacket
from edge.frame import Frame
from edge.settings import CameraSettings, EvidenceSettings
from kerbwatch.clock import Clock
from kerbwatch.messages import CameraState

log = structlog.get_logger(__name__)

_OPEN_TIMEOUT_S = 15.0
_VITALS_EVERY_S = 0.9
"""Vitals are taken at most about once a second, also where every picture is decoded."""
_CUT_SHORT_S = 1.0
"""A file that ends this much before its own length was cut."""


class Camera:
    """One camera, from its stream or a file.

    A live stream is opened again whenever it is lost. A file is played once, at its own speed or as fast as
    ``sink`` takes the pictures, and the camera stops at its end. With ``look_source`` that one is read.

    Args:
        settings: the camera's.
        evidence: how much of the past the packet ring keeps.
        sink: takes each picture, on the camera's thread; what it blocks, the reading waits.
        clock: the wall clock and the monotonic clock.
        on_end: called once, on the camera's thread, when a file has ended.
        backoff: waits between attempts to open a lost stream.
        chance: 0..1, spreads these waits.
        open_timeout_s: most time to open it.
    """

    def __init__(
        self,
        settings: CameraSettings,
        evidence: EvidenceSettings,
        *,
        sink: Callable[[Frame], None],
        clock: Clock,
        on_end: Callable[[], None] | None = None,
        backoff: Backoff | None = None,
        chance: Callable[[], float] = random.random,
        open_timeout_s: float = _OPEN_TIMEOUT_S,
    ) -> None:
        self.settings = settings
        self.ring = PacketRing(evidence.max_ring_bytes, evidence.pre_roll_s)
        self._source = settings.look_source or settings.source
        self._live = is_live(self._source)
        self._flat_out = not self._live and settings.playback == "flat_out"
        self._sink = sink
        self._clock = clock
        self._on_end = on_end
        self._open_timeout_s = open_timeout_s
        self._life = CameraLife(clock, backoff or Backoff(), chance)
        self._timeline = Timeline(clock, live=not self._flat_out, steady=not self._live)
        self._plan = DwellPlan(settings.look_interval_s) if settings.effective_profile == "dwell" else None
        self._vitals = Vitals()
        self._vitals_at_s: float | None = None
        self._converter = Converter()
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = log.bind(camera=settings.id)
        self._pictures = self._packets = self._corrupt = 0
        self._overflow_said = False
        self._last_picture: Frame | None = None
        self._last_t_s = -1.0
        self._size_px: tuple[int, int] | None = None
        self._codec: str | None = None
        self._fps: float | None = None
        self._error: str | None = None
        self._cut_off_s: float | None = None

    def start(self) -> None:
        """Begin to read, on a thread of its own. Raises RuntimeError when it runs already."""
        if self._thread is not None and self._thread.is_alive():
            raise RuntimeError(f"camera '{self.settings.id}' runs already")
        self._halt.clear()
        self._life.connect()
        self._thread = threading.Thread(target=self._run, name=f"camera-{self.settings.id}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Tell it to end and wait.

        Returns:
            Whether it ended in time. It may otherwise sit in a read of a silent stream, which the stall
            timeout ends; it hands on nothing more.
        """
        self._halt.set()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout_s)
        if thread.is_alive():
            self._log.warning("camera_still_ending", waited_s=timeout_s)
            return False
        return True

    def status(self) -> CameraStatus:
        """How it does now. Safe from any thread."""
        plan, last = self._plan, self._last_picture
        state = self._life.state
        return CameraStatus(
            state=state,
            profile=self.settings.effective_profile,
            decoding="key_frames" if plan is not None and not plan.decoding_all else "all",
            frozen=self._vitals.frozen,
            dark=self._vitals.dark,
            pictures=self._pictures,
            packets=self._packets,
            corrupt=self._corrupt,
            reconnects=self._life.reconnects,
            last_picture_at=last.captured_at if last else None,
            error=self._error,
            size_px=self._size_px,
            codec=self._codec,
            fps=self._fps,
            key_interval_s=plan.key_interval_s if plan else None,
            cut_off_s=self._cut_off_s,
        )

    def captured_at(self, t_s: float) -> datetime:
        """The wall-clock instant of a time on this camera's timeline."""
        return self._timeline.captured_at(t_s)

    def _run(self) -> None:
        try:
            while not self._halt.is_set():
                if self._life.state is not CameraState.CONNECTING:
                    self._life.connect()
                ended = self._attempt()
                if ended or self._halt.wait(self._lost()):
                    break
        finally:
            self._life.stop()
            self.ring.end()
            self._log.info("camera_stopped", error=self._error)
            if self._on_end is not None and not self._halt.is_set():
                self._on_end()

    def _lost(self) -> float:
        wait_s = self._life.back_off()
        self._log.warning("camera_lost", error=self._error, retry_in_s=round(wait_s, 2))
        return wait_s

    def _attempt(self) -> bool:
        """Open and read until it ends. Returns whether that was all there is."""
        try:
            source = open_source(
                self._source,
                open_timeout_s=self._open_timeout_s,
                read_timeout_s=self.settings.stall_timeout_s,
            )
        except SourceError as error:
            self._error = str(error)
            return not self._live
        self._codec, self._fps = source.info.codec, source.info.fps
        decoder = Decoder(source.stream)
        corrupt_before = self._corrupt
        try:
            self._read(source, decoder, corrupt_before)
            self._error = self._missing(source)
        except SourceError as error:
            self._error = str(error)
            if error.silent and self._life.state is CameraState.STREAMING:
                self._life.stall()
        except Exception as error:  # noqa: BLE001 - the edge of the thread: one camera ends no other
            self._log.exception("camera_failed")
            self._error = f"internal fault: {type(error).__name__}"
        finally:
            source.container.close()
        return not self._live or self._halt.is_set()

    def _missing(self, source: OpenSource) -> str | None:
        """What is wrong with having come to the end here."""
        if self._halt.is_set():
            return None
        if self._live:
            return "the camera ended the stream"
        length_s, ended_s = video_length_s(source.container, source.stream), self._timeline.last_t_s
        if ended_s is None:
            return "the file holds no picture that can be read"
        announced_s = None if length_s is None else length_s - self._timeline.jumped_s
        if announced_s is not None and ended_s < announced_s - _CUT_SHORT_S:
            self._cut_off_s = ended_s
            return f"the clip is cut off: it ends at {ended_s:.1f} s of {announced_s:.1f} s"
        return None

    def _read(self, source: OpenSource, decoder: Decoder, corrupt_before: int) -> None:
        """Take every packet until the source ends. Raises SourceError when it breaks or falls silent."""
        self._timeline.reconnected()
        self.ring.interrupt()
        if self._plan is not None:
            self._plan.new_stream()
        began_s, first_t_s = self._clock.monotonic_s(), None
        for packet in self._packets_of(source):
            if self._halt.is_set():
                return
            t_s = self._place(source, packet)
            if first_t_s is None:
                first_t_s = t_s
                self._life.stream()
                self._error = None
                self._log.info("camera_streaming", source=shown(self._source), codec=source.info.codec)
            if not self._live and not self._flat_out:
                due_in_s = began_s + t_s - first_t_s - self._clock.monotonic_s()
                if due_in_s > 0 and self._halt.wait(due_in_s):
                    return
            self._packets += 1
            self._keep(source, packet, t_s)
            self._look(decoder, packet, t_s)
            self._corrupt = corrupt_before + decoder.corrupt
        for t_s, frame in decoder.drain():
            self._hand_on(frame, t_s)

    def _packets_of(self, source: OpenSource) -> Iterator[Packet[VideoStream]]:
        try:
            for packet in source.container.demux(source.stream):
                if packet.size:
                    yield packet
        except av.error.ExitError:
            raise SourceError(
                f"no packet came for {self.settings.stall_timeout_s:g} s", silent=True
            ) from None
        except (av.FFmpegError, OSError) as error:
            address = resolve(self._source)
            raise SourceError(explain(error, address, self.settings.stall_timeout_s)) from None

    def _place(self, source: OpenSource, packet: Packet[VideoStream]) -> float:
        return self._timeline.place(packet.pts, packet.dts, source.tick_s, packet.duration, source.start)

    def _keep(self, source: OpenSource, packet: Packet[VideoStream], t_s: float) -> None:
        pts, dts = packet.pts, packet.dts
        reorder_s = 0.0 if pts is None or dts is None else max(0, pts - dts) * source.tick_s
        self.ring.add(StoredPacket(bytes(packet), t_s, reorder_s, packet.is_keyframe, source.info))
        if self.ring.overflows and not self._overflow_said:
            self._overflow_said = True
            self._log.warning(
                "ring_overflows",
                max_bytes=self.ring.max_bytes,
                note="too much comes between two key frames for a clip to be made: lower the camera's "
                "I-frame interval or bit rate, or raise 'evidence.max_ring_bytes'; said once",
            )

    def _look(self, decoder: Decoder, packet: Packet[VideoStream], t_s: float) -> None:
        plan = self._plan
        if plan is None:
            for shown_s, frame in decoder.all(packet, t_s, skip="DEFAULT"):
                self._hand_on(frame, shown_s)
            return
        pictures: list[tuple[float, VideoFrame]] = []
        match plan.step(t_s, key=packet.is_keyframe):
            case Step.KEY_FRAME:
                pictures = decoder.key_frame(packet, t_s)
            case Step.CATCH_UP:
                self._log.info("camera_decodes_all", reason="no key frame within the look interval")
                stored = self.ring.since_key_frame()
                pictures = decoder.catch_up(stored) if stored else decoder.all(packet, t_s, skip="NONREF")
            case Step.DECODE:
                pictures = decoder.all(packet, t_s, skip="NONREF")
        for shown_s, frame in pictures:
            if plan.due(shown_s):
                plan.looked(shown_s)
                self._hand_on(frame, shown_s)

    def _hand_on(self, frame: VideoFrame, t_s: float) -> None:
        if t_s <= self._last_t_s:
            return
        self._last_t_s = t_s
        picture = VideoPicture(frame, self._converter)
        self._size_px = picture.size_px
        self.ring.rotation_deg = quarter_turns(frame) * 90
        if self._vitals_at_s is None or t_s - self._vitals_at_s >= _VITALS_EVERY_S:
            self._vitals_at_s = t_s
            self._vitals.see(thumbnail_of(frame), t_s)
        self._last_picture = Frame(self.settings.id, t_s, self._timeline.captured_at(t_s), picture)
        self._pictures += 1
        if not self._halt.is_set():
            self._sink(self._last_picture)
