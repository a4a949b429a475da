"""A camera's zones as they are configured: where what is forbidden, and for whom not."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from shapely.geometry import Polygon
from shapely.validation import explain_validity

from kerbwatch.ids import Slug
from kerbwatch.incident import ZoneKind
from kerbwatch.settings import Settings

Fraction = Annotated[float, Field(ge=0, le=1)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PlatePattern = Annotated[str, StringConstraints(max_length=16, pattern=r"^[^?\s]*[^?\s*·•.\-][^?\s]*$")]
"""A plate, or a part of one with ``*`` for the rest; what people write between its parts is none of it."""
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class AllowedHours(Settings):
    """When standing or trading in a zone is permitted, in the zone's local time."""

    days: tuple[Weekday, ...] = Field(WEEKDAYS, description="Days on which the span begins.", min_length=1)
    start: time = Field(description="Beginning, HH:MM local time.")
    end: time = Field(description="End, HH:MM; earlier than the beginning means the next day.")


class PitchSettings(Settings):
    """A licensed pitch within a no_stall zone: trade is allowed on it, spreading beyond it is not."""

    polygon: tuple[tuple[float, float], ...] = Field(
        description="Corners [x, y] of its ground, in order, in the zone's units.", min_length=3
    )
    allowed_hours: tuple[AllowedHours, ...] = Field(
        (), description="When trade on it is allowed, as in the zone's allowed_hours; none: at all times."
    )

    @model_validator(mode="after")
    def _sound(self) -> PitchSettings:
        shape = Polygon(self.polygon)
        if not shape.is_valid or shape.area <= 0:
            raise ValueError("a pitch's edges cross, or it has no area; give the corners in order around it")
        return self


class ZoneSettings(Settings):
    """A part of the picture with a rule."""

    id: Slug = Field(description="Name of the zone, unique within its camera.")
    kind: ZoneKind = Field(description="no_parking, parking, no_stall or road.")
    polygon: tuple[tuple[float, float], ...] = Field(
        description="Corners [x, y], in order, of the picture as shown.", min_length=3
    )
    units: Literal["pixels", "fractions"] = Field(
        "pixels",
        description="Pixels of the picture that 'size' of the camera names, or fractions 0..1 of it.",
    )
    dwell_s: Annotated[float, Field(gt=0, le=30 * 86400)] = Field(
        180.0, description="How long a thing may stay, in seconds, before it is an offence."
    )
    urgent: bool = Field(
        False,
        description="Life safety, a fire lane say: tickets go out as urgent; goes before zones that overlap.",
    )
    allowed_hours: tuple[AllowedHours, ...] = Field((), description="When staying is permitted.")
    detail: Literal["auto", "whole", "tiles"] = Field(
        "auto",
        description="Whether the network also looks closer, at the part of the picture around the zone "
        "('tiles'); auto does where vehicles would be too small for it in the whole picture.",
    )
    pitches: tuple[PitchSettings, ...] = Field(
        (), description="Of a no_stall zone: licensed pitches within it."
    )
    frontage: tuple[tuple[float, float], ...] = Field(
        (),
        description="Of a no_stall zone: the line along the shops' doorways, [x, y] in the zone's units. "
        "What begins at it and reaches out from it is the shop's, whether somebody stands beside it or not.",
    )
    signal_wait_s: Annotated[float, Field(ge=0, le=3600)] | None = Field(
        None,
        description="Of a traffic lane: how long vehicles may wait at its signal. None: only a queue that is "
        "seen to form holds an alarm off, 120 s at most (never in an urgent zone); 0: nothing does.",
    )
    two_wheelers: Literal["none", "motorcycles", "all"] = Field(
        "motorcycles",
        description="Which two-wheelers the zone is about: motorcycles and e-bikes; 'all' has bicycles too.",
    )
    two_wheeler_dwell_s: Annotated[float, Field(gt=0, le=30 * 86400)] | None = Field(
        None, description="How long a two-wheeler may stay; None: as long as any vehicle (dwell_s)."
    )
    exempt_plates: tuple[PlatePattern, ...] = Field(
        (), description="Plates that may stand here; '*' stands for any characters: '*警' for the police."
    )
    zombie_after_days: Annotated[float, Field(ge=0, le=365)] = Field(
        15.0,
        description="Days after which a vehicle that has not moved counts as left standing, in zones of kind "
        "parking and no_parking; 0: never.",
    )

    @model_validator(mode="after")
    def _sound(self) -> ZoneSettings:
        for name, corners in self.outlines.items():
            within_one = all(0 <= v <= 1 for corner in corners for v in corner)
            if self.units == "fractions" and not within_one:
                raise ValueError(
                    f"zone '{self.id}', '{name}': fractions lie between 0 and 1 (or set 'units: pixels')"
                )
            if self.units == "pixels" and within_one:
                raise ValueError(
                    f"zone '{self.id}', '{name}': every corner lies within one pixel; for fractions of the "
                    "picture add 'units: fractions'"
                )
        shape = Polygon(self.polygon)
        if not shape.is_valid:
            raise ValueError(
                f"zone '{self.id}': the polygon's edges cross or touch themselves "
                f"({explain_validity(shape)}); give the corners in order around the zone"
            )
        if shape.area <= 0:
            raise ValueError(f"zone '{self.id}': the polygon has no area")
        if len(self.frontage) == 1:
            raise ValueError(f"zone '{self.id}': 'frontage' is a line and needs two points or more")
        if self.kind is not ZoneKind.NO_STALL and (self.pitches or self.frontage):
            raise ValueError(f"zone '{self.id}': 'pitches' and 'frontage' belong to zones of kind no_stall")
        for number, pitch in enumerate(self.pitches, start=1):
            if Polygon(pitch.polygon).intersection(shape).area <= 0:
                raise ValueError(f"zone '{self.id}': pitch {number} lies outside the zone")
        if self.kind is ZoneKind.ROAD and (self.allowed_hours or self.urgent):
            raise ValueError(
                f"zone '{self.id}': 'allowed_hours' and 'urgent' say nothing of what is thrown on a road; "
                "take them out, or draw a zone of another kind beside it"
            )
        return self

    @property
    def outlines(self) -> dict[str, tuple[tuple[float, float], ...]]:
        """The corners of all that is drawn of it, by what the configuration calls it, in its units."""
        pitches = {f"pitches[{number}]": pitch.polygon for number, pitch in enumerate(self.pitches)}
        return {"polygon": self.polygon, **pitches} | ({"frontage": self.frontage} if self.frontage else {})
