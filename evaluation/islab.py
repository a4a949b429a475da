"""ISLab-PVD replayed: what a published system took for standing vehicles, through the edge's parking rule.

The clips cannot be had. What can is a folder with, for each clip NAME, ``events/NAME.txt`` (what is true) and
``tracks/NAME.txt`` (the published system's candidates), one JSON object a line, and ``zones.json``. The
candidates come with the faults of a real tracker: occlusions, gaps, new identities for the same vehicle. The
rule is told boxes only, no identity and no picture, and is counted as strictly as on scenes of one's own.

Source: W. Chen, C. K. Yeo, "Unauthorized Parking Detection using Deep Networks at Real Time", SMARTCOMP 2019.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edge.rules.parking import ParkingRule
from edge.rules.sighting import Look, Sighting
from edge.rules.zone import INSIDE_SHARE, Zone
from edge.settings import DetectorSettings, PositionSettings
from edge.zone_settings import ZoneSettings
from evaluation.alarms import alarms_of
from evaluation.matching import Alarm, Box, Event, match
from evaluation.report import Report, SceneFailure, SceneResult
from evaluation.scene import Scene
from evaluation.scene_settings import SCENE_BEGINS_AT, SceneSettings
from kerbwatch.incident import Kind, ZoneKind
from kerbwatch.settings import SettingsError
from models.class_map import DEFAULT_CLASS_MAP
from models.detections import Detections

FRAMES_PER_S = 30.0
"""Of every clip."""
LIMIT_S = 5.0
"""How long a vehicle may stand. The published system takes it for parked after more than five of its looks,
which are two thirds of a second to a second apart, and the true events begin there: 4.7 to 6 s after it came
to rest, as far as the files tell."""
CANDIDATE_SCORE = 1.0
"""Candidates have no score: the published system is sure of each."""
CLASSES = {**DEFAULT_CLASS_MAP, "motorbike": DEFAULT_CLASS_MAP["motorcycle"]}
"""The published system's class names."""

_Row = TypeVar("_Row", bound=BaseModel)


class EventRow(BaseModel):
    """One line of ``events/``: a vehicle that stands where it must not, in one frame."""

    model_config = ConfigDict(extra="ignore")

    frame: Annotated[int, Field(ge=0)]
    id: int
    type: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def box(self) -> Box:
        """Where it is."""
        return Box(self.left, self.top, self.right, self.bottom)


class CandidateRow(EventRow):
    """One line of ``tracks/``: something that the published system took for a standing vehicle."""

    detected: str = "YES"
    """``NO`` where it was not found in this frame and only remembered."""


class ZonesRow(BaseModel):
    """One clip in ``zones.json``."""

    model_config = ConfigDict(extra="ignore")

    image_size: tuple[int, int]
    no_parking: Annotated[list[list[tuple[float, float]]], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip.

    Attributes:
        scene: its zones and true events, as of a scene whose clip is not there.
        size_px: width and height of its picture.
        every_frames: from one look of the published system to the next.
        candidates: what the published system found, by frame.
    """

    scene: Scene
    size_px: tuple[int, int]
    every_frames: int
    candidates: Mapping[int, Sequence[CandidateRow]]

    def zones(self) -> list[Zone]:
        """Its zones, in pixels."""
        camera = self.scene.camera("dwell")
        return [Zone(zone, camera, self.size_px) for zone in camera.zones]

    def look(self, t_s: float) -> Look:
        """What the published system knew of the street at ``t_s``: its newest look, as detections."""
        frame = int(t_s * FRAMES_PER_S + 1e-6) // self.every_frames * self.every_frames
        return Look(
            t_s=t_s,
            captured_at=SCENE_BEGINS_AT + timedelta(seconds=t_s),
            detections=_detections(self.candidates.get(frame, ())),
            thumbnail=None,
            size_px=self.size_px,
        )


@dataclass(frozen=True, slots=True)
class IslabReport:
    """Two reports on the same clips: the rule's alarms, and the published system's own."""

    rule: Report
    published: Report
    look_interval_s: float
    first_look_s: float

    def to_json(self) -> dict[str, Any]:
        """As plain values: the rule's report, and the published system's figures under ``published``."""
        return {
            **self.rule.to_json(),
            "look_interval_s": self.look_interval_s,
            "first_look_s": self.first_look_s,
            "dwell_s": LIMIT_S,
            "published": self.published.to_json()["kinds"],
        }


def replay_islab(folder: Path, *, look_interval_s: float = 2.0, first_look_s: float = 0.0) -> IslabReport:
    """Replay every clip of a folder.

    Args:
        folder: holds ``events/``, ``tracks/`` and ``zones.json``.
        look_interval_s: from one look of the rule to the next.
        first_look_s: when it looks first; moves all looks.

    Raises:
        SettingsError: when the folder does not hold what it should; a single clip that cannot be read is told
            in the reports instead.
    """
    ours: list[SceneResult] = []
    theirs: list[SceneResult] = []
    failures: list[SceneFailure] = []
    for name, zones in _read_zones(folder / "zones.json").items():
        began_s = time.monotonic()
        try:
            clip = load_clip(folder, name, zones)
            alarms = alarms_of(replay_clip(clip, look_interval_s, first_look_s))
            published = published_alarms(clip)
        except SettingsError as error:
            failures.append(SceneFailure(name, str(error)))
            continue
        events, elapsed_s = clip.scene.events, time.monotonic() - began_s
        ours.append(SceneResult(clip.scene, "dwell", match(alarms, events), elapsed_s))
        theirs.append(SceneResult(clip.scene, "dwell", match(published, events), 0.0))
    return IslabReport(
        Report(f"ISLab candidates, a look every {look_interval_s:g} s", tuple(ours), tuple(failures)),
        Report("the published system, an alarm an identity", tuple(theirs)),
        look_interval_s,
        first_look_s,
    )


def replay_clip(clip: Clip, look_interval_s: float = 2.0, first_look_s: float = 0.0) -> list[Sighting]:
    """What the edge's parking rule says about a clip."""
    rule = ParkingRule(clip.zones(), DetectorSettings.model_validate({}).min_score)
    sightings: list[Sighting] = []
    for number in range(1 + math.floor((clip.scene.duration_s - first_look_s) / look_interval_s)):
        sightings += rule.look(clip.look(first_look_s + number * look_interval_s)).sightings
    return sightings


def published_alarms(clip: Clip) -> list[Alarm]:
    """The published system's own alarms: the first candidate of each identity that stands in a zone."""
    zones = clip.zones()
    alarms: dict[int, Alarm] = {}
    for frame, rows in sorted(clip.candidates.items()):
        boxes = _detections(rows).xyxy
        for row, shares in zip(rows, np.stack([zone.shares(boxes) for zone in zones], axis=1), strict=True):
            if row.id in alarms or shares.max() < INSIDE_SHARE:
                continue
            t_s = frame / FRAMES_PER_S
            alarms[row.id] = Alarm(Kind.ILLEGAL_PARKING, zones[int(shares.argmax())].id, t_s, t_s, row.box)
    return list(alarms.values())


def load_clip(folder: Path, name: str, zones: ZonesRow) -> Clip:
    """Read one clip.

    Raises:
        SettingsError: with file and line of what cannot be read.
    """
    truth = _read_rows(folder / "events" / f"{name}.txt", EventRow)
    found = _read_rows(folder / "tracks" / f"{name}.txt", CandidateRow)
    frames = [row.frame for row in (*truth, *found)]
    if not frames:
        raise SettingsError(f"{folder}: {name} has neither an event nor a candidate")
    candidates: dict[int, list[CandidateRow]] = defaultdict(list)
    for row in found:
        if row.detected == "YES" and row.type in CLASSES:
            candidates[row.frame].append(row)
    settings = _scene_settings(folder, name, zones)
    scene = Scene(name, settings, folder, max(frames) / FRAMES_PER_S, _events(truth))
    every_frames = max(math.gcd(*frames), 1)
    return Clip(scene, zones.image_size, every_frames, candidates)


def _events(rows: Iterable[EventRow]) -> tuple[Event, ...]:
    """The true events: one an identity, due at its first row."""
    by_id: dict[int, list[EventRow]] = defaultdict(list)
    for row in rows:
        by_id[row.id].append(row)
    return tuple(_event(sorted(seen, key=lambda row: row.frame)) for seen in by_id.values())


def _event(seen: Sequence[EventRow]) -> Event:
    first, last = seen[0], seen[-1]
    due_s = first.frame / FRAMES_PER_S
    return Event(
        kind=Kind.ILLEGAL_PARKING,
        zone_id=None,
        start_s=max(due_s - LIMIT_S, 0.0),
        end_s=last.frame / FRAMES_PER_S,
        due_s=due_s,
        box=first.box,
        what=f"{first.type} {first.id}",
    )


def _scene_settings(folder: Path, name: str, zones: ZonesRow) -> SceneSettings:
    """The clip as a scene. Raises SettingsError when a zone is none, or leaves the picture."""
    try:
        settings = SceneSettings(
            clip=Path(f"{name}.mp4"),
            size=zones.image_size,
            location=PositionSettings(lon=0, lat=0),  # where the cameras stand is not told, and no rule asks
            zones=tuple(
                ZoneSettings(id=f"zone-{number}", kind=ZoneKind.NO_PARKING, dwell_s=LIMIT_S, polygon=corners)
                for number, corners in enumerate(map(tuple, zones.no_parking), start=1)
            ),
        )
        Scene(name, settings, folder, 0.0, ()).camera()
    except ValidationError as error:
        what = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{folder / 'zones.json'}: {name}: {what}") from error
    return settings


def _detections(rows: Sequence[CandidateRow]) -> Detections:
    return Detections(
        np.array([(r.left, r.top, r.right, r.bottom) for r in rows], dtype=np.float32).reshape(-1, 4),
        np.full(len(rows), CANDIDATE_SCORE, dtype=np.float32),
        np.array([CLASSES[row.type] for row in rows], dtype=np.int64),
    )


def _read_zones(path: Path) -> dict[str, ZonesRow]:
    try:
        return TypeAdapter(dict[str, ZonesRow]).validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise SettingsError(f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def _read_rows(path: Path, schema: type[_Row]) -> list[_Row]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(schema.model_validate_json(line))
        except ValidationError as error:
            fault = error.errors()[0]
            key = ".".join(map(str, fault["loc"]))
            raise SettingsError(f"{path}:{number}: {key}: {fault['msg']}") from error
    return rows
