"""One camera at work: its pictures, its rules, its evidence and its incidents held together."""

from __future__ import annotations

import threading

import structlog

from edge.camera import Camera, CameraStatus
from edge.evidence.recorder import Recorder
from edge.frame import Frame
from edge.incidents import IncidentBook
from edge.rules.sighting import Findings, Sighting
from edge.rules.zone import ZoneOutsideError
from edge.settings import CameraSettings, EdgeSettings
from edge.store import EdgeStore
from edge.uplink.media import MediaFile, MediaQueue
from edge.uplink.outbox import Outbox
from edge.vision.batcher import Batcher
from edge.vision.looking import LookGate
from edge.watch import Watch
from kerbwatch.clock import Clock
from kerbwatch.incident import EvidenceRole, Phase
from models.detections import Detections

log = structlog.get_logger(__name__)

SAVE_EVERY_S = 5.0
"""How often the rules' memory goes to disk when nothing happens."""


class CameraUnit:
    """A camera with everything that belongs to it on this box.

    The camera's own thread calls :meth:`_picture`; the network's thread calls :meth:`look`; the recorder's
    thread delivers clips. The book is guarded, since two of them write in it.
    """

    def __init__(
        self,
        camera: CameraSettings,
        settings: EdgeSettings,
        *,
        store: EdgeStore,
        outbox: Outbox,
        media: MediaQueue,
        batcher: Batcher,
        clock: Clock,
        model: str,
    ) -> None:
        self.settings = camera
        self._store, self._batcher, self._clock = store, batcher, clock
        self._media = media
        self._min_score = settings.detector.min_score
        self._book = IncidentBook(camera, store, outbox, media, model=model)
        self._guard = threading.RLock()
        self._watch: Watch | None = None
        self._zone_error: str | None = None
        self._fresh: dict[str, Frame] = {}
        self._saved_s = clock.monotonic_s()
        self._gate = LookGate(camera)
        self.looks = 0
        self.incidents: dict[tuple[str, str], int] = {}
        self.look_lag_s = 0.0
        self.camera = Camera(camera, settings.evidence, sink=self._picture, clock=clock)
        self._recorder = Recorder(self.camera, settings.evidence, settings.data_dir / "media", clock)

    def start(self) -> None:
        """Begin to look."""
        self.camera.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop looking and write down what the rules remember; open incidents stay open."""
        self.camera.stop(timeout_s)
        self._recorder.close()
        self._batcher.forget(self.settings.id)
        self.save()

    def retire(self) -> None:
        """Stop for good: the camera is taken away, so its open incidents end."""
        self.stop()
        with self._guard, self._store.transaction():
            for incident_id in self._book.open_ids:
                self._book.clear(incident_id, self._clock.now_utc())
            self._store.delete_state(self._state_key)

    def rewatch(self, camera: CameraSettings) -> None:
        """Take on changed zones without touching the stream."""
        self.save()
        with self._guard:
            self.settings = camera
            self._book = self._book.for_camera(camera)
            self._watch = None

    def status(self) -> CameraStatus:
        """How the camera does."""
        return self.camera.status()

    @property
    def error(self) -> str | None:
        """What keeps this camera from being watched, for people."""
        return self._zone_error or self.status().error

    def look(self, frame: Frame, detections: Detections, thumbnail_px: tuple[int, int]) -> None:
        """Take in what the network found in one picture."""
        self.looks += 1
        self.look_lag_s = max((self._clock.now_utc() - frame.captured_at).total_seconds(), 0.0)
        with self._guard:
            resumed = self._watch is None or self._watch.size_px != frame.picture.size_px
            if resumed and not self._begin(frame):
                return
            assert self._watch is not None
            try:
                with self._store.transaction():
                    findings = self._watch.look(frame, detections, thumbnail_px)
                    self._evidence_of(findings, frame)
                    for sighting in findings.sightings:
                        self._say(sighting, frame)
                    if resumed:
                        self._reconcile(self._watch, frame)
                    self._save_memory(force=bool(findings.sightings or findings.standing))
            except BaseException:
                # What the disk did not take did not happen: the next look goes on from what it holds.
                self._watch, self._book = None, self._book.for_camera(self.settings)
                raise

    def save(self) -> None:
        """Write down what the rules remember."""
        with self._guard:
            self._save_memory(force=True)

    @property
    def _state_key(self) -> str:
        return f"watch/{self.settings.id}"

    def _picture(self, frame: Frame) -> None:
        """The camera's thread hands a picture over: those the network should see go to the batcher."""
        if self._gate.wants(frame):
            self._batcher.offer(frame, wait=self.settings.playback == "flat_out")

    def _begin(self, frame: Frame) -> bool:
        """Set the rules up for pictures of this size. False when a zone does not fit them."""
        self.save()
        try:
            watch = Watch(self.settings, frame.picture.size_px, self._min_score)
        except ZoneOutsideError as error:
            if self._zone_error != str(error):
                log.error("zone_outside_picture", camera=self.settings.id, error=str(error))
            self._zone_error = str(error)
            return False
        self._zone_error = None
        remembered = self._store.load_state(self._state_key)
        if remembered is not None:
            try:
                watch.restore(remembered)
            except ValueError as error:
                log.error("memory_unreadable", camera=self.settings.id, error=str(error))
        self._watch = watch
        return True

    def _evidence_of(self, findings: Findings, frame: Frame) -> None:
        """Keep the picture in which each newcomer was first seen; put it on disk once it stands."""
        for place_id in findings.noticed:
            self._fresh[place_id] = frame
        for place_id in findings.standing:
            picture = self._snapshot(self._fresh.pop(place_id, frame), EvidenceRole.SNAPSHOT_ARRIVAL)
            if picture is not None:
                self._book.keep_arrival(place_id, picture)
        for place_id in findings.forgotten:
            self._fresh.pop(place_id, None)
            self._book.drop_arrival(place_id)

    def _say(self, sighting: Sighting, frame: Frame) -> None:
        role = {Phase.OPENED: EvidenceRole.SNAPSHOT_LIMIT, Phase.CLEARED: EvidenceRole.SNAPSHOT_CLEARED}.get(
            sighting.phase
        )
        picture = self._snapshot(frame, role) if role else None
        report = self._book.report(sighting, frame, [picture] if picture else [])
        key = (sighting.kind.value, sighting.phase.value)
        self.incidents[key] = self.incidents.get(key, 0) + 1
        if report.phase is Phase.OPENED:
            self._request_clip(report.incident_id, frame.t_s)

    def _request_clip(self, incident_id: str, at_t_s: float) -> None:
        def done(clip: MediaFile | None) -> None:
            if clip is not None and not self._media.has_room(clip.size_bytes):
                log.warning("media_full_clip_not_kept", camera=self.settings.id, incident=incident_id)
                clip.path.unlink(missing_ok=True)
                clip = None
            with self._guard:
                self._book.add_clip(incident_id, clip)

        def extra(item: MediaFile) -> None:
            with self._guard:
                self._book.add_picture(incident_id, item)

        self._recorder.request_clip(at_t_s, done, extra=extra)

    def _snapshot(self, frame: Frame, role: EvidenceRole) -> MediaFile | None:
        """A picture on disk; None when the disk does not take it (the incident goes on without)."""
        try:
            return self._recorder.snapshot(frame, role)
        except OSError as error:
            log.error("snapshot_failed", camera=self.settings.id, role=role.value, error=str(error))
            return None

    def _reconcile(self, watch: Watch, frame: Frame) -> None:
        """After a restart: end what no rule holds any more, and make the clips that the stop cut off."""
        for incident_id in self._book.open_ids - watch.occurrences():
            self._book.clear(incident_id, frame.captured_at)
        for incident_id in self._book.without_clip & watch.occurrences():
            self._request_clip(incident_id, frame.t_s)

    def _save_memory(self, *, force: bool) -> None:
        now_s = self._clock.monotonic_s()
        if self._watch is None or (not force and now_s - self._saved_s < SAVE_EVERY_S):
            return
        self._saved_s = now_s
        state = self._watch.state()
        if state is not None:
            self._store.save_state(self._state_key, state)
