"""The scene file: what is watched in a clip (or stills), and the events that a person saw there.

One YAML file a scene. Times are seconds of the clip, boxes and polygons pixels of the picture as shown.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge.settings import PositionSettings
from edge.zone_settings import ZoneSettings
from kerbwatch.clock import UtcDatetime
from kerbwatch.incident import Kind, ZoneKind
from kerbwatch.settings import Settings

SCENE_BEGINS_AT = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
"""Wall clock of a scene's first picture unless it says another: a Monday, 11:00 in Yuyao."""

KINDS_WATCHED: dict[ZoneKind, tuple[Kind, ...]] = {
    ZoneKind.NO_PARKING: (Kind.ILLEGAL_PARKING,),
    ZoneKind.PARKING: (Kind.ILLEGAL_PARKING,),
    ZoneKind.NO_STALL: (Kind.STALL_ENCROACHMENT, Kind.PAVEMENT_OBSTRUCTION),
    ZoneKind.ROAD: (Kind.VEHICLE_LITTER,),
}
"""What a zone of each kind can give rise to."""

Seconds = Annotated[float, Field(ge=0)]


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
    size: tuple[int, int] | None = Field(
        None, description="Width and height of the picture that zones and boxes were noted on, px."
    )
    begins_at: UtcDatetime = Field(
        SCENE_BEGINS_AT, description="Wall clock at the first picture, for hours of zones; with its offset."
    )
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
        for still in self.stills:
            if still.from_s >= still.to_s:
                raise ValueError(f"'stills': {still.image} is shown from 'from_s' to a later 'to_s'")
        if self.stills and self.camera == "dashcam":
            raise ValueError("a dash-cam's scene has a 'clip': nothing moves in 'stills'")
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
