"""The book of a camera's incidents: what was last said of each, and what must be said next.

Everything that one look brings about goes to disk in one transaction: the message in the outbox, the media
that wait, the incident as reported and the rules' memory. A box killed at any instant goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from pydantic import BaseModel, ValidationError

from edge.evidence.geotag import GroundMap, place_of
from edge.evidence.kept import KeptFile, kept_file
from edge.frame import Frame
from edge.rules.plates import plate_read
from edge.rules.sighting import BoxPx, Sighting
from edge.settings import CameraSettings
from edge.store import EdgeStore
from edge.uplink.media import MediaFile, MediaQueue
from edge.uplink.outbox import Outbox
from kerbwatch.incident import Audience, Phase
from kerbwatch.messages import Box, IncidentReport, PathPoint, Vehicle
from kerbwatch.tracing import trace_id_of
from models.plates.reading import PlateReading

log = structlog.get_logger(__name__)


class Entry(BaseModel):
    """An incident on disk: the last report of it, and what is still to come.

    Attributes:
        report: what was last said.
        clip_due: whether its clip is still to be made.
        unshown: originals of which nothing was made for people yet; they are uploaded after that.
    """

    report: IncidentReport
    clip_due: bool
    unshown: tuple[KeptFile, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing more will be said of it."""
        return self.report.phase is Phase.CLEARED and not self.clip_due and not self.unshown


class IncidentBook:
    """Turns sightings into reports, revision by revision, and keeps the evidence of those that may come.

    Calls come from one thread at a time per camera; the store serialises what several do.
    """

    def __init__(
        self, camera: CameraSettings, store: EdgeStore, outbox: Outbox, media: MediaQueue, *, model: str
    ) -> None:
        self._camera, self._store, self._outbox, self._media, self._model = (
            camera,
            store,
            outbox,
            media,
            model,
        )
        self._ground = GroundMap.from_settings(camera)
        self._entries = {entry.report.incident_id: entry for entry in load_entries(store, camera.id)}
        self._arrivals = self._load_arrivals()

    def for_camera(self, camera: CameraSettings) -> IncidentBook:
        """The same book for changed settings of the same camera."""
        return IncidentBook(camera, self._store, self._outbox, self._media, model=self._model)

    @property
    def open_ids(self) -> set[str]:
        """Incidents that are reported and not cleared."""
        return {key for key, entry in self._entries.items() if entry.report.phase is not Phase.CLEARED}

    @property
    def without_clip(self) -> set[str]:
        """Open incidents whose clip is still to be made (a restart came in between)."""
        return {key for key in self.open_ids if self._entries[key].clip_due}

    def keep_arrival(self, place_id: str, picture: MediaFile) -> None:
        """Keep the picture of a thing that has come to rest, until it is an incident or gone."""
        self._arrivals[place_id] = picture
        kept = KeptFile.of(picture).model_dump_json()
        self._store.save_state(self._key("arrival", place_id), kept)

    def drop_arrival(self, place_id: str) -> None:
        """The thing is gone before its limit: its picture is of no use to anybody, and is deleted."""
        picture = self._arrivals.pop(place_id, None)
        if picture is None:
            return
        self._store.delete_state(self._key("arrival", place_id))
        picture.path.unlink(missing_ok=True)

    def drop_arrivals_but(self, place_ids: set[str]) -> None:
        """Of things that nothing holds any more, nobody needs the picture: their zone is gone, say."""
        for place_id in self._arrivals.keys() - place_ids:
            self.drop_arrival(place_id)

    def report(self, sighting: Sighting, frame: Frame, pictures: Iterable[MediaFile]) -> IncidentReport:
        """Say what a rule saw: the next revision of its incident goes to the outbox with its pictures."""
        new = list(pictures)
        known = self._entries.get(sighting.incident_id)
        if known is None:
            arrival = self._arrivals.pop(sighting.incident_id, None)
            if arrival is not None:
                self._store.delete_state(self._key("arrival", sighting.incident_id))
                new.insert(0, arrival)
        evidence = known.report.evidence if known else ()
        report = self._report(sighting, frame, known.report.revision + 1 if known else 1).model_copy(
            update={"evidence": (*evidence, *(picture.evidence() for picture in new))}
        )
        entry = known or Entry(report=report, clip_due=True)
        self._commit(entry.model_copy(update={"report": report}), new)
        return report

    def holds(self, incident_id: str) -> bool:
        """Whether an incident is open, or its evidence is still to come."""
        return incident_id in self._entries

    def unshown(self, incident_id: str) -> tuple[IncidentReport, list[MediaFile]] | None:
        """An incident and its originals of which nothing was made for people yet; None where none waits."""
        entry = self._entries.get(incident_id)
        if entry is None or not entry.unshown:
            return None
        return entry.report, [kept.media() for kept in entry.unshown]

    @property
    def with_unshown(self) -> set[str]:
        """Incidents with originals of which nothing was made for people yet."""
        return {key for key, entry in self._entries.items() if entry.unshown}

    def add_shown(self, incident_id: str, original: MediaFile, shown: MediaFile | None) -> None:
        """What was made for people of an original; None when nothing could be. Now both are uploaded."""
        entry = self._entries.get(incident_id)
        if entry is None or original.sha256 not in {kept.sha256 for kept in entry.unshown}:
            if shown is not None:
                shown.path.unlink(missing_ok=True)
            return
        left = tuple(kept for kept in entry.unshown if kept.sha256 != original.sha256)
        entry = entry.model_copy(update={"unshown": left})
        with self._store.transaction():
            self._media.put(original, incident_id)
            if shown is None:
                self._save(entry)
            else:
                self._extend(entry, shown)

    def add_plate(self, incident_id: str, plate: PlateReading, pictures: int) -> None:
        """The offender's plate was read, or read better; told where that says something new."""
        entry = self._entries.get(incident_id)
        if entry is None or (entry.report.plate is not None and entry.report.plate.text == plate.text):
            return
        self._revise(entry, [], plate=plate_read(plate, pictures))

    def add_clip(self, incident_id: str, clip: MediaFile | None) -> None:
        """The clip of an incident is ready, or (None) will never be."""
        entry = self._entries.get(incident_id)
        if entry is None or not entry.clip_due:
            return
        entry = entry.model_copy(update={"clip_due": False})
        if clip is None:
            self._save(entry)
        else:
            self._extend(entry, clip)

    def add_picture(self, incident_id: str, item: MediaFile) -> None:
        """More evidence of an incident has come, from the main stream say."""
        entry = self._entries.get(incident_id)
        if entry is None:
            log.warning("evidence_too_late", incident=incident_id, role=item.role.value)
            item.path.unlink(missing_ok=True)
            return
        self._extend(entry, item)

    def _extend(self, entry: Entry, item: MediaFile) -> None:
        """The next revision of an incident: the same, with one more piece of evidence."""
        self._revise(entry, [item], evidence=(*entry.report.evidence, item.evidence()))

    def _revise(self, entry: Entry, media: list[MediaFile], **changes: object) -> None:
        phase = entry.report.phase
        changes |= {
            "revision": entry.report.revision + 1,
            "phase": phase if phase is Phase.CLEARED else Phase.UPDATED,
        }
        report = entry.report.model_copy(update=changes)
        self._commit(entry.model_copy(update={"report": report}), media)

    def clear(self, incident_id: str, ended_at: datetime) -> None:
        """End an incident that no rule holds any more: its zone or camera was taken away."""
        entry = self._entries[incident_id]
        ended = {"report": cleared(entry.report, ended_at), "clip_due": False}
        self._commit(entry.model_copy(update=ended), [])

    def _commit(self, entry: Entry, media: list[MediaFile]) -> None:
        """Say what the entry says. New originals wait until something was made of them for people."""
        report = entry.report
        originals = [KeptFile.of(item) for item in media if item.audience is Audience.ORIGINAL]
        entry = entry.model_copy(update={"unshown": (*entry.unshown, *originals)})
        with self._store.transaction():
            self._outbox.put(report)
            for item in media:
                if item.audience is Audience.PEOPLE:
                    self._media.put(item, report.incident_id)
            self._save(entry)
        log.info(
            "incident",
            phase=report.phase.value,
            kind=report.kind.value,
            camera=report.camera_id,
            zone=report.zone_id,
            incident=report.incident_id,
            trace_id=trace_id_of(report.incident_id),
            revision=report.revision,
            dwell_s=round(report.dwell_s, 1),
        )

    def _save(self, entry: Entry) -> None:
        """Keep an entry, or forget it when nothing more will be said of it."""
        key = self._key("incident", entry.report.incident_id)
        if entry.complete:
            self._entries.pop(entry.report.incident_id, None)
            self._store.delete_state(key)
        else:
            self._entries[entry.report.incident_id] = entry
            self._store.save_state(key, entry.model_dump_json())

    def _report(self, sighting: Sighting, frame: Frame, revision: int) -> IncidentReport:
        def at(t_s: float) -> datetime:
            return frame.captured_at - timedelta(seconds=frame.t_s - t_s)

        def boxed(xyxy: BoxPx) -> Box:
            (x1, y1, x2, y2), (width, height) = xyxy, frame.picture.size_px
            return Box(x1=x1, y1=y1, x2=x2, y2=y2, picture_width_px=width, picture_height_px=height)

        camera, thrown_from = self._camera, sighting.vehicle
        return IncidentReport(
            incident_id=sighting.incident_id,
            revision=revision,
            phase=sighting.phase,
            kind=sighting.kind,
            camera_id=camera.id,
            camera_name=camera.display_name,
            zone_id=sighting.zone_id,
            road=camera.road,
            started_at=at(sighting.started_t_s),
            observed_at=frame.captured_at,
            ended_at=None if sighting.ended_t_s is None else at(sighting.ended_t_s),
            dwell_s=sighting.dwell_s,
            limit_s=sighting.limit_s,
            urgent=sighting.urgent,
            object_class=sighting.object_class,
            confidence=sighting.score,
            box=boxed(sighting.box_xyxy),
            vehicle=thrown_from
            and Vehicle(
                box=boxed(thrown_from.box_xyxy),
                object_class=thrown_from.object_class,
                track=thrown_from.track,
            ),
            path=tuple(PathPoint(at=at(point.t_s), x=point.x, y=point.y) for point in sighting.path),
            plate=sighting.plate and plate_read(sighting.plate, sighting.plate_pictures),
            standing_since=sighting.standing_since,
            place=place_of(
                sighting.ground_xyxy or sighting.box_xyxy, frame.picture.size_px, camera, self._ground
            ),
            live_url=camera.live_url,
            model=self._model,
        )

    def _load_arrivals(self) -> dict[str, MediaFile]:
        prefix = self._key("arrival", "")
        arrivals = {}
        for key in self._store.state_keys(prefix):
            kept = kept_file(self._store, key)
            if kept is not None and kept.path.is_file():
                arrivals[key.removeprefix(prefix)] = kept.media()
            else:
                self._store.delete_state(key)
        return arrivals

    def _key(self, what: str, incident_id: str) -> str:
        return f"{what}/{self._camera.id}/{incident_id}"


def cleared(report: IncidentReport, ended_at: datetime) -> IncidentReport:
    """The closing revision of an incident that ends without a look."""
    ended = max(ended_at, report.observed_at)
    return report.model_copy(
        update={
            "revision": report.revision + 1,
            "phase": Phase.CLEARED,
            "observed_at": ended,
            "ended_at": ended,
            "dwell_s": max((ended - report.started_at).total_seconds(), 0.0),
        }
    )


def load_entries(store: EdgeStore, camera_id: str | None = None) -> list[Entry]:
    """The incidents of a camera, or of all, on disk. One that cannot be read is logged and left out."""
    entries = []
    for key in store.state_keys("incident/" if camera_id is None else f"incident/{camera_id}/"):
        try:
            entries.append(Entry.model_validate_json(store.load_state(key) or ""))
        except ValidationError as error:
            log.error("incident_unreadable", key=key, error=str(error))
    return entries
