"""A scene that can be run: its file was read, what it names is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from pydantic import ValidationError

from edge.frame import ArrayPicture, Frame
from edge.settings import CameraSettings
from evaluation.clip_facts import ClipFacts, facts_of
from evaluation.composite.clip import Clip
from evaluation.matching import Box, Event
from evaluation.scene_settings import KINDS_WATCHED, EventSettings, SceneSettings
from kerbwatch.incident import Kind
from kerbwatch.settings import SettingsError, load_settings, load_yaml

Profile = Literal["auto", "dwell", "motion"]
_SUFFIXES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene that can be run: its files are there.

    Attributes:
        name: the file's name without ending.
        settings: what the file says.
        folder: the folder that paths in it start from.
        duration_s: length of the clip, or of the stills together.
        events: what an alarm is matched with.
        begins_s: the first picture that is looked at, where the clip is not played from its beginning as a
            camera's stream is: from there on a picture is taken whenever a look is due.
        cut_s: where the clip ended before the length that it announces; None until it was played.
    """

    name: str
    settings: SceneSettings
    folder: Path
    duration_s: float
    events: tuple[Event, ...]
    begins_s: float | None = None
    cut_s: float | None = None

    def begun_at(self, begins_s: float) -> Scene:
        """The same scene as a camera would tell of it that was switched on ``begins_s`` into it.

        What stood there by then counts from there; what was over is no event.
        """
        late_s = (max(begins_s - event.start_s, 0.0) for event in self.events)
        events = tuple(
            replace(event, start_s=event.start_s + late, due_s=event.due_s + late)
            for event, late in zip(self.events, late_s, strict=True)
            if event.end_s > begins_s
        )
        return replace(self, events=events, begins_s=begins_s)

    def cut_at(self, ended_s: float) -> Scene:
        """The same scene as far as its clip goes, where that ends before the length that it announces.

        What was due only after that is no event.
        """
        events = tuple(event for event in self.events if event.due_s <= ended_s)
        return replace(self, events=events, duration_s=min(self.duration_s, ended_s), cut_s=ended_s)

    @property
    def title(self) -> str:
        """For people: its name, and where it begins if not at the clip's beginning."""
        return self.name if self.begins_s is None else f"{self.name} from {self.begins_s:g} s"

    def notes(self) -> tuple[str, ...]:
        """What in it cannot count as its writer will have meant, in words."""
        notes = []
        if self.settings.camera == "dashcam" and self.settings.zones:
            notes.append("zones are not looked at in a dash-cam's clip")
        for event in self.settings.events:
            kinds = {event.kind, *event.also}
            if not event.ignore and not kinds & self._kinds_in(event.zone):
                where = "a dash-cam's clip" if event.zone is None else f"zone '{event.zone}'"
                notes.append(f"event '{event.name}' is never found: {where} gives no {event.kind.value}")
        return tuple(notes)

    def _kinds_in(self, zone_id: str | None) -> set[Kind]:
        if self.settings.camera == "dashcam" or zone_id is None:
            return {Kind.VEHICLE_LITTER}
        zones = [zone for zone in self.settings.zones if zone.id == zone_id]
        return {kind for zone in zones for kind in KINDS_WATCHED[zone.kind]}

    def watched_kinds(self) -> frozenset[Kind]:
        """The kinds that this scene's zones (or its dash-cam) can give rise to."""
        kinds = {kind for zone in self.settings.zones for kind in KINDS_WATCHED[zone.kind]}
        if self.settings.camera == "dashcam":
            kinds.add(Kind.VEHICLE_LITTER)
        return frozenset(kinds)

    def camera(self, profile: Profile = "auto") -> CameraSettings:
        """The scene as a camera of the edge, played as fast as it goes."""
        source = self.folder / self.settings.clip if self.settings.clip else self.folder
        return CameraSettings(
            id="scene",
            name=self.name,
            source=str(source),
            size=self.settings.size,
            profile=profile,
            playback="flat_out",
            position=self.settings.location,
            zones=self.settings.zones,
        )

    def frames(self, camera: CameraSettings) -> Iterator[Frame] | None:
        """Pictures of stills, or of a clip from :attr:`begins_s` on, as often as ``camera``'s profile looks.

        None where a clip is played as a stream is.

        Raises:
            SettingsError: when a picture cannot be read.
        """
        if self.settings.clip is not None:
            return None if self.begins_s is None else self._taken(camera, self.folder / self.settings.clip)
        every_s = 1 / self.settings.fps
        return self._held(camera, camera.look_interval_s if camera.effective_profile == "dwell" else every_s)

    def _held(self, camera: CameraSettings, every_s: float) -> Iterator[Frame]:
        look = 0
        for still in self.settings.stills:
            picture = ArrayPicture(_read_picture(self.folder / still.image))
            while (t_s := look * every_s) < still.to_s:
                if t_s >= still.from_s:
                    yield Frame(camera.id, t_s, self.settings.begins_at + timedelta(seconds=t_s), picture)
                look += 1

    def _taken(self, camera: CameraSettings, clip: Path) -> Iterator[Frame]:
        due_s = self.begins_s or 0.0
        for t_s, picture in Clip(clip).frames(due_s):
            if t_s >= due_s - 1e-3:
                due_s += camera.look_interval_s
                yield Frame(
                    camera.id, t_s, self.settings.begins_at + timedelta(seconds=t_s), ArrayPicture(picture)
                )


def scene_files(folder: Path) -> tuple[Path, ...]:
    """The YAML files of a folder, by name, or where it has none those of the folders in it."""
    for pattern in ("*", "*/*"):
        found = tuple(sorted(path for path in folder.glob(pattern) if path.suffix in _SUFFIXES))
        if found:
            return found
    return ()


def load_scene(path: Path) -> Scene:
    """Read a scene file and see that what it names is there.

    Raises:
        SettingsError: with file, line and key of each fault, or naming the clip that is absent or unreadable.
    """
    settings = load_settings(path, SceneSettings)
    folder = path.resolve().parent
    try:
        Scene(path.stem, settings, folder, 0.0, ()).camera()
    except ValidationError as error:
        faults = [str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors()]
        raise SettingsError("\n".join(f"{path}: {fault}" for fault in faults)) from error
    scale = (1.0, 1.0)
    if settings.clip is not None:
        facts = _facts(path, folder / settings.clip)
        duration_s, scale = facts.length_s, _scale(path, settings.size, facts.size_px)
    else:
        _see_stills(path, [folder / still.image for still in settings.stills])
        duration_s = settings.stills[-1].to_s
    return Scene(path.stem, settings, folder, duration_s, _events(settings, scale))


def _events(settings: SceneSettings, scale: tuple[float, float]) -> tuple[Event, ...]:
    """What alarms are matched with, boxes in pixels of the clip's own pictures."""
    limits_s = {zone.id: zone.dwell_s for zone in settings.zones}
    return tuple(
        Event(
            kind=event.kind,
            zone_id=event.zone,
            start_s=event.start_s,
            end_s=event.end_s,
            due_s=event.start_s + _limit_s(event, limits_s),
            box=Box(*(value * scale[index % 2] for index, value in enumerate(event.box))),
            what=event.what,
            ignore=event.ignore,
            also=frozenset(event.also),
            must_clear=event.cleared,
            plate=event.plate,
            size_px=event.size_px,
            contrast=event.contrast,
        )
        for event in settings.events
    )


def _limit_s(event: EventSettings, limits_s: dict[str, float]) -> float:
    """From the event's beginning until its alarm is due: none for a throw, else the zone's limit."""
    if event.kind is Kind.VEHICLE_LITTER or event.zone is None:
        return 0.0
    return limits_s[event.zone]


def _see_stills(scene: Path, images: list[Path]) -> None:
    for index, image in enumerate(images):
        if not image.is_file():
            line = load_yaml(scene)["stills"].lc.item(index)[0] + 1
            raise SettingsError(f"{scene}:{line}: stills.{index}.image: there is no file {image}")


def _facts(scene: Path, clip: Path) -> ClipFacts:
    try:
        return facts_of(clip)
    except SettingsError as error:
        line = load_yaml(scene).lc.key("clip")[0] + 1
        raise SettingsError(f"{scene}:{line}: clip: {error}") from error


def _scale(scene: Path, drawn: tuple[int, int] | None, shown: tuple[int, int] | None) -> tuple[float, float]:
    """From the size that boxes were noted on to the clip's own: across, down."""
    if drawn is None or shown is None:
        return 1.0, 1.0
    if (drawn[0] > drawn[1]) != (shown[0] > shown[1]):
        line = load_yaml(scene).lc.key("size")[0] + 1
        raise SettingsError(
            f"{scene}:{line}: size: {drawn[0]} x {drawn[1]} px, but the clip's pictures are shown "
            f"{shown[0]} x {shown[1]}: zones and boxes were noted on another picture"
        )
    return shown[0] / drawn[0], shown[1] / drawn[1]


def _read_picture(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SettingsError(f"{path}: is not a picture that can be read")
    return np.asarray(image, dtype=np.uint8)
