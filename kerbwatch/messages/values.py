"""What every message is made of: the base of its data, places, boxes, evidence."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Sha256Hex
from kerbwatch.incident import Audience, EvidenceRole


class Data(BaseModel):
    """Base of everything inside a message. Unknown fields are ignored, so that an edge may be newer."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


Text = Annotated[str, StringConstraints(max_length=300)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=10 * 366 * 86400)]


class Place(Data):
    """Where the thing stands: WGS-84 degrees, and how they were found."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    datum: Literal["WGS-84"] = "WGS-84"
    method: Literal["camera_position", "ground_homography"]
    """The pole's position, or the thing's own ground point through an image-to-ground homography."""
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)] | None = None


class Box(Data):
    """A box in pixels of the picture as shown, with that picture's size."""

    x1: float
    y1: float
    x2: float
    y2: float
    picture_width_px: Annotated[int, Field(gt=0, le=32768)]
    picture_height_px: Annotated[int, Field(gt=0, le=32768)]

    @model_validator(mode="after")
    def _ordered(self) -> Box:
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise ValueError("a box needs x2 > x1 and y2 > y1")
        return self

    def in_picture(self, width_px: int, height_px: int) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in a picture of another size of the same camera."""
        across, down = width_px / self.picture_width_px, height_px / self.picture_height_px
        return self.x1 * across, self.y1 * down, self.x2 * across, self.y2 * down


class Evidence(Data):
    """A picture or clip that belongs to an incident; the bytes travel over HTTP and must have this hash."""

    sha256: Sha256Hex
    role: EvidenceRole
    content_type: Literal["image/jpeg", "video/mp4"]
    size_bytes: Annotated[int, Field(gt=0, le=2**31)]
    captured_at: UtcDatetime
    audience: Audience = Audience.ORIGINAL
    """Whom it is for; what does not say so is taken for an original, and not shown to everybody."""
    original_sha256: Sha256Hex | None = None
    """Of the original that this was made from; only with audience ``people``."""

    @model_validator(mode="after")
    def _of_an_original(self) -> Evidence:
        if self.original_sha256 is not None and self.audience is Audience.ORIGINAL:
            raise ValueError("'original_sha256' belongs to audience 'people'")
        if self.original_sha256 == self.sha256:
            raise ValueError("'original_sha256' names the file itself")
        return self
