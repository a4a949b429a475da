"""What the analysis of dash-cam clips says: the JSON of ``kerbwatch clips analyse --json``.

Both sides read and write it with these types. ``version`` goes up when a field changes its meaning or
disappears; fields may be added under the same version, and a reader ignores those that it does not know.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Sha256Hex
from kerbwatch.incident import Kind
from kerbwatch.messages import Box, PlateRead, Ratio

VERSION: Literal[1] = 1


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


ClipSeconds = Annotated[float, Field(ge=0)]


class ProblemCode(StrEnum):
    """Why a file was not analysed."""

    UNREADABLE = "unreadable"
    """It is not there, or may not be read."""
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_LONG = "too_long"
    TOO_MANY_PIXELS = "too_many_pixels"
    NOT_A_VIDEO = "not_a_video"
    """No container that is taken, cut off before its index, without video, or of an unknown codec."""
    NO_PICTURE = "no_picture"
    """A video of which no picture could be decoded."""
    MEMORY = "memory"
    """It needed more memory than a clip may."""
    CPU_TIME = "cpu_time"
    """It needed more time on the processor than a clip may."""
    WALL_TIME = "wall_time"
    """It took longer than a clip may."""
    CRASHED = "crashed"
    """The process that read it died: a fault in a decoder, or somebody ended it."""
    INTERNAL = "internal"
    """A fault of kerbwatch's own; the log says which."""


class Problem(_Data):
    """What kept a file from being analysed."""

    code: ProblemCode
    text: str
    """For people: what is wrong, and what to do."""


class Video(_Data):
    """What was played."""

    codec: str
    width_px: int
    height_px: int
    """As shown: rotation honoured."""
    fps: float | None
    duration_s: ClipSeconds
    """Of what could be played."""
    pictures: int
    corrupt: int
    """Pictures and packets that could not be decoded."""
    scene_cuts: int
    unsure_pictures: int
    """Pictures in which the camera's own motion could not be told: darkness, a blank wall."""
    recorded_at: UtcDatetime | None
    """By the file's header. Many recorders write their local time there as if it were UTC."""


class ClipPosition(_Data):
    """Where the camera was at a moment. The vehicle is some way ahead."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    datum: Literal["WGS-84"] = "WGS-84"
    source: str
    utc: UtcDatetime | None
    """By the receiver."""
    speed_mps: float | None


class Positions(_Data):
    """Where the file's positions come from."""

    source: str
    """gpmf, nmea_track, novatek, 70mai, blackvue, gpx_sidecar, nmea_sidecar or location_atom."""
    fixes: int
    moving: bool
    """False: one position for the whole clip."""
    clock_offset_s: float | None
    """Receiver's UTC less the file's own time (``recorded_at`` plus clip time), median; None where either is
    absent. Near a whole number of hours it is a time zone."""
    middle: ClipPosition | None = None
    """In the middle of the clip, for one in which no moment is found."""


class PathPoint(_Data):
    """Where the thing was: px of the picture of that time."""

    t_s: ClipSeconds
    x: float
    y: float


class ClipVehicle(_Data):
    """The vehicle at the moment of the throw."""

    track: int
    object_class: str
    box: Box


class ClipFile(_Data):
    """A file written for a moment, by its path from the output folder."""

    path: str
    content_type: Literal["image/jpeg", "video/mp4"]
    sha256: Sha256Hex
    size_bytes: int


class CutClip(ClipFile):
    """The part of the clip around a moment."""

    from_s: ClipSeconds
    to_s: ClipSeconds
    encoded_anew: bool
    """False: the packets as they were recorded."""


class Moment(_Data):
    """A candidate: something seems to have been thrown from a vehicle. A person confirms it."""

    kind: Kind
    t_s: ClipSeconds
    """When the thing left the vehicle."""
    frame: int
    """Number of that picture in the clip, from 0, in the order shown."""
    confidence: Ratio
    evidence: dict[str, Ratio]
    """Parts of the confidence by name; docs/clips.md says what each means."""
    things: Annotated[int, Field(ge=1)]
    """How many things left the same vehicle within seconds: one occurrence."""
    box: Box
    """The part of the picture that the thing's path takes."""
    path: tuple[PathPoint, ...]
    vehicle: ClipVehicle
    plate: PlateRead | None
    position: ClipPosition | None
    clip: CutClip | None
    still: ClipFile | None
    """The picture of the throw with the path drawn."""
    vehicle_still: ClipFile | None
    """The vehicle, where it is seen largest."""


class ClipResult(_Data):
    """One file."""

    file: str
    """As it was named on the command line."""
    status: Literal["analysed", "failed"]
    problem: Problem | None = None
    sha256: Sha256Hex | None = None
    size_bytes: int | None = None
    video: Video | None = None
    positions: Positions | None = None
    moments: tuple[Moment, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know: the file is cut off, a track beside it did not fit."""


class ClipsReport(_Data):
    """A batch, in the order in which its files were named."""

    version: Literal[1] = VERSION
    model: str
    """Fingerprint of the network."""
    analysed: int
    failed: int
    clips: tuple[ClipResult, ...]


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a report."""
    schema = ClipsReport.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema
