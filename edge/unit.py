"""One camera at work: its pictures, its rules, its evidence and its incidents held together."""

from __future__ import annotations

import threading

import structlog

from edge.camera import Camera, CameraStatus
from edge.evidence.desk import background_desk, shared_desk
from edge.evidence.finisher import Finisher
from edge.evidence.recorder import NoRoomError, Recorder
from edge.frame import ArrayPicture, Frame
from edge.incidents import IncidentBook
from edge.leftovers import forget_camera
from edge.litter.desk import LitterDesk
from edge.litter.exhibits import ExhibitError, exhibits_of
from edge.litter.watcher import LitterWatch
from edge.memory import CameraMemory
from edge.rechecks.desk import RecheckDesk
from edge.rechecks.sight import Scene
from edge.rules.sighting import Findings, Sighting
from edge.rules.zone import ZoneOutsideError
from edge.settings import CameraSettings, EdgeSettings
from edge.store import EdgeStore
from edge.trouble import Trouble, looked_away
from edge.uplink.media import MediaFile, MediaQueue
from edge.uplink.outbox import Outbox
from edge.vision.batcher import Batcher
from edge.vision.closer import CloserLook
from edge.vision.looking import LookGate, Seen
from edge.vision.plate_watch import PlateWatch
from edge.watch import Watch
from kerbwatch.clock import Clock
from kerbwatch.incident import EvidenceRole, Phase
from kerbwatch.messages import IncidentReport, ViewState
from models.detections import Detections
from models.plates.reading import PlateReading

log = structlog.get_logger(__name__)


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
        rechecks: RecheckDesk,
        clock: Clock,
        model: str,
    ) -> None:
        self.settings = camera
        self._store, self._batcher, self._clock = store, batcher, clock
        self._outbox, self._media, self._rechecks = outbox, media, rechecks
        self._min_score = settings.detector.min_score
        self._book = IncidentBook(camera, store, outbox, media, model=model)
        self._guard = threading.RLock()
        self._watch: Watch | None = None
        self._zone_error: str | None = None
        self.trouble = Trouble("look_failed", camera=camera.id)
        """What keeps its pictures from being looked at and judged."""
        self._unreconciled = False
        self._fresh: dict[str, Frame] = {}
        self._memory = CameraMemory(camera.id, store, clock)
        self._gate = LookGate(camera)
        self.looks = 0
        self.incidents: dict[tuple[str, str], int] = {}
        self.look_lag_s = 0.0
        self.camera = Camera(camera, settings.evidence, sink=self._picture, clock=clock)
        folder = settings.data_dir / "media"
        self._recorder = Recorder(self.camera, settings.evidence, folder, clock, room=media.room)
        self._finisher = Finisher(settings, self._deliver, media.room)
        self.plates = PlateWatch(self._plate_read, background_desk())
        self._closed = False

        self._litter = self._new_litter()

    def _new_litter(self) -> LitterDesk | None:
        return LitterDesk(self.settings, self._thrown) if LitterWatch.concerns(self.settings) else None

    @property
    def unsearched(self) -> int:
        """Pictures of a road that were not searched for litter, since the box could not keep up."""
        return 0 if self._litter is None else self._litter.skipped

    def start(self) -> None:
        """Begin to look, and go on with what a stop cut off."""
        for incident_id in self._book.with_unshown:
            self._finish(incident_id)
        self.camera.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop looking and write down what the rules remember; open incidents stay open."""
        self.camera.stop(timeout_s)
        if self._litter is not None:
            self._litter.close()
        self._recorder.close()
        self._batcher.forget(self.settings.id)
        self.save()
        self._finisher.close()
        with self._guard:
            self._closed = True

    def retire(self) -> None:
        """Stop for good: the camera is taken away, so its open incidents end and its memory goes."""
        self.stop()
        with self._guard:
            forget_camera(self._store, self._outbox, self._media, self.settings.id, self._clock.now_utc())

    def rewatch(self, camera: CameraSettings) -> None:
        """Take on changed zones without touching the stream."""
        self.save()
        with self._guard:
            self.settings = camera
            self._book = self._book.for_camera(camera)
            self._watch = None
            before, self._litter = self._litter, self._new_litter()
        if before is not None:
            before.close()

    def status(self) -> CameraStatus:
        """How the camera does."""
        return self.camera.status()

    @property
    def error(self) -> str | None:
        """What keeps this camera from being watched, for people."""
        trouble = self.trouble.text or (self._litter and self._litter.trouble.text)
        unjudged = trouble and f"its pictures are not judged: {trouble}"
        away_since = None if self._watch is None else self._watch.moved_at
        return (
            self._zone_error
            or unjudged
            or self.status().error
            or looked_away(away_since, self._clock.now_utc())
        )

    @property
    def view(self) -> ViewState:
        """Whether the camera looks where its zones were drawn."""
        watch = self._watch
        return ViewState.STEADY if watch is None else watch.view

    def look(self, seen: Seen) -> None:
        """Take in what the network found in one picture, and in closer looks at what has no name."""
        frame, detections = seen.frame, seen.detections
        self.looks += 1
        if self._litter is not None:
            self._litter.look(frame.t_s, detections)
        self.look_lag_s = max((self._clock.now_utc() - frame.captured_at).total_seconds(), 0.0)
        with self._guard:
            if self._watch is None or self._watch.size_px != frame.picture.size_px:
                if not self._begin(frame):
                    return
                self._unreconciled = True
            assert self._watch is not None
            try:
                with self._store.transaction():
                    findings = self._watch.look(seen)
                    self._evidence_of(findings, frame)
                    for sighting in findings.sightings:
                        self._say(sighting, frame)
                    self._read_plates(findings, frame, detections)
                    if not self._watch.held:
                        self._drop_pictures_of_nothing(self._watch.held_ids)
                        if self._unreconciled:
                            self._reconcile(self._watch, frame)
                            self._unreconciled = False
                    self._memory.keep(self._watch, force=bool(findings.sightings or findings.standing))
            except BaseException:
                # What the disk did not take did not happen: the next look goes on from what it holds.
                self._watch, self._book = None, self._book.for_camera(self.settings)
                raise
            if self._rechecks.asks(self.settings.id):
                self._rechecks.look(
                    self._watch,
                    frame,
                    Scene.of(self._watch, frame, detections, seen.thumbnail_px, stale=self.status().frozen),
                    lambda: self._snapshot(frame, EvidenceRole.SNAPSHOT_CHECKED),
                )

    def closer(self, size_px: tuple[int, int]) -> tuple[CloserLook, ...]:
        """What the next look at a picture of this size should show closer, if anything."""
        watch = self._watch
        return watch.closer if watch is not None and watch.size_px == size_px else ()

    def save(self) -> None:
        """Write down what the rules remember."""
        with self._guard:
            self._memory.keep_rules(self._watch, force=True)

    def _picture(self, frame: Frame) -> None:
        """The camera's thread hands a picture over: those the network should see go to the batcher."""
        if self._litter is not None and self.view.on_zones:
            self._litter.picture(frame, wait=self.settings.playback == "flat_out")
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
        self._memory.recall(watch)
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

    def _drop_pictures_of_nothing(self, held: set[str]) -> None:
        """A zone that is gone, a long stop, a look that failed: what no rule holds any more needs none."""
        self._book.drop_arrivals_but(held)
        self._fresh = {place_id: frame for place_id, frame in self._fresh.items() if place_id in held}

    def _say(self, sighting: Sighting, frame: Frame) -> None:
        role = {Phase.OPENED: EvidenceRole.SNAPSHOT_LIMIT, Phase.CLEARED: EvidenceRole.SNAPSHOT_CLEARED}.get(
            sighting.phase
        )
        picture = self._snapshot(frame, role) if role else None
        report = self._book.report(sighting, frame, [picture] if picture else [])
        self._count(sighting)
        self._finish(report.incident_id)
        if report.phase is Phase.OPENED:
            self._request_clip(report.incident_id, frame.t_s)
            place = self._watch.place_of(report.incident_id) if self._watch is not None else None
            if place is not None and place.patch is not None:
                self._rechecks.keep_look(self.settings.id, report.incident_id, place.patch)

    def _thrown(self, sighting: Sighting, frame: Frame) -> None:
        """The litter desk saw something thrown, or that no more follows: on its thread."""
        with self._guard:
            over = sighting.phase is Phase.CLEARED and sighting.incident_id not in self._book.open_ids
            if self._closed or over:
                return
            with self._store.transaction():
                report = self._book.report(sighting, frame, [])
            self._count(sighting)
        if report.phase is Phase.OPENED:
            self._request_clip(report.incident_id, sighting.started_t_s)
            shared_desk().submit(lambda: self._exhibit(sighting, report))

    def _count(self, sighting: Sighting) -> None:
        key = (sighting.kind.value, sighting.phase.value)
        self.incidents[key] = self.incidents.get(key, 0) + 1

    def _exhibit(self, sighting: Sighting, report: IncidentReport) -> None:
        """Pictures of a throw: the moment, the same with the thing's way, and the vehicle with its plate."""
        try:
            shown = exhibits_of(self.camera.ring, sighting)
        except ExhibitError as error:
            log.error("throw_not_shown", camera=self.settings.id, error=str(error))
            return
        self.plates.read_passing(report.incident_id, shown.vehicle_seen)
        captured_at = self.camera.captured_at(shown.t_s)
        for role, image in shown.images.items():
            frame = Frame(self.settings.id, shown.t_s, captured_at, ArrayPicture(image))
            picture = self._snapshot(frame, role)
            with self._guard:
                if picture is None or self._closed:
                    return
                self._book.add_picture(report.incident_id, picture)
                self._finish(report.incident_id)

    def _read_plates(self, findings: Findings, frame: Frame, detections: Detections) -> None:
        """Have the plate read that is most due; the newest offender's is due at once."""
        assert self._watch is not None
        standing = [(place, self._watch.box_in_picture(place.newest_box)) for place in self._watch.vehicles]
        opened = [each.incident_id for each in findings.sightings if each.phase is Phase.OPENED]
        self.plates.look(frame, detections, standing, opened)

    def _plate_read(self, place_id: str, plate: PlateReading, pictures: int) -> None:
        """The desk has read a plate: the rule knows it from now on, and central if the incident is open."""
        with self._guard:
            if self._closed or self._watch is None:
                return
            if not self._watch.set_plate(place_id, plate, pictures) and not self._book.holds(place_id):
                return
            with self._store.transaction():
                self._book.add_plate(place_id, plate, pictures)
                self._memory.keep_rules(self._watch, force=True)

    def _finish(self, incident_id: str) -> None:
        """Have the originals of an incident made fit for people."""
        waiting = self._book.unshown(incident_id)
        if waiting is not None:
            self._finisher.finish(*waiting)

    def _deliver(self, incident_id: str, original: MediaFile, shown: MediaFile | None) -> None:
        """The desk has made a picture or clip for people, or could not."""
        with self._guard:
            if not self._closed:
                self._book.add_shown(incident_id, original, shown)

    def _request_clip(self, incident_id: str, at_t_s: float) -> None:
        def done(clip: MediaFile | None) -> None:
            with self._guard:
                self._book.add_clip(incident_id, clip)
                self._finish(incident_id)

        def extra(item: MediaFile) -> None:
            with self._guard:
                self._book.add_picture(incident_id, item)
                self._finish(incident_id)
                waiting = self._book.unshown(incident_id)
            if waiting is not None and item.content_type == "image/jpeg":
                self.plates.read_picture(incident_id, item.path, waiting[0].box)

        self._recorder.request_clip(at_t_s, done, extra=extra)

    def _snapshot(self, frame: Frame, role: EvidenceRole) -> MediaFile | None:
        """A picture on disk; None when the disk does not take it (the incident goes on without)."""
        try:
            return self._recorder.snapshot(frame, role)
        except NoRoomError:
            return None
        except OSError as error:
            log.error("snapshot_failed", camera=self.settings.id, role=role.value, error=str(error))
            return None

    def _reconcile(self, watch: Watch, frame: Frame) -> None:
        """After a restart: end what no rule holds any more, and make the clips that the stop cut off."""
        for incident_id in self._book.open_ids - watch.occurrences():
            self._book.clear(incident_id, frame.captured_at)
        for incident_id in self._book.without_clip & watch.occurrences():
            self._request_clip(incident_id, frame.t_s)
