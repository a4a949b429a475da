"""What goes into a rule and what comes out of it: plain values, no clocks, no cameras, no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from kerbwatch.incident import Kind, Phase
from models.detections import Detections
from models.plates.reading import PlateReading

BoxPx = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the picture as shown; may leave the picture."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that stands, and that a closer look should show better.

    Attributes:
        box_xyxy: where, px of the picture as shown.
        boxed: whether that is the box of a thing, rather than where the picture changed.
    """

    box_xyxy: BoxPx
    boxed: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What one closer look showed of a thing that has no name, however faint.

    Attributes:
        box_xyxy: the thing's, as it was asked about, px of the picture as shown.
        score: of the surest vehicle on it; 0 where there is none.
        object_class: what that would be.
    """

    box_xyxy: BoxPx
    score: float
    object_class: int


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One look at a camera's picture.

    Attributes:
        t_s: seconds on the camera's timeline (PTS); never goes back.
        captured_at: the wall-clock instant of the picture, aware UTC.
        detections: what the network found, boxes in pixels of the picture as shown.
        thumbnail: the picture, uint8 [h, w, 3] BGR, at the size that the network saw; None when a test
            has no picture, and then appearance says nothing.
        size_px: width and height of the picture as shown.
        answers: of the closer looks at what has no name.
    """

    t_s: float
    captured_at: datetime
    detections: Detections
    thumbnail: NDArray[np.uint8] | None
    size_px: tuple[int, int]
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class ThrownFrom:
    """The vehicle that something was thrown from, in the picture of the throw."""

    box_xyxy: BoxPx
    object_class: str
    track: str
    seen: tuple[tuple[float, BoxPx], ...] = ()
    """When and where it was seen about then, oldest first, each box in the picture of its own time."""


@dataclass(frozen=True, slots=True)
class PathPoint:
    """Where a thrown thing was, in pixels of the picture as shown, at ``t_s`` of the camera's timeline."""

    t_s: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that a rule says about one occurrence. The incident's id never changes over its life."""

    phase: Phase
    kind: Kind
    zone_id: str
    incident_id: str
    t_s: float
    """Time of the look behind this."""
    started_t_s: float
    """When the offence's clock began: the thing came to rest, or the permitted hours ended."""
    box_xyxy: BoxPx
    score: float
    object_class: str
    dwell_s: float
    limit_s: float
    urgent: bool = False
    ended_t_s: float | None = None
    """When it was gone; only with ``cleared``."""
    ground_xyxy: BoxPx | None = None
    """Its box in the view that zones and ground points were drawn on, where the view has drifted since."""
    vehicle: ThrownFrom | None = None
    """The vehicle that something was thrown from."""
    path: tuple[PathPoint, ...] = ()
    """The way of a thrown thing, oldest first."""
    plate: PlateReading | None = None
    """The offender's plate, voted over pictures, where one could be read."""
    plate_pictures: int = 0
    """How many pictures ``plate`` was voted over."""
    standing_since: datetime | None = None
    """Since when the register of standing vehicles knows it there; only once it was left there too long."""


@dataclass(slots=True)
class Findings:
    """All that one look brought about."""

    sightings: list[Sighting] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    """Ids of places seen for the first time in this very picture: it may become their arrival picture."""
    standing: list[str] = field(default_factory=list)
    """Ids of places now known to stand still: worth an arrival picture on disk."""
    forgotten: list[str] = field(default_factory=list)
    """Ids of places that never became an incident and are given up."""

    def extend(self, other: Findings) -> None:
        """Add what another rule found in the same look."""
        self.sightings.extend(other.sightings)
        self.noticed.extend(other.noticed)
        self.standing.extend(other.standing)
        self.forgotten.extend(other.forgotten)
