"""Scenes: a clip (or stills), what is watched in it, and the events that a person saw there.

One YAML file a scene. Times are seconds of the clip, boxes and polygons pixels of the picture as shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import av
import cv2
import numpy as np
from pydantic import Field, ValidationError, model_validator

from edge.frame import ArrayPicture, Frame
from edge.settings import CameraSettings, PositionSettings
from edge.zone_settings import ZoneSettings
from evaluation.composite.clip import Clip
from evaluation.matching import Box, Event
from kerbwatch.incident import Kind, ZoneKind
from kerbwatch.settings import Settings, SettingsError, load_settings, load_yaml

SCENE_BEGINS_AT = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
"""Wall clock of a still scene's first picture: a Monday, 11:00 in Yuyao."""

KINDS_WATCHED: dict[ZoneKind, tuple[Kind, ...]] = {
    ZoneKind.NO_PARKING: (Kind.ILLEGAL_PARKING,),
    ZoneKind.PARKING: (Kind.ILLEGAL_PARKING,),
    ZoneKind.NO_STALL: (Kind.STALL_ENCROACHMENT, Kind.PAVEMENT_OBSTRUCTION),
    ZoneKind.ROAD: (Kind.VEHICLE_LITTER,),
}
"""What a zone of each kind can give rise to."""

Seconds = Annotated[float, Field(ge=0)]
Profile = Literal["auto", "dwell", "motion"]


class StillSettings(Settings):
    """A picture held for a span of the scene."""

    image: Path = Field(description="Picture file, from the scene's folder.")
    from_s: Seconds = Field(description="When it is shown first.")
    to_s: Seconds = Field(description="When the next one takes its place.")


class EventSettings(Settings):
    """Something that a person saw in the clip."""

    kind: Kind = Field(description="What it is.")
    zone: str | None = Field(None, description="The zone that it happened in; none for a dash-cam.")
    start_s: Seconds = Field(description="When the offender came to rest, or threw.")
    end_s: Seconds = Field(description="When it left, or the clip ended.")
    box: tuple[float, float, float, float] = Field(description="Left, top, right, bottom.")
    what: str = Field("", description="In words, for people.")
    ignore: bool = Field(False, description="Right whether it is reported or not.")
    also: tuple[Kind, ...] = Field((), description="Other kinds that are right too.")
    cleared: bool = Field(False, description="Its end should be reported as well.")
    plate: str | None = Field(None, description="The offender's plate, where it can be read.")
    size_px: Annotated[float, Field(gt=0)] | None = Field(
        None, description="How large the thing is in the picture: root of its width times its height."
    )
    contrast: Annotated[float, Field(ge=0, le=255)] | None = Field(
        None, description="Mean difference, in grey levels of 255, from what the thing covers."
    )

    @model_validator(mode="after")
    def _sound(self) -> EventSettings:
        left, top, right, bottom = self.box
        if left >= right or top >= bottom:
            raise ValueError("'box' is left, top, right, bottom, with left < right and top < bottom")
        if self.start_s > self.end_s:
            raise ValueError("'start_s' comes before 'end_s'")
        return self

    @property
    def name(self) -> str:
        """For messages: its words, or its kind."""
        return self.what or self.kind.value


class CompositeSettings(Settings):
    """How a scene was made whose clip is not what a camera saw (:mod:`evaluation.composite`)."""

    recipe: str = Field(description="What was added to the base, by name.")
    base: str = Field(description="Name of the scene or clip whose real pictures lie under it.")
    seed: int = Field(description="The same seed gives the same scene again.")
    index: Annotated[int, Field(ge=0)] = Field(0, description="Which of the seed's composites it is.")
    parameters: dict[str, str | int | float | bool] = Field({}, description="What the recipe drew.")


class SceneSettings(Settings):
    """A scene file."""

    clip: Path | None = Field(None, description="Video file, from the scene's folder.")
    stills: tuple[StillSettings, ...] = Field((), description="Pictures in place of a clip, in order.")
    fps: Annotated[float, Field(gt=0, le=120)] = Field(10.0, description="Pictures a second of stills.")
    licence: str = Field("", description="The clip's licence.")
    size: tuple[int, int] | None = Field(None, description="Width and height of the picture as shown, px.")
    location: PositionSettings = Field(description="Where the camera stands, WGS-84.")
    camera: Literal["fixed", "dashcam"] = Field("fixed", description="On a pole, or in a car.")
    zones: tuple[ZoneSettings, ...] = Field((), description="What is watched.")
    events: tuple[EventSettings, ...] = Field((), description="What a person saw.")
    composite: CompositeSettings | None = Field(
        None, description="How the clip was made; absent where it is what a camera saw."
    )

    @model_validator(mode="after")
    def _sound(self) -> SceneSettings:
        if (self.clip is None) == (not self.stills):
            raise ValueError("a scene has either 'clip' or 'stills'")
        for still, following in zip(self.stills, self.stills[1:], strict=False):
            if following.from_s != still.to_s:
                raise ValueError(f"'stills' follow one another: {following.image} begins at {still.to_s:g} s")
        known = {zone.id for zone in self.zones}
        for event in self.events:
            if event.zone is not None and event.zone not in known:
                raise ValueError(f"event '{event.name}' names the zone '{event.zone}'; there is none")
            if event.zone is None and event.kind is not Kind.VEHICLE_LITTER:
                raise ValueError(f"event '{event.name}' needs its 'zone': the limit is the zone's")
        return self


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
    """

    name: str
    settings: SceneSettings
    folder: Path
    duration_s: float
    events: tuple[Event, ...]
    begins_s: float | None = None

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

    @property
    def title(self) -> str:
        """For people: its name, and where it begins if not at the clip's beginning."""
        return self.name if self.begins_s is None else f"{self.name} from {self.begins_s:g} s"

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
                    yield Frame(camera.id, t_s, SCENE_BEGINS_AT + timedelta(seconds=t_s), picture)
                look += 1

    def _taken(self, camera: CameraSettings, clip: Path) -> Iterator[Frame]:
        due_s = self.begins_s or 0.0
        for t_s, picture in Clip(clip).frames(due_s):
            if t_s >= due_s - 1e-3:
                due_s += camera.look_interval_s
                yield Frame(camera.id, t_s, SCENE_BEGINS_AT + timedelta(seconds=t_s), ArrayPicture(picture))


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
    if settings.clip is not None:
        duration_s = _clip_duration_s(path, folder / settings.clip)
    else:
        _see_stills(path, [folder / still.image for still in settings.stills])
        duration_s = settings.stills[-1].to_s
    return Scene(path.stem, settings, folder, duration_s, _events(settings))


def _events(settings: SceneSettings) -> tuple[Event, ...]:
    limits_s = {zone.id: zone.dwell_s for zone in settings.zones}
    return tuple(
        Event(
            kind=event.kind,
            zone_id=event.zone,
            start_s=event.start_s,
            end_s=event.end_s,
            due_s=event.start_s + _limit_s(event, limits_s),
            box=Box(*event.box),
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


def _clip_duration_s(scene: Path, clip: Path) -> float:
    """Length of a clip, by its container or else by its packets."""
    where = f"{scene}:{load_yaml(scene).lc.key('clip')[0] + 1}: clip"
    if not clip.is_file():
        raise SettingsError(f"{where}: there is no file {clip}")
    try:
        with av.open(str(clip)) as container:
            if not container.streams.video:
                raise SettingsError(f"{where}: {clip} has no video in it")
            if container.duration:
                return float(container.duration / av.time_base)
            stream = container.streams.video[0]
            ends = [p.pts + (p.duration or 0) for p in container.demux(stream) if p.pts is not None]
            return float(max(ends, default=0) * (stream.time_base or 0))
    except av.FFmpegError as error:
        raise SettingsError(f"{where}: {clip} is not a video that can be read: {error.strerror}") from error


def _read_picture(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SettingsError(f"{path}: is not a picture that can be read")
    return np.asarray(image, dtype=np.uint8)
